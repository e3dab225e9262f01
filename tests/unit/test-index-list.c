/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What the state of a list's index says of its mailboxes. */

#include <string.h>

#include "index-list.h"
#include "unit-list.h"
#include "unit.h"

#define MAX_BYTES (1024 * 1024)
#define UID_VALIDITY 77

/* The state of a list with one mailbox, and its list. */
static struct index_list *
list_of_state(struct index_state *state, const char *names, size_t size)
{
	const uint32_t record[7] = { 1, [6] = UID_VALIDITY };
	struct index_ext_state *ext;

	memset(state, 0, sizeof(*state));
	state->exts.max_bytes = state->records.max_bytes = MAX_BYTES;
	cursor_budget_add(&state->records.budget, MAX_BYTES);
	ext = index_exts_add(&state->exts, "list", 4);
	index_ext_resize(ext, size);
	ck_assert(index_ext_write(&state->exts, ext, 0, names, size));
	index_records_append(&state->records, 5, INDEX_LIST_NOSELECT);
	index_records_set(&state->records, INDEX_COLUMN_LIST, 5, record,
			  sizeof(record));
	return index_list_new(state, '/');
}

/* What a mailbox is called by what is above it: nothing, a name, none, another
   INBOX, nobody. */
static const struct {
	const char *name;
	struct list_box box;
	bool is_lost, is_nameless, is_prefix_inbox;
} kin[] = {
	{ .box = { 1, 0, 0 }, .name = "a" },
	{ .box = { 9, 0, 0 }, .name = "?", .is_nameless = true },
	{ .box = { 3, 0, 0 }, .name = "INBOX", .is_prefix_inbox = true },
	{ .box = { 2, 1, 0 }, .name = "a/b" },
	{ .box = { 2, 2, 0 }, .name = "?/b", .is_nameless = true },
	{ .box = { 2, 3, 0 }, .name = "INBOX/b", .is_prefix_inbox = true },
	{ .box = { 2, 99, 0 }, .name = "b", .is_lost = true },
	{ .box = { 1, 99, 0 }, .name = "a", .is_lost = true },
	{ .box = { 9, 1, 0 }, .name = "a/?", .is_nameless = true },
	{ .box = { 3, 4, 0 }, .name = "a/b/INBOX", .is_prefix_inbox = true },
	{ .box = { 1, 3, 0 }, .name = "INBOX/a", .is_prefix_inbox = true },
	{ .box = { 2, 0, 0 }, .name = "b" },
	{ .box = { 2, 9, 0 }, .name = "a/?/b", .is_nameless = true },
	{ .box = { 1, 10, 0 }, .name = "a/b/INBOX/a",
	  .is_prefix_inbox = true },
};
#define KIN_COUNT (int)(sizeof(kin) / sizeof(kin[0]))

static void check_kin(struct index_list *list, int i)
{
	struct index_list_mailbox box;

	index_list_get(list, i, &box);
	ck_assert_str_eq(box.name, kin[i].name);
	ck_assert_uint_eq(box.name_len, strlen(kin[i].name));
	ck_assert_uint_eq(box.parent_uid, kin[i].box.parent_uid);
	ck_assert(box.is_lost == kin[i].is_lost);
	ck_assert(box.is_nameless == kin[i].is_nameless);
	ck_assert(box.is_prefix_inbox == kin[i].is_prefix_inbox);
}

START_TEST(levels_above_are_those_of_each)
{
	static const char names[] =
		"\0" U32("\1") "a\0" U32("\2") "b\0" U32("\3") "c";
	struct index_state state;
	struct index_list *list;
	struct index_ext_state *list2;

	list = list_of_state(&state, names, sizeof(names));
	index_list_free(&list);
	index_records_clear(&state.records);
	list2 = index_exts_add(&state.exts, "list2", 5);
	index_ext_resize(list2, 4);
	ck_assert(index_ext_write(&state.exts, list2, 0, U32("\3"), 4));
	for (int i = 0; i < KIN_COUNT; i++) {
		index_records_append(&state.records, i + 1, 0);
		index_records_set(&state.records, INDEX_COLUMN_LIST, i + 1,
				  &kin[i].box, 2 * sizeof(uint32_t));
	}
	list = index_list_new(&state, '/');
	for (int i = 0; i < KIN_COUNT; i++) {
		for (int j = 0; j < KIN_COUNT; j++) {
			check_kin(list, i);
			check_kin(list, j);
		}
	}
	index_list_free(&list);
	index_state_free(&state);
}
END_TEST

static const struct {
	const char *bytes;
	size_t size;
	/* NULL if there is none */
	const char *problem;
	/* of the mailbox */
	const char *name;
} headers[] = {
	{ "\0" U32("\1") "a", 7, NULL, "a" },
	{ "\1" U32("\1") "a", 7, NULL, "a" },
	{ "\0" U32("\1") "a\0" U32("\3") "b", 13, NULL, "a" },
	/* what isn't there is no name */
	{ "", 0, NULL, "?" },
	{ "\0", 1, NULL, "?" },
	/* 0 ends them, and so does less than a number */
	{ "\0" U32("\1") "a\0\0\0\0\0b", 13, NULL, "a" },
	{ "\0\0\0\0\0" U32("\1") "a", 11, NULL, "?" },
	{ "\0" U32("\1") "a\0\3\0", 10, NULL, "a" },
	{ "\0" U32("\1") "a\0" U32("\3"), 11, "a name isn't ended", "a" },
	{ "\0" U32("\1") "a", 6, "a name isn't ended", "?" },
	{ "\0" U32("\1") "a\0" U32("\1") "b", 13, "the names' ids don't ascend",
	  "a" },
	{ "\0" U32("\3") "a\0" U32("\1") "b", 13, "the names' ids don't ascend",
	  "?" },
};

