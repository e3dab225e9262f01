/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The records that go keep their GUIDs, and those that come have the ones that
   are looked up at the new names, for by these NOTIFY recognizes a rename. They
   needn't be the same: below a directory of mboxes all mailboxes are new. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "dovecot-list-compat.h"
#include "mailbox-list-index-sync.h"
#include "filter-index.h"
#include "filter-list.h"
#include "filter-name.h"
#include "filter-record-names.h"
#include "filter-record.h"
#include "filter-rename.h"

struct filter_rename {
	const char *oldname, *newname;
	enum filter_record_type type;
};
ARRAY_DEFINE_TYPE(filter_rename, struct filter_rename);

static const char *
filter_rename_append(struct filter_list *flist, const char *parent,
		     const struct mailbox_list_index_node *node)
{
	string_t *name = t_str_new(128);

	str_append(name, parent);
	str_append_c(name, flist->sep);
	list_index_node_append_name(flist->list, node, name);
	return str_c(name);
}

/* Parents come first. */
static void
filter_rename_collect(struct filter_list *flist,
		      const struct mailbox_list_index_node *node,
		      const char *oldname, const char *newname,
		      ARRAY_TYPE(filter_rename) *renames)
{
	struct filter_rename *rename = array_append_space(renames);

	rename->oldname = oldname;
	rename->newname = newname;
	rename->type = filter_record_node_get_type(node);
	for (node = node->children; node != NULL; node = node->next) {
		filter_rename_collect(flist, node,
			filter_rename_append(flist, oldname, node),
			filter_rename_append(flist, newname, node), renames);
	}
}

static bool
filter_rename_is_hidden(struct filter_list *flist,
			const ARRAY_TYPE(filter_rename) *renames)
{
	const struct filter_rename *rename;

	array_foreach(renames, rename) {
		if (filter_name_is_hidden(flist, rename->oldname,
					  MBA_DIR_UNKNOWN) ||
		    filter_name_is_hidden(flist, rename->newname,
					  MBA_DIR_UNKNOWN))
			return TRUE;
	}
	return FALSE;
}

static void
filter_rename_move(struct mailbox_list_index_sync_context *sync,
		   const ARRAY_TYPE(filter_rename) *renames)
{
	const struct filter_rename *rename;
	unsigned int i;

	for (i = array_count(renames); i > 0; i--) {
		rename = array_idx(renames, i - 1);
		(void)mailbox_list_index_sync_delete(sync, rename->oldname,
						     FALSE);
	}
	array_foreach(renames, rename)
		filter_record_sync_name(sync, rename->newname, rename->type);
	filter_record_names_append(sync);
}

/* Returns whether there was something to move. */
static bool filter_rename_sync(struct filter_list *flist,
			       struct mailbox_list_index_sync_context *sync,
			       const char *oldname, const char *newname)
{
	const struct mailbox_list_index_node *node =
		mailbox_list_index_lookup(flist->list, oldname);
	ARRAY_TYPE(filter_rename) renames;

	if (node == NULL)
		return FALSE;
	t_array_init(&renames, 8);
	filter_rename_collect(flist, node, oldname, newname, &renames);
	if (!filter_rename_is_hidden(flist, &renames))
		return FALSE;
	filter_rename_move(sync, &renames);
	return TRUE;
}

void filter_rename_records(struct filter_list *flist, const char *oldname,
			   const char *newname)
{
	struct mailbox_list *list = flist->list;
	struct mailbox_list_index_sync_context *sync;
	bool moved;

	if (!filter_index_is_pruned(list) || filter_index_is_syncing(list))
		return;
	mailbox_list_last_error_push(list);
	if (mailbox_list_index_sync_begin(list, &sync) == 0) {
		T_BEGIN {
			moved = filter_rename_sync(flist, sync, oldname,
						   newname);
		} T_END;
		(void)mailbox_list_index_sync_end(&sync, moved);
		/* the end of the sync says that no refresh is needed any more,
		   but the rename asked for one */
		mailbox_list_index_refresh_later(list);
	}
	mailbox_list_last_error_pop(list);
}
