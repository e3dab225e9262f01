/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "imap-arg.h"
#include "mail-namespace.h"
#include "mail-storage.h"
#include "mailbox-tree.h"
#include "unichar.h"
#include "filter-command.h"
#include "filter-index.h"
#include "filter-list.h"
#include "filter-name.h"
#include "filter-notify.h"
#include "filter-record.h"

static bool filter_notify_can_open(struct mailbox_list *list, const char *vname)
{
	struct mailbox *box = mailbox_alloc(list, vname, 0);
	enum mailbox_existence existence;
	bool ret;

	/* where it has another name, nothing is told of this one: INBOX in
	   lower case before others, and from 2.4.3 on what isn't normalized */
	ret = strcmp(mailbox_get_vname(box), vname) == 0 &&
		mailbox_exists(box, FALSE, &existence) == 0 &&
		existence == MAILBOX_EXISTENCE_SELECT;
	mailbox_free(&box);
	return ret;
}

/* Add the name if it's a hidden mailbox without a record. */
static void
filter_notify_add_name(struct filter_list *flist, const char *vname,
		       ARRAY_TYPE(const_string) *storage_names)
{
	struct mailbox_list *list = flist->list;
	const char *name;

	/* the client's names haven't been looked at yet */
	if (!uni_utf8_str_is_valid(vname) ||
	    mail_namespace_find(list->ns->user->namespaces, vname) != list->ns)
		return;
	name = mailbox_list_get_storage_name(list, vname);
	if (filter_name_is_hidden(flist, name, MBA_DIR_UNKNOWN) &&
	    filter_record_is_missing(list, name) &&
	    filter_notify_can_open(list, vname))
		array_push_back(storage_names, &name);
}

static void
filter_notify_add_subscribed(struct filter_list *flist,
			     ARRAY_TYPE(const_string) *storage_names)
{
	struct mailbox_tree_iterate_context *iter;
	const char *vname;

	if (flist->list->subscriptions == NULL)
		return;
	iter = mailbox_tree_iterate_init(flist->list->subscriptions, NULL,
					 MAILBOX_SUBSCRIBED);
	while (mailbox_tree_iterate_next(iter, &vname) != NULL)
		filter_notify_add_name(flist, vname, storage_names);
	mailbox_tree_iterate_deinit(&iter);
}

/* <mailbox>|(<mailbox> ...) */
static void
filter_notify_add_mailboxes(struct filter_list *flist,
			    const struct imap_arg *arg,
			    ARRAY_TYPE(const_string) *storage_names)
{
	const struct imap_arg *list;
	const char *vname;

	if (imap_arg_get_astring(arg, &vname)) {
		filter_notify_add_name(flist, vname, storage_names);
		return;
	}
	if (!imap_arg_get_list(arg, &list))
		return;
	for (; imap_arg_get_astring(list, &vname); list++)
		filter_notify_add_name(flist, vname, storage_names);
}

/* SET [STATUS] (<filter> [<mailboxes>] <events>) ... */
static void
filter_notify_add_args(struct filter_list *flist, const struct imap_arg *args,
		       ARRAY_TYPE(const_string) *storage_names)
{
	const struct imap_arg *group;
	const char *filter;

	for (; !IMAP_ARG_IS_EOL(args); args++) {
		if (!imap_arg_get_list(args, &group) ||
		    !imap_arg_get_atom(group, &filter))
			continue;
		if (strcasecmp(filter, "subscribed") == 0)
			filter_notify_add_subscribed(flist, storage_names);
		else if (strcasecmp(filter, "mailboxes") == 0 ||
			 strcasecmp(filter, "subtree") == 0) {
			filter_notify_add_mailboxes(flist, &group[1],
						    storage_names);
		}
	}
}

static void
filter_notify_add_records(struct filter_list *flist,
			  const struct imap_arg *args)
{
	ARRAY_TYPE(const_string) storage_names;

	t_array_init(&storage_names, 8);
	mailbox_list_last_error_push(flist->list);
	filter_notify_add_args(flist, args, &storage_names);
	if (array_count(&storage_names) > 0) {
		array_append_zero(&storage_names);
		filter_record_add(flist->list, array_front(&storage_names),
				  FILTER_RECORD_NEW);
	}
	mailbox_list_last_error_pop(flist->list);
}

int filter_notify_init(struct mailbox_list *list,
		       enum mailbox_list_notify_event mask,
		       struct mailbox_list_notify **notify_r)
{
	struct filter_list *flist = filter_list_get(list);
	const struct imap_arg *args;

	/* only the mailbox list index has it, which was set up later */
	if (flist->module_ctx.super.notify_init == NULL)
		return -1;
	args = filter_command_get_notify_args(list->ns->user);
	if (args != NULL && filter_index_is_pruned(list) &&
	    !filter_index_is_syncing(list)) T_BEGIN {
		filter_notify_add_records(flist, args);
	} T_END;
	return flist->module_ctx.super.notify_init(list, mask, notify_r);
}
