/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_SIDE_H
#define INDEX_SIDE_H

#include "index-files.h"
#include "index-use.h"
#include "mailbox-audit.h"
#include "walk.h"

/* Puts every inode under an index root into one class: an entry's, or one of
   enum mba_other. Looks at the index side alone. */

/* How many inodes go by, without an entry, between two calls of progress(): on
   a slow file server each takes its time, and ^C shouldn't. */
#define INDEX_SIDE_PROGRESS_INODES 16
/* directories that a walk with a thread of its own holds open for the caller's
   at the most */
#define INDEX_SIDE_MAX_HELD 16

/* An entry that was found. Valid during the callback. */
struct index_entry {
	/* relative to the index root, "." for the root itself */
	const char *path;
	/* the directory, unless it is the mailbox's own, and its index files;
	   and the directory alone */
	struct mba_count count, self;
	int64_t mtime;
	/* of its mailbox, if that was asked for */
	struct mba_use use;
	struct index_own own;
	/* both may be NULL in a walk with a thread of its own */
	const struct walk_place *place;
	const struct index_entry_files *files;
	/* see struct mba_entry */
	bool untouched:1;
	/* the directory couldn't be read to its end; that was reported */
	bool is_unreadable:1;
	/* below the index root there is another one, of a namespace that nobody
	   told of, and this is below it; or that can't be told, which was
	   reported */
	bool in_other_root:1;
	/* upper and lower case are the same in a directory above it, or in
	   itself; or that can't be told */
	bool is_folded:1;
	/* it has a user's own flags alone: its mailbox is somebody else's */
	bool is_private:1;
};

/* Directories that hold nothing, and no entry either, are removed. */
struct index_side_clean {
	/* only if they didn't change since then, epoch seconds */
	int64_t before;
	/* what was removed */
	struct mba_count *removed;
	/* nothing is removed, but all is told as if it were */
	bool dry_run:1;
	/* the index root isn't the indexes' alone: an empty directory may be
	   somebody's, unless it is an imap_dir */
	bool is_mixed:1;
};

struct index_side_settings {
	/* the index root, and its descriptor, which is closed; or -1 */
	const char *root;
	int root_fd;
	/* Name of the directories that hold nothing but entries: mbox's
	   ".imap"; NULL if there are none. */
	const char *imap_dir;
	/* the index root is the mail root: what isn't index is mail */
	bool in_place;
	/* an entry's path could as well be that of another namespace's, which
	   has its root below this one */
	bool roots_below;
	/* other roots: what is there is counted and not judged */
	const struct inode_id *nested;
	unsigned int nested_count;

	/* find out what the entries' indexes prove of their mailboxes' use */
	bool use;
	/* a walk with a thread of its own shares its work with the caller's:
	   it may hold INDEX_SIDE_MAX_HELD directories open for that */
	bool share;
	/* for the walk; NULL if nobody looks ahead */
	struct walk_ahead *ahead;
	/* NULL removes nothing */
	const struct index_side_clean *clean;

	/* Returns TRUE if the entry's directory is gone. */
	bool (*entry)(const struct index_entry *entry, void *context);
	/* Called before each entry, and now and then between them, with the
	   totals so far. Returns whether to go on: if not, there are no more
	   entries. */
	bool (*progress)(const struct mba_count *totals, void *context);
	void *context;
	const struct error_sink *errors;
};

/* Account for all that is under the index root. totals_r gets everything,
   other_r what belongs to no entry; less if the walk is stopped. */
void index_side_walk(const struct index_side_settings *set,
		     struct mba_count *totals_r,
		     struct mba_count other_r[MBA_OTHER_COUNT]);

/* The same, but the walk of a tree that isn't small goes on in a thread of its
   own, while the callbacks are called in the caller's thread, in the same
   order. */
void index_side_walk_threaded(const struct index_side_settings *set,
			      struct mba_count *totals_r,
			      struct mba_count other_r[MBA_OTHER_COUNT]);

/* The parts of both: the root is opened; the walk goes on, as walk_continue()
   does, with the callbacks and the error sink of whoever goes on with it. */
struct index_side;
struct index_side *index_side_init(const struct index_side_settings *set,
				   struct mba_count *totals_r,
				   struct mba_count other_r[MBA_OTHER_COUNT]);
void index_side_deinit(struct index_side **side);
bool index_side_continue(struct index_side *side,
			 const struct index_side_settings *set,
			 unsigned int steps);
/* Returns TRUE if a directory with nothing but this file is told without its
   descriptor. */
bool index_side_is_leaf(const char *name, const struct stat *st);
/* Set an entry's use and own, which was not asked for, from its place and its
   files. What can't be read is told. own.name is to be freed. */
void index_side_use(struct index_entry *entry, const char *root,
		    const struct error_sink *errors);

#endif
