/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef QUESTIONS_H
#define QUESTIONS_H

/* What the kernel asks waits until its time has come, however much it is: one
   thread reads the questions and another one answers them. A thread for each
   would cost more processor time than the answers. */

#define FUSE_USE_VERSION 312

#include <fuse_lowlevel.h>
#include <linux/fuse.h>

struct questions_count {
	/* answers that took their time, and how many waited at once at most */
	unsigned int answers, at_once;
};

/* Returns how long a question waits for its answer, in microseconds; -1 if it
   overtakes all others. Its arguments follow it (linux/fuse.h). */
typedef int questions_usecs(const struct fuse_in_header *question);

/* Answer the questions of a session until it ends. Returns 0 if ok, or the
   error for which there are no more. */
int questions_answer(struct fuse_session *session, questions_usecs *usecs,
		     struct questions_count *count_r);

#endif
