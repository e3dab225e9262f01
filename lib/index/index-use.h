/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_USE_H
#define INDEX_USE_H

#include "index-files.h"
#include "index-state.h"
#include "mailbox-audit.h"
#include "walk.h"

/* What else an entry's index says of its mailbox. */
struct index_own {
	/* With LAYOUT=index the mailbox's name, as Dovecot last opened it: its
	   levels as they are stored, joined by NUL, of name_len bytes. Dovecot
	   2.3 leaves them escaped, 2.4 doesn't. NULL if there is none. */
	char *name;
	size_t name_len;
	/* it's INBOX below the namespace's prefix, not the user's (2.4.5) */
	bool is_prefix_inbox;
	/* it was deleted */
	bool is_deleted;
	/* it is an sdbox's or mdbox's: it says where the mails are */
	bool is_dbox;
	/* a file of it couldn't be read, which was told */
	bool is_unread;
	/* it can be read, but not understood: it may be another mailbox's, or
	   an sdbox's */
	bool is_unclear;
	/* upper and lower case are the same to its file system */
	bool is_folded;
};

/* Returns the length of a name in the extension box-name, without what follows
   it. */
size_t index_own_name_len(const unsigned char *name, size_t len,
			  bool *is_prefix_inbox_r);

/* Set what a state says. The name is to be freed. */
void index_own_read(const struct index_state *state, struct index_own *own_r);

/* Returns 1 if a directory finds what is there, as stat has it, by a name whose
   upper and lower case are exchanged, too: they are the same to it, or there
   are none; 0 if not; -1 with errno if it can't be told. */
int index_is_folded(int dir_fd, const char *name, const struct stat *st);

/* Read what an entry's index files prove of its mailbox's use. files is what
   was seen in the directory, NULL if that isn't all. What can't be read is
   told, below the index root; its use is unknown then. The name is to be
   freed. */
void index_use_read(const struct walk_place *place,
		    const struct index_entry_files *files,
		    const char *root, const struct error_sink *errors,
		    struct mba_use *use_r, struct index_own *own_r);

#endif
