#include "lib.h"
#include "mail-namespace.h"
#include "mailbox-tree.h"
#include "dovecot-list-compat.h"
#include "filter-client.h"
#include "filter-index.h"
#include "filter-layout.h"
#include "filter-name.h"
#include "filter-scope.h"
#include "filter-tree.h"
#include "filter-user.h"

#define FILTER_LIST_CONTEXT(obj) \
	MODULE_CONTEXT(obj, filter_list_module)
#define FILTER_LIST_CONTEXT_REQUIRE(obj) \
	MODULE_CONTEXT_REQUIRE(obj, filter_list_module)

static MODULE_CONTEXT_DEFINE_INIT(filter_list_module,
				  &mailbox_list_module_register);

/* Layouts whose names are on this machine. */
static const char *const filter_layouts[] = {
	MAILBOX_LIST_NAME_FS,
	MAILBOX_LIST_NAME_MAILDIRPLUSPLUS,
	MAILBOX_LIST_NAME_INDEX,
	NULL
};

struct filter_list *filter_list_get(struct mailbox_list *list)
{
	return FILTER_LIST_CONTEXT(list);
}

static bool
filter_client_is_hidden(struct filter_list *flist, const char *storage_name)
{
	bool hidden;

	T_BEGIN {
		hidden = filter_name_is_hidden(flist, storage_name,
			filter_name_get(flist, storage_name), 0,
			MBA_DIR_UNKNOWN);
	} T_END;
	return hidden;
}

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
		hidden = filter_client_is_hidden(flist,
			mailbox_list_get_storage_name(list, vname));
	} T_END;
	mailbox_tree_iterate_deinit(&iter);
	return hidden;
}

/* The mailbox list index, if its refresh is pruned, lacks names that others
   than LIST have to see: these are sent to the layout. 2.4.5 uses the index
   also for what is subscribed, which seldom is hidden. */
static bool
filter_client_needs_layout(struct filter_list *flist, enum filter_scope scope,
			   enum mailbox_list_iter_flags flags)
{
	if (scope != FILTER_SCOPE_NONE ||
	    (flags & MAILBOX_LIST_ITER_RAW_LIST) != 0 ||
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
	struct filter_list *flist = FILTER_LIST_CONTEXT_REQUIRE(list);
	enum filter_scope scope = filter_scope_client(flist, flags);
	struct mailbox_list_iterate_context *iter;
	struct filter_frame frame;

	filter_frame_push(flist, &frame, scope);
	if (scope == FILTER_SCOPE_LIST)
		patterns = filter_name_patterns(flist, patterns);
	if (filter_client_needs_layout(flist, scope, flags)) {
		flags |= MAILBOX_LIST_ITER_RAW_LIST;
		frame.raw_added = TRUE;
	}
	iter = flist->module_ctx.super.iter_init(list, patterns, flags);
	filter_frame_pop(flist);

	if (scope == FILTER_SCOPE_LIST && iter->index_iteration)
		filter_tree_iter_init(flist, iter);
	return iter;
}

static const struct mailbox_info *
filter_client_iter_next(struct mailbox_list_iterate_context *iter)
{
	struct filter_list *flist = FILTER_LIST_CONTEXT_REQUIRE(iter->list);

	return filter_tree_iter_next(flist, iter,
				     flist->module_ctx.super.iter_next);
}

/* The mailbox list index's next refresh won't see that a hidden name has
   gone. */
static void
filter_client_gone(struct filter_list *flist, const char *storage_name,
		   bool below)
{
	if (filter_client_is_hidden(flist, storage_name))
		filter_index_forget(flist->list, storage_name, below);
}

static int
filter_client_delete_mailbox(struct mailbox_list *list, const char *name)
{
	struct filter_list *flist = FILTER_LIST_CONTEXT_REQUIRE(list);

	if (flist->module_ctx.super.delete_mailbox(list, name) < 0)
		return -1;
	filter_client_gone(flist, name, FALSE);
	return 0;
}

static int
filter_client_delete_dir(struct mailbox_list *list, const char *name)
{
	struct filter_list *flist = FILTER_LIST_CONTEXT_REQUIRE(list);

	if (flist->module_ctx.super.delete_dir(list, name) < 0)
		return -1;
	filter_client_gone(flist, name, FALSE);
	return 0;
}

static int
filter_client_rename_mailbox(struct mailbox_list *oldlist, const char *oldname,
			     struct mailbox_list *newlist, const char *newname)
{
	struct filter_list *flist = FILTER_LIST_CONTEXT_REQUIRE(oldlist);

	if (flist->module_ctx.super.rename_mailbox(oldlist, oldname,
						   newlist, newname) < 0)
		return -1;
	filter_client_gone(flist, oldname, TRUE);
	return 0;
}

void filter_client_list_created(struct mailbox_list *list)
{
	struct filter_user *fuser = filter_user_get(list->ns->user);
	struct mailbox_list_vfuncs *v = list->vlast;
	struct filter_list *flist;

	if (fuser == NULL || !str_array_find(filter_layouts, list->name) ||
	    (list->flags & MAILBOX_LIST_FLAG_SECONDARY) != 0)
		return;

	flist = p_new(list->pool, struct filter_list, 1);
	flist->list = list;
	flist->fuser = fuser;
	flist->sep = mail_namespace_get_sep(list->ns);
	flist->flat =
		strcmp(list->name, MAILBOX_LIST_NAME_MAILDIRPLUSPLUS) == 0;
	flist->mailbox_files =
		(list->flags & MAILBOX_LIST_FLAG_MAILBOX_FILES) != 0 &&
		list_dirname(list)[0] == '\0' &&
		strcmp(list->name, MAILBOX_LIST_NAME_INDEX) != 0;
	filter_name_init_configured(flist);
	filter_name_init_plain(flist);

	flist->module_ctx.super = *v;
	list->vlast = &flist->module_ctx.super;
	v->iter_init = filter_client_iter_init;
	if (list_drop_noselect(list))
		v->iter_next = filter_client_iter_next;
	v->delete_mailbox = filter_client_delete_mailbox;
	v->delete_dir = filter_client_delete_dir;
	v->rename_mailbox = filter_client_rename_mailbox;
	if (v->get_mailbox_flags != NULL)
		v->get_mailbox_flags = filter_layout_get_mailbox_flags;
	MODULE_CONTEXT_SET(list, filter_list_module, flist);
}
