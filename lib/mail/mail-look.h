/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef MAIL_LOOK_H
#define MAIL_LOOK_H

#include "location.h"

/* What stands at a path of the mail tree, as Dovecot's storage drivers see it:
   one look, from nothing but a directory and a path. */
struct mail_verdict {
	enum mba_state state;
	enum mba_reason reason;
};

static const struct mail_verdict mail_is_mailbox = { MBA_STATE_MAILBOX, 0 };
static const struct mail_verdict mail_is_refused = { MBA_STATE_NOT_MAILBOX, 0 };
static const struct mail_verdict mail_is_missing = { MBA_STATE_MISSING, 0 };

static inline struct mail_verdict mail_is_unknown(enum mba_reason reason)
{
	struct mail_verdict verdict = { MBA_STATE_UNKNOWN, reason };

	return verdict;
}

/* Returns what dir_fd/name is for the location's driver, where name is that of
   the mailbox with its DIRNAME. is_dir_r is set to whether the mailbox's name
   is a directory, in the sense of the name rules. With MBA_REASON_ERROR, errno
   is set and *op_r names the system call. */
struct mail_verdict mail_look(const struct location *location, int dir_fd,
			      const char *name, const char *storage_name,
			      const char **op_r, bool *is_dir_r);

/* stat() found nothing at a path: tell what is there instead. It is refused if
   something is there of its beginning, and a mailbox if all of the path is
   there by now. What stands before pos in the path is taken for granted.
   *in_dir_r is set to whether what is there is a directory. */
struct mail_verdict mail_look_closer(int dir_fd, const char *path, size_t pos,
				     bool *in_dir_r);

/* Returns 1 if the directory dir_fd/name has entries, 0 if it has none or is as
   empty as a new file system, -1 with errno if it can't be read; *op_r names
   the system call. */
int mail_dir_has_entries(int dir_fd, const char *name, const char **op_r);

/* Something wasn't found in a directory that is held open. Returns TRUE if it
   isn't at its path of the mail root either, of which dir_len bytes lead to the
   directory, and if these still do: what is missing in another one says
   nothing. The directory may have been another one for a moment only; so both
   are asked. part is what it has to have in it, NULL if nothing. A path that is
   too long for the kernel can't be looked at. */
bool mail_is_nowhere(const struct location *location, int dir_fd,
		     const char *path, size_t dir_len, const char *part);

#endif
