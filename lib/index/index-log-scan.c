/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* When a change was made, only what stands before it in the log can tell, or
   the time of the log's last write, if that was the change. But a change is
   never the last thing in a log: whoever makes one syncs it at once, and notes
   up to where he did, in the header's tail offset. That is noted for changes
   alone, and as the last thing of its sync. An mbox's file gets the flags when
   the session leaves the mailbox, which is a sync of its own: the messages
   aren't dirty any more. */

#include <string.h>

#include "index-header.h"
#include "index-log-scan.h"

static bool has_client_flags(const struct index_transaction *trans)
{
	struct index_flag_update update;
	struct cursor c;

	cursor_init(&c, trans->data, trans->data_size, NULL);
	while (cursor_left(&c) > 0) {
		index_flag_update_read(&c, &update);
		if (!c.failed &&
		    ((update.add | update.remove) & INDEX_FLAGS_CLIENT) != 0)
			return true;
	}
	return false;
}

/* Returns TRUE if a client wants something to change: what Dovecot finds to
   have changed is external, what another replica changed is dsync's. */
static bool is_change(const struct index_transaction *trans)
{
	if (trans->external || trans->dsync)
		return false;
	switch (trans->type) {
	case INDEX_LOG_FLAG_UPDATE:
		return has_client_flags(trans);
	case INDEX_LOG_EXPUNGE:
	case INDEX_LOG_EXPUNGE_GUID:
	case INDEX_LOG_KEYWORD_UPDATE:
	case INDEX_LOG_KEYWORD_RESET:
		return true;
	default:
		return false;
	}
}

/* Take the times that a header has. Returns TRUE if this ends the sync of
   changes. */
static bool scan_header(struct index_log_scan *scan,
			const struct index_transaction *trans)
{
	bool ends_sync = false;
	uint16_t offset, size;
	uint32_t value;
	struct cursor c;

	cursor_init(&c, trans->data, trans->data_size, NULL);
	while (cursor_left(&c) >= 8) {
		offset = cursor_u16(&c);
		size = cursor_u16(&c);
		value = cursor_u32(&c);
		if (offset == INDEX_TAIL_OFFSET_OFFSET)
			ends_sync = true;
		else if ((offset == INDEX_TEMP_SCAN_OFFSET ||
			  offset == INDEX_DAY_OFFSET) &&
			 value > scan->time)
			scan->time = value;
		if (size > sizeof(value))
			(void)cursor_bytes(&c, size - sizeof(value));
		cursor_align(&c, 4);
	}
	return ends_sync && trans->external;
}

/* Returns TRUE if messages become dirty, or no longer are. */
static bool is_flush(const struct index_transaction *trans)
{
	return trans->type == INDEX_LOG_FLAG_UPDATE && trans->external &&
		!has_client_flags(trans);
}

/* Returns TRUE if a sync tells what it has seen of the mails. */
static bool is_sync_note(const struct index_transaction *trans)
{
	return trans->external && (trans->type == INDEX_LOG_BOUNDARY ||
				   trans->type == INDEX_LOG_EXT_INTRO ||
				   trans->type == INDEX_LOG_EXT_HDR_UPDATE);
}

static void scan_change(struct index_log_scan *scan,
			const struct index_transaction *trans)
{
	scan->ends_with_change = false;
	if (is_change(trans)) {
		scan->changes++;
		scan->last_change = scan->time;
		scan->ends_with_change = true;
		scan->is_syncing = scan->is_only_synced = true;
	} else if (trans->type == INDEX_LOG_HEADER_UPDATE &&
		   scan_header(scan, trans)) {
		scan->ends_with_change = scan->is_syncing;
		scan->is_syncing = false;
	} else if (is_flush(trans)) {
		scan->is_syncing = scan->is_only_synced;
	} else if (!scan->is_syncing && !is_sync_note(trans)) {
		scan->is_only_synced = false;
	}
}

static void scan_add(struct index_log_scan *scan,
		     const struct index_transaction *trans)
{
	struct index_log_count *count = &scan->counts[trans->type];

	if (trans->external)
		count->external++;
	else
		count->internal++;
	if (trans->dsync)
		count->dsync++;
	if (trans->type == INDEX_LOG_UNKNOWN && scan->unknown_code == 0)
		scan->unknown_code = trans->code;
	scan_change(scan, trans);
}

int index_log_scan(const void *data, uint64_t size,
		   struct index_log_scan *scan_r, const char **error_r)
{
	struct index_transaction trans;
	struct index_log_iter iter;

	memset(scan_r, 0, sizeof(*scan_r));
	if (index_log_header_decode(data, size, &scan_r->hdr, error_r) < 0)
		return -1;
	scan_r->time = scan_r->hdr.create_stamp;
	index_log_iter_init(&iter, data, size, scan_r->hdr.hdr_size);
	while (index_log_next(&iter, &trans))
		scan_add(scan_r, &trans);
	scan_r->end = trans.offset;
	scan_r->error = iter.error;
	scan_r->error_size = trans.size;
	return 0;
}
