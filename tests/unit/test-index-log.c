/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What the files of tests/index can't show: logs that belong together or don't,
   transactions that don't count, and those that want too much. */

#include <string.h>

#include "unit-index-log.h"
#include "unit.h"

START_TEST(requests_do_not_count)
{
	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 3);
	LOG_ADD(&newer, EXPUNGE, 1, 3);
	LOG_ADD(&newer, DELETED, 0);
	LOG_ADD(&newer, EXPUNGE | EXTERNAL, 2, 2);
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	ck_assert_uint_eq(state.hdr.messages_count, 2);
	ck_assert_uint_eq(state.records.rows[0].uid, 1);
	ck_assert_uint_eq(state.records.rows[1].uid, 3);
	ck_assert(!state.is_deleted);
	ck_assert_ptr_null(state.problem);
}
END_TEST

START_TEST(flags_count_whoever_sets_them)
{
	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 3);
	/* add \Seen \Deleted; remove \Deleted of the first */
	LOG_ADD(&newer, FLAGS, 1, 2, OCTETS(0x0c));
	LOG_ADD(&newer, FLAGS | EXTERNAL, 1, 1, OCTETS(0, 0x04));
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	ck_assert_uint_eq(state.hdr.seen_count, 2);
	ck_assert_uint_eq(state.hdr.deleted_count, 1);
}
END_TEST

START_TEST(next_uid_never_shrinks)
{
	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 7, 1);
	/* u16 offset 28, u16 size 4 */
	LOG_ADD(&newer, HEADER, PAIR(28, 4), 3);
	/* an append below it isn't one */
	LOG_ADD(&newer, APPEND | EXTERNAL, 5, 0);
	/* messages_count isn't the log's to say */
	LOG_ADD(&newer, HEADER, PAIR(32, 4), 4000000000u);
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	ck_assert_uint_eq(state.hdr.next_uid, 8);
	ck_assert_uint_eq(state.hdr.messages_count, 1);
	ck_assert_str_eq(state.problem, "a message is added whose UID is "
			 "lower than next_uid");
	ck_assert_uint_eq(state.problem_seq, 1);
	ck_assert_uint_eq(state.problem_offset, 40 + 16 + 16);
}
END_TEST

/* What isn't whole isn't there. */
START_TEST(torn_ends_are_ends)
{
	static const uint32_t boundary_size = 12 + 16 + 16;
	size_t end;

	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 1);
	end = newer.size;
	LOG_ADD(&newer, BOUNDARY | EXTERNAL, boundary_size);
	log_append(&newer, 2, 2);
	for (size_t size = newer.size; size >= 40; size--) {
		newer.size = size;
		ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
		ck_assert_ptr_null(state.problem);
		ck_assert_uint_eq(state.hdr.messages_count,
				  size == end + boundary_size ? 3 :
				  size >= end ? 1 : 0);
		ck_assert_uint_eq(state.hdr.log_head_offset,
				  size == end + boundary_size ? size :
				  size >= end ? end : 40);
		teardown();
		setup();
	}
}
END_TEST

/* Dovecot's are external; it takes others for nothing. */
START_TEST(an_internal_boundary_is_none)
{
	log_begin(&newer, 1, 0, 0);
	LOG_ADD(&newer, BOUNDARY, 1000);
	log_append(&newer, 1, 2);
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	ck_assert_uint_eq(state.hdr.messages_count, 2);
}
END_TEST

START_TEST(logs_follow_each_other)
{
	log_begin(&older, 1, 0, 0);
	log_append(&older, 1, 2);
	log_begin(&newer, 2, 1, older.size);
	log_append(&newer, 3, 2);
	ck_assert_int_eq(read_logs(&newer, &older), INDEX_STATE_OK);
	ck_assert_uint_eq(state.hdr.messages_count, 4);
	ck_assert_uint_eq(state.hdr.log_file_seq, 2);
	ck_assert_uint_eq(state.hdr.log_head_offset, newer.size);
}
END_TEST

