/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* With NO-NOSELECT, which is 2.4's default, listing removes a directory that
   holds no mailbox, or leaves it out if it isn't empty. In a filtered listing a
   directory with nothing but hidden names looks the same. So Dovecot's
   iterators are told to keep all directories, and those that are really empty
   are removed here. */

#include "lib.h"
#include "dovecot-list-compat.h"
#include "mailbox-list-delete.h"
#include "mailbox-list-index.h"
#include "filter-list.h"
#include "filter-name.h"
#include "filter-noselect.h"

#include <dirent.h>

static bool
filter_entry_is_hidden(struct filter_list *flist, const char *storage_name,
		       const char *fname)
{
	if (strcmp(fname, ".") == 0 || strcmp(fname, "..") == 0)
		return FALSE;
	storage_name = t_strdup_printf("%s%c%s", storage_name, flist->sep,
				       fname);
	return filter_name_is_hidden(flist, storage_name, MBA_DIR_UNKNOWN);
}

/* Returns whether a directory holds hidden names. */
static bool
filter_noselect_is_hollow(struct filter_list *flist, const char *storage_name)
{
	const char *path;
	struct dirent *d;
	DIR *dir;
	bool hidden = FALSE;

	if (!filter_name_get_path(flist, storage_name, &path))
		return FALSE;
	if ((dir = opendir(path)) == NULL) {
		/* the name may have been taken for another one's */
		return filter_list_is_ambiguous(flist);
	}
	while (!hidden && (d = readdir(dir)) != NULL) T_BEGIN {
		hidden = filter_entry_is_hidden(flist, storage_name, d->d_name);
	} T_END;
	(void)closedir(dir);
	return hidden;
}

/* Returns TRUE if stock Dovecot wouldn't return the name. */
static bool
filter_noselect_drop(struct filter_list *flist,
		     struct mailbox_list_iterate_context *iter,
		     const struct mailbox_info *info)
{
	struct mailbox_list *list = flist->list;
	const char *storage_name;

	if ((info->flags & (MAILBOX_NOSELECT | MAILBOX_NOCHILDREN)) !=
	    (MAILBOX_NOSELECT | MAILBOX_NOCHILDREN))
		return FALSE;
	storage_name = mailbox_list_get_storage_name(list, info->vname);
	if (filter_noselect_is_hollow(flist, storage_name))
		return FALSE;
	mailbox_list_delete_mailbox_until_root(list, storage_name);
	if (iter->index_iteration)
		mailbox_list_index_refresh_later(list);
	return TRUE;
}

/* Returns whether the iterator removes directories: those of the mailbox list
   index and of the layout "fs" do. */
static bool
filter_noselect_is_dropped(struct mailbox_list *list,
			   struct mailbox_list_iterate_context *iter)
{
	if (!list_drop_noselect(list) ||
	    (iter->flags & MAILBOX_LIST_ITER_FORCE_RESYNC) != 0)
		return FALSE;
	return iter->index_iteration ?
		strcmp(list->name, MAILBOX_LIST_NAME_INDEX) != 0 :
		strcmp(list->name, MAILBOX_LIST_NAME_FS) == 0;
}

const struct mailbox_info *
filter_noselect_iter_next(struct filter_list *flist,
			  struct mailbox_list_iterate_context *iter,
			  const struct mailbox_info *
			  (*next)(struct mailbox_list_iterate_context *iter))
{
	struct list_noselect_state state;
	const struct mailbox_info *info;
	bool drop;

	if (!filter_noselect_is_dropped(flist->list, iter))
		return next(iter);
	do {
		list_keep_noselect(flist->list, &state);
		info = next(iter);
		list_noselect_restore(flist->list, &state);
		if (info == NULL)
			break;
		T_BEGIN {
			drop = filter_noselect_drop(flist, iter, info);
		} T_END;
	} while (drop);
	return info;
}
