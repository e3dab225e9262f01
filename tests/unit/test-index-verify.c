/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* An index with logs and cache that agree with each other; then with one or two
   values changed. What is violated is named with both values, the file and the
   offset. */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "index-verify.h"
#include "unit.h"

#define PREFIX "dovecot.index"
#define INDEXID 1700000000u
#define CACHE_SEQ 77u
/* where things stand */
#define EXT_AT 120
#define KEYWORDS_AT 144
#define RECORDS_AT 200
#define READ_ALREADY \
	" (Dovecot reads this again only if the index file is lost)"
#define RECORD_SIZE 16
#define PAST_RECORD "an extension's records lead past the end of a record"
#define TRANS_AT 40
#define FIELDS_AT 32
#define CACHE_RECORD_AT 72
#define CACHE_NEWER_AT 104

struct bytes {
	unsigned char data[1024];
	size_t size;
};

static struct bytes files[INDEX_DIR_FILES];

static void add(struct bytes *bytes, const void *data, size_t size)
{
	ck_assert_uint_le(size, sizeof(bytes->data) - bytes->size);
	memcpy(bytes->data + bytes->size, data, size);
	bytes->size += size;
}

static void add_numbers(struct bytes *bytes, const uint32_t *numbers,
			size_t count)
{
	add(bytes, numbers, count * sizeof(*numbers));
}
#define ADD(bytes, ...) \
	add_numbers(bytes, (const uint32_t[]){ __VA_ARGS__ }, \
		    sizeof((const uint32_t[]){ __VA_ARGS__ }) / \
		    sizeof(uint32_t))
/* two numbers of 16 bits, as the machine has them */
#define ADD16(bytes, a, b) \
	add(bytes, (const uint16_t[]){ a, b }, 2 * sizeof(uint16_t))

/* Put a number where there is another one. */
static void put32(struct bytes *bytes, size_t at, uint32_t value)
{
	memcpy(bytes->data + at, &value, sizeof(value));
}

/* An offset as Dovecot writes it last. */
static void add_offset32(struct bytes *bytes, uint32_t offset)
{
	unsigned char raw[4];

	for (int i = 3; i >= 0; i--) {
		raw[i] = 0x80 | (offset >> 2 & 0x7f);
		offset >>= 7;
	}
	add(bytes, raw, sizeof(raw));
}

/* Three messages, of which the third one has nothing in the cache; two
   keywords. */
