/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What is read of an index file. */

#include <string.h>

#include "unit-verify.h"

static void begin(void)
{
	setup();
	files_make();
}

static void read_files(const struct bytes *log)
{
	const struct bytes *index = &files[INDEX_DIR_INDEX];
	struct index_state_input input = { .index = { index->data,
						      index->size } };
	const char *error;

	if (log != NULL)
		input.log = (struct index_state_file) { log->data, log->size };
	ck_assert_int_eq(index_state_read(&input, &state, &error),
			 INDEX_STATE_OK);
}

/* With a log nothing is missing. */
static void read_all(void)
{
	read_files(&files[INDEX_DIR_LOG]);
	ck_assert_ptr_null(state.problem);
}

/* No case of tests/index has them in an index file. */
START_TEST(keywords_of_the_index_are_kept)
{
	read_all();
	ck_assert_uint_eq(state.exts.keywords_count, 2);
	ck_assert_str_eq(state.exts.keywords[0], "work");
	ck_assert_str_eq(state.exts.keywords[1], "home");
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
	size_t count = tests[_i].taken == NULL ? 1 : 2;

	memcpy(files[INDEX_DIR_INDEX].data + EXT_AT + 16, tests[_i].name, 5);
	read_files(NULL);
	ck_assert_str_eq(state.problem, tests[_i].problem == NULL ?
			 "its log is missing" : tests[_i].problem);
	ck_assert_uint_eq(state.exts.count, count);
	if (count == 2)
		ck_assert_str_eq(state.exts.exts[0].name, tests[_i].taken);
	/* what comes after it counts */
	ck_assert_str_eq(state.exts.exts[count - 1].name, "keywords");
	ck_assert_uint_eq(state.exts.keywords_count, 2);
}
END_TEST

/* Dovecot drops those that can't be where they are in a record, and takes
   offset 0 for that of one which isn't there yet. */
START_TEST(extensions_that_are_in_no_record)
{
	static const char past_record[] =
		"an extension's records lead past the end of a record";
	static const char not_aligned[] =
		"an extension's records aren't aligned";
	static const struct {
		const char *problem;
		/* offset, size, alignment */
		uint16_t place[3];
		bool has_records;
	} tests[] = {
		{ NULL, { 8, 4, 4 }, true }, { NULL, { 12, 4, 4 }, true },
		{ NULL, { 11, 4, 1 }, true }, { NULL, { 4, 4, 4 }, true },
		{ past_record, { 13, 4, 1 }, false },
		{ past_record, { 65535, 4, 1 }, false },
		{ past_record, { 65535, 1, 1 }, false },
		{ not_aligned, { 9, 4, 4 }, false },
		{ not_aligned, { 10, 4, 4 }, false },
		{ "the records' size isn't aligned for an extension",
		  { 10, 4, 5 }, false },
		{ NULL, { 0, 4, 4 }, false }, { NULL, { 0, 100, 5 }, false },
	};

	memcpy(files[INDEX_DIR_INDEX].data + EXT_AT + 8, tests[_i].place, 6);
	read_files(NULL);
	ck_assert_str_eq(state.problem, tests[_i].problem == NULL ?
			 "its log is missing" : tests[_i].problem);
	ck_assert_uint_eq(state.exts.count, tests[_i].problem == NULL ? 2 : 1);
	ck_assert_int_eq(index_records_get(&state.records, INDEX_COLUMN_CACHE,
					   0) != NULL, tests[_i].has_records);
	/* what comes after it counts */
	ck_assert_uint_eq(state.exts.keywords_count, 2);
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

	put32(index, 28, tests[_i].next_uid);
	put32(index, RECORDS_AT + RECORD_SIZE, tests[_i].middle);
	put32(index, RECORDS_AT + 2 * RECORD_SIZE, tests[_i].last);
	read_files(NULL);
	ck_assert_uint_eq(state.hdr.next_uid, tests[_i].raised);
	ck_assert_uint_eq(state.hdr.messages_count, tests[_i].messages);
	ck_assert_int_eq(strcmp(state.problem, "its log is missing") == 0,
			 _i == 0);
}
END_TEST

/* The second one is dropped. */
START_TEST(an_extension_that_is_there_twice)
{
	struct bytes *index = &files[INDEX_DIR_INDEX];

	memcpy(index->data + EXT_AT + 16, "ab\0cd", 5);
	memcpy(index->data + KEYWORDS_AT + 16, "ab\0words", 8);
	read_files(NULL);
	ck_assert_uint_eq(state.exts.count, 1);
	ck_assert_str_eq(state.exts.exts[0].name, "ab");
	ck_assert_uint_eq(state.exts.exts[0].record_size, 4);
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

	put32(&files[INDEX_DIR_INDEX], 20, marks[_i].flags);
	files[INDEX_DIR_INDEX].data[RECORDS_AT + RECORD_SIZE + 4] =
		marks[_i].message;
	if (marks[_i].is_anew) {
		/* its own number, no log before it */
		put32(log, 8, 3);
		memset(log->data + 12, 0, 8);
	}
	log->data[TRANS_AT + 12] = marks[_i].added;
	read_all();
	ck_assert_uint_eq(state.hdr.messages_count, marks[_i].is_anew ? 1 : 4);
	ck_assert_uint_eq(state.hdr.flags, marks[_i].result);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("index-state");

	tcase_add_checked_fixture(tcase, begin, teardown);
	tcase_add_test(tcase, keywords_of_the_index_are_kept);
	tcase_add_loop_test(tcase, broken_extensions_of_the_index, 0, 7);
	tcase_add_loop_test(tcase, extensions_that_are_in_no_record, 0, 12);
	tcase_add_test(tcase, an_extension_that_is_there_twice);
	tcase_add_loop_test(tcase, next_uid_is_raised, 0, 5);
	tcase_add_loop_test(tcase, an_index_is_marked, 0,
			    sizeof(marks) / sizeof(marks[0]));
	return unit_run(tcase);
}