START_TEST(logs_may_not_belong_together)
{
	log_begin(&older, 1, 0, 0);
	log_append(&older, 1, 2);
	log_begin(&newer, 2, 1, older.size + 4);
	ck_assert_int_eq(read_logs(&newer, &older), INDEX_STATE_MISMATCH);
	teardown();
	setup();
	/* a link to the same file, while it is rotated */
	ck_assert_int_eq(read_logs(&older, &older), INDEX_STATE_OK);
	ck_assert_uint_eq(state.hdr.messages_count, 2);
	teardown();
	setup();
	/* the log alone continues what isn't there */
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_UNKNOWN);
	teardown();
	setup();
	/* it begins anew, whatever was before */
	log_begin(&newer, 5, 0, 0);
	log_append(&newer, 9, 1);
	ck_assert_int_eq(read_logs(&newer, &older), INDEX_STATE_OK);
	ck_assert_uint_eq(state.hdr.messages_count, 1);
}
END_TEST

/* As Dovecot made it in 2013. */
START_TEST(the_first_log_may_be_a_successor)
{
	log_begin(&newer, 2, 1, 0);
	log_append(&newer, 1, 2);
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	ck_assert_uint_eq(state.hdr.messages_count, 2);
	ck_assert_uint_eq(state.hdr.indexid, INDEXID);
	teardown();
	setup();
	older = newer;
	log_begin(&newer, 3, 2, older.size);
	log_append(&newer, 3, 1);
	ck_assert_int_eq(read_logs(&newer, &older), INDEX_STATE_OK);
	ck_assert_uint_eq(state.hdr.messages_count, 3);
	teardown();
	setup();
	log_begin(&newer, 3, 2, 0);
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_UNKNOWN);
}
END_TEST

/* An introduction of extension "cache": its number or -1, its reset id. */
static void add_intro(struct bytes *log, uint32_t id, uint32_t reset_id)
{
	uint32_t name[2] = { 0, 0 };

	memcpy(name, "cache", 5);
	if (id == UINT32_MAX) {
		LOG_ADD(log, INTRO, id, reset_id, 0, PAIR(4, 4), PAIR(0, 5),
			name[0], name[1]);
	} else {
		LOG_ADD(log, INTRO, id, reset_id, 0, PAIR(4, 4), 0);
	}
}

static uint32_t cache_offset(uint32_t idx)
{
	const void *record = index_records_get(&state.records,
					       INDEX_COLUMN_CACHE, idx);
	uint32_t offset = 0;

	if (record != NULL)
		memcpy(&offset, record, sizeof(offset));
	return offset;
}

START_TEST(updates_of_a_reset_extension_do_not_count)
{
	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 3);
	add_intro(&newer, UINT32_MAX, 0);
	LOG_ADD(&newer, RESET, 77);
	LOG_ADD(&newer, EXT_RECORD, 1, 111);
	/* by somebody who doesn't know of the reset */
	add_intro(&newer, 0, 5);
	LOG_ADD(&newer, EXT_RECORD, 2, 222);
	add_intro(&newer, 0, 77);
	LOG_ADD(&newer, EXT_RECORD, 3, 333);
	/* u8 preserve */
	LOG_ADD(&newer, RESET, 78, OCTETS(1));
	LOG_ADD(&newer, EXPUNGE | EXTERNAL, 1, 1);
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	ck_assert_ptr_null(state.problem);
	ck_assert_uint_eq(state.exts.exts[0].reset_id, 78);
	ck_assert_uint_eq(state.records.count, 2);
	ck_assert_uint_eq(cache_offset(0), 0);
	ck_assert_uint_eq(cache_offset(1), 333);
}
END_TEST

/* One that is new has the reset id with which it is introduced. */
START_TEST(a_reset_forgets_the_records)
{
	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 2);
	add_intro(&newer, UINT32_MAX, 5);
	LOG_ADD(&newer, EXT_RECORD, 1, 111);
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	ck_assert_uint_eq(state.exts.exts[0].reset_id, 5);
	ck_assert_uint_eq(cache_offset(0), 111);
	teardown();
	setup();
	LOG_ADD(&newer, RESET, 6);
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	ck_assert_uint_eq(state.exts.exts[0].reset_id, 6);
	ck_assert_uint_eq(cache_offset(0), 0);
}
END_TEST

