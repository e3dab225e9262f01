/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What a log's transactions change, one by one. */

#include <stddef.h>
#include <string.h>

#include "unit-index-log.h"
#include "unit.h"

#define UNDELETED 0x40000u
#define EXT_NEW UINT32_MAX
#define NOT_TAKEN "Dovecot doesn't take a transaction"
#define CUT_SHORT "a transaction is cut short"
#define BAD_WISH \
	"a change is wanted of a message whose UID isn't lower than next_uid"
#define BAD_UID "a message is added whose UID is lower than next_uid"
#define BAD_TAIL "the log's tail is said to be after what says so"

static void begin(void)
{
	setup();
	log_begin(&newer, 1, 0, 0);
}

static void read_back(const char *problem)
{
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	check_problem(problem);
}

/* lib-index/mail-index.h, struct mail_index_header */
static const struct {
	uint32_t offset;
	size_t field;
} fields[] = {
	{ 16, offsetof(struct index_header, indexid) },
	{ 20, offsetof(struct index_header, flags) },
	{ 24, offsetof(struct index_header, uid_validity) },
	{ 28, offsetof(struct index_header, next_uid) },
	{ 48, offsetof(struct index_header, first_recent_uid) },
	{ 52, offsetof(struct index_header, first_unseen_lowwater) },
	{ 56, offsetof(struct index_header, first_deleted_lowwater) },
	{ 76, offsetof(struct index_header, log2_rotate_time) },
	{ 80, offsetof(struct index_header, last_temp_file_scan) },
	{ 84, offsetof(struct index_header, day_stamp) },
};

static uint32_t field_value(int idx)
{
	uint32_t value;

	memcpy(&value, (const char *)&state.hdr + fields[idx].field,
	       sizeof(value));
	return value;
}

START_TEST(a_field_of_the_header)
{
	LOG_ADD(&newer, HEADER, PAIR(fields[_i].offset, 4), 0x12345678);
	read_back(NULL);
	ck_assert_uint_eq(field_value(_i), 0x12345678);
}
END_TEST

START_TEST(parts_of_fields)
{
	uint32_t uid = 1;

	/* from the middle of uid_validity to that of next_uid */
	LOG_ADD(&newer, HEADER, PAIR(26, 4), OCTETS(0x11, 0x11, 0x22, 0x22));
	/* one byte, and what fills up */
	LOG_ADD(&newer, HEADER, PAIR(49, 1), OCTETS(0x33, 0xff, 0xff, 0xff));
	read_back(NULL);
	ck_assert_uint_eq(state.hdr.uid_validity, PAIR(0, 0x1111));
	/* both were 1 */
	memcpy(&uid, "\x22\x22", 2);
	ck_assert_uint_eq(state.hdr.next_uid, uid);
	uid = 1;
	memcpy((char *)&uid + 1, "\x33", 1);
	ck_assert_uint_eq(state.hdr.first_recent_uid, uid);
}
END_TEST

START_TEST(a_mailbox_is_deleted_and_made_again)
{
	LOG_ADD(&newer, DELETED | EXTERNAL, 0);
	read_back(NULL);
	ck_assert(state.is_deleted);
	teardown();
	setup();
	LOG_ADD(&newer, UNDELETED | EXTERNAL, 0);
	read_back(NULL);
	ck_assert(!state.is_deleted);
}
END_TEST

START_TEST(expunges_with_guids)
{
	log_append(&newer, 1, 3);
	LOG_ADD(&newer, EXPUNGE_GUID | EXTERNAL, 1, 0, 0, 0, 0,
		3, 0, 0, 0, 0);
	read_back(NULL);
	ck_assert_uint_eq(state.hdr.messages_count, 1);
	ck_assert_uint_eq(state.records.rows[0].uid, 2);
}
END_TEST

