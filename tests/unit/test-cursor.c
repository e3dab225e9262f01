/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Bounded reads: at the end, past it, and with a budget. */

#include <string.h>

#include "cursor.h"
#include "unit.h"

static const unsigned char data[] = {
	1, 2, 3, 4, 5, 6, 7, 8, 'a', 'b', 0, 9, 10
};

START_TEST(integers_are_the_machines)
{
	struct cursor c;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	memcpy(&u16, data + 1, 2);
	memcpy(&u32, data + 3, 4);
	memcpy(&u64, data, 8);
	cursor_init(&c, data, sizeof(data), NULL);
	ck_assert_uint_eq(cursor_u8(&c), 1);
	ck_assert_uint_eq(cursor_u16(&c), u16);
	ck_assert_uint_eq(cursor_u32(&c), u32);
	cursor_seek(&c, 0);
	ck_assert_uint_eq(cursor_u64(&c), u64);
	ck_assert_str_eq(cursor_string(&c), "ab");
	ck_assert_ptr_eq(cursor_bytes(&c, 2), data + 11);
	ck_assert_uint_eq(cursor_left(&c), 0);
	ck_assert(!c.failed);
}
END_TEST

/* What fails stays failed, and gives nothing but 0. */
START_TEST(failure_is_sticky)
{
	struct cursor c;

	for (int i = 0; i < 5; i++) {
		cursor_init(&c, data, sizeof(data), NULL);
		cursor_seek(&c, sizeof(data) - 1);
		switch (i) {
		case 0:
			ck_assert_uint_eq(cursor_u16(&c), 0);
			break;
		case 1:
			ck_assert_ptr_null(cursor_bytes(&c, UINT64_MAX));
			break;
		case 2:
			cursor_seek(&c, sizeof(data) + 1);
			break;
		case 3:
			ck_assert_ptr_null(cursor_string(&c));
			break;
		default:
			ck_assert_uint_eq(cursor_u64(&c), 0);
			break;
		}
		ck_assert(c.failed);
		ck_assert_uint_eq(cursor_left(&c), 0);
		ck_assert_uint_eq(cursor_u8(&c), 0);
		cursor_seek(&c, 0);
		ck_assert_uint_eq(cursor_u8(&c), 0);
		ck_assert_ptr_null(cursor_bytes(&c, 0));
	}
}
END_TEST

START_TEST(there_may_be_nothing)
{
	struct cursor c;

	cursor_init(&c, NULL, 0, NULL);
	ck_assert_uint_eq(cursor_left(&c), 0);
	ck_assert_ptr_nonnull(cursor_bytes(&c, 0));
	cursor_align(&c, 8);
	ck_assert(!c.failed);
	ck_assert_ptr_null(cursor_string(&c));
	ck_assert(c.failed);
}
END_TEST

START_TEST(align_stops_at_the_end)
{
	struct cursor c;

	cursor_init(&c, data, sizeof(data), NULL);
	cursor_align(&c, 4);
	ck_assert_uint_eq(c.pos, 0);
	(void)cursor_u8(&c);
	cursor_align(&c, 4);
	ck_assert_uint_eq(c.pos, 4);
	cursor_seek(&c, 12);
	(void)cursor_u8(&c);
	cursor_align(&c, 8);
	ck_assert_uint_eq(c.pos, sizeof(data));
	ck_assert(!c.failed);
}
END_TEST

static const struct {
	unsigned char bytes[4];
	uint32_t value;
} offsets[] = {
	{ { 0x80, 0x80, 0x80, 0x8a }, 40 },
	{ { 0xff, 0xff, 0xff, 0xff }, 0x3ffffffc },
	{ { 0x80, 0x80, 0x81, 0x80 }, 512 },
	/* not written yet: a byte without its highest bit */
	{ { 0x00, 0x80, 0x80, 0x8a }, 0 },
	{ { 0x80, 0x80, 0x80, 0x0a }, 0 },
	{ { 0, 0, 0, 0 }, 0 },
};

START_TEST(offsets_have_seven_bits_a_byte)
{
	struct cursor c;

	cursor_init(&c, offsets[_i].bytes, 4, NULL);
	ck_assert_uint_eq(cursor_offset32(&c), offsets[_i].value);
}
END_TEST

/* Each read is a step; 64 are allowed a byte, however many cursors there
   are. */
START_TEST(budget_ends)
{
	struct cursor_budget budget = { 0, 0 };
	struct cursor c;

	cursor_budget_add(&budget, 2);
	ck_assert_uint_eq(budget.limit, 2 * CURSOR_STEPS_PER_BYTE);
	for (unsigned int i = 0; i < 2 * CURSOR_STEPS_PER_BYTE; i++) {
		cursor_init(&c, data, sizeof(data), &budget);
		ck_assert_uint_eq(cursor_u8(&c), 1);
		ck_assert_uint_eq(budget.steps, i + 1);
	}
	ck_assert_uint_eq(cursor_u8(&c), 0);
	ck_assert(c.failed);
	ck_assert_uint_eq(budget.steps, budget.limit);
	ck_assert(!cursor_budget_spend(&budget, UINT64_MAX));
}
END_TEST

/* A long string isn't for free. */
START_TEST(strings_cost_their_length)
{
	struct cursor_budget budget = { 0, 10 };
	char string[400];
	struct cursor c;

	memset(string, 'x', sizeof(string));
	string[sizeof(string) - 1] = '\0';
	cursor_init(&c, string, sizeof(string), &budget);
	ck_assert_ptr_null(cursor_string(&c));
	ck_assert(c.failed);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("cursor");

	tcase_add_test(tcase, integers_are_the_machines);
	tcase_add_test(tcase, failure_is_sticky);
	tcase_add_test(tcase, there_may_be_nothing);
	tcase_add_test(tcase, align_stops_at_the_end);
	tcase_add_loop_test(tcase, offsets_have_seven_bits_a_byte, 0,
			    sizeof(offsets) / sizeof(offsets[0]));
	tcase_add_test(tcase, budget_ends);
	tcase_add_test(tcase, strings_cost_their_length);
	return unit_run(tcase);
}
