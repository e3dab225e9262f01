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

/* Take the times that a header has. Returns TRUE if this ends the sync of
   changes. */
static bool scan_header(struct index_log_scan *scan,
			const struct index_transaction *trans)
{
	struct index_header_update update;
	bool ends_sync = false;
	struct cursor c;
	uint32_t value;

	cursor_init(&c, trans->data, trans->data_size, NULL);
	while (index_header_update_next(&c, &update) > 0) {
		if (update.offset == INDEX_OFFSET_LOG_TAIL)
			ends_sync = true;
		if (update.size < sizeof(value) ||
		    (update.offset != INDEX_OFFSET_LAST_TEMP_FILE_SCAN &&
		     update.offset != INDEX_OFFSET_DAY_STAMP))
			continue;
		memcpy(&value, update.data, sizeof(value));
		if (value > scan->time)
			scan->time = value;
	}
	return ends_sync && trans->external;
}

/* A client wants something to change: what Dovecot finds to have changed is
   external, what another replica changed is dsync's. */
static void scan_change(struct index_log_scan *scan)
{
	scan->changes++;
	scan->last_change = scan->time;
	scan->ends_with_change = true;
	scan->is_syncing = scan->is_only_synced = true;
}

static void scan_other(struct index_log_scan *scan)
{
	if (!scan->is_syncing)
		scan->is_only_synced = false;
}

static void scan_flags(struct index_log_scan *scan,
		       const struct index_transaction *trans, bool is_wish)
{
	bool by_client = index_log_changes_flags(trans, false);

	if (is_wish && by_client)
		scan_change(scan);
	else if (trans->external && !by_client) {
		/* messages become dirty, or no longer are */
		scan->is_syncing = scan->is_only_synced;
	} else {
		scan_other(scan);
	}
}

static void scan_transaction(struct index_log_scan *scan,
			     const struct index_transaction *trans)
{
	bool is_wish = !trans->external && !trans->dsync;

	scan->ends_with_change = false;
	switch (trans->type) {
	case INDEX_LOG_FLAG_UPDATE:
		scan_flags(scan, trans, is_wish);
		return;
	case INDEX_LOG_HEADER_UPDATE:
		if (scan_header(scan, trans)) {
			scan->ends_with_change = scan->is_syncing;
			scan->is_syncing = false;
			return;
		}
		break;
	case INDEX_LOG_EXPUNGE:
	case INDEX_LOG_EXPUNGE_GUID:
	case INDEX_LOG_KEYWORD_UPDATE:
	case INDEX_LOG_KEYWORD_RESET:
		if (is_wish) {
			scan_change(scan);
			return;
		}
		break;
	case INDEX_LOG_BOUNDARY:
	case INDEX_LOG_EXT_INTRO:
	case INDEX_LOG_EXT_HDR_UPDATE:
		/* a sync tells what it has seen of the mails */
		if (trans->external)
			return;
		break;
	default:
		break;
	}
	scan_other(scan);
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
	scan_transaction(scan, trans);
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
