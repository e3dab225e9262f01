/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What the files of tests/index can't show: logs that belong together or don't,
   transactions that don't count, and those that want too much. */

#include <stdlib.h>
#include <string.h>

#include "index-log-scan.h"
#include "index-evidence.h"
#include "index-state.h"
#include "unit.h"

#define EXTERNAL 0x10000000u
#define DSYNC 0x20000000u
#define EXPUNGE 0xcd91u
#define APPEND 0x2u
#define FLAGS 0x4u
#define HEADER 0x20u
#define INTRO 0x40u
#define RESET 0x80u
#define EXT_HEADER32 0x10000u
#define EXT_RECORD 0x200u
#define KEYWORD 0x400u
#define BOUNDARY 0x80000u
#define DELETED 0x20000u

#define INDEXID 1700000000u

struct bytes {
	unsigned char data[64 * 1024];
	size_t size;
};

static void add(struct bytes *bytes, const void *data, size_t size)
{
	ck_assert_uint_le(size, sizeof(bytes->data) - bytes->size);
	memcpy(bytes->data + bytes->size, data, size);
	bytes->size += size;
}

static void add32(struct bytes *bytes, uint32_t value)
{
	add(bytes, &value, sizeof(value));
}

static void add16(struct bytes *bytes, uint16_t value)
{
	add(bytes, &value, sizeof(value));
}

/* Begin a log. */
static void log_begin(struct bytes *log, uint32_t seq, uint32_t prev_seq,
		      uint32_t prev_offset)
{
	memset(log, 0, sizeof(*log));
	add(log, "\1\3", 2);
	add16(log, 40);
	add32(log, INDEXID);
	add32(log, seq);
	add32(log, prev_seq);
	add32(log, prev_offset);
	add32(log, INDEXID);
	add(log, "\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0", 16);
}

static void set_size(unsigned char *dest, uint32_t size)
{
	size >>= 2;
	for (int i = 3; i >= 0; i--, size >>= 7)
		dest[i] = 0x80 | (size & 0x7f);
}

