/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Opening a mailbox is too early for its record: an mbox that is refused is
   opened, and refused when it's synced. */

#include "lib.h"
#include "dovecot-list-compat.h"
#include "mailbox-list-index-storage.h"
#include "filter-command.h"
#include "filter-index.h"
#include "filter-list.h"
#include "filter-name.h"
#include "filter-record.h"
#include "filter-record-hooks.h"

#define FILTER_RECORD_CONTEXT_REQUIRE(obj) \
	MODULE_CONTEXT_REQUIRE(obj, filter_record_module)

static MODULE_CONTEXT_DEFINE_INIT(filter_record_module,
				  &mail_storage_module_register);

/* Returns whether the index can be written now. */
static bool filter_record_is_possible(struct mailbox *box)
{
	struct filter_list *flist = filter_list_get(box->list);
	struct mailbox_list_index *ilist = INDEX_LIST_CONTEXT(box->list);

	if (ilist->syncing || ilist->updating_status || box->deleting)
		return FALSE;
	/* who walks all mailboxes doesn't use them, and each sync of the index
	   writes all its names */
	return flist->foreign_walks == 0 && flist->walk == NULL;
}

/* As Dovecot does: it doesn't open the index for a sync that changed
   nothing. */
static bool filter_record_sync_is_told(struct mailbox *box)
{
	struct index_list_mailbox *ibox = INDEX_LIST_STORAGE_CONTEXT(box);
	struct mailbox_list_index *ilist = INDEX_LIST_CONTEXT(box->list);
	const struct mail_index_header *hdr = mail_index_get_header(box->view);

	return ilist->opened ||
		ibox->pre_sync_log_file_head_offset !=
		hdr->log_file_head_offset ||
		ibox->pre_sync_log_file_seq != hdr->log_file_seq;
}

static void
filter_record_add_box(struct mailbox *box, enum filter_record_type type)
{
	const char *const names[] = { box->name, NULL };

	filter_record_add(box->list, names, type);
}

static bool filter_record_box_is_hidden(struct mailbox *box)
{
	return filter_name_is_hidden(filter_list_get(box->list), box->name,
				     MBA_DIR_UNKNOWN);
}

static void filter_record_box_used(struct mailbox *box)
{
	if (!filter_record_is_possible(box))
		return;
	mail_storage_last_error_push(box->storage);
	if (filter_record_is_missing(box->list, box->name) &&
	    filter_record_box_is_hidden(box))
		filter_record_add_box(box, FILTER_RECORD_USED);
	mail_storage_last_error_pop(box->storage);
}

static int filter_record_sync_deinit(struct mailbox_sync_context *ctx,
				     struct mailbox_sync_status *status_r)
{
	struct mailbox *box = ctx->box;
	union mailbox_module_context *fbox = FILTER_RECORD_CONTEXT_REQUIRE(box);

	if (fbox->super.sync_deinit(ctx, status_r) < 0)
		return -1;
	if (filter_record_sync_is_told(box))
		filter_record_box_used(box);
	return 0;
}

static int
filter_record_transaction_commit(struct mailbox_transaction_context *t,
				 struct mail_transaction_commit_changes
				 *changes_r)
{
	struct mailbox *box = t->box;
	union mailbox_module_context *fbox = FILTER_RECORD_CONTEXT_REQUIRE(box);

	if (fbox->super.transaction_commit(t, changes_r) < 0)
		return -1;
	if (changes_r->changes_mask != 0)
		filter_record_box_used(box);
	return 0;
}

/* A refresh keeps what is below a hidden name, since it doesn't look there. */
static void filter_record_box_gone(struct mailbox *box)
{
	if (!filter_record_is_possible(box) ||
	    !filter_record_box_is_hidden(box))
		return;
	mail_storage_last_error_push(box->storage);
	/* a rename opens directories: what isn't a mailbox isn't gone */
	if (!filter_record_is_missing(box->list, box->name))
		filter_index_forget(box->list, box->name);
	mail_storage_last_error_pop(box->storage);
}

static int filter_record_open(struct mailbox *box)
{
	union mailbox_module_context *fbox = FILTER_RECORD_CONTEXT_REQUIRE(box);

	if (fbox->super.open(box) < 0) {
		if (mailbox_get_last_mail_error(box) == MAIL_ERROR_NOTFOUND)
			filter_record_box_gone(box);
		return -1;
	}
	return 0;
}

static int filter_record_create_box(struct mailbox *box,
				    const struct mailbox_update *update,
				    bool directory)
{
	union mailbox_module_context *fbox = FILTER_RECORD_CONTEXT_REQUIRE(box);

	if (fbox->super.create_box(box, update, directory) < 0)
		return -1;
	if (filter_record_is_possible(box) &&
	    filter_record_is_needed(filter_list_get(box->list), box->name,
				    MBA_DIR_UNKNOWN)) {
		mail_storage_last_error_push(box->storage);
		filter_record_add_box(box, directory ? FILTER_RECORD_DIR :
				      FILTER_RECORD_NEW);
		mail_storage_last_error_pop(box->storage);
	}
	return 0;
}

void filter_record_mailbox_allocated(struct mailbox *box)
{
	struct mailbox_vfuncs *v = box->vlast;
	union mailbox_module_context *fbox;

	/* while names are listed or the index is refreshed, Dovecot allocates
	   a mailbox for each of them */
	if (filter_command_lists_only(box->storage->user) ||
	    filter_list_get(box->list) == NULL || box->inbox_any ||
	    !filter_index_is_pruned(box->list) ||
	    filter_index_is_syncing(box->list))
		return;
	fbox = p_new(box->pool, union mailbox_module_context, 1);
	fbox->super = *v;
	box->vlast = &fbox->super;
	v->open = filter_record_open;
	v->sync_deinit = filter_record_sync_deinit;
	v->transaction_commit = filter_record_transaction_commit;
	v->create_box = filter_record_create_box;
	MODULE_CONTEXT_SET_SELF(box, filter_record_module, fbox);
}