static void make_index(struct bytes *index)
{
	add(index, "\7\3", 2);
	ADD16(index, 120, RECORDS_AT);
	index->size -= 2;
	ADD(index, RECORDS_AT, RECORD_SIZE, OCTETS(COMPAT_FLAGS));
	/* indexid, flags, uid_validity, next_uid, messages, -, seen, deleted,
	   first_recent_uid, two lowwaters */
	ADD(index, INDEXID, 0, 5, 10, 3, 0, 1, 1, 10, 0, 0);
	/* the log's number, tail, head; the day and its UIDs */
	ADD(index, 2, TRANS_AT, TRANS_AT, 0, 0, 0);
	ADD(index, INDEXID, 9, 7, 5, 3, 2, 1, 1, 1);
	ck_assert_uint_eq(index->size, EXT_AT);
	ADD(index, 0, CACHE_SEQ);
	ADD16(index, 8, 4);
	ADD16(index, 4, 5);
	add(index, "cache\0\0", 8);
	ck_assert_uint_eq(index->size, KEYWORDS_AT);
	ADD(index, 30, 0);
	ADD16(index, 12, 1);
	ADD16(index, 1, 8);
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

/* A log to which a message was appended. */
static void make_log(struct bytes *log, uint32_t seq, uint32_t prev_seq,
		     uint32_t prev_offset, uint32_t uid)
{
	add(log, "\1\3", 2);
	ADD16(log, 40, 0);
	log->size -= 2;
	ADD(log, INDEXID, seq, prev_seq, prev_offset, INDEXID, 0, 0);
	ADD(log, OCTETS(COMPAT_FLAGS), 0);
	ck_assert_uint_eq(log->size, TRANS_AT);
	add_offset32(log, 16);
	ADD(log, 0x10000002, uid, 0);
}

/* A field of four bytes and one of variable size; a record with both, and a
   newer one of the same message. */
static void make_cache(struct bytes *cache)
{
	add(cache, "\1\10\1", 4);
	ADD(cache, INDEXID, CACHE_SEQ, 1, 2, 0, 0);
	add_offset32(cache, FIELDS_AT);
	ck_assert_uint_eq(cache->size, FIELDS_AT);
	ADD(cache, 0, 40, 2, 0, 0, 4, UINT32_MAX);
	add(cache, "\0\1\2\1fix\0var", 4 + 8);
	ck_assert_uint_eq(cache->size, CACHE_RECORD_AT);
	ADD(cache, 0, 32, 0, 4711, 1, 5, 0, 0);
	ck_assert_uint_eq(cache->size, CACHE_NEWER_AT);
	ADD(cache, CACHE_RECORD_AT, 16, 0, 4712);
}

static void setup(void)
{
	memset(files, 0, sizeof(files));
	make_index(&files[INDEX_DIR_INDEX]);
	make_log(&files[INDEX_DIR_LOG2], 1, 0, 0, 1);
	/* it is longer than the other one */
	add_offset32(&files[INDEX_DIR_LOG2], 16);
	ADD(&files[INDEX_DIR_LOG2], 0x10000002, 2, 0);
	make_log(&files[INDEX_DIR_LOG], 2, 1, TRANS_AT + 32, 10);
	make_cache(&files[INDEX_DIR_CACHE]);
}

static void verify(struct index_verdicts *verdicts_r)
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

START_TEST(nothing_is_violated)
{
	struct index_verdicts verdicts;

	verify(&verdicts);
	if (verdicts.count > 0)
		ck_abort_msg("%s", verdicts.verdicts[0].text);
	index_verdicts_free(&verdicts);
}
END_TEST

static void read_state(struct index_state *state_r)
{
	const struct bytes *index = &files[INDEX_DIR_INDEX];
	const struct bytes *log = &files[INDEX_DIR_LOG];
	struct index_state_input input = {
		.index = { index->data, index->size },
		.log = { log->data, log->size },
	};
	const char *error;

	ck_assert_int_eq(index_state_read(&input, state_r, &error),
			 INDEX_STATE_OK);
	ck_assert_ptr_null(state_r->problem);
}

/* No case of tests/index has them in an index file. */
START_TEST(keywords_of_the_index_are_kept)
{
	struct index_state state;

	read_state(&state);
	ck_assert_uint_eq(state.exts.keywords_count, 2);
	ck_assert_str_eq(state.exts.keywords[0], "work");
	ck_assert_str_eq(state.exts.keywords[1], "home");
	index_state_free(&state);
}
END_TEST

/* Dovecot drops some of them, and takes a name with a byte of no letter for an
   empty one. */
START_TEST(broken_extensions_of_the_index)
{
	static const struct {
		const char *name, *taken, *problem;
	} tests[] = {
		{ "cache", "cache", NULL },
		{ "cac\0e", "cac", "an extension's name isn't valid" },
		{ "\0ache", "", "an extension's name isn't valid" },
		{ "cac\xff" "e", "", "an extension's name isn't valid" },
		{ "cac\1" "e", "", "an extension's name isn't valid" },
		{ "cac.e", NULL, "an extension's name isn't valid" },
		{ "cac\x7f" "e", NULL, "an extension's name isn't valid" },
	};
	const struct bytes *index = &files[INDEX_DIR_INDEX];
	struct index_state_input input = { .index = { index->data,
						      index->size } };
	struct index_state state;
	const char *error;
	size_t count = tests[_i].taken == NULL ? 1 : 2;

	memcpy(files[INDEX_DIR_INDEX].data + EXT_AT + 16, tests[_i].name, 5);
	ck_assert_int_eq(index_state_read(&input, &state, &error),
			 INDEX_STATE_OK);
	ck_assert_str_eq(state.problem, tests[_i].problem == NULL ?
			 "its log is missing" : tests[_i].problem);
	ck_assert_uint_eq(state.exts.count, count);
	if (count == 2)
		ck_assert_str_eq(state.exts.exts[0].name, tests[_i].taken);
	/* what comes after it counts */
	ck_assert_str_eq(state.exts.exts[count - 1].name, "keywords");
	ck_assert_uint_eq(state.exts.keywords_count, 2);
	index_state_free(&state);
}
END_TEST

/* Dovecot drops those that can't be where they are in a record, and takes
   offset 0 for that of one which isn't there yet. */
START_TEST(extensions_that_are_in_no_record)
{
	static const char not_aligned[] =
		"an extension's records aren't aligned";
	static const struct {
		uint16_t offset, size, align;
		const char *problem;
		bool has_records;
	} tests[] = {
		{ 8, 4, 4, NULL, true }, { 12, 4, 4, NULL, true },
		{ 11, 4, 1, NULL, true }, { 4, 4, 4, NULL, true },
		{ 13, 4, 1, PAST_RECORD, false },
		{ 65535, 4, 1, PAST_RECORD, false },
		{ 65535, 1, 1, PAST_RECORD, false },
		{ 9, 4, 4, not_aligned, false },
		{ 10, 4, 4, not_aligned, false },
		{ 10, 4, 5, "the records' size isn't aligned for an extension",
		  false },
		{ 0, 4, 4, NULL, false }, { 0, 100, 5, NULL, false },
	};
	const struct bytes *index = &files[INDEX_DIR_INDEX];
	struct index_state_input input = { .index = { index->data,
						      index->size } };
	struct index_state state;
	const char *error;

	memcpy(files[INDEX_DIR_INDEX].data + EXT_AT + 8, &tests[_i], 6);
	ck_assert_int_eq(index_state_read(&input, &state, &error),
			 INDEX_STATE_OK);
	ck_assert_str_eq(state.problem, tests[_i].problem == NULL ?
			 "its log is missing" : tests[_i].problem);
	ck_assert_uint_eq(state.exts.count, tests[_i].problem == NULL ? 2 : 1);
	ck_assert_int_eq(index_records_get(&state.records, INDEX_COLUMN_CACHE,
					   0) != NULL, tests[_i].has_records);
	/* what comes after it counts */
	ck_assert_uint_eq(state.exts.keywords_count, 2);
	index_state_free(&state);
}
END_TEST

/* The messages have the UIDs 1, 3 and 5. Dovecot raises next_uid if the last
   one isn't lower; in the middle it looks at none. */
START_TEST(next_uid_is_raised)
{
	static const struct {
		uint32_t next_uid, last, middle;
		uint32_t raised, messages;
	} tests[] = {
		{ 6, 5, 3, 6, 3 }, { 5, 5, 3, 6, 3 }, { 2, 5, 3, 6, 3 },
		{ 10, 5, 100, 10, 1 }, { 10, UINT32_MAX, 3, 10, 2 },
	};
	struct bytes *index = &files[INDEX_DIR_INDEX];
	struct index_state_input input = { .index = { index->data,
						      index->size } };
	struct index_state state;
	const char *error;

	put32(index, 28, tests[_i].next_uid);
	put32(index, RECORDS_AT + RECORD_SIZE, tests[_i].middle);
	put32(index, RECORDS_AT + 2 * RECORD_SIZE, tests[_i].last);
	ck_assert_int_eq(index_state_read(&input, &state, &error),
			 INDEX_STATE_OK);
	ck_assert_uint_eq(state.hdr.next_uid, tests[_i].raised);
	ck_assert_uint_eq(state.hdr.messages_count, tests[_i].messages);
	ck_assert_int_eq(strcmp(state.problem, "its log is missing") == 0,
			 _i == 0);
	index_state_free(&state);
}
END_TEST

/* The second one is dropped. */
START_TEST(an_extension_that_is_there_twice)
{
	struct bytes *index = &files[INDEX_DIR_INDEX];
	struct index_state_input input = { .index = { index->data,
						      index->size } };
	struct index_state state;
	const char *error;

	memcpy(index->data + EXT_AT + 16, "ab\0cd", 5);
	memcpy(index->data + KEYWORDS_AT + 16, "ab\0words", 8);
	ck_assert_int_eq(index_state_read(&input, &state, &error),
			 INDEX_STATE_OK);
	ck_assert_uint_eq(state.exts.count, 1);
	ck_assert_str_eq(state.exts.exts[0].name, "ab");
	ck_assert_uint_eq(state.exts.exts[0].record_size, 4);
	index_state_free(&state);
}
END_TEST

/* What the index file says, what its second message has, and how a log that
   adds a message marks it; whether that log begins the index anew. */
static const struct {
	uint8_t flags, message, added;
	bool is_anew;
	uint32_t result;
} marks[] = {
	{ 0, 0, 0, false, 0 },
	/* it is dirty as long as a message is */
	{ INDEX_HEADER_HAVE_DIRTY, 0, 0, false, 0 },
	{ INDEX_HEADER_HAVE_DIRTY, INDEX_FLAG_DIRTY, 0, false,
	  INDEX_HEADER_HAVE_DIRTY },
	{ INDEX_HEADER_HAVE_DIRTY, 0, INDEX_FLAG_DIRTY, false,
	  INDEX_HEADER_HAVE_DIRTY },
	{ 0, 0, INDEX_FLAG_DIRTY, false, INDEX_HEADER_HAVE_DIRTY },
	/* that Dovecot mended it stays */
	{ INDEX_HEADER_FSCKD | INDEX_HEADER_HAVE_DIRTY, 0, 0, false,
	  INDEX_HEADER_FSCKD },
	{ INDEX_HEADER_FSCKD | INDEX_HEADER_HAVE_DIRTY, INDEX_FLAG_DIRTY, 0,
	  true, INDEX_HEADER_FSCKD },
};

START_TEST(an_index_is_marked)
{
	struct bytes *log = &files[INDEX_DIR_LOG];
	struct index_state state;

	put32(&files[INDEX_DIR_INDEX], 20, marks[_i].flags);
	files[INDEX_DIR_INDEX].data[RECORDS_AT + RECORD_SIZE + 4] =
		marks[_i].message;
	if (marks[_i].is_anew) {
		/* its own number, no log before it */
		put32(log, 8, 3);
		memset(log->data + 12, 0, 8);
	}
	log->data[TRANS_AT + 12] = marks[_i].added;
	read_state(&state);
	ck_assert_uint_eq(state.hdr.messages_count, marks[_i].is_anew ? 1 : 4);
	ck_assert_uint_eq(state.hdr.flags, marks[_i].result);
	index_state_free(&state);
}
END_TEST

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

/* the log sets its tail, instead of adding a message */
#define SETS_TAIL(tail, text) \
	{ {{ INDEX_DIR_LOG, TRANS_AT + 4, 0x10000020, NULL }, \
	   { INDEX_DIR_LOG, TRANS_AT + 8, PAIR(64, 4), NULL }, \
	   { INDEX_DIR_LOG, TRANS_AT + 12, tail, NULL }}, 0, \
	  INDEX_DIR_LOG, TRANS_AT, text }

static const struct violation {
	struct change changes[4];
	/* what else is violated because of it */
	unsigned int others;
	enum index_dir_file_id file;
	uint64_t offset;
	const char *text;
} violations[] = {
	/* the index' header */
	{ {{ INDEX_DIR_INDEX, 48, 11, NULL }}, 0, INDEX_DIR_INDEX, 48,
	  "first_recent_uid 11 > next_uid 10" },
	{ {{ INDEX_DIR_INDEX, 48, 0, NULL }}, 0, INDEX_DIR_INDEX, 48,
	  "first_recent_uid 0 < 1" },
	{ {{ INDEX_DIR_INDEX, 28, 0, NULL }}, 5, INDEX_DIR_INDEX, 28,
	  "next_uid 0 < 1" },
	{ {{ INDEX_DIR_INDEX, 52, 11, NULL }}, 0, INDEX_DIR_INDEX, 52,
	  "first_unseen_uid_lowwater 11 > next_uid 10" },
	{ {{ INDEX_DIR_INDEX, 56, 11, NULL }}, 0, INDEX_DIR_INDEX, 56,
	  "first_deleted_uid_lowwater 11 > next_uid 10" },
	{ {{ INDEX_DIR_INDEX, 24, 0, NULL }}, 0, INDEX_DIR_INDEX, 24,
	  "uid_validity 0, though next_uid is 10" },
	{ {{ INDEX_DIR_INDEX, 64, 44, NULL }}, 0, INDEX_DIR_INDEX, 64,
	  "log_tail_offset 44 > log_head_offset 40" },
	{ {{ INDEX_DIR_INDEX, 32, 10, NULL }}, 1, INDEX_DIR_INDEX, 32,
	  "messages_count 10 >= next_uid 10" },
	{ {{ INDEX_DIR_INDEX, 96, 8, NULL }}, 0, INDEX_DIR_INDEX, 92,
	  "day_first_uid[1] 7 < day_first_uid[2] 8" },
	{ {{ INDEX_DIR_INDEX, 32, 4, NULL }}, 0, INDEX_DIR_INDEX, 32,
	  "messages_count 4 != 3 in the records" },
	{ {{ INDEX_DIR_INDEX, 40, 2, NULL }}, 0, INDEX_DIR_INDEX, 40,
	  "seen_messages_count 2 != 1 in the records" },
	{ {{ INDEX_DIR_INDEX, 44, 0, NULL }}, 0, INDEX_DIR_INDEX, 44,
	  "deleted_messages_count 0 != 1 in the records" },
	{ {{ INDEX_DIR_INDEX, 4, 500, NULL }}, 0, INDEX_DIR_INDEX, 0,
	  "header_size is more than the file's size: major_version 7, "
	  "base_header_size 120, header_size 500, record_size 16, the file "
	  "has 248 bytes" },
	/* its records and extensions */
	{ {{ INDEX_DIR_INDEX, RECORDS_AT + RECORD_SIZE, 1, NULL }}, 0,
	  INDEX_DIR_INDEX,
	  RECORDS_AT + RECORD_SIZE, "uid 1 <= uid 1 before it" },
	{ {{ INDEX_DIR_INDEX, RECORDS_AT + 2 * RECORD_SIZE, 10, NULL }}, 0,
	  INDEX_DIR_INDEX,
	  RECORDS_AT + 2 * RECORD_SIZE, "uid 10 >= next_uid 10" },
	{ {{ INDEX_DIR_INDEX, EXT_AT + 8, PAIR(13, 4), NULL }}, 0,
	  INDEX_DIR_INDEX, EXT_AT, PAST_RECORD ": extension cache, hdr_size 0, "
	  "record_offset 13, record_size 4, record_align 4, the index' "
	  "header_size 200, record_size 16" },
	{ {{ INDEX_DIR_INDEX, KEYWORDS_AT + 12, PAIR(1, 5), NULL },
	   { INDEX_DIR_INDEX, KEYWORDS_AT + 16, 0, "cach" },
	   { INDEX_DIR_INDEX, KEYWORDS_AT + 20, 0, "e\0\0" }}, 0,
	  INDEX_DIR_INDEX, KEYWORDS_AT, "extension cache: there is another one "
	  "at 120" },
	{ {{ INDEX_DIR_INDEX, EXT_AT, 100, NULL }}, 0, INDEX_DIR_INDEX, EXT_AT,
	  "an extension leads past the header's end: extension cache, hdr_size "
	  "100, record_offset 8, record_size 4, record_align 4, the index' "
	  "header_size 200, record_size 16" },
	/* the logs */
	{ {{ INDEX_DIR_LOG, TRANS_AT, 0, "\200\200\200\201" }}, 0,
	  INDEX_DIR_LOG, TRANS_AT,
	  "a transaction is smaller than its header: size 4 < 8" },
	{ {{ INDEX_DIR_LOG, TRANS_AT, 0, "\200\200\200\205" }}, 0,
	  INDEX_DIR_LOG, TRANS_AT,
	  "the last whole transaction ends at 40, the log at 56" },
	{ {{ INDEX_DIR_LOG, 8, UINT32_MAX, NULL },
	   { INDEX_DIR_INDEX, 60, UINT32_MAX, NULL }}, 0, INDEX_DIR_LOG, 8,
	  "file_seq 4294967295 isn't between 0 and 4294967295" },
	{ {{ INDEX_DIR_LOG, TRANS_AT + 4, 0x10400000, NULL }}, 0,
	  INDEX_DIR_LOG, TRANS_AT,
	  "a transaction of unknown type 0x400000" },
	{ {{ INDEX_DIR_LOG2, 4, INDEXID + 1, NULL }}, 0, INDEX_DIR_LOG2, 4,
	  "indexid 1700000001 != indexid 1700000000 of the index" },
	{ {{ INDEX_DIR_INDEX, 68, 60, NULL }}, 0, INDEX_DIR_INDEX, 68,
	  "log_head_offset 60 > end of the log 56" },
	{ {{ INDEX_DIR_INDEX, 60, 1, NULL }, { INDEX_DIR_LOG, 16, 60, NULL }},
	  1, INDEX_DIR_LOG, 12, "the log doesn't continue the index: 60, 40" },
	{ {{ INDEX_DIR_INDEX, 60, 1, NULL }, { INDEX_DIR_LOG, 8, 8, NULL },
	   { INDEX_DIR_LOG, 12, 7, NULL }}, 0, INDEX_DIR_LOG, 12,
	  "the log doesn't continue the index: 7, 1" },
	{ {{ INDEX_DIR_INDEX, 64, 39, NULL }}, 0, INDEX_DIR_INDEX, 64,
	  "log_tail_offset 39 < hdr_size 40 of the log" },
	{ {{ INDEX_DIR_INDEX, 64, 0, NULL },
	   { INDEX_DIR_INDEX, 68, 39, NULL }}, 0, INDEX_DIR_INDEX, 68,
	  "log_head_offset 39 < hdr_size 40 of the log" },
	{ {{ INDEX_DIR_INDEX, 64, 0, NULL },
	   { INDEX_DIR_INDEX, 68, 44, NULL }}, 0, INDEX_DIR_INDEX, 68,
	  "log_head_offset 44 is within the transaction that ends at 56" },
	{ {{ INDEX_DIR_INDEX, 64, 52, NULL },
	   { INDEX_DIR_INDEX, 68, 56, NULL }}, 0, INDEX_DIR_INDEX, 64,
	  "log_tail_offset 52 is within the transaction that ends at 56" },
	SETS_TAIL(39, "log_file_tail_offset 39 < hdr_size 40"),
	SETS_TAIL(41, "log_file_tail_offset 41 is within the transaction that "
		  "ends at 56"),
	SETS_TAIL(57, "log_file_tail_offset 57 > 56"),
	{ {{ INDEX_DIR_INDEX, 60, 3, NULL }}, 0, INDEX_DIR_INDEX, 60,
	  "log_file_seq 3 > file_seq 2 of the log" },
	{ {{ INDEX_DIR_LOG, 16, 60, NULL }}, 0, INDEX_DIR_LOG, 16,
	  "prev_file_offset 60 != end of the older log 72" },
	{ {{ INDEX_DIR_LOG2, 0, OCTETS(9, 3) | PAIR(0, 40), NULL }}, 0,
	  INDEX_DIR_LOG2, 0,
	  "Its major version isn't 1: major_version 9, hdr_size 40, the file "
	  "has 72 bytes" },
	{ {{ INDEX_DIR_LOG, 4, 0, NULL }}, 1, INDEX_DIR_INDEX, 60,
	  "Dovecot found its log to be corrupt" },
	{ {{ INDEX_DIR_LOG2, TRANS_AT + 4, 0x10000002 - 1, NULL }}, 0,
	  INDEX_DIR_LOG2, TRANS_AT, "an expunge of type 0x1 isn't protected"
	  READ_ALREADY },
	/* from the tail on it is read */
	{ {{ INDEX_DIR_LOG, TRANS_AT + 4, 0x10400000, NULL },
	   { INDEX_DIR_INDEX, 64, 56, NULL },
	   { INDEX_DIR_INDEX, 68, 56, NULL }}, 0, INDEX_DIR_LOG, TRANS_AT,
	  "a transaction of unknown type 0x400000" READ_ALREADY },
	{ {{ INDEX_DIR_LOG, TRANS_AT + 4, 0x10400000, NULL },
	   { INDEX_DIR_INDEX, 68, 56, NULL }}, 0, INDEX_DIR_LOG, TRANS_AT,
	  "a transaction of unknown type 0x400000" },
	/* and sizes are read, if there are modseqs */
	{ {{ INDEX_DIR_LOG, TRANS_AT, 0, "\200\200\200\201" },
	   { INDEX_DIR_INDEX, 64, 56, NULL },
	   { INDEX_DIR_INDEX, 68, 56, NULL }}, 1, INDEX_DIR_LOG, TRANS_AT,
	  "a transaction is smaller than its header: size 4 < 8" },
	{ {{ INDEX_DIR_LOG, TRANS_AT + 4, 0x1000cd91, NULL }}, 0,
	  INDEX_DIR_LOG, TRANS_AT, "uids 10 to 0 are no range" },
	/* what they do to the index */
	{ {{ INDEX_DIR_LOG, TRANS_AT + 8, 3, NULL }}, 0, INDEX_DIR_LOG,
	  TRANS_AT, "a message is added whose UID is lower than next_uid: 3, "
	  "10" },
	{ {{ INDEX_DIR_LOG, TRANS_AT + 4, 0x10000020, NULL },
	   { INDEX_DIR_LOG, TRANS_AT + 8, PAIR(118, 4), NULL }}, 0,
	  INDEX_DIR_LOG, TRANS_AT, "the header is changed past its end: 122, "
	  "120" },
	{ {{ INDEX_DIR_LOG, TRANS_AT + 4, 0x80, NULL }}, 0, INDEX_DIR_LOG,
	  TRANS_AT, "an extension is reset that wasn't introduced" },
	{ {{ INDEX_DIR_LOG, TRANS_AT + 4, 0x10000020, NULL },
	   { INDEX_DIR_LOG, TRANS_AT + 8, PAIR(24, 4), NULL }}, 0,
	  INDEX_DIR_LOG, TRANS_AT + 16,
	  "uid_validity 0, though next_uid is 10" },
	/* the cache */
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

static void break_files(const struct change *changes)
{
	for (int i = 0; i < 4 && (i == 0 || changes[i].at != 0); i++) {
		const struct change *change = &changes[i];

		memcpy(files[change->file].data + change->at,
		       change->bytes != NULL ? change->bytes :
		       (const char *)&change->value, 4);
	}
}

START_TEST(what_is_violated_is_named)
{
	const struct violation *violation = &violations[_i];
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
END_TEST

static const struct {
	uint32_t head, log_seq, log_offset;
	/* NULL if nothing is wrong */
	const char *text;
	/* the log isn't followed to the head then */
	size_t others;
} modseqs[] = {
	{ 40, 2, 40, NULL, 0 },
	{ 56, 2, 40, NULL, 0 },
	{ 56, 2, 56, NULL, 0 },
	{ 40, 1, 41, NULL, 0 },
	{ 0, 2, 41, NULL, 0 },
	{ 40, 2, 56, "extension modseq: log_offset 56 > log_head_offset 40",
	  0 },
	{ 40, 2, 39, "extension modseq: log_offset 39 < hdr_size 40 of the "
	  "log", 0 },
	{ 56, 2, 44, "extension modseq: log_offset 44 is within the "
	  "transaction that ends at 56", 1 },
};

/* In place of the two extensions that there are. */
START_TEST(modseqs_go_on_where_a_transaction_begins)
{
	struct bytes *index = &files[INDEX_DIR_INDEX];
	const size_t size = index->size;
	struct index_verdicts verdicts;

	put32(index, 64, 0);
	put32(index, 68, modseqs[_i].head);
	index->size = EXT_AT;
	ADD(index, 16, 0, 0);
	ADD16(index, 8, 6);
	add(index, "modseq\0", 8);
	ADD(index, 9, 0, modseqs[_i].log_seq, modseqs[_i].log_offset);
	ADD(index, 16, 0, 0);
	ADD16(index, 8, 5);
	add(index, "other\0\0", 8);
	ck_assert_uint_eq(index->size, RECORDS_AT - 16);
	index->size = size;
	verify(&verdicts);
	ck_assert_uint_eq(verdicts.count, modseqs[_i].text == NULL ? 0 :
			  1 + modseqs[_i].others);
	if (modseqs[_i].text != NULL) {
		ck_assert_str_eq(verdicts.verdicts[0].text, modseqs[_i].text);
		ck_assert_int_eq(verdicts.verdicts[0].file, INDEX_DIR_INDEX);
		ck_assert_uint_eq(verdicts.verdicts[0].offset, EXT_AT);
	}
	index_verdicts_free(&verdicts);
}
END_TEST

/* Of many violations the first ones are named, and that there are more. */
START_TEST(verdicts_have_an_end)
{
	struct index_verdicts verdicts;
	struct bytes *index = &files[INDEX_DIR_INDEX];
	const uint32_t count = 2000;
	unsigned char *data = calloc(1, RECORDS_AT + count * RECORD_SIZE);
	struct index_dir dir;
	int fd;

	memcpy(data, index->data, RECORDS_AT);
	memcpy(data + 32, &count, sizeof(count));
	unit_write(unit_path(PREFIX), data, RECORDS_AT + count * RECORD_SIZE);
	fd = open(unit_path("."), O_RDONLY | O_DIRECTORY);
	index_dir_read(fd, PREFIX, NULL, &dir);
	index_verify(&dir, &verdicts);
	ck_assert_uint_eq(verdicts.count, INDEX_VERDICTS_MAX + 1);
	ck_assert_str_eq(verdicts.verdicts[INDEX_VERDICTS_MAX].text,
			 "more is violated than is told");
	ck_assert_str_ne(verdicts.verdicts[INDEX_VERDICTS_MAX - 1].text,
			 "more is violated than is told");
	index_verdicts_free(&verdicts);
	index_dir_free(&dir);
	(void)close(fd);
	free(data);
}
END_TEST

#define LIST_NAMES_AT (TRANS_AT + 16 + 16 + 16 + 32)
#define LIST_RECORDS_AT (LIST_NAMES_AT + 28 + 8)

/* A list of two mailboxes; the second one's parent is to be told. */
static void make_list(uint32_t first_id, uint32_t second_id,
		      uint32_t parent_uid)
{
	struct bytes *log = &files[INDEX_DIR_LOG];

	memset(files, 0, sizeof(files));
	make_log(log, 1, 0, 0, 1);
	add_offset32(log, 16);
	ADD(log, 0x10000002, 2, 0);
	/* a UID validity */
	add_offset32(log, 16);
	ADD(log, 0x20);
	ADD16(log, 24, 4);
	ADD(log, 5);
	/* extension "list": a header of 16 bytes, records of 28 */
	add_offset32(log, 8 + 20 + 4);
	ADD(log, 0x40, UINT32_MAX, 0, 16);
	ADD16(log, 28, 4);
	ADD16(log, 0, 4);
	add(log, "list", 4);
	add_offset32(log, 8 + 4 + 16);
	ADD(log, 0x100);
	ADD16(log, 0, 16);
	add(log, "\0", 1);
	ADD(log, first_id);
	add(log, "a", 2);
	ADD(log, second_id);
	add(log, "b\0\0\0\0", 5);
	add_offset32(log, 8 + 32 + 32);
	ADD(log, 0x200, 1, first_id, 0, 0, 0, 0, 0, 0);
	ADD(log, 2, second_id, parent_uid, 0, 0, 0, 0, 0);
}

/* There is but a log. */
static void check_list(size_t count, const char *text)
{
	struct index_verdicts verdicts;

	verify(&verdicts);
	ck_assert_uint_eq(verdicts.count, count);
	if (count > 0)
		ck_assert_str_eq(verdicts.verdicts[0].text, text);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(verdicts.verdicts[i].file, INDEX_DIR_LOG);
	index_verdicts_free(&verdicts);
}

START_TEST(lists_lead_to_a_root)
{
	make_list(1, 2, 1);
	check_list(0, NULL);
	make_list(1, 2, 2);
	check_list(1, "mailbox 2: its parent 2 leads to no root");
	make_list(2, 1, 1);
	check_list(1, "the names' ids don't ascend");
	make_list(1, 2, 1);
	put32(&files[INDEX_DIR_LOG], LIST_RECORDS_AT + 4, 3);
	check_list(1, "mailbox 1: there is no name 3");
	/* the names are written where they don't fit */
	make_list(1, 2, 1);
	put32(&files[INDEX_DIR_LOG], LIST_NAMES_AT + 8, PAIR(4, 16));
	check_list(3, "an extension's header is changed past its end: 20, 16");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("index-verify");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, nothing_is_violated);
	tcase_add_test(tcase, keywords_of_the_index_are_kept);
	tcase_add_loop_test(tcase, broken_extensions_of_the_index, 0, 7);
	tcase_add_loop_test(tcase, extensions_that_are_in_no_record, 0, 12);
	tcase_add_test(tcase, an_extension_that_is_there_twice);
	tcase_add_loop_test(tcase, next_uid_is_raised, 0, 5);
	tcase_add_loop_test(tcase, an_index_is_marked, 0,
			    sizeof(marks) / sizeof(marks[0]));
	tcase_add_loop_test(tcase, what_is_violated_is_named, 0,
			    sizeof(violations) / sizeof(violations[0]));
	tcase_add_loop_test(tcase, modseqs_go_on_where_a_transaction_begins, 0,
			    sizeof(modseqs) / sizeof(modseqs[0]));
	tcase_add_test(tcase, verdicts_have_an_end);
	tcase_add_test(tcase, lists_lead_to_a_root);
	return unit_run(tcase);
}
