/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A refresh of the mailbox list index expunges each record whose name it didn't
   meet. Others notice that: NOTIFY tells clients, dsync deletes mailboxes. */

#include "lib.h"
#include "hash.h"
#include "dovecot-list-compat.h"
#include "mailbox-list-index-sync.h"
#include "filter-index.h"
#include "filter-index-names.h"

#include <sys/stat.h>

bool filter_index_is_syncing(struct mailbox_list *list)
{
	struct mailbox_list_index *ilist = INDEX_LIST_CONTEXT(list);

	return ilist != NULL && ilist->syncing;
}

/* Returns whether there is an index, and a disk that it's refreshed from. */
static bool filter_index_is_refreshed(struct mailbox_list *list)
{
	struct mailbox_list_index *ilist = INDEX_LIST_CONTEXT(list);

	return ilist != NULL && ilist->has_backing_store;
}

bool filter_index_is_trusted(struct mailbox_list *list)
{
	return filter_index_is_refreshed(list) &&
		list->mail_set->mailbox_list_index_very_dirty_syncs;
}

bool filter_index_is_pruned(struct mailbox_list *list)
{
	return filter_index_is_refreshed(list) &&
		!list->mail_set->mailbox_list_index_very_dirty_syncs;
}

struct filter_index_version filter_index_get_version(struct mailbox_list *list)
{
	struct mailbox_list_index *ilist = INDEX_LIST_CONTEXT_REQUIRE(list);

	return (struct filter_index_version) {
		.log_seq = ilist->sync_log_file_seq,
		.log_offset = ilist->sync_log_file_offset,
		.count = hash_table_count(ilist->mailbox_hash),
	};
}

bool filter_index_version_equals(const struct filter_index_version *v1,
				 const struct filter_index_version *v2)
{
	return v1->log_seq == v2->log_seq &&
		v1->log_offset == v2->log_offset && v1->count == v2->count;
}

static void filter_index_keep_tree(struct mailbox_list_index_node *node)
{
	for (; node != NULL; node = node->next) {
		node->flags |= MAILBOX_LIST_INDEX_FLAG_SYNC_EXISTS;
		filter_index_keep_tree(node->children);
	}
}

bool filter_index_keep(struct mailbox_list *list, const char *storage_name)
{
	struct mailbox_list_index_node *node;

	/* the index is filled with the names of clients, which may lead to
	   another storage name */
	T_BEGIN {
		node = mailbox_list_index_lookup(list,
			mailbox_list_get_storage_name(list,
				mailbox_list_get_vname(list, storage_name)));
	} T_END;
	if (node == NULL)
		return FALSE;
	filter_index_keep_tree(node->children);
	for (; node != NULL; node = node->parent)
		node->flags |= MAILBOX_LIST_INDEX_FLAG_SYNC_EXISTS;
	return TRUE;
}

bool filter_index_sync_begin(struct mailbox_list *list,
			     struct filter_index_sync *sync_r)
{
	const struct mailbox_list_index *ilist = INDEX_LIST_CONTEXT(list);
	struct mailbox_list_index_sync_context *ctx;
	bool unread;

	if (!filter_index_is_pruned(list) || filter_index_is_syncing(list))
		return FALSE;
	unread = ilist->mailbox_tree == NULL;
	mailbox_list_last_error_push(list);
	if (mailbox_list_index_sync_begin(list, &ctx) < 0) {
		mailbox_list_last_error_pop(list);
		return FALSE;
	}
	sync_r->ctx = ctx;
	sync_r->unread = unread;
	sync_r->refresh = mailbox_list_index_need_refresh(ctx->ilist,
							  ctx->view);
	return TRUE;
}

/* A session's first refresh looks at the disk because it has no names yet, and
   those that the sync has read would look complete. */
static void filter_index_unread(struct mailbox_list *list)
{
	struct mailbox_list_index *ilist = INDEX_LIST_CONTEXT_REQUIRE(list);

	mailbox_list_index_reset(ilist);
	i_zero(&ilist->last_refresh_timeval);
}

void filter_index_sync_end(struct filter_index_sync *sync, bool changed)
{
	struct mailbox_list *list = sync->ctx->list;

	if (changed)
		filter_index_names_append(sync->ctx);
	(void)mailbox_list_index_sync_end(&sync->ctx, changed);
	if (sync->unread)
		filter_index_unread(list);
	/* the end of the sync says that none is needed any more */
	if (sync->refresh)
		mailbox_list_index_refresh_later(list);
	mailbox_list_last_error_pop(list);
}

/* Returns whether it's neither a mailbox nor a directory any more. */
static bool
filter_index_node_is_gone(struct mailbox_list *list, const char *storage_name,
			  const struct mailbox_list_index_node *node)
{
	const enum mailbox_list_index_flags no_mailbox =
		MAILBOX_LIST_INDEX_FLAG_NONEXISTENT |
		MAILBOX_LIST_INDEX_FLAG_NOSELECT;
	const char *path;
	struct stat st;

	return node->children == NULL && (node->flags & no_mailbox) != 0 &&
		mailbox_list_get_path(list, storage_name,
				      MAILBOX_LIST_PATH_TYPE_DIR, &path) > 0 &&
		stat(path, &st) < 0 && errno == ENOENT;
}

void filter_index_sync_forget_parents(struct mailbox_list_index_sync_context
				      *sync, const char *storage_name)
{
	const struct mailbox_list_index_node *node;
	const char *end;

	while ((end = strrchr(storage_name, sync->sep[0])) != NULL) {
		storage_name = t_strdup_until(storage_name, end);
		node = mailbox_list_index_lookup(sync->list, storage_name);
		if (node == NULL ||
		    !filter_index_node_is_gone(sync->list, storage_name, node))
			break;
		(void)mailbox_list_index_sync_delete(sync, storage_name, FALSE);
	}
}

void filter_index_forget(struct mailbox_list *list, const char *storage_name)
{
	struct filter_index_sync sync;
	bool found;

	if (!filter_index_sync_begin(list, &sync))
		return;
	found = mailbox_list_index_sync_delete(sync.ctx, storage_name,
					       TRUE) >= 0;
	if (found) T_BEGIN {
		filter_index_sync_forget_parents(sync.ctx, storage_name);
	} T_END;
	filter_index_sync_end(&sync, found);
}
