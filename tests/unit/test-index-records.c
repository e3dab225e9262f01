/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Rows and their records, as no log of Dovecot's changes them. */

#include <string.h>

#include "index-header.h"
#include "index-records.h"
#include "unit.h"

static struct index_records recs;

static void records_setup(void)
{
	memset(&recs, 0, sizeof(recs));
	recs.max_bytes = 1024;
	cursor_budget_add(&recs.budget, 1024);
	/* without 5 */
	for (uint32_t uid = 1; uid <= 9; uid++) {
		if (uid != 5)
			index_records_append(&recs, uid, 0);
	}
}

static void records_teardown(void)
{
	index_records_free(&recs);
}

static void set(uint32_t uid, uint32_t value)
{
	index_records_set(&recs, INDEX_COLUMN_CACHE, uid, &value,
			  sizeof(value));
}

/* Returns a row's record, 0 if there is none. */
static uint32_t get(uint32_t idx)
{
	const void *record = index_records_get(&recs, INDEX_COLUMN_CACHE, idx);
	uint32_t value = 0;

	if (record != NULL)
		memcpy(&value, record, sizeof(value));
	return value;
}

START_TEST(a_record_of_nobody_is_not_set)
{
	set(5, 111);
	set(0, 111);
	set(10, 111);
	set(UINT32_MAX, 111);
	for (uint32_t idx = 0; idx < recs.count; idx++)
		ck_assert_uint_eq(get(idx), 0);
	ck_assert(!recs.exhausted);
}
END_TEST

/* a range, and how many rows are in it */
static const struct {
	uint32_t uid1, uid2, count;
} ranges[] = {
	{ 1, 9, 8 }, { 0, UINT32_MAX, 8 }, { 4, 6, 2 }, { 5, 5, 0 },
	{ 6, 6, 1 }, { 9, UINT32_MAX, 1 }, { 10, UINT32_MAX, 0 },
	{ 0, 0, 0 },
	/* it ends before it begins */
	{ 6, 4, 0 }, { 9, 0, 0 }, { UINT32_MAX, 1, 0 },
};

START_TEST(ranges_have_their_rows)
{
	const struct index_flag_update update = {
		.uid1 = ranges[_i].uid1, .uid2 = ranges[_i].uid2,
		/* what is added isn't removed */
		.add = INDEX_FLAG_SEEN, .remove = INDEX_FLAG_SEEN,
	};
	uint64_t steps = recs.budget.steps;

	index_records_update_flags(&recs, &update);
	ck_assert_uint_eq(index_records_with(&recs, INDEX_FLAG_SEEN),
			  ranges[_i].count);
	/* to find none takes a step, too */
	ck_assert_uint_eq(recs.budget.steps - steps, 1 + ranges[_i].count);
	index_records_expunge(&recs, update.uid1, update.uid2);
	index_records_expunge(&recs, update.uid1, update.uid2);
	ck_assert_uint_eq(recs.expunged, ranges[_i].count);
	ck_assert_uint_eq(index_records_with(&recs, INDEX_FLAG_SEEN), 0);
	index_records_compact(&recs, true);
	ck_assert_uint_eq(recs.count, 8 - ranges[_i].count);
}
END_TEST

START_TEST(all_flags_have_to_be_there)
{
	const uint8_t both = INDEX_FLAG_SEEN | INDEX_FLAG_DELETED;

	recs.rows[0].flags = both;
	recs.rows[1].flags = INDEX_FLAG_SEEN;
	ck_assert_uint_eq(index_records_with(&recs, both), 1);
	ck_assert_uint_eq(index_records_with(&recs, INDEX_FLAG_SEEN), 2);
}
END_TEST

START_TEST(records_move_with_their_rows)
{
	set(1, 111);
	set(2, 222);
	set(3, 333);
	index_records_expunge(&recs, 2, 2);
	index_records_compact(&recs, true);
	ck_assert_uint_eq(get(0), 111);
	ck_assert_uint_eq(get(1), 333);
	/* what the third one had stays nobody's */
	ck_assert_ptr_null(index_records_get(&recs, INDEX_COLUMN_CACHE, 2));
	set(6, 666);
	ck_assert_uint_eq(get(2), 0);
	ck_assert_uint_eq(get(3), 666);
}
END_TEST

START_TEST(rows_that_are_forgotten_leave_nothing)
{
	set(1, 111);
	index_records_expunge(&recs, 1, 1);
	index_records_clear(&recs);
	ck_assert_uint_eq(recs.expunged, 0);
	index_records_append(&recs, 1, 0);
	ck_assert_uint_eq(get(0), 0);
	ck_assert_uint_eq(index_records_with(&recs, 0), 1);
}
END_TEST

START_TEST(records_take_no_more_than_was_read)
{
	static const unsigned char counts[16] = { 1 };

	/* the first six have records of both extensions */
	recs.max_bytes = 6 * (4 + 16);
	set(7, 777);
	index_records_set(&recs, INDEX_COLUMN_MSGS, 7, counts, sizeof(counts));
	ck_assert(!recs.exhausted);
	index_records_set(&recs, INDEX_COLUMN_MSGS, 8, counts, sizeof(counts));
	ck_assert(recs.exhausted);
	ck_assert_uint_eq(recs.columns[INDEX_COLUMN_MSGS].filled, 6);
}
END_TEST

START_TEST(to_fill_a_gap_takes_steps)
{
	/* two to find it, eight to fill it */
	recs.budget = (struct cursor_budget) { .limit = 9 };
	set(9, 999);
	ck_assert(recs.exhausted);
	ck_assert_uint_eq(get(7), 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("index-records");

	tcase_add_checked_fixture(tcase, records_setup, records_teardown);
	tcase_add_test(tcase, a_record_of_nobody_is_not_set);
	tcase_add_loop_test(tcase, ranges_have_their_rows, 0,
			    sizeof(ranges) / sizeof(ranges[0]));
	tcase_add_test(tcase, all_flags_have_to_be_there);
	tcase_add_test(tcase, records_move_with_their_rows);
	tcase_add_test(tcase, rows_that_are_forgotten_leave_nothing);
	tcase_add_test(tcase, records_take_no_more_than_was_read);
	tcase_add_test(tcase, to_fill_a_gap_takes_steps);
	return unit_run(tcase);
}
