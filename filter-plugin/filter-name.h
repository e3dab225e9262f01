#ifndef FILTER_NAME_H
#define FILTER_NAME_H

#include "mailbox-audit.h"

struct filter_list;

/* Find the mailboxes that the configuration names. */
void filter_name_init_configured(struct filter_list *flist);
/* Find the characters that are the same in storage names and in clients'. */
void filter_name_init_plain(struct filter_list *flist);

/* Returns a name as rules see it: as clients do, without namespace prefix. */
const char *
filter_name_get(struct filter_list *flist, const char *storage_name);
/* Append a component to a storage name, and to the same name as rules see
   it, if it's the same in both. Returns FALSE if it may not be. */
bool filter_name_append_plain(struct filter_list *flist, string_t *storage_name,
			      string_t *name, const char *component);
/* Append any component. */
void filter_name_append(struct filter_list *flist, string_t *storage_name,
			string_t *name, const char *component);
/* Returns FALSE if the name has no path on disk. */
bool filter_name_get_path(struct filter_list *flist, const char *storage_name,
			  const char **path_r);

/* Returns whether a name is hidden, by a rule or because it isn't a mailbox.
   name is what filter_name_get() returned. Its first visible_len bytes are the
   parent, if that is known to be visible; 0 asks for all levels. */
bool filter_name_is_hidden(struct filter_list *flist, const char *storage_name,
			   const char *name, size_t visible_len,
			   enum mba_dir dir);
/* Returns the topmost parent of a hidden name that is hidden, or the name. */
const char *filter_name_topmost(struct filter_list *flist, const char *name);
/* Returns the patterns that can match a visible name. */
const char *const *
filter_name_patterns(struct filter_list *flist, const char *const *patterns);

#endif
