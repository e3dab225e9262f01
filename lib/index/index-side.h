/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_SIDE_H
#define INDEX_SIDE_H

#include "mailbox-audit.h"
#include "walk.h"

/* Puts every inode under an index root into one class: an entry's, or one of
   enum mba_other. Looks at the index side alone. */

/* An entry that was found. Valid during the callback. */
struct index_entry {
	/* relative to the index root, "." for the root itself */
	const char *path;
	struct mba_count count;
	int64_t mtime;
	bool untouched:1;
	/* the directory couldn't be read to its end; that was reported */
	bool is_unreadable:1;
};

struct index_side_settings {
	/* the index root */
	const char *root;
	/* Name of the directories that hold nothing but entries: mbox's
	   ".imap"; NULL if there are none. */
	const char *imap_dir;
	/* the index root is the mail root: what isn't index is mail */
	bool in_place;
	/* other roots: what is there is counted and not judged */
	const struct walk_id *nested;
	unsigned int nested_count;

	void (*entry)(const struct index_entry *entry, void *context);
	/* Called now and then with the totals so far. */
	void (*progress)(const struct mba_count *totals, void *context);
	void *context;
	const struct error_sink *errors;
};

/* Account for all that is under the index root. totals_r gets everything,
   other_r what belongs to no entry. */
void index_side_walk(const struct index_side_settings *set,
		     struct mba_count *totals_r,
		     struct mba_count other_r[MBA_OTHER_COUNT]);

/* The same, but the walk runs in a thread of its own, while the callbacks are
   called in the caller's thread, in the same order. */
void index_side_walk_threaded(const struct index_side_settings *set,
			      struct mba_count *totals_r,
			      struct mba_count other_r[MBA_OTHER_COUNT]);

#endif
