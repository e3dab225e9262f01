/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A cache with one or two values changed, or what the index has of it. */

#include "unit-verify.h"

static const struct violation violations[] = {
	{ {{ INDEX_DIR_CACHE, 0, 0, "\2\10\1" }}, 0, INDEX_DIR_CACHE, 0,
	  "Its major version isn't 1: 2, 1" },
	{ {{ INDEX_DIR_CACHE, FIELDS_AT + 8, 9, NULL }}, 0, INDEX_DIR_CACHE,
	  FIELDS_AT, "a list of fields is too short for them: 9, 2" },
	{ {{ INDEX_DIR_CACHE, FIELDS_AT + 4, 900, NULL }}, 0, INDEX_DIR_CACHE,
	  FIELDS_AT, "a list of fields leads past the end: 932, 120" },
	{ {{ INDEX_DIR_CACHE, FIELDS_AT + 28, 0, "\5\1\2\1" }}, 0,
	  INDEX_DIR_CACHE, FIELDS_AT, "field fix: type 5 > 4" },
	{ {{ INDEX_DIR_CACHE, FIELDS_AT + 28, 0, "\0\1\2\203" }}, 0,
	  INDEX_DIR_CACHE, FIELDS_AT, "field var: decision 3 > 2" },
	{ {{ INDEX_DIR_CACHE, FIELDS_AT + 4, 40 << 24, NULL }}, 0,
	  INDEX_DIR_CACHE, FIELDS_AT, "It was written by a machine with the "
	  "other endianness: 671088672, 120" },
	{ {{ INDEX_DIR_CACHE, FIELDS_AT + 32, 0, "vAR" }}, 0,
	  INDEX_DIR_CACHE, FIELDS_AT, "field var: field 0 has its name" },
	{ {{ INDEX_DIR_CACHE, FIELDS_AT + 32, 0, "flag" },
	   { INDEX_DIR_CACHE, FIELDS_AT + 36, 0, "s\0v" }}, 0,
	  INDEX_DIR_CACHE, FIELDS_AT, "field flags: type fixed != bitmask" },
	{ {{ INDEX_DIR_CACHE, FIELDS_AT + 32, 0, "HDR." },
	   { INDEX_DIR_CACHE, FIELDS_AT + 36, 0, "a\0v" }}, 0,
	  INDEX_DIR_CACHE, FIELDS_AT, "field HDR.a: type fixed != header" },
	/* nor do the records fit then */
	{ {{ INDEX_DIR_CACHE, FIELDS_AT + 20, 8, NULL },
	   { INDEX_DIR_CACHE, FIELDS_AT + 28, 0, "\3\1\2\1" },
	   { INDEX_DIR_CACHE, FIELDS_AT + 32, 0, "flag" },
	   { INDEX_DIR_CACHE, FIELDS_AT + 36, 0, "s\0v" }}, 2,
	  INDEX_DIR_CACHE, FIELDS_AT, "field flags: size 8 != 4" },
	{ {{ INDEX_DIR_CACHE, 28, 0, NULL }, NOT_CACHED }, 0,
	  INDEX_DIR_CACHE, 28, "there is no list of fields" },
	{ {{ INDEX_DIR_CACHE, 8, 0, NULL },
	   { INDEX_DIR_INDEX, EXT_AT + 4, 0, NULL }}, 0, INDEX_DIR_CACHE, 8,
	  "file_seq 0 < 1" },
	{ {{ INDEX_DIR_CACHE, 4, INDEXID + 1, NULL }}, 0, INDEX_DIR_CACHE, 4,
	  "indexid 1700000001 != indexid 1700000000 of the index" },
	{ {{ INDEX_DIR_CACHE, 8, 78, NULL }}, 0, INDEX_DIR_CACHE, 8,
	  "file_seq 78 != reset_id 77 of extension cache" },
	/* its records: the older one is that of two messages */
	{ {{ INDEX_DIR_INDEX, RECORDS_AT + 8, 106, NULL }}, 0, INDEX_DIR_CACHE,
	  106, "uid 1: a record stands at 106, the cache has 120 bytes" },
	{ {{ INDEX_DIR_INDEX, RECORDS_AT + 8, 116, NULL }}, 0, INDEX_DIR_CACHE,
	  116, "uid 1: a record stands at 116, the cache has 120 bytes" },
	{ {{ INDEX_DIR_INDEX, RECORDS_AT + 8, 28, NULL }}, 0, INDEX_DIR_CACHE,
	  28, "uid 1: a record stands at 28, the cache has 120 bytes" },
	{ {{ INDEX_DIR_CACHE, CACHE_NEWER_AT + 4, 4, NULL }}, 0,
	  INDEX_DIR_CACHE, CACHE_NEWER_AT + 4, "uid 1: record size 4 < 12" },
	{ {{ INDEX_DIR_CACHE, CACHE_NEWER_AT + 4, 8, NULL }}, 0,
	  INDEX_DIR_CACHE, CACHE_NEWER_AT + 4, "uid 1: record size 8 < 12" },
	{ {{ INDEX_DIR_CACHE, CACHE_NEWER_AT + 4, 20, NULL }}, 0,
	  INDEX_DIR_CACHE, CACHE_NEWER_AT + 4, "uid 1: record offset 104 + "
	  "size 20 > the cache's size 120" },
	{ {{ INDEX_DIR_CACHE, CACHE_NEWER_AT + 8, 2, NULL }}, 0,
	  INDEX_DIR_CACHE, CACHE_NEWER_AT + 8,
	  "uid 1: field 2 of a record >= 2 fields" },
	{ {{ INDEX_DIR_CACHE, CACHE_RECORD_AT + 20, 9, NULL }}, 1,
	  INDEX_DIR_CACHE, CACHE_RECORD_AT + 16, "uid 3: a field of 9 bytes "
	  "ends at 105, its record at 104" },
	{ {{ INDEX_DIR_CACHE, CACHE_RECORD_AT + 4, 20, NULL }}, 1,
	  INDEX_DIR_CACHE, CACHE_RECORD_AT + 16, "uid 3: field 1 of a record "
	  "has its size at 92, the record ends at 92" },
	{ {{ INDEX_DIR_CACHE, CACHE_RECORD_AT + 4, 30, NULL }}, 1,
	  INDEX_DIR_CACHE, CACHE_RECORD_AT + 30, "uid 3: the fields of a "
	  "record end at 104, the record at 102" },
	{ {{ INDEX_DIR_CACHE, CACHE_RECORD_AT, CACHE_NEWER_AT, NULL }}, 1,
	  INDEX_DIR_CACHE, CACHE_RECORD_AT, "uid 1: the records go in a "
	  "circle: they have 144 bytes, the cache 120" },
};

START_TEST(what_is_violated_is_named)
{
	violation_check(&violations[_i]);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("index-verify-cache");

	tcase_add_checked_fixture(tcase, files_make, NULL);
	tcase_add_loop_test(tcase, what_is_violated_is_named, 0,
			    sizeof(violations) / sizeof(violations[0]));
	return unit_run(tcase);
}