START_TEST(names_of_a_header)
{
	struct index_list_mailbox box;
	struct index_state state;
	struct index_list *list = list_of_state(&state, headers[_i].bytes,
						headers[_i].size);

	ck_assert_pstr_eq(index_list_problem(list), headers[_i].problem);
	ck_assert(index_list_is_whole(list) ==
		  (headers[_i].problem == NULL && *headers[_i].name != '?'));
	index_list_get(list, 0, &box);
	ck_assert_str_eq(box.name, headers[_i].name);
	ck_assert_uint_eq(box.uid, 5);
	ck_assert_uint_eq(box.uid_validity, UID_VALIDITY);
	ck_assert_uint_eq(box.flags, INDEX_LIST_NOSELECT);
	ck_assert(!box.has_counts);
	/* one without a record */
	index_records_append(&state.records, 9, 0);
	index_list_get(list, 1, &box);
	ck_assert_str_eq(box.name, "?");
	ck_assert(box.is_nameless && !index_list_is_whole(list));
	index_list_free(&list);
	index_state_free(&state);
}
END_TEST

START_TEST(counts_of_a_mailbox)
{
	/* messages, unseen, recent, next UID */
	static const uint32_t counts[] = { 30, 20, 10, 40 };
	struct index_list_mailbox box;
	struct index_state state;
	struct index_list *list = list_of_state(&state, headers[0].bytes,
						headers[0].size);

	index_records_set(&state.records, INDEX_COLUMN_MSGS, 5, counts,
			  sizeof(counts));
	index_list_get(list, 0, &box);
	ck_assert(box.has_counts);
	ck_assert_uint_eq(box.messages, 30);
	ck_assert_uint_eq(box.unseen, 20);
	ck_assert_uint_eq(box.recent, 10);
	ck_assert_uint_eq(box.next_uid, 40);
	/* without the last one, INBOX' */
	index_records_set(&state.records, INDEX_COLUMN_MSGS, 5, counts, 12);
	index_list_get(list, 0, &box);
	ck_assert(!box.has_counts);
	index_list_free(&list);
	index_state_free(&state);
}
END_TEST

/* What all names take, with the NUL of each, may be more than what was read. */
START_TEST(names_have_a_budget)
{
	const unsigned int budget = 160 +
		INDEX_LIST_MAX_DEPTH * (INDEX_LIST_MAX_DEPTH + 1);
	unsigned int size = 0;
	struct index_list_mailbox box;
	struct index_state state;
	struct index_list *list = list_of_state(&state, headers[0].bytes,
						headers[0].size);

	index_list_free(&list);
	state.records.max_bytes = 10;
	list = index_list_new(&state, '/');
	do {
		index_list_get(list, 0, &box);
		size += 2;
	} while (!box.is_lost);
	ck_assert_uint_eq(size, budget + 2);
	ck_assert_str_eq(box.name, "");
	ck_assert_uint_eq(box.name_len, 0);
	index_list_free(&list);
	index_state_free(&state);
}
END_TEST

/* Levels of two lengths, and one that is empty. */
static const struct {
	size_t len1, len2;
	bool is_lost;
} levels[] = {
	{ 1, INDEX_LIST_MAX_NAME - 3, false },
	{ 1, INDEX_LIST_MAX_NAME - 2, true },
	{ INDEX_LIST_MAX_NAME - 3, 1, false },
	{ INDEX_LIST_MAX_NAME - 2, 1, true },
	/* none of it is there, though what is below would fit */
	{ 9, INDEX_LIST_MAX_NAME - 6, true },
};

START_TEST(a_name_is_all_there_or_lost)
{
	const size_t len1 = levels[_i].len1, len2 = levels[_i].len2;
	const uint32_t middle[7] = { 2, 5 }, lowest[7] = { 3, 6 };
	char names[INDEX_LIST_MAX_NAME + 32] = "\0" U32("\1");
	struct index_list_mailbox box;
	struct index_state state;
	struct index_list *list;

	memset(names + 5, 'x', len1);
	memcpy(names + 5 + len1 + 1, U32("\2"), 4);
	memset(names + 10 + len1, 'y', len2);
	memcpy(names + 10 + len1 + len2 + 1, U32("\3"), 4);
	list = list_of_state(&state, names, 10 + len1 + len2 + 1 + 4 + 1);
	index_records_append(&state.records, 6, 0);
	index_records_append(&state.records, 7, 0);
	index_records_set(&state.records, INDEX_COLUMN_LIST, 6, middle,
			  sizeof(middle));
	index_records_set(&state.records, INDEX_COLUMN_LIST, 7, lowest,
			  sizeof(lowest));
	index_list_get(list, 2, &box);
	ck_assert(box.is_lost == levels[_i].is_lost);
	if (!box.is_lost) {
		ck_assert_uint_eq(box.name_len, len1 + 1 + len2 + 1);
		ck_assert_uint_eq(strlen(box.name), box.name_len);
		ck_assert_int_eq(box.name[0], 'x');
		ck_assert_int_eq(box.name[box.name_len - 1], '/');
	}
	index_list_free(&list);
	index_state_free(&state);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("index-list");

	tcase_add_loop_test(tcase, names_of_a_header, 0,
			    sizeof(headers) / sizeof(headers[0]));
	tcase_add_test(tcase, levels_above_are_those_of_each);
	tcase_add_test(tcase, counts_of_a_mailbox);
	tcase_add_test(tcase, names_have_a_budget);
	tcase_add_loop_test(tcase, a_name_is_all_there_or_lost, 0,
			    sizeof(levels) / sizeof(levels[0]));
	return unit_run(tcase);
}
