/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_NAME_H
#define FILTER_NAME_H

#include "mailbox-audit.h"

struct filter_list;

/* A name, as far as it's known without looking at the disk. */
struct filter_name {
	/* its hierarchy levels: see filter-levels.h */
	const char *levels;
	size_t len;
	/* what filter_name_get_visible_len() returned for its parent; 0 asks
	   for all levels */
	size_t visible_len;
	enum mba_dir dir;
};

/* Returns how many bytes of a directory's levels needn't be asked for again:
   all, or none if a rule hides it. */
size_t filter_name_get_visible_len(struct filter_list *flist,
				   const char *levels, size_t len);
/* Returns whether a name is hidden; undecided if the disk has to be looked at:
   filter_name_look() tells then. */
enum mba_match filter_name_match(struct filter_list *flist,
				 const struct filter_name *name);
/* Returns TRUE if the name is hidden, by a rule or because it isn't a
   mailbox. */
bool filter_name_look(struct filter_list *flist, const struct filter_name *name,
		      const char *storage_name);
/* Both, for all levels of a storage name. */
bool filter_name_is_hidden(struct filter_list *flist, const char *storage_name,
			   enum mba_dir dir);

/* Returns the length of the topmost level of a hidden name that is hidden. */
size_t filter_name_get_topmost(struct filter_list *flist,
			       const struct filter_name *name);
/* Returns the rule that hides a name, or NULL, whether or not the configuration
   names it. */
const struct mba_rule *
filter_name_get_rule(struct filter_list *flist, const char *levels, size_t len);

/* Returns FALSE if the name has no path on disk. */
bool filter_name_get_path(struct filter_list *flist, const char *storage_name,
			  const char **path_r);

#endif