/* Dovecot would say that the log is corrupt. */
START_TEST(names_of_extensions_are_dovecots)
{
	static const struct {
		uint32_t len;
		char end;
		bool valid;
	} names[] = {
		{ 0, 'x', false }, { 1, 'x', true }, { 63, 'x', true },
		{ 64, 'x', false }, { 3, 'A', true }, { 3, 'z', true },
		{ 3, '9', true }, { 3, '-', true }, { 3, '_', true },
		{ 3, ' ', true }, { 3, '\n', false },
		{ 3, '/', false }, { 3, '.', false }, { 3, '\x1b', false },
		{ 3, '\xc3', false },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const uint32_t len = names[i].len;
		uint32_t intro[5 + 17] = { UINT32_MAX, 0, 8, 0, PAIR(0, len) };

		memset(intro + 5, 'x', len);
		if (len > 0)
			((char *)(intro + 5))[len - 1] = names[i].end;
		log_begin(&newer, 1, 0, 0);
		log_add(&newer, INTRO, intro, 5 + (len + 3) / 4);
		ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
		ck_assert_uint_eq(state.exts.count, names[i].valid ? 1 : 0);
		ck_assert_int_eq(state.problem == NULL, names[i].valid);
		teardown();
		setup();
	}
}
END_TEST

START_TEST(a_dirty_message_marks_the_index)
{
	log_begin(&newer, 1, 0, 0);
	LOG_ADD(&newer, APPEND | EXTERNAL, 1, OCTETS(INDEX_FLAG_DIRTY));
	/* another field */
	LOG_ADD(&newer, HEADER, PAIR(24, 4), 5);
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	ck_assert_uint_eq(state.hdr.flags, INDEX_HEADER_HAVE_DIRTY);
	ck_assert_uint_eq(state.hdr.uid_validity, 5);
}
END_TEST

/* The first keyword takes an extension's number. */
START_TEST(keywords_take_a_number)
{
	uint32_t name;

	memcpy(&name, "work", 4);
	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 1);
	LOG_ADD(&newer, KEYWORD, PAIR(0, 4), name, 1, 1);
	add_intro(&newer, UINT32_MAX, 0);
	add_intro(&newer, 1, 0);
	LOG_ADD(&newer, EXT_RECORD, 1, 111);
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	ck_assert_ptr_null(state.problem);
	ck_assert_uint_eq(state.exts.keywords_count, 1);
	ck_assert_str_eq(state.exts.keywords[0], "work");
	ck_assert_uint_eq(cache_offset(0), 111);
}
END_TEST

START_TEST(unknown_types_are_skipped)
{
	struct index_log_scan scan;
	const char *error;

	log_begin(&newer, 1, 0, 0);
	LOG_ADD(&newer, 0x400000 | DSYNC, 1, 2, 3);
	/* an expunge without its protection is none */
	LOG_ADD(&newer, 0x1 | EXTERNAL, 1, 1);
	log_append(&newer, 1, 1);
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	ck_assert_uint_eq(state.hdr.messages_count, 1);
	ck_assert_int_eq(index_log_scan(newer.data, newer.size, &scan, &error),
			 0);
	ck_assert_uint_eq(scan.counts[INDEX_LOG_UNKNOWN].internal, 1);
	ck_assert_uint_eq(scan.counts[INDEX_LOG_UNKNOWN].external, 1);
	ck_assert_uint_eq(scan.counts[INDEX_LOG_UNKNOWN].dsync, 1);
	ck_assert_uint_eq(scan.unknown_code, 0x400000);
	ck_assert_uint_eq(scan.end, newer.size);
}
END_TEST

/* lib-index/mail-transaction-log.h, with the names of "doveadm dump" */
static const struct {
	uint32_t code;
	const char *name;
} types[] = {
	{ 0xcd91, "expunge" }, { 0xed90, "expunge-guid" }, { 0x2, "append" },
	{ 0x4, "flag-update" }, { 0x20, "header-update" },
	{ 0x40, "ext-intro" }, { 0x80, "ext-reset" }, { 0x100, "ext-hdr" },
	{ 0x200, "ext-rec" }, { 0x400, "keyword-update" },
	{ 0x800, "keyword-reset" }, { 0x1000, "ext-atomic-inc" },
	{ 0x8000, "modseq-update" }, { 0x10000, "ext-hdr32" },
	{ 0x20000, "index-deleted" }, { 0x40000, "index-undeleted" },
	{ 0x80000, "boundary" }, { 0x100000, "attribute-update" },
};

