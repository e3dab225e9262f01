/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef MAIL_SIDE_H
#define MAIL_SIDE_H

#include "error-sink.h"
#include "location.h"
#include "mail-look.h"

/* Looks up mailboxes in the mail tree. It keeps the directories on the way to
   the latest one open, and remembers which couldn't be opened or are empty, so
   that a walk in directory order opens each once. */
struct mail_side;

struct mail_side *mail_side_init(const struct location *location,
				 const struct error_sink *errors);
void mail_side_deinit(struct mail_side **side);

/* Returns what is there for a mailbox. is_dir_r is set to whether its name is
   a directory, in the sense of the name rules. */
enum mba_state mail_side_look(struct mail_side *side,
			      const struct location_path *path,
			      enum mba_reason *reason_r, bool *is_dir_r);

/* Returns TRUE once looks of mail_side_look() below the mail root, at a mailbox
   or for its directory, turned out to be slow, as those of a file server
   are. */
bool mail_side_is_slow(const struct mail_side *side);

/* A look that is made between the question and its answer. */
struct mail_question {
	const struct location_path *path;
	/* where to look; the directory is held, NULL for an absolute path */
	struct mail_dir *dir;
	int dir_fd;
	const char *name;
	/* what the look found, with errno and system call of an error */
	struct mail_verdict verdict;
	const char *op;
	int look_errno;
	bool is_dir;
	/* it is bogus in a directory that isn't the one at its path */
	bool is_elsewhere;
};

/* Ask what is there, with the path, which has to stay until the answer.
   Questions are answered in the order in which they were asked. Returns FALSE
   if that can't be asked before the earlier ones are answered; where there are
   none, mail_side_look() is the way. No more than max_dirs directories are held
   for questions without an answer. */
bool mail_side_ask(struct mail_side *side, const struct location_path *path,
		   unsigned int max_dirs, struct mail_question *question_r);
/* Look. In any thread: it touches nothing but the question. */
void mail_question_look(const struct location *location,
			struct mail_question *question);
/* Returns what mail_side_look() would have returned. */
enum mba_state mail_side_answer(struct mail_side *side,
				struct mail_question *question,
				enum mba_reason *reason_r, bool *is_dir_r);

/* Forget a question without an answer. */
void mail_question_free(struct mail_side *side, struct mail_question *question);

/* mail_side_look() for whoever removes something: by the path from the mail
   root, and never from a directory that is held open or was remembered. */
enum mba_state mail_side_look_afresh(struct mail_side *side,
				     const struct location_path *path,
				     enum mba_reason *reason_r, bool *is_dir_r);

#endif
