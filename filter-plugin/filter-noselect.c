/* With NO-NOSELECT, which is 2.4's default, whoever lists a directory that
   holds no mailbox removes it, or leaves it out if it isn't empty. To a
   filtered listing, a directory with nothing but hidden names looks like
   that. So the iterators are told not to do it, and it is done here for the
   others. */

#include "lib.h"
#include "str.h"
#include "dovecot-list-compat.h"
#include "mailbox-list-delete.h"
#include "mailbox-list-index.h"
#include "filter-client.h"
#include "filter-name.h"
#include "filter-noselect.h"

#include <dirent.h>

static bool
filter_entry_is_hidden(struct filter_list *flist, const char *storage_name,
		       size_t visible_len, const char *fname)
{
	if (strcmp(fname, ".") == 0 || strcmp(fname, "..") == 0)
		return FALSE;
	storage_name = t_strdup_printf("%s%c%s", storage_name,
		mailbox_list_get_hierarchy_sep(flist->list), fname);
	return filter_name_is_hidden(flist, storage_name,
				     filter_name_get(flist, storage_name),
				     visible_len, MBA_DIR_UNKNOWN);
}

/* Returns whether a directory holds hidden names. */
static bool
filter_noselect_is_hollow(struct filter_list *flist, const char *storage_name)
{
	size_t visible_len = strlen(filter_name_get(flist, storage_name));
	const char *path;
	struct dirent *d;
	DIR *dir;
	bool hidden = FALSE;

	if (!filter_name_get_path(flist, storage_name, &path) ||
	    (dir = opendir(path)) == NULL)
		return FALSE;
	while (!hidden && (d = readdir(dir)) != NULL) T_BEGIN {
		hidden = filter_entry_is_hidden(flist, storage_name,
						visible_len, d->d_name);
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