/* Changes of which a part is missing aren't made, nor one that can't be. */
START_TEST(bad_transactions)
{
	static const struct {
		uint32_t type, numbers[2];
		size_t count;
		const char *problem;
	} tests[] = {
		{ EXPUNGE | EXTERNAL, { 1 }, 1, CUT_SHORT },
		{ EXPUNGE_GUID | EXTERNAL, { 1, 0 }, 2, CUT_SHORT },
		{ FLAGS, { 1, 9 }, 2, CUT_SHORT },
		{ HEADER, { PAIR(28, 8), 90 }, 2, CUT_SHORT },
		{ APPEND | EXTERNAL, { UINT32_MAX, 0 }, 2, BAD_UID },
		/* what is too small for another one isn't one */
		{ APPEND | EXTERNAL, { 9 }, 1, NOT_TAKEN },
		{ INTRO, { EXT_NEW, 0 }, 2, NULL },
	};

	log_append(&newer, 1, 2);
	log_add(&newer, tests[_i].type, tests[_i].numbers, tests[_i].count);
	read_back(tests[_i].problem);
	ck_assert_uint_eq(state.hdr.messages_count, 2);
	ck_assert_uint_eq(state.hdr.next_uid, 3);
	ck_assert_uint_eq(state.hdr.seen_count, 0);
	ck_assert_uint_eq(state.exts.count, 0);
}
END_TEST

/* Dovecot throws a log with such a one away, or doesn't survive it. */
START_TEST(transactions_that_are_not_taken)
{
	static const struct {
		uint32_t type, numbers[3];
		size_t count;
		const char *problem;
	} tests[] = {
		{ EXPUNGE, { 1, 1 }, 2, NULL },
		/* it isn't protected */
		{ 0x1, { 1, 1 }, 2, NOT_TAKEN },
		{ 0x2000, { 1, 1 }, 2, NOT_TAKEN },
		/* what a newer one may write */
		{ 0x400000, { 1, 1 }, 2, NULL },
		{ FLAGS, { 2, 1, 0 }, 3, NOT_TAKEN },
		{ KEYWORD_RESET, { 1, 1 }, 2, NULL },
		{ KEYWORD_RESET, { 0, 1 }, 2, NOT_TAKEN },
		/* only the index file has that field */
		{ HEADER | EXTERNAL, { PAIR(68, 4), 61 }, 2, NOT_TAKEN },
		{ BOUNDARY, { 0 }, 0, NOT_TAKEN },
	};

	log_append(&newer, 1, 2);
	log_add(&newer, tests[_i].type, tests[_i].numbers, tests[_i].count);
	log_append(&newer, 3, 1);
	read_back(tests[_i].problem);
	/* what comes after it is followed */
	ck_assert_uint_eq(state.hdr.messages_count, 3);
}
END_TEST

/* Dovecot leaves a transaction at the first change that can't be, and goes on
   with the next one. */
START_TEST(the_rest_of_a_transaction)
{
	uint32_t offset = 0;

	log_append(&newer, 1, 2);
	LOG_ADD(&newer, APPEND | EXTERNAL, 3, 0, 2, 0, 4, 0);
	log_append(&newer, 5, 1);
	LOG_ADD(&newer, INTRO, EXT_NEW, 0, 0, PAIR(4, 4), PAIR(0, 5),
		OCTETS('c', 'a', 'c', 'h'), OCTETS('e'));
	LOG_ADD(&newer, EXT_RECORD, 1, 111, 9, 999, 2, 222);
	LOG_ADD(&newer, EXT_RECORD, 3, 333);
	read_back(BAD_UID);
	ck_assert_uint_eq(state.hdr.messages_count, 4);
	ck_assert_uint_eq(state.records.rows[3].uid, 5);
	for (uint32_t i = 0; i < 3; i++) {
		memcpy(&offset, index_records_get(&state.records,
						  INDEX_COLUMN_CACHE, i), 4);
		ck_assert_uint_eq(offset, i == 0 ? 111 : i == 1 ? 0 : 333);
	}
}
END_TEST

START_TEST(dirty_flags_mark_the_index)
{
	log_append(&newer, 1, 1);
	LOG_ADD(&newer, FLAGS, 1, 1, OCTETS(INDEX_FLAG_DIRTY));
	read_back(NULL);
	ck_assert_uint_eq(state.hdr.flags, INDEX_HEADER_HAVE_DIRTY);
}
END_TEST

/* Four messages, of which the first one is gone. */
START_TEST(only_messages_get_dirty)
{
	static const struct {
		uint32_t uid1, uid2;
		bool is_there;
	} tests[] = {
		{ 1, 1, false }, { 5, 9, false }, { 1, 2, true },
		{ 4, 9, true },
	};

	log_append(&newer, 1, 4);
	LOG_ADD(&newer, EXPUNGE | EXTERNAL, 1, 1);
	LOG_ADD(&newer, FLAGS | EXTERNAL, tests[_i].uid1, tests[_i].uid2,
		OCTETS(INDEX_FLAG_DIRTY));
	read_back(NULL);
	ck_assert_uint_eq(state.hdr.flags, tests[_i].is_there ?
			  INDEX_HEADER_HAVE_DIRTY : 0);
}
END_TEST

