/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "unit-verify.h"

#define CACHE_SEQ 77u

struct bytes files[INDEX_DIR_FILES];

void put32(struct bytes *bytes, size_t at, uint32_t value)
{
	memcpy(bytes->data + at, &value, sizeof(value));
}

/* Three messages, of which the third one has nothing in the cache; two
   keywords. */
static void make_index(struct bytes *index)
{
	index_begin(index, RECORDS_AT, RECORD_SIZE);
	/* indexid, flags, uid_validity, next_uid, messages, -, seen, deleted,
	   first_recent_uid, two lowwaters */
	ADD(index, INDEXID, 0, 5, 10, 3, 0, 1, 1, 10, 0, 0);
	/* the log's number, tail, head; the day and its UIDs */
	ADD(index, 2, TRANS_AT, TRANS_AT, 0, 0, 0);
	ADD(index, INDEXID, 9, 7, 5, 3, 2, 1, 1, 1);
	ck_assert_uint_eq(index->size, EXT_AT);
	ADD(index, 0, CACHE_SEQ, PAIR(8, 4), PAIR(4, 5));
	add(index, "cache\0\0", 8);
	ck_assert_uint_eq(index->size, KEYWORDS_AT);
	ADD(index, 30, 0, PAIR(12, 1), PAIR(1, 8));
	add(index, "keywords", 8);
	/* the second name stands at 5 */
	ADD(index, 2, 0, 0, 0, 5);
	add(index, "work\0home\0\0", 12);
	ck_assert_uint_eq(index->size, RECORDS_AT);
	ADD(index, 1, 0, CACHE_NEWER_AT, 0);
	ADD(index, 3, 0, CACHE_RECORD_AT, 0);
	ADD(index, 5, 0, 0, 0);
	index->data[RECORDS_AT + 4] = INDEX_FLAG_SEEN;
	index->data[RECORDS_AT + RECORD_SIZE + 4] = INDEX_FLAG_DELETED;
}

/* A field of four bytes and one of variable size; a record with both, and a
   newer one of the same message. */
static void make_cache(struct bytes *cache)
{
	add(cache, "\1\10\1", 4);
	ADD(cache, INDEXID, CACHE_SEQ, 1, 2, 0, 0, 0);
	ck_assert_uint_eq(cache->size, FIELDS_AT);
	/* an offset is written as a size is */
	set_size(cache->data + FIELDS_AT - 4, FIELDS_AT);
	ADD(cache, 0, 40, 2, 0, 0, 4, UINT32_MAX);
	add(cache, "\0\1\2\1fix\0var", 4 + 8);
	ck_assert_uint_eq(cache->size, CACHE_RECORD_AT);
	ADD(cache, 0, 32, 0, 4711, 1, 5, 0, 0);
	ck_assert_uint_eq(cache->size, CACHE_NEWER_AT);
	ADD(cache, CACHE_RECORD_AT, 16, 0, 4712);
}

void files_make(void)
{
	memset(files, 0, sizeof(files));
	make_index(&files[INDEX_DIR_INDEX]);
	log_begin(&files[INDEX_DIR_LOG2], 1, 0, 0);
	/* it is longer than the other one */
	log_append(&files[INDEX_DIR_LOG2], 1, 2);
	log_begin(&files[INDEX_DIR_LOG], 2, 1, TRANS_AT + 32);
	log_append(&files[INDEX_DIR_LOG], 10, 1);
	make_cache(&files[INDEX_DIR_CACHE]);
}

void verify(struct index_verdicts *verdicts_r)
{
	struct index_dir dir;
	int fd;

	for (int id = 0; id < INDEX_DIR_FILES; id++) {
		if (files[id].size > 0) {
			unit_write(unit_path(PREFIX "%s",
					     index_dir_suffix(id)),
				   files[id].data, files[id].size);
		}
	}
	fd = open(unit_path("."), O_RDONLY | O_DIRECTORY);
	ck_assert_int_ne(fd, -1);
	index_dir_read(fd, PREFIX, NULL, &dir);
	index_verify(&dir, verdicts_r);
	index_dir_free(&dir);
	(void)close(fd);
}

static void break_files(const struct change *changes)
{
	for (int i = 0; i < 4 && (i == 0 || changes[i].at != 0); i++) {
		const struct change *change = &changes[i];

		memcpy(files[change->file].data + change->at,
		       change->bytes != NULL ? change->bytes :
		       (const char *)&change->value, 4);
	}
}

void violation_check(const struct violation *violation)
{
	struct index_verdicts verdicts;
	const struct index_verdict *verdict;
	bool found = false;

	break_files(violation->changes);
	verify(&verdicts);
	for (size_t i = 0; i < verdicts.count; i++) {
		verdict = &verdicts.verdicts[i];
		if (strcmp(verdict->text, violation->text) == 0) {
			ck_assert_int_eq(verdict->file, violation->file);
			ck_assert_uint_eq(verdict->offset, violation->offset);
			found = true;
		}
	}
	if (!found) {
		ck_abort_msg("%s: got %s", violation->text,
			     verdicts.count == 0 ? "nothing" :
			     verdicts.verdicts[0].text);
	}
	ck_assert_uint_eq(verdicts.count, 1 + violation->others);
	index_verdicts_free(&verdicts);
}
