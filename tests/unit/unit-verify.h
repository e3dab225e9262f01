/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef UNIT_VERIFY_H
#define UNIT_VERIFY_H

/* An index with logs and cache that agree with each other, and what is violated
   where a few values are changed. */

#include "index-verify.h"
#include "unit-index-log.h"
#include "unit.h"

#define PREFIX "dovecot.index"
/* where things stand */
#define EXT_AT 120
#define KEYWORDS_AT 144
#define RECORDS_AT 200
#define RECORD_SIZE 16
#define TRANS_AT 40
#define FIELDS_AT 32
#define CACHE_RECORD_AT 72
#define CACHE_NEWER_AT 104

struct change {
	enum index_dir_file_id file;
	uint32_t at, value;
	/* instead of value */
	const char *bytes;
};

/* no message has anything in the cache */
#define NOT_CACHED \
	{ INDEX_DIR_INDEX, RECORDS_AT + 8, 0, NULL }, \
	{ INDEX_DIR_INDEX, RECORDS_AT + RECORD_SIZE + 8, 0, NULL }

struct violation {
	struct change changes[4];
	/* what else is violated because of it */
	unsigned int others;
	enum index_dir_file_id file;
	uint64_t offset;
	const char *text;
};

extern struct bytes files[INDEX_DIR_FILES];

/* Make the files in memory. */
void files_make(void);
/* Put a number where there is another one. */
void put32(struct bytes *bytes, size_t at, uint32_t value);
/* Write those that have a byte, and compare them. */
void verify(struct index_verdicts *verdicts_r);
/* Change the files. That, and what else is violated because of it, is named
   with both values, the file and the offset. */
void violation_check(const struct violation *violation);

#endif