/* Add a transaction of 32-bit numbers. */
static void log_add(struct bytes *log, uint32_t type, const uint32_t *numbers,
		    size_t count)
{
	unsigned char size[4];

	set_size(size, 8 + count * 4);
	add(log, size, 4);
	add32(log, type);
	add(log, numbers, count * 4);
}
#define LOG_ADD(log, type, ...) \
	log_add(log, type, (const uint32_t[]){ __VA_ARGS__ }, \
		sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

/* Messages 1 to count. */
static void log_append(struct bytes *log, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		LOG_ADD(log, APPEND | EXTERNAL, first + i, 0);
}

static struct index_state state;

static enum index_state_result
read_logs(const struct bytes *log, const struct bytes *log2)
{
	struct index_state_input input = { .log = { log->data, log->size } };
	const char *error;

	if (log2 != NULL)
		input.log2 = (struct index_state_file) { log2->data,
							log2->size };
	return index_state_read(&input, &state, &error);
}

static void setup(void)
{
	memset(&state, 0, sizeof(state));
}

static void teardown(void)
{
	index_state_free(&state);
}

static struct bytes newer, older;

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
	LOG_ADD(&newer, FLAGS, 1, 2, 0x0c);
	LOG_ADD(&newer, FLAGS | EXTERNAL, 1, 1, 0x0400);
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
	LOG_ADD(&newer, HEADER, 28 | 4 << 16, 3);
	/* an append below it isn't one */
	LOG_ADD(&newer, APPEND | EXTERNAL, 5, 0);
	/* messages_count isn't the log's to say */
	LOG_ADD(&newer, HEADER, 32 | 4 << 16, 4000000000u);
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
	LOG_ADD(&newer, BOUNDARY, boundary_size);
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

/* An introduction of extension "cache": its number or -1, its reset id. */
static void add_intro(struct bytes *log, uint32_t id, uint32_t reset_id)
{
	uint32_t name[2] = { 0, 0 };

	memcpy(name, "cache", 5);
	if (id == UINT32_MAX) {
		LOG_ADD(log, INTRO, id, reset_id, 0, 4 | 4 << 16, 5 << 16,
			name[0], name[1]);
	} else {
		LOG_ADD(log, INTRO, id, reset_id, 0, 4 | 4 << 16, 0);
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
	LOG_ADD(&newer, RESET, 78, 1);
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

/* Names of more than 64 bytes aren't Dovecot's. */
START_TEST(names_of_extensions_are_short)
{
	static const uint32_t lens[] = { 0, 64, 65 };

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		uint32_t intro[5 + 17] = { UINT32_MAX, 0, 8, 0, lens[i] << 16 };

		memset(intro + 5, 'x', lens[i]);
		log_begin(&newer, 1, 0, 0);
		log_add(&newer, INTRO, intro, 5 + (lens[i] + 3) / 4);
		ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
		ck_assert_uint_eq(state.exts.count, lens[i] == 64 ? 1 : 0);
		ck_assert_int_eq(state.problem == NULL, lens[i] == 64);
		teardown();
		setup();
	}
}
END_TEST

START_TEST(a_dirty_message_marks_the_index)
{
	log_begin(&newer, 1, 0, 0);
	LOG_ADD(&newer, APPEND | EXTERNAL, 1, INDEX_FLAG_DIRTY);
	/* another field */
	LOG_ADD(&newer, HEADER, 24 | 4 << 16, 5);
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
	LOG_ADD(&newer, KEYWORD, 4 << 16, name, 1, 1);
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
	LOG_ADD(&newer, 0x400000, 1, 2, 3);
	/* an expunge without its protection is none */
	LOG_ADD(&newer, 0x1 | EXTERNAL, 1, 1);
	log_append(&newer, 1, 1);
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	ck_assert_uint_eq(state.hdr.messages_count, 1);
	ck_assert_int_eq(index_log_scan(newer.data, newer.size, &scan, &error),
			 0);
	ck_assert_uint_eq(scan.counts[INDEX_LOG_UNKNOWN].internal, 1);
	ck_assert_uint_eq(scan.counts[INDEX_LOG_UNKNOWN].external, 1);
	ck_assert_uint_eq(scan.unknown_code, 0x400000);
	ck_assert_uint_eq(scan.transactions, 3);
	ck_assert_uint_eq(scan.end, newer.size);
}
END_TEST

/* Changes of all messages, again and again: that isn't followed for ever. */
START_TEST(ranges_have_a_budget)
{
	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 2000);
	while (newer.size + 20 <= sizeof(newer.data))
		LOG_ADD(&newer, FLAGS, 1, UINT32_MAX, 0x08);
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	ck_assert(state.records.exhausted);
	ck_assert_uint_le(state.records.budget.steps + state.budget.steps,
			  newer.size * CURSOR_STEPS_PER_BYTE);
	ck_assert_str_eq(state.problem,
			 "to know its messages takes too long");
	ck_assert_uint_eq(state.hdr.next_uid, 2001);
}
END_TEST

/* A header of 16 MiB of which the last byte is written. */
START_TEST(gaps_take_no_memory)
{
	uint32_t name;

	memcpy(&name, "list", 4);
	log_begin(&newer, 1, 0, 0);
	LOG_ADD(&newer, INTRO, UINT32_MAX, 0, 16 * 1024 * 1024, 0, 4 << 16,
		name);
	LOG_ADD(&newer, EXT_HEADER32, 16 * 1024 * 1024 - 4, 4, 1);
	LOG_ADD(&newer, EXT_HEADER32, 16 * 1024 * 1024 - 3, 4, 1);
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	ck_assert_uint_eq(state.exts.exts[0].hdr_size, 16 * 1024 * 1024);
	ck_assert_uint_eq(state.exts.exts[0].hdr_alloc, 0);
	ck_assert_ptr_nonnull(state.problem);
}
END_TEST

START_TEST(other_endianness_is_named)
{
	struct index_log_header hdr;
	const char *error;

	log_begin(&newer, 1, 0, 0);
	newer.data[32] ^= 1;
	ck_assert_int_eq(index_log_header_decode(newer.data, newer.size, &hdr,
						 &error), -1);
	ck_assert_ptr_nonnull(strstr(error, "endianness"));
	log_begin(&newer, 1, 0, 0);
	newer.data[3] = newer.data[2];
	newer.data[2] = 0;
	ck_assert_int_eq(index_log_header_decode(newer.data, newer.size, &hdr,
						 &error), -1);
	ck_assert_ptr_nonnull(strstr(error, "endianness"));
}
END_TEST

/*
 * Evidence.
 */

#define DAY (24 * 60 * 60)

static struct index_evidence evidence_of_log(int64_t mtime)
{
	struct index_evidence_input input = { .log_mtime = mtime };
	struct index_log_scan scan;
	struct index_evidence evidence;
	const char *error;

	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	ck_assert_int_eq(index_log_scan(newer.data, newer.size, &scan, &error),
			 0);
	input.state = &state;
	input.log = &scan;
	index_evidence_find(&input, &evidence);
	return evidence;
}

START_TEST(who_changes_it)
{
	static const struct {
		uint32_t type, flags;
		enum mba_evidence level;
	} changes[] = {
		{ FLAGS, 0x08, MBA_EVIDENCE_CHANGED },
		{ FLAGS, 0x0800, MBA_EVIDENCE_CHANGED },
		/* Dovecot's own flags; Dovecot itself; dsync */
		{ FLAGS, 0x80, MBA_EVIDENCE_NEVER_OPENED },
		{ FLAGS | EXTERNAL, 0x08, MBA_EVIDENCE_NEVER_OPENED },
		{ FLAGS | DSYNC, 0x08, MBA_EVIDENCE_NEVER_OPENED },
	};
	struct index_evidence evidence;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		log_begin(&newer, 1, 0, 0);
		log_append(&newer, 1, 1);
		LOG_ADD(&newer, changes[i].type, 1, 1, changes[i].flags);
		evidence = evidence_of_log(INDEXID + 100);
		ck_assert_int_eq(evidence.level, changes[i].level);
		ck_assert_int_eq(evidence.since, INDEXID);
		ck_assert_int_eq(evidence.last_used,
				 changes[i].level == MBA_EVIDENCE_CHANGED ?
				 INDEXID + 100 : 0);
		teardown();
		setup();
	}
}
END_TEST

