/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

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

static void scan_add(struct index_log_scan *scan,
		     const struct index_transaction *trans)
{
	struct index_log_count *count = &scan->counts[trans->type];

	scan->transactions++;
	if (trans->external)
		count->external++;
	else
		count->internal++;
	if (trans->dsync)
		count->dsync++;
	if (trans->type == INDEX_LOG_UNKNOWN && scan->unknown_code == 0)
		scan->unknown_code = trans->code;
	scan->last_is_change = is_change(trans);
	if (scan->last_is_change)
		scan->changes++;
	scan->modseq = index_log_modseq(trans, scan->modseq,
					scan->hdr.minor_version);
}

int index_log_scan(const void *data, uint64_t size,
		   struct index_log_scan *scan_r, const char **error_r)
{
	struct index_transaction trans;
	struct index_log_iter iter;

	memset(scan_r, 0, sizeof(*scan_r));
	if (index_log_header_decode(data, size, &scan_r->hdr, error_r) < 0)
		return -1;
	scan_r->modseq = scan_r->hdr.initial_modseq;
	index_log_iter_init(&iter, data, size, scan_r->hdr.hdr_size, NULL);
	while (index_log_next(&iter, &trans))
		scan_add(scan_r, &trans);
	scan_r->end = trans.offset;
	scan_r->error = iter.error;
	scan_r->error_size = trans.size;
	return 0;
}
