/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_WALK_H
#define FILTER_WALK_H

#include "mailbox-list-private.h"
#include "filter-scope.h"

struct imap_match_glob;
struct filter_hidden;
struct filter_list;

/* An iteration of the layout. Others may begin before it ends. */
struct filter_walk {
	union mailbox_list_iterate_module_context module_ctx;
	struct filter_list *flist;
	/* NULL until it's initialized */
	struct mailbox_list_iterate_context *iter;
	/* the walk that runs again after this one */
	struct filter_walk *prev;
	enum filter_scope scope;

	/* the directory of the entry that was asked for last */
	char *dir;
	/* its storage name */
	string_t *dir_name;
	/* the levels of an entry's name, the directory's being first */
	string_t *levels;
	/* length of the directory's levels; how many bytes of them needn't be
	   asked for again */
	size_t dir_len, visible_len;

	/* names at which the walk stopped, and those of them that the mailbox
	   list index has */
	struct filter_hidden *hidden, *recorded;
	/* LIST's patterns, where all names are in one directory */
	struct imap_match_glob *glob;

	/* dir is below the mail root, or the index root */
	bool below_root:1;
	/* the mailbox list index may hold a name that is hidden */
	bool in_doubt:1;
};

struct filter_walk *
filter_walk_init(struct filter_list *flist, enum filter_scope scope,
		 const char *const *patterns);
void filter_walk_deinit(struct filter_walk **walk);

/* Returns whether it was a refresh, and the mailbox list index is known to have
   no hidden names after it. */
bool filter_walk_leaves_all_visible(struct filter_walk *walk);

/* Make it the walk that runs now, and the one before it again. */
void filter_walk_resume(struct filter_walk *walk);
void filter_walk_suspend(struct filter_walk *walk);

/* Returns whether a directory entry is hidden, and takes note of it. */
bool filter_walk_hides(struct filter_walk *walk, const char *dir,
		       const char *fname, enum mailbox_list_file_type type);

#endif