/* What a sync notes of the mails. */
static void log_sync_note(struct bytes *log)
{
	LOG_ADD(log, BOUNDARY | EXTERNAL, 12 + 32);
	LOG_ADD(log, INTRO | EXTERNAL, UINT32_MAX, 0, 0, 4 | 4 << 16, 4 << 16,
		'n' | 'o' << 8 | 't' << 16 | (uint32_t)'e' << 24);
}

/* the end of a sync of changes; a time */
#define SYNC_END(log) \
	LOG_ADD(log, HEADER | EXTERNAL, 64 | 4 << 16, 100)
#define TEMP_SCAN(log, time) \
	LOG_ADD(log, HEADER | EXTERNAL, 80 | 4 << 16, time)
#define DIRTY 0x80

static void check_change(int64_t last_used)
{
	struct index_evidence evidence = evidence_of_log(INDEXID + 100);

	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_CHANGED);
	ck_assert_str_eq(evidence.proof, "change");
	ck_assert_int_eq(evidence.last_used, last_used);
	teardown();
	setup();
}

static void log_change(void)
{
	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 3);
	LOG_ADD(&newer, FLAGS, 1, 1, 0x08);
}

START_TEST(the_last_change_is_dated_by_the_log)
{
	/* its sync hasn't ended */
	log_change();
	LOG_ADD(&newer, EXPUNGE | EXTERNAL, 1, 1);
	check_change(INDEXID);
	log_change();
	LOG_ADD(&newer, EXPUNGE | EXTERNAL, 1, 1);
	SYNC_END(&newer);
	check_change(INDEXID + 100);
	/* what came before it doesn't matter */
	log_change();
	SYNC_END(&newer);
	log_append(&newer, 4, 1);
	LOG_ADD(&newer, EXPUNGE, 1, 1);
	LOG_ADD(&newer, EXPUNGE | EXTERNAL, 1, 1);
	SYNC_END(&newer);
	check_change(INDEXID + 100);
	/* later syncs, one of them of somebody else's expunge */
	log_change();
	SYNC_END(&newer);
	log_sync_note(&newer);
	check_change(INDEXID);
	log_change();
	SYNC_END(&newer);
	LOG_ADD(&newer, EXPUNGE | EXTERNAL, 2, 2);
	SYNC_END(&newer);
	check_change(INDEXID);
	/* the end of a sync isn't wished for */
	log_change();
	LOG_ADD(&newer, HEADER, 64 | 4 << 16, 100);
	check_change(INDEXID);
}
END_TEST

