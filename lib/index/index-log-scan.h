/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_LOG_SCAN_H
#define INDEX_LOG_SCAN_H

/* What a whole log holds: its transactions by type, and whether a client
   changed something. */

#include "index-log.h"

struct index_log_count {
	/* wished for; done already; both of these by dsync */
	uint32_t internal, external, dsync;
};

struct index_log_scan {
	struct index_log_header hdr;
	struct index_log_count counts[INDEX_LOG_TYPE_COUNT];
	/* the first type that isn't known, 0 without any */
	uint32_t unknown_code;
	/* where the last whole transaction ends */
	uint64_t end;
	/* why it isn't read any further; NULL if that is the end */
	const char *error;
	/* the size of the transaction there */
	uint32_t error_size;

	/* Somebody set or removed flags or keywords, or expunged: the number of
	   times; the last one was then or later. */
	uint32_t changes, last_change;
	/* the last one, with its sync, is the last thing in the log */
	bool ends_with_change;

	/* what was written next was written then or later; the last change's
	   sync hasn't ended; nothing came since but syncs */
	uint32_t time;
	bool is_syncing, is_only_synced;
};

/* Returns 0 if ok, -1 if it is no log of this machine: error_r says why. */
int index_log_scan(const void *data, uint64_t size,
		   struct index_log_scan *scan_r, const char **error_r);

#endif
