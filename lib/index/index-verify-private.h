/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_VERIFY_PRIVATE_H
#define INDEX_VERIFY_PRIVATE_H

#include "index-verify.h"

struct verify {
	const struct index_dir *dir;
	/* NULL if there is none that can be understood */
	const struct index_log_scan *log, *log2;
	/* the index file's own header, before its log changed it; major version
	   0 if there is none */
	struct index_header hdr;
	/* the index file's extension modseq, 0 if there is none: where in which
	   log the modseqs are those that it has */
	uint64_t modseq_at;
	uint32_t modseq_log_seq, modseq_log_offset;
	struct index_verdicts *verdicts;
};

/* Where fields of a cache's header stand. */
enum {
	OFFSET_CACHE_INDEXID = 4,
	OFFSET_CACHE_SEQ = 8,
	OFFSET_CACHE_FIELDS = 28
};

/* Say what is violated. */
void verdict_add(struct verify *verify, enum index_dir_file_id file,
		 uint64_t offset, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Returns TRUE if something was found there already. */
bool verdict_exists(const struct verify *verify, enum index_dir_file_id file,
		    uint64_t offset);

/* The log and the older one, and whether the index goes on in them. */
void index_verify_logs(struct verify *verify);
/* The cache, and what it has of each message that is there. */
void index_verify_cache(struct verify *verify);

#endif