START_TEST(an_mbox_is_written_when_it_is_left)
{
	log_change();
	LOG_ADD(&newer, FLAGS | EXTERNAL, 1, 1, DIRTY);
	SYNC_END(&newer);
	log_sync_note(&newer);
	LOG_ADD(&newer, FLAGS | EXTERNAL, 1, 1, DIRTY << 8);
	check_change(INDEXID);
	log_change();
	LOG_ADD(&newer, FLAGS | EXTERNAL, 1, 1, DIRTY);
	SYNC_END(&newer);
	log_sync_note(&newer);
	LOG_ADD(&newer, FLAGS | EXTERNAL, 1, 1, DIRTY << 8);
	SYNC_END(&newer);
	check_change(INDEXID + 100);
	/* by a delivery */
	log_change();
	LOG_ADD(&newer, FLAGS | EXTERNAL, 1, 1, DIRTY);
	SYNC_END(&newer);
	log_append(&newer, 4, 1);
	LOG_ADD(&newer, FLAGS | EXTERNAL, 1, 4, DIRTY << 8);
	SYNC_END(&newer);
	check_change(INDEXID);
}
END_TEST

START_TEST(times_before_a_change_date_it)
{
	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 3);
	TEMP_SCAN(&newer, INDEXID + 40);
	LOG_ADD(&newer, FLAGS, 1, 1, 0x08);
	TEMP_SCAN(&newer, INDEXID + 90);
	check_change(INDEXID + 40);
	/* the latest one, among other fields; the day has eight more values */
	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 3);
	LOG_ADD(&newer, HEADER | EXTERNAL, 48 | 4 << 16, INDEXID + 99,
		84 | 36 << 16, INDEXID + 50, 1, 0, 0, 0, 0, 0, 0, 0,
		80 | 4 << 16, INDEXID + 45);
	TEMP_SCAN(&newer, INDEXID + 30);
	LOG_ADD(&newer, FLAGS, 1, 1, 0x08);
	log_sync_note(&newer);
	check_change(INDEXID + 50);
}
END_TEST

START_TEST(nothing_is_no_proof)
{
	struct index_evidence evidence;

	log_begin(&newer, 1, 0, 0);
	LOG_ADD(&newer, HEADER, 24 | 4 << 16, 5);
	evidence = evidence_of_log(INDEXID + 100);
	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_EMPTY);
	ck_assert_int_eq(evidence.last_used, 0);
	ck_assert_ptr_null(evidence.proof);
	ck_assert_int_eq(evidence.not_opened_since, 0);
}
END_TEST

