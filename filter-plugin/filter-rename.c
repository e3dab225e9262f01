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
#include "filter-record.h"
#include "filter-rename.h"

struct filter_rename_name {
	const char *oldname, *newname;
	enum filter_record_type type;
};

struct filter_rename {
	struct filter_list *from, *to;
	/* parents come first */
	ARRAY(struct filter_rename_name) names;
	/* a refresh may not see one of them */
	bool needed;
};

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

static void
filter_rename_collect(struct filter_rename *rename,
		      const struct mailbox_list_index_node *node,
		      const char *oldname, const char *newname)
{
	struct filter_rename_name *name = array_append_space(&rename->names);
	enum mba_dir dir;

	name->oldname = oldname;
	name->newname = newname;
	name->type = filter_record_node_get_type(node);
	/* the old name isn't there any more */
	dir = name->type == FILTER_RECORD_DIR ? MBA_DIR_YES : MBA_DIR_NO;
	if (filter_record_is_needed(rename->from, oldname, dir) ||
	    filter_record_is_needed(rename->to, newname, dir))
		rename->needed = TRUE;
	/* INBOX is the only file that has any: they aren't below it on disk */
	if (rename->from->mailbox_files && dir == MBA_DIR_NO)
		return;
	for (node = node->children; node != NULL; node = node->next) {
		filter_rename_collect(rename, node,
			filter_rename_append(rename->from, oldname, node),
			filter_rename_append(rename->to, newname, node));
	}
}

static void
filter_rename_remove(const struct filter_rename *rename,
		     struct mailbox_list_index_sync_context *sync)
{
	const struct filter_rename_name *name;

	for (unsigned int i = array_count(&rename->names); i > 0; i--) {
		name = array_idx(&rename->names, i - 1);
		(void)mailbox_list_index_sync_delete(sync, name->oldname,
						     FALSE);
	}
}

static void filter_rename_add(const struct filter_rename *rename,
			      struct mailbox_list_index_sync_context *sync)
{
	const struct filter_rename_name *name;

	array_foreach(&rename->names, name)
		filter_record_sync_name(sync, name->newname, name->type);
}

/* Moves the records within a namespace, or removes them from the old one.
   Returns whether there were any. */
static bool
filter_rename_begin(struct filter_rename *rename, const char *oldname,
		    const char *newname)
{
	const struct mailbox_list_index_node *node;
	struct filter_index_sync sync;

	if (!filter_index_sync_begin(rename->from->list, &sync))
		return FALSE;
	node = mailbox_list_index_lookup(rename->from->list, oldname);
	if (node != NULL)
		filter_rename_collect(rename, node, oldname, newname);
	if (rename->needed) {
		filter_rename_remove(rename, sync.ctx);
		filter_index_sync_forget_parents(sync.ctx, oldname);
	}
	if (rename->needed && rename->to == rename->from)
		filter_rename_add(rename, sync.ctx);
	filter_index_sync_end(&sync, rename->needed);
	return rename->needed;
}

void filter_rename_records(struct filter_list *from, const char *oldname,
			   struct filter_list *to, const char *newname)
{
	struct filter_rename rename = { .from = from, .to = to };
	struct filter_index_sync sync;

	if (to == NULL)
		return;
	T_BEGIN {
		t_array_init(&rename.names, 8);
		if (filter_rename_begin(&rename, oldname, newname) &&
		    to != from && filter_index_sync_begin(to->list, &sync)) {
			filter_rename_add(&rename, sync.ctx);
			filter_index_sync_end(&sync, TRUE);
		}
	} T_END;
}