static enum index_log_type type_of(uint32_t code)
{
	struct index_log_iter iter;
	struct index_transaction trans;

	log_begin(&newer, 1, 0, 0);
	LOG_ADD(&newer, code | EXTERNAL, 0);
	index_log_iter_init(&iter, newer.data, newer.size, 40);
	ck_assert(index_log_next(&iter, &trans));
	ck_assert_uint_eq(trans.code, code);
	return trans.type;
}

START_TEST(types_are_told_by_their_codes)
{
	uint32_t code = types[_i].code;

	ck_assert_str_eq(index_log_type_name(type_of(code)), types[_i].name);
	/* and by nothing else */
	ck_assert_int_eq(type_of(code | 1 << 22), INDEX_LOG_UNKNOWN);
	ck_assert_int_eq(type_of(code | 0x8), INDEX_LOG_UNKNOWN);
	ck_assert_int_eq(type_of(0), INDEX_LOG_UNKNOWN);
}
END_TEST

/* Changes of all messages, again and again: that isn't followed for ever. */
START_TEST(ranges_have_a_budget)
{
	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 2000);
	while (newer.size + 20 <= sizeof(newer.data))
		LOG_ADD(&newer, FLAGS, 1, 2000, OCTETS(0x08));
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	ck_assert(state.records.exhausted);
	ck_assert_uint_le(state.records.budget.steps + state.budget.steps,
			  newer.size * CURSOR_STEPS_PER_BYTE);
	ck_assert_str_eq(state.problem,
			 "to know its messages takes too long");
	ck_assert_uint_eq(state.hdr.next_uid, 2001);
}
END_TEST

/* A header as large as can be, of which the last byte is written. */
START_TEST(gaps_take_no_memory)
{
	const uint32_t size = 16 * 1024 * 1024 - 1;
	uint32_t name;

	memcpy(&name, "list", 4);
	log_begin(&newer, 1, 0, 0);
	LOG_ADD(&newer, INTRO, UINT32_MAX, 0, size, 0, PAIR(0, 4), name);
	LOG_ADD(&newer, EXT_HEADER32, size - 4, 4, 1);
	LOG_ADD(&newer, EXT_HEADER32, size - 3, 4, 1);
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	ck_assert_uint_eq(state.exts.exts[0].hdr_size, size);
	ck_assert_uint_eq(state.exts.exts[0].hdr_alloc, 0);
	ck_assert_ptr_nonnull(state.problem);
	teardown();
	setup();
	log_begin(&newer, 1, 0, 0);
	LOG_ADD(&newer, INTRO, UINT32_MAX, 0, size + 1, 0, PAIR(0, 4), name);
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	ck_assert_uint_eq(state.exts.count, 0);
}
END_TEST

#define OTHER_ENDIANNESS \
	"It was written by a machine with the other endianness"

static const struct {
	unsigned char major_version, minor_version;
	uint16_t hdr_size;
	unsigned char flags;
	size_t size;
	/* NULL if there is none */
	const char *error;
} log_headers[] = {
	{ 1, 3, 40, COMPAT_FLAGS, 40, NULL },
	{ 2, 3, 40, COMPAT_FLAGS, 40, "Its major version isn't 1" },
	{ 1, 3, 40, !COMPAT_FLAGS, 40, OTHER_ENDIANNESS },
	{ 1, 2, 40, !COMPAT_FLAGS, 40, OTHER_ENDIANNESS },
	{ 1, 2, 40, COMPAT_FLAGS | 2, 40,
	  "Its compat_flags are none of this machine's" },
	{ 1, 1, 40, !COMPAT_FLAGS, 40, NULL },
	{ 1, 3, 40 << 8, 0, 40, OTHER_ENDIANNESS },
	{ 1, 0, 24 << 8, 0, 40, OTHER_ENDIANNESS },
	{ 1, 0, 23 << 8, 0, 40, "hdr_size is more than the file's size" },
	{ 1, 0, 23, 0, 40, "hdr_size is less than 24" },
	{ 1, 0, 24, 0, 24, NULL },
	{ 1, 0, 24, 0, 23, "It is shorter than a log's header" },
	{ 1, 3, 41, COMPAT_FLAGS, 40, "hdr_size is more than the file's size" },
	{ 1, 3, 41, COMPAT_FLAGS, 41, NULL },
};