/* Messages 1 to 3 ten days after the index was made, 4 and 5 three days
   later. */
static void log_days(uint32_t first_recent_uid)
{
	const uint32_t day = INDEXID + 13 * DAY;

	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 5);
	/* day_stamp, day_first_uid */
	LOG_ADD(&newer, HEADER, 84 | 36 << 16, day, 4, 1, 1, 1, 0, 0, 0, 0);
	LOG_ADD(&newer, HEADER, 48 | 4 << 16, first_recent_uid);
}

START_TEST(days_of_messages_bound_a_select)
{
	static const struct {
		uint32_t first_recent_uid;
		enum mba_evidence level;
		/* in days after the index was made */
		unsigned int last_used, not_opened_since;
	} selects[] = {
		/* before the day on which the first came: to its end it wasn't
		   there */
		{ 1, MBA_EVIDENCE_NEVER_OPENED, 0, 11 },
		{ 2, MBA_EVIDENCE_OPENED, 10, 11 },
		/* after the third */
		{ 4, MBA_EVIDENCE_OPENED, 10, 14 },
		{ 5, MBA_EVIDENCE_OPENED, 13, 14 },
		{ 6, MBA_EVIDENCE_OPENED, 13, 0 },
	};
	struct index_evidence evidence;
	int64_t days;

	for (size_t i = 0; i < sizeof(selects) / sizeof(selects[0]); i++) {
		log_days(selects[i].first_recent_uid);
		evidence = evidence_of_log(INDEXID + 30 * DAY);
		ck_assert_int_eq(evidence.level, selects[i].level);
		days = selects[i].last_used;
		ck_assert_int_eq(evidence.last_used,
				 days == 0 ? 0 : INDEXID + days * DAY);
		days = selects[i].not_opened_since;
		ck_assert_int_eq(evidence.not_opened_since,
				 days == 0 ? 0 : INDEXID + days * DAY);
		teardown();
		setup();
	}
	/* not later than the log was written */
	log_days(4);
	evidence = evidence_of_log(INDEXID + 13 * DAY + 60);
	ck_assert_int_eq(evidence.not_opened_since, INDEXID + 13 * DAY + 60);
}
END_TEST

START_TEST(without_a_time_it_was_since_the_index)
{
	struct index_evidence evidence;

	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 1);
	LOG_ADD(&newer, HEADER, 48 | 4 << 16, 2);
	evidence = evidence_of_log(INDEXID + 100);
	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_OPENED);
	ck_assert_str_eq(evidence.proof, "first-recent-uid");
	ck_assert_int_eq(evidence.last_used, INDEXID);
	ck_assert_int_eq(evidence.not_opened_since, 0);
}
END_TEST

START_TEST(cache_fields_that_clients_ask_for)
{
	struct index_cache_field fields[] = {
		{ .name = "hdr.subject", .last_used = INDEXID + 20 * DAY },
		{ .name = "size.virtual", .last_used = INDEXID + 19 * DAY },
		{ .name = "imap.envelope", .last_used = INDEXID + 5 * DAY },
		{ .name = "imap.body", .last_used = INDEXID + DAY },
	};
	struct index_cache cache = {
		.indexid = INDEXID, .file_seq = INDEXID + 1, .fields = fields,
		.fields_count = 4
	};
	struct index_evidence_input input = { .state = &state,
					      .cache = &cache };
	struct index_evidence evidence;

	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 1);
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	index_evidence_find(&input, &evidence);
	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_READ);
	ck_assert_int_eq(evidence.last_used, INDEXID + 5 * DAY);
	ck_assert_str_eq(evidence.proof_name, "imap.envelope");
	/* on the day on which the cache was made */
	fields[2].last_used = INDEXID + 1 + DAY;
	index_evidence_find(&input, &evidence);
	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_NEVER_OPENED);
}
END_TEST

