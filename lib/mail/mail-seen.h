/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef MAIL_SEEN_H
#define MAIL_SEEN_H

/* A directory of the mail tree, and what is known of it and of those above it:
   whether anything is there. */

#include <stdbool.h>
#include <stddef.h>

struct mail_seen {
	/* relative to the mail root */
	char *path;
	size_t path_len, path_alloc;
	/* by depth, whether anything is known to be there */
	bool *filled;
	size_t depth, filled_alloc;
};

/* Begin at the mail root, in which something is known to be. */
void mail_seen_init(struct mail_seen *seen);
void mail_seen_deinit(struct mail_seen *seen);

/* Move to a directory. Nothing is known yet of one that is entered. In one to
   which it returns from below, that is what is known to be there. */
void mail_seen_seek(struct mail_seen *seen, const char *path, size_t len);
/* Move up to one that is so deep, and whose path is so long. Nothing is learnt
   by that. */
void mail_seen_cut(struct mail_seen *seen, size_t len, size_t depth);
/* Returns where it stands whether anything is known to be in the directory. */
bool *mail_seen_filled(struct mail_seen *seen);

#endif