START_TEST(headers_of_logs_are_checked)
{
	struct index_log_header hdr;
	const char *error;

	log_begin(&newer, 1, 0, 0);
	newer.data[0] = log_headers[_i].major_version;
	newer.data[1] = log_headers[_i].minor_version;
	memcpy(newer.data + 2, &log_headers[_i].hdr_size, 2);
	newer.data[32] = log_headers[_i].flags;
	ck_assert_int_eq(index_log_header_decode(newer.data,
						 log_headers[_i].size, &hdr,
						 &error),
			 log_headers[_i].error == NULL ? 0 : -1);
	ck_assert_pstr_eq(error, log_headers[_i].error);
}
END_TEST

#define MODS OCTETS('m', 'o', 'd', 's')
#define EQ OCTETS('e', 'q')
#define WORK OCTETS('w', 'o', 'r', 'k')

/* lib-index/mail-transaction-log-modseq.c */
static const struct {
	uint32_t type, numbers[7];
	size_t count;
	unsigned int minor_version;
	uint64_t before, after;
} modseqs[] = {
	/* none is kept before the extension is introduced, in a transaction
	   that does so first */
	{ APPEND, { 1, 0 }, 2, 3, 0, 0 },
	{ KEYWORD, { 0, 0, 0, 0, PAIR(0, 6), MODS, EQ }, 7, 3, 0, 0 },
	{ INTRO, { UINT32_MAX, 0, 0, 0, PAIR(0, 6), MODS, EQ }, 7, 3,
	  0, 1 },
	{ INTRO, { UINT32_MAX, 0, 0, 0, PAIR(0, 7), MODS,
		   OCTETS('e', 'q', 's') }, 7, 3, 0, 0 },
	{ INTRO, { UINT32_MAX, 0, 0, 0, PAIR(0, 6), MODS, EQ }, 7, 3,
	  9, 9 },
	{ APPEND, { 1, 0 }, 2, 3, 9, 10 },
	{ EXPUNGE, { 1, 1 }, 2, 3, 9, 9 },
	{ EXPUNGE | EXTERNAL, { 1, 1 }, 2, 3, 9, 10 },
	{ KEYWORD, { PAIR(0, 4), WORK, 1, 1 }, 4, 3, 9, 10 },
	{ 0x800, { 1, 1 }, 2, 3, 9, 10 },
	{ 0x100000, { 0 }, 1, 3, 9, 10 },
	/* flags that a client sees; the mail's own; or whoever says so */
	{ FLAGS, { 1, 1, OCTETS(0x10) }, 3, 3, 9, 10 },
	{ FLAGS, { 1, 1, OCTETS(0, 0x10) }, 3, 3, 9, 10 },
	{ FLAGS, { 1, 1, OCTETS(0xe0) }, 3, 3, 9, 9 },
	{ FLAGS, { 1, 1, OCTETS(0, 0, 1) }, 3, 3, 9, 10 },
	{ FLAGS, { 1, 1, OCTETS(0xe0) }, 3, 2, 9, 10 },
	/* u32 uid, low, high */
	{ 0x8000, { 1, 7, 1, 2, 8 }, 5, 3, 9, (1ULL << 32) + 7 },
	{ 0x8000, { 1, 8, 0 }, 3, 3, 9, 9 },
	{ 0x8000, { 1, 10 }, 2, 3, 9, 9 },
};

START_TEST(modseqs_rise)
{
	struct index_log_iter iter;
	struct index_transaction trans;

	log_begin(&newer, 1, 0, 0);
	log_add(&newer, modseqs[_i].type, modseqs[_i].numbers,
		modseqs[_i].count);
	index_log_iter_init(&iter, newer.data, newer.size, 40);
	ck_assert(index_log_next(&iter, &trans));
	ck_assert_uint_eq(index_log_modseq(&trans, modseqs[_i].before,
					   modseqs[_i].minor_version),
			  modseqs[_i].after);
}
END_TEST