/* The strongest proof tells the level, the newest one the time. */
START_TEST(the_newest_proof_tells_the_time)
{
	struct index_evidence_input input = {
		.state = &state, .log_mtime = INDEXID + 30 * DAY,
		.thread_mtime = INDEXID + 20 * DAY
	};
	struct index_evidence evidence;

	log_days(6);
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	index_evidence_find(&input, &evidence);
	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_OPENED);
	ck_assert_str_eq(evidence.proof, "thread");
	ck_assert_int_eq(evidence.last_used, INDEXID + 20 * DAY);
	input.thread_mtime = INDEXID + 12 * DAY;
	index_evidence_find(&input, &evidence);
	ck_assert_str_eq(evidence.proof, "first-recent-uid");
	ck_assert_int_eq(evidence.last_used, INDEXID + 13 * DAY);
}
END_TEST

/* What SORT leaves has no time. */
START_TEST(a_sort_is_a_proof)
{
	struct index_evidence evidence;
	uint32_t name[2] = { 0, 0 };

	memcpy(name, "sort-f", 6);
	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 1);
	LOG_ADD(&newer, INTRO, UINT32_MAX, 0, 0, 4 | 4 << 16, 6 << 16, name[0],
		name[1]);
	evidence = evidence_of_log(INDEXID + 30 * DAY);
	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_OPENED);
	ck_assert_str_eq(evidence.proof, "sort");
	ck_assert_int_eq(evidence.last_used, INDEXID);
}
END_TEST

/* An mdbox knows to the second when its messages came. */
START_TEST(seconds_of_messages_bound_a_select)
{
	struct index_evidence evidence;
	uint32_t name[2] = { 0, 0 };

	memcpy(name, "mdbox", 5);
	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 2);
	LOG_ADD(&newer, INTRO, UINT32_MAX, 0, 0, 8 | 4 << 16, 5 << 16, name[0],
		name[1]);
	/* UID, number in the map, time */
	LOG_ADD(&newer, EXT_RECORD, 1, 1, INDEXID + 5000, 2, 2, INDEXID + 7000);
	LOG_ADD(&newer, HEADER, 48 | 4 << 16, 2);
	evidence = evidence_of_log(INDEXID + 30 * DAY);
	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_OPENED);
	ck_assert_int_eq(evidence.last_used, INDEXID + 5000);
	ck_assert_int_eq(evidence.not_opened_since, INDEXID + 7000);
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
	tcase_add_test(tcase, logs_follow_each_other);
	tcase_add_test(tcase, logs_may_not_belong_together);
	tcase_add_test(tcase, updates_of_a_reset_extension_do_not_count);
	tcase_add_test(tcase, a_reset_forgets_the_records);
	tcase_add_test(tcase, names_of_extensions_are_short);
	tcase_add_test(tcase, a_dirty_message_marks_the_index);
	tcase_add_test(tcase, keywords_take_a_number);
	tcase_add_test(tcase, unknown_types_are_skipped);
	tcase_add_test(tcase, ranges_have_a_budget);
	tcase_add_test(tcase, gaps_take_no_memory);
	tcase_add_test(tcase, other_endianness_is_named);
	tcase_add_test(tcase, who_changes_it);
	tcase_add_test(tcase, the_last_change_is_dated_by_the_log);
	tcase_add_test(tcase, an_mbox_is_written_when_it_is_left);
	tcase_add_test(tcase, times_before_a_change_date_it);
	tcase_add_test(tcase, nothing_is_no_proof);
	tcase_add_test(tcase, days_of_messages_bound_a_select);
	tcase_add_test(tcase, without_a_time_it_was_since_the_index);
	tcase_add_test(tcase, cache_fields_that_clients_ask_for);
	tcase_add_test(tcase, the_newest_proof_tells_the_time);
	tcase_add_test(tcase, a_sort_is_a_proof);
	tcase_add_test(tcase, seconds_of_messages_bound_a_select);
	return unit_run(tcase);
}
