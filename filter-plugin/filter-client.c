/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "mailbox-tree.h"
#include "dovecot-list-compat.h"
#include "filter-client.h"
#include "filter-index.h"
#include "filter-layout.h"
#include "filter-list.h"
#include "filter-name.h"
#include "filter-notify.h"
#include "filter-patterns.h"
#include "filter-record.h"
#include "filter-rename.h"
#include "filter-scope.h"
#include "filter-tree.h"

/* Returns whether a hidden name is subscribed. */
static bool filter_client_subscribes_hidden(struct filter_list *flist)
{
	struct mailbox_list *list = flist->list;
	struct mailbox_tree_iterate_context *iter;
	const char *vname;
	bool hidden = FALSE;

	if (list->subscriptions == NULL)
		return TRUE;
	iter = mailbox_tree_iterate_init(list->subscriptions, NULL,
					 MAILBOX_SUBSCRIBED);
	while (!hidden && mailbox_tree_iterate_next(iter, &vname) != NULL)
	T_BEGIN {
		hidden = filter_name_is_hidden(flist,
			filter_list_get_listed_name(flist, vname),
			MBA_DIR_UNKNOWN);
	} T_END;
	mailbox_tree_iterate_deinit(&iter);
	return hidden;
}

/* The mailbox list index, if its refresh is pruned, lacks names that others
   than LIST have to see: these are sent to the layout. 2.4.5 uses the index
   also for what is subscribed, which seldom is hidden. LIST is sent there if
   the index can't tell which levels a name has. */
static bool
filter_client_needs_layout(struct filter_list *flist, enum filter_scope scope,
			   enum mailbox_list_iter_flags flags)
{
	if (scope == FILTER_SCOPE_LIST)
		return filter_list_is_ambiguous(flist);
	if ((flags & MAILBOX_LIST_ITER_RAW_LIST) != 0 ||
	    !filter_index_is_pruned(flist->list))
		return FALSE;
	return (flags & MAILBOX_LIST_ITER_SELECT_SUBSCRIBED) == 0 ||
		(flags & MAILBOX_LIST_ITER_RETURN_CHILDREN) != 0 ||
		filter_client_subscribes_hidden(flist);
}

static struct mailbox_list_iterate_context *
filter_client_iter_init(struct mailbox_list *list, const char *const *patterns,
			enum mailbox_list_iter_flags flags)
{
	struct filter_list *flist = filter_list_get(list);
	enum filter_scope scope = filter_scope_client(flist, flags);
	struct mailbox_list_iterate_context *iter;
	struct filter_frame frame;

	filter_frame_push(flist, &frame, scope);
	if (scope == FILTER_SCOPE_LIST)
		patterns = filter_patterns_get_visible(flist, patterns);
	if (filter_client_needs_layout(flist, scope, flags)) {
		/* The index takes a symbolic link for a mailbox as any other.
		   A layout that is to leave out aliases takes each for one, and
		   fails where an entry goes away while it reads a directory. */
		flags &= ENUM_NEGATE(MAILBOX_LIST_ITER_SKIP_ALIASES);
		flags |= MAILBOX_LIST_ITER_RAW_LIST;
		frame.raw_added = TRUE;
	}
	iter = flist->module_ctx.super.iter_init(list, patterns, flags);
	filter_frame_pop(flist);

	if (scope == FILTER_SCOPE_LIST && iter->index_iteration)
		filter_tree_iter_init(flist, iter);
	return iter;
}

/* The mailbox list index's next refresh may not see that the name has gone. */
static void
filter_client_gone(struct filter_list *flist, const char *storage_name)
{
	if (filter_record_is_needed(flist, storage_name, MBA_DIR_UNKNOWN))
		filter_index_forget(flist->list, storage_name);
}

static void filter_client_deinit(struct mailbox_list *list)
{
	struct filter_list *flist = filter_list_get(list);

	filter_list_free(flist);
	flist->module_ctx.super.deinit(list);
}

static int
filter_client_delete_mailbox(struct mailbox_list *list, const char *name)
{
	struct filter_list *flist = filter_list_get(list);

	if (flist->module_ctx.super.delete_mailbox(list, name) < 0)
		return -1;
	filter_client_gone(flist, name);
	return 0;
}

static int
filter_client_delete_dir(struct mailbox_list *list, const char *name)
{
	struct filter_list *flist = filter_list_get(list);

	if (flist->module_ctx.super.delete_dir(list, name) < 0)
		return -1;
	filter_client_gone(flist, name);
	return 0;
}

static int
filter_client_rename_mailbox(struct mailbox_list *oldlist, const char *oldname,
			     struct mailbox_list *newlist, const char *newname)
{
	struct filter_list *flist = filter_list_get(oldlist);

	if (flist->module_ctx.super.rename_mailbox(oldlist, oldname,
						   newlist, newname) < 0)
		return -1;
	filter_rename_records(flist, oldname, filter_list_get(newlist),
			      newname);
	return 0;
}

void filter_client_list_created(struct mailbox_list *list)
{
	struct filter_list *flist = filter_list_create(list);
	struct mailbox_list_vfuncs *v = list->vlast;

	if (flist == NULL)
		return;
	flist->module_ctx.super = *v;
	list->vlast = &flist->module_ctx.super;
	v->deinit = filter_client_deinit;
	v->iter_init = filter_client_iter_init;
	if (list_drop_noselect(list))
		v->iter_next = filter_tree_iter_next;
	v->delete_mailbox = filter_client_delete_mailbox;
	v->delete_dir = filter_client_delete_dir;
	v->rename_mailbox = filter_client_rename_mailbox;
	v->notify_init = filter_notify_init;
	if (v->get_mailbox_flags != NULL)
		v->get_mailbox_flags = filter_layout_get_mailbox_flags;
}