/* Old headers end earlier: what comes after is no part of them. */
START_TEST(headers_of_old_logs)
{
	static const struct {
		unsigned char minor_version;
		uint16_t hdr_size;
		uint64_t initial_modseq;
		unsigned int flags;
	} tests[] = {
		{ 0, 24, 0, 0 },
		{ 1, 32, 0x0101010101010101, 0 },
		{ 2, 40, 0x0101010101010101, COMPAT_FLAGS },
	};
	struct index_log_header hdr;
	const char *error;

	log_begin(&newer, 1, 0, 0);
	newer.data[1] = tests[_i].minor_version;
	memcpy(newer.data + 2, &tests[_i].hdr_size, 2);
	memset(newer.data + 24, 1, 8);
	ck_assert_int_eq(index_log_header_decode(newer.data, newer.size, &hdr,
						 &error), 0);
	ck_assert_uint_eq(hdr.initial_modseq, tests[_i].initial_modseq);
	ck_assert_uint_eq(hdr.compat_flags, tests[_i].flags);
}
END_TEST

/* A log ends where there is no room for another header, or no size; and
   nothing is read past an end. */
START_TEST(ends_of_logs)
{
	struct index_log_iter iter;
	struct index_transaction trans;

	log_begin(&newer, 1, 0, 0);
	add(&newer, "\x80\x80\x80\x82\0\0\0\0", 8);
	index_log_iter_init(&iter, newer.data, newer.size, 40);
	ck_assert(index_log_next(&iter, &trans));
	ck_assert(!index_log_next(&iter, &trans));
	ck_assert_ptr_null(iter.error);
	newer.size = 47;
	index_log_iter_init(&iter, newer.data, newer.size, 40);
	ck_assert(!index_log_next(&iter, &trans));
	ck_assert_ptr_null(iter.error);
	memset(newer.data + 40, 0, 8);
	newer.size = 48;
	index_log_iter_init(&iter, newer.data, newer.size, 40);
	ck_assert(!index_log_next(&iter, &trans));
	ck_assert_ptr_null(iter.error);
	/* one that is smaller than its header, were it all there */
	memcpy(newer.data + 40, "\x80\x80\x80\x81", 4);
	for (size_t size = 40; size < 48; size++) {
		index_log_iter_init(&iter, newer.data, size, 40);
		ck_assert(!index_log_next(&iter, &trans));
		ck_assert_ptr_null(iter.error);
	}
	index_log_iter_init(&iter, newer.data, newer.size, 40);
	ck_assert(!index_log_next(&iter, &trans));
	ck_assert_ptr_nonnull(iter.error);
	index_log_iter_init(&iter, newer.data, newer.size, 49);
	ck_assert(!index_log_next(&iter, &trans));
	ck_assert_ptr_nonnull(iter.error);
	ck_assert_uint_eq(trans.offset, 48);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("index-log");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, requests_do_not_count);
	tcase_add_test(tcase, flags_count_whoever_sets_them);
	tcase_add_test(tcase, next_uid_never_shrinks);
	tcase_add_test(tcase, torn_ends_are_ends);
	tcase_add_test(tcase, an_internal_boundary_is_none);
	tcase_add_test(tcase, logs_follow_each_other);
	tcase_add_test(tcase, logs_may_not_belong_together);
	tcase_add_test(tcase, the_first_log_may_be_a_successor);
	tcase_add_test(tcase, updates_of_a_reset_extension_do_not_count);
	tcase_add_test(tcase, a_reset_forgets_the_records);
	tcase_add_test(tcase, names_of_extensions_are_dovecots);
	tcase_add_test(tcase, a_dirty_message_marks_the_index);
	tcase_add_test(tcase, keywords_take_a_number);
	tcase_add_test(tcase, unknown_types_are_skipped);
	tcase_add_loop_test(tcase, types_are_told_by_their_codes, 0,
			    sizeof(types) / sizeof(types[0]));
	tcase_add_loop_test(tcase, modseqs_rise, 0,
			    sizeof(modseqs) / sizeof(modseqs[0]));
	tcase_add_loop_test(tcase, headers_of_old_logs, 0, 3);
	tcase_add_test(tcase, ends_of_logs);
	tcase_add_test(tcase, ranges_have_a_budget);
	tcase_add_test(tcase, gaps_take_no_memory);
	tcase_add_loop_test(tcase, headers_of_logs_are_checked, 0,
			    sizeof(log_headers) / sizeof(log_headers[0]));
	return unit_run(tcase);
}
