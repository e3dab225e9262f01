/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_LIST_H
#define FILTER_LIST_H

#include "array.h"
#include "mailbox-list-private.h"
#include "filter-index.h"

struct filter_user;
struct filter_hidden;
struct filter_frame;
struct filter_walk;

/* A mailbox that the configuration names (auto, special_use). */
struct filter_configured {
	/* as it stands in the configuration */
	const char *name;
	/* its hierarchy levels: see filter-levels.h */
	const char *levels;
	size_t levels_len;
};

/* What the plugin knows of a namespace's mailbox list. */
struct filter_list {
	union mailbox_list_module_context module_ctx;
	/* the layout's own functions, below the mailbox list index */
	struct mailbox_list_vfuncs layout;

	struct mailbox_list *list;
	struct filter_user *fuser;
	/* the call that begins an iteration, NULL if none does */
	struct filter_frame *frame;
	/* the innermost iteration of the layout that runs, or NULL */
	struct filter_walk *walk;
	/* how many see all names, whether or not they run now */
	unsigned int foreign_walks;

	/* see filter-configured.h */
	ARRAY(struct filter_configured) configured;
	/* the mailbox list index as it was when all its names were visible,
	   all 0 if it never was */
	struct filter_index_version all_visible;

	/* hidden names at which the mailbox list index's latest refresh
	   stopped, NULL before the first */
	struct filter_hidden *hidden;
	/* those that the index had then, or at the latest LIST since */
	struct filter_hidden *recorded;

	/* separates levels in storage names */
	char sep;
	/* storage names are UTF-8 instead of mUTF-7 */
	bool utf8:1;
	/* all names are in one directory (maildir++) */
	bool flat:1;
	/* a mailbox is a file, so that a directory is none */
	bool mailbox_files:1;
};

/* Returns NULL if the list isn't filtered. */
struct filter_list *filter_list_get(struct mailbox_list *list);
/* Returns NULL if the list isn't to be filtered. */
struct filter_list *filter_list_create(struct mailbox_list *list);

/* Returns whether clients, and the mailbox list index, which is filled with the
   names that they see, can't tell a level that holds the namespace's separator
   from two levels. */
bool filter_list_is_ambiguous(const struct filter_list *flist);

/* Returns the storage name that LIST has for a client's name. All else means by
   an alias of the plugin mailbox_alias the mailbox where that leads. */
const char *filter_list_get_listed_name(struct filter_list *flist,
					const char *vname);

/* Publish how many of the hidden names the client's LIST would have shown.
   hidden may be NULL. */
void filter_list_count_hidden(struct filter_list *flist,
			      struct filter_hidden *hidden,
			      const struct mailbox_list_iterate_context *iter);
/* The mailbox list index's refresh stopped at these names, of which the index
   has those that are recorded. Takes both over. */
void filter_list_set_hidden(struct filter_list *flist,
			    struct filter_hidden **hidden,
			    struct filter_hidden **recorded);
/* The mailbox list index has these hidden names now, after its first refresh.
   What others made or removed since the latest refresh, or the LIST before,
   they told it by this. Takes the names over. */
void filter_list_set_recorded(struct filter_list *flist,
			      struct filter_hidden **recorded);
/* Free what isn't in the list's pool. */
void filter_list_free(struct filter_list *flist);

#endif