START_TEST(the_log_s_tail)
{
	static const struct {
		uint32_t offset, size, tail;
		const char *problem;
	} tests[] = {
		/* the transaction is from 40 to 60 */
		{ 64, 4, 60, NULL }, { 64, 4, 61, BAD_TAIL },
		{ 64, 4, UINT32_MAX, BAD_TAIL }, { 64, 8, 61, BAD_TAIL },
		{ 64, 3, 61, NULL },
	};
	const uint32_t tail = tests[_i].tail;

	LOG_ADD(&newer, HEADER | EXTERNAL,
		PAIR(tests[_i].offset, tests[_i].size), tail, 0);
	read_back(tests[_i].problem);
	if (tests[_i].problem != NULL) {
		ck_assert_uint_eq(state.problem_values[0], tail);
		ck_assert_uint_eq(state.problem_values[1], 60);
	}
}
END_TEST

/* Dovecot takes a step for each message of a range that somebody wants changed,
   be it there or not, or it panics. What was done is done to those that are
   there. */
START_TEST(wishes_are_about_messages)
{
	static const struct {
		uint32_t type, numbers[7];
		size_t count;
	} tests[] = {
		{ FLAGS, { 1, 0, OCTETS(0x08) }, 3 },
		{ EXPUNGE, { 1, 0 }, 2 },
		{ EXPUNGE_GUID, { 0 }, 5 },
		{ KEYWORD, { PAIR(0, 1), 'a', 1, 0 }, 4 },
		{ KEYWORD_RESET, { 1, 0 }, 2 },
	};
	static const uint32_t last_uids[] = { 2, 3, UINT32_MAX };
	/* which of the numbers is the last UID */
	static const size_t lasts[] = { 1, 1, 0, 3, 1 };
	const uint32_t last_uid = last_uids[_i % 3];
	const int kind = _i / 3;
	uint32_t numbers[7];

	memcpy(numbers, tests[kind].numbers, sizeof(numbers));
	numbers[lasts[kind]] = last_uid;
	log_append(&newer, 1, 2);
	log_add(&newer, tests[kind].type | EXTERNAL, numbers,
		tests[kind].count);
	read_back(NULL);
	teardown();
	setup();
	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 2);
	log_add(&newer, tests[kind].type, numbers, tests[kind].count);
	read_back(last_uid == 2 ? NULL : BAD_WISH);
	if (last_uid != 2) {
		ck_assert_uint_eq(state.problem_values[0], last_uid);
		ck_assert_uint_eq(state.problem_values[1], 3);
	}
}
END_TEST

START_TEST(a_transaction_smaller_than_its_header)
{
	log_append(&newer, 1, 1);
	LOG_ADD(&newer, FLAGS, 1, 1, OCTETS(0x08));
	set_size(newer.data + newer.size - 20, 4);
	read_back("a transaction is smaller than its header");
	ck_assert_uint_eq(state.problem_offset, newer.size - 20);
	ck_assert_uint_eq(state.hdr.log_head_offset, newer.size - 20);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("index-replay");

	tcase_add_checked_fixture(tcase, begin, teardown);
	tcase_add_loop_test(tcase, a_field_of_the_header, 0,
			    sizeof(fields) / sizeof(fields[0]));
	tcase_add_test(tcase, parts_of_fields);
	tcase_add_test(tcase, a_mailbox_is_deleted_and_made_again);
	tcase_add_test(tcase, expunges_with_guids);
	tcase_add_loop_test(tcase, bad_transactions, 0, 7);
	tcase_add_loop_test(tcase, transactions_that_are_not_taken, 0, 9);
	tcase_add_test(tcase, the_rest_of_a_transaction);
	tcase_add_test(tcase, dirty_flags_mark_the_index);
	tcase_add_loop_test(tcase, only_messages_get_dirty, 0, 4);
	tcase_add_loop_test(tcase, the_log_s_tail, 0, 5);
	tcase_add_loop_test(tcase, wishes_are_about_messages, 0, 15);
	tcase_add_test(tcase, a_transaction_smaller_than_its_header);
	return unit_run(tcase);
}
