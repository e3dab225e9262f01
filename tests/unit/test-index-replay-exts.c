/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What a log's transactions change of extensions, of which keywords are one. */

#include <string.h>

#include "unit-index-log.h"
#include "unit.h"

#define NUMBERS 0x1000u
#define MODSEQ 0x8000u
#define EXT_NEW UINT32_MAX
#define NO_SHRINK 1u
#define CUT_SHORT "a transaction is cut short"
#define BAD_RECORD "a record is changed whose UID isn't lower than next_uid"
#define BAD_INTRO "an extension's introduction isn't valid"

static uint32_t cache_name[2];

static void begin(void)
{
	setup();
	memcpy(cache_name, "cache", 5);
	log_begin(&newer, 1, 0, 0);
}

static void read_back(const char *problem)
{
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	check_problem(problem);
}

/* Introduce the extension "cache", without an id. */
static void intro_cache(uint32_t reset_id, uint32_t hdr_size,
			uint32_t record_size, uint32_t align, uint32_t flags)
{
	LOG_ADD(&newer, INTRO, EXT_NEW, reset_id, hdr_size,
		PAIR(record_size, align), PAIR(flags, 5), cache_name[0],
		cache_name[1]);
}

/* Sizes of an extension after two introductions of it. */
START_TEST(sizes_of_extensions)
{
	static const struct {
		uint32_t flags, reset_id, hdr_size, record_size, align;
		uint32_t hdr_size_r, record_size_r, align_r;
	} tests[] = {
		{ NO_SHRINK, 7, 4, 4, 2, 16, 8, 4 },
		{ NO_SHRINK, 7, 32, 12, 8, 32, 12, 8 },
		/* the padding of a header hides that it shrinks */
		{ NO_SHRINK, 7, 9, 8, 4, 9, 8, 4 },
		{ NO_SHRINK, 7, 15, 4, 2, 15, 8, 4 },
		{ NO_SHRINK, 7, 8, 8, 4, 16, 8, 4 },
		{ 0, 7, 4, 4, 2, 4, 4, 2 },
		{ 0, 7, 32, 12, 8, 32, 12, 8 },
		/* by somebody who doesn't know of a reset */
		{ 0, 6, 32, 12, 8, 16, 8, 4 },
	};

	intro_cache(7, 16, 8, 4, 0);
	intro_cache(tests[_i].reset_id, tests[_i].hdr_size,
		    tests[_i].record_size, tests[_i].align, tests[_i].flags);
	read_back(NULL);
	ck_assert_uint_eq(state.exts.count, 1);
	ck_assert_uint_eq(state.exts.exts[0].hdr_size, tests[_i].hdr_size_r);
	ck_assert_uint_eq(state.exts.exts[0].record_size,
			  tests[_i].record_size_r);
	ck_assert_uint_eq(state.exts.exts[0].record_align,
			  tests[_i].align_r);
}
END_TEST

/* The first thing that makes no sense is told, and updates after it have no
   extension. */
START_TEST(introductions_that_make_no_sense)
{
	static const uint32_t ids[] = { 1, EXT_NEW };
	uint32_t offset;

	log_append(&newer, 1, 1);
	intro_cache(0, 0, 4, 4, 0);
	offset = newer.size;
	LOG_ADD(&newer, INTRO, ids[_i], 0, 0, PAIR(4, 4), PAIR(0, 4),
		OCTETS('a', '.', 'a'));
	LOG_ADD(&newer, EXT_RECORD, 1, 111);
	LOG_ADD(&newer, RESET, 99);
	read_back(BAD_INTRO);
	ck_assert_uint_eq(state.problem_offset, offset);
	ck_assert_uint_eq(state.exts.count, 1);
	ck_assert_uint_eq(state.exts.exts[0].reset_id, 0);
	ck_assert_ptr_null(index_records_get(&state.records,
					     INDEX_COLUMN_CACHE, 0));
}
END_TEST

/* Dovecot reads a name up to a NUL, be there anything before it or not. */
START_TEST(a_name_with_a_nul)
{
	intro_cache(0, 0, 4, 4, 0);
	LOG_ADD(&newer, INTRO, EXT_NEW, 0, 8, 0, PAIR(0, 4),
		OCTETS(_i == 0 ? 0 : 'a', 0, 'a'));
	LOG_ADD(&newer, INTRO, EXT_NEW, 0, 0, PAIR(4, 4), PAIR(0, 8),
		cache_name[0], OCTETS('e', 0, '.'));
	LOG_ADD(&newer, RESET, 99);
	read_back("an extension's name has a NUL in it");
	ck_assert_uint_eq(state.exts.count, 2);
	ck_assert_str_eq(state.exts.exts[1].name, _i == 0 ? "" : "a");
	ck_assert_uint_eq(state.exts.exts[0].reset_id, 99);
}
END_TEST

START_TEST(a_name_that_is_cut)
{
	LOG_ADD(&newer, INTRO, EXT_NEW, 0, 0, PAIR(4, 4), PAIR(0, 8),
		cache_name[0]);
	read_back(CUT_SHORT);
	ck_assert_uint_eq(state.exts.count, 0);
}
END_TEST

START_TEST(extensions_are_bounded)
{
	for (uint32_t i = 0; i <= INDEX_EXTS_MAX; i++) {
		LOG_ADD(&newer, INTRO, EXT_NEW, 0, 0, PAIR(4, 4), PAIR(0, 4),
			0x61616161 + (i % 26) + (i / 26 % 26 << 8) +
			(i / 676 << 16));
	}
	read_back(BAD_INTRO);
	ck_assert_uint_eq(state.exts.count, INDEX_EXTS_MAX);
}
END_TEST

/* Records that are too small for what they would hold are nobody's. */
START_TEST(small_records)
{
	log_append(&newer, 1, 1);
	intro_cache(0, 0, 2, 2, 0);
	LOG_ADD(&newer, EXT_RECORD, 1, 111);
	read_back(NULL);
	ck_assert_ptr_null(index_records_get(&state.records,
					     INDEX_COLUMN_CACHE, 0));
}
END_TEST

/* Of no message that ever was, whether they are kept or not. */
START_TEST(records_of_other_uids)
{
	static const struct {
		uint32_t uid;
		const char *problem;
	} tests[] = {
		{ 1, NULL }, { 2, NULL }, { 0, BAD_RECORD }, { 3, BAD_RECORD },
		{ UINT32_MAX, BAD_RECORD }
	};

	const uint32_t uid = tests[_i / 2].uid;
	const char *problem = tests[_i / 2].problem;

	if (_i % 2 == 1)
		memcpy(cache_name, "other", 5);
	log_append(&newer, 1, 2);
	LOG_ADD(&newer, EXPUNGE | EXTERNAL, 1, 1);
	intro_cache(0, 0, 4, 4, 0);
	LOG_ADD(&newer, EXT_RECORD, uid, 111);
	read_back(problem);
	if (problem != NULL) {
		ck_assert_uint_eq(state.problem_values[0], uid);
		ck_assert_uint_eq(state.problem_values[1], 3);
	}
}
END_TEST

/* After the first one of each, which is made, there is a part of another one.
   Dovecot refuses it, or takes what comes after it in the log for the rest. */
START_TEST(parts_of_records)
{
	static const struct {
		uint32_t type, numbers[4];
		size_t count;
	} tests[] = {
		{ EXT_RECORD, { 1, 5, 2 }, 3 },
		{ NUMBERS, { 1, 5, 1 }, 3 },
		{ MODSEQ, { 0, 7, 0, 1 }, 4 },
	};

	log_append(&newer, 1, 2);
	intro_cache(0, 0, 4, 4, 0);
	log_add(&newer, tests[_i].type, tests[_i].numbers, tests[_i].count);
	read_back(CUT_SHORT);
	ck_assert_int_eq(index_records_get(&state.records, INDEX_COLUMN_CACHE,
					   0) != NULL, _i == 0);
}
END_TEST

#define BELOW_0 "a number would be less than 0: it, and what is taken from it"
#define TOO_LARGE \
	"a number would be too large: it, and what is added to it"
#define NO_NUMBER "a record that is no number is added to"

/* What is added to a record, and to that; UINT32_MAX is -1. */
START_TEST(numbers_are_added_to)
{
	static const struct {
		uint32_t size, uid, diffs[2];
		const char *problem;
		uint64_t values[2];
	} tests[] = {
		{ 2, 1, { 1, UINT32_MAX }, NULL, { 0, 0 } },
		{ 2, 1, { 1, UINT32_MAX - 1 }, BELOW_0, { 1, 2 } },
		{ 2, 1, { UINT16_MAX, 0 }, NULL, { 0, 0 } },
		{ 2, 1, { UINT16_MAX, 1 }, TOO_LARGE, { UINT16_MAX, 1 } },
		/* it is gone; it never was */
		{ 2, 2, { UINT32_MAX, 0 }, NULL, { 0, 0 } },
		{ 2, 3, { 1, 1 }, BAD_RECORD, { 3, 3 } },
		{ 2, 0, { 1, 1 }, BAD_RECORD, { 0, 3 } },
		/* another extension's: sizes that are numbers, or aren't */
		{ 1, 1, { UINT32_MAX, 0 }, NULL, { 0, 0 } },
		{ 4, 1, { UINT32_MAX, 0 }, NULL, { 0, 0 } },
		{ 8, 1, { UINT32_MAX, 0 }, NULL, { 0, 0 } },
		{ 6, 1, { 1, 0 }, NO_NUMBER, { 6, 8 } },
		{ 16, 1, { 1, 0 }, NO_NUMBER, { 16, 8 } },
	};
	const uint32_t *diffs = tests[_i].diffs;

	log_append(&newer, 1, 2);
	LOG_ADD(&newer, EXPUNGE | EXTERNAL, 2, 2);
	memcpy(cache_name, "ref", 3);
	LOG_ADD(&newer, INTRO, EXT_NEW, 0, 0, PAIR(tests[_i].size, 2),
		PAIR(0, tests[_i].size == 2 ? 3 : 2), cache_name[0]);
	LOG_ADD(&newer, NUMBERS, tests[_i].uid, diffs[0], tests[_i].uid,
		diffs[1]);
	read_back(tests[_i].problem);
	ck_assert_uint_eq(state.problem_values[0], tests[_i].values[0]);
	ck_assert_uint_eq(state.problem_values[1], tests[_i].values[1]);
}
END_TEST

START_TEST(numbers_of_no_extension)
{
	log_append(&newer, 1, 1);
	LOG_ADD(&newer, NUMBERS, 1, 1);
	read_back("an extension is changed that wasn't introduced");
}
END_TEST

/* With UID 0 the highest modseq changes. */
START_TEST(modseqs_are_kept)
{
	uint32_t name[2] = { 0, 0 };

	memcpy(name, "modseq", 6);
	log_append(&newer, 1, 1);
	LOG_ADD(&newer, MODSEQ, 0, 7, 0, 2, 7, 0);
	if (_i == 1) {
		LOG_ADD(&newer, INTRO, EXT_NEW, 0, 16, PAIR(8, 8), PAIR(0, 6),
			name[0], name[1]);
	}
	LOG_ADD(&newer, MODSEQ, 1, 7, 0);
	read_back(_i == 1 ? NULL : "a modseq is changed before any are kept");
}
END_TEST

/* By its name, or by the number that the first keyword gave it. */
START_TEST(keywords_are_not_introduced)
{
	uint32_t name[2];

	memcpy(name, "keywords", 8);
	log_append(&newer, 1, 1);
	LOG_ADD(&newer, KEYWORD, 1 << 16, 'a', 1, 1);
	LOG_ADD(&newer, INTRO, _i == 0 ? 0 : EXT_NEW, 0, 8, PAIR(1, 1),
		PAIR(0, _i == 0 ? 0 : 8), name[0], name[1]);
	read_back(BAD_INTRO);
}
END_TEST

START_TEST(headers_of_extensions)
{
	static const struct {
		uint32_t type, numbers[4];
		size_t count;
		const char *problem;
	} tests[] = {
		{ EXT_HEADER, { PAIR(4, 4), 5 }, 2, NULL },
		{ EXT_HEADER32, { 4, 4, 5 }, 3, NULL },
		/* what is too small for another one */
		{ EXT_HEADER32, { 4, 4, 5, 1 }, 4, CUT_SHORT },
	};
	uint32_t value = 0;

	/* what isn't known keeps none */
	LOG_ADD(&newer, INTRO, EXT_NEW, 0, 8, PAIR(0, 0), PAIR(0, 4),
		OCTETS('l', 'i', 's', 't'));
	log_add(&newer, tests[_i].type, tests[_i].numbers, tests[_i].count);
	read_back(tests[_i].problem);
	ck_assert_str_eq(state.exts.exts[0].name, "list");
	index_ext_bytes(&state.exts.exts[0], 4, &value, 4);
	ck_assert_uint_eq(value, 5);
	teardown();
	setup();
	/* u8 preserve */
	LOG_ADD(&newer, RESET, 3, OCTETS(1));
	read_back(tests[_i].problem);
	ck_assert_uint_eq(state.exts.exts[0].hdr_len, 8);
	teardown();
	setup();
	LOG_ADD(&newer, RESET, 4, 0);
	read_back(tests[_i].problem);
	ck_assert_uint_eq(state.exts.exts[0].reset_id, 4);
	ck_assert_uint_eq(state.exts.exts[0].hdr_len, 0);
}
END_TEST

START_TEST(keywords_have_names)
{
	LOG_ADD(&newer, KEYWORD, PAIR(0, _i == 0 ? 0 : 4), _i == 0 ? 1 :
		OCTETS(0, 'a', 'a'), 1, 1);
	read_back("a keyword's name isn't valid");
	ck_assert_uint_eq(state.exts.keywords_count, 0);
}
END_TEST

/* Dovecot reads it up to there. */
START_TEST(a_keyword_with_a_nul)
{
	log_append(&newer, 1, 1);
	LOG_ADD(&newer, KEYWORD, PAIR(0, 4), OCTETS('a', 'b', 0, 'c'), 1, 1);
	LOG_ADD(&newer, KEYWORD, PAIR(0, 2), OCTETS('a', 'b'), 1, 1);
	read_back("a keyword's name has a NUL in it");
	ck_assert_uint_eq(state.exts.keywords_count, 1);
	ck_assert_str_eq(state.exts.keywords[0], "ab");
}
END_TEST

static void add_keyword(unsigned int number)
{
	LOG_ADD(&newer, KEYWORD, PAIR(0, 4),
		OCTETS('k', 'w', '0' + number / 10, '0' + number % 10), 1, 1);
}

/* What Dovecot 2.3.19 and 2.4.1 made of so many. */
START_TEST(keywords_take_room)
{
	static const struct {
		unsigned int count;
		uint32_t hdr_size, record_size;
	} tests[] = {
		{ 1, 148, 2 }, { 11, 148, 2 }, { 17, 288, 3 }, { 25, 420, 4 },
		{ 70, 980, 10 },
	};
	const struct index_ext_state *ext;

	log_append(&newer, 1, 1);
	for (unsigned int i = 0; i < tests[_i].count; i++)
		add_keyword(i);
	read_back(NULL);
	ext = &state.exts.exts[0];
	ck_assert_str_eq(ext->name, "keywords");
	ck_assert_uint_eq(ext->hdr_size, tests[_i].hdr_size);
	ck_assert_uint_eq(ext->record_size, tests[_i].record_size);
	ck_assert_uint_eq(ext->record_align, 1);
}
END_TEST

/* A keyword that needs room takes an introduction's place: the first one that
   of none, others that of the keywords. */
START_TEST(a_keyword_between)
{
	static const struct {
		unsigned int before;
		uint32_t type;
		const char *problem;
	} tests[] = {
		{ 0, EXT_HEADER, "an extension is changed that wasn't "
		  "introduced" },
		{ 0, RESET, "an extension is reset that wasn't introduced" },
		{ 1, EXT_HEADER, NULL },
		{ 1, RESET, NULL },
		{ 11, EXT_HEADER, "what is another extension's changes "
		  "keywords" },
		{ 11, RESET, "what is another extension's changes keywords" },
	};
	const struct index_ext_state *ext;

	log_append(&newer, 1, 1);
	for (unsigned int i = 0; i < tests[_i].before; i++)
		add_keyword(i);
	intro_cache(0, 8, 4, 4, 0);
	add_keyword(tests[_i].before);
	if (tests[_i].type == RESET)
		LOG_ADD(&newer, RESET, 99);
	else
		LOG_ADD(&newer, EXT_HEADER, PAIR(0, 4), 5);
	read_back(tests[_i].problem);
	ext = index_exts_get(&state.exts, "cache");
	ck_assert_uint_eq(ext->hdr_len, tests[_i].problem == NULL &&
			  tests[_i].type == EXT_HEADER ? 4 : 0);
	ck_assert_uint_eq(ext->reset_id, tests[_i].problem == NULL &&
			  tests[_i].type == RESET ? 99 : 0);
}
END_TEST

/* Two sessions that don't know of each other's keyword yet write it as their
   clients do. */
START_TEST(keywords_have_no_case)
{
	uint32_t lower, mixed;

	memcpy(&lower, "work", 4);
	memcpy(&mixed, "WoRK", 4);
	log_append(&newer, 1, 1);
	LOG_ADD(&newer, KEYWORD, PAIR(0, 4), mixed, 1, 1);
	LOG_ADD(&newer, KEYWORD, PAIR(0, 4), lower, 1, 1);
	LOG_ADD(&newer, KEYWORD, PAIR(0, 3), lower, 1, 1);
	read_back(NULL);
	ck_assert_uint_eq(state.exts.keywords_count, 2);
	ck_assert_str_eq(state.exts.keywords[0], "WoRK");
	ck_assert_str_eq(state.exts.keywords[1], "wor");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("index-replay-exts");

	tcase_add_checked_fixture(tcase, begin, teardown);
	tcase_add_loop_test(tcase, sizes_of_extensions, 0, 8);
	tcase_add_loop_test(tcase, introductions_that_make_no_sense, 0, 2);
	tcase_add_loop_test(tcase, a_name_with_a_nul, 0, 2);
	tcase_add_test(tcase, a_name_that_is_cut);
	tcase_add_test(tcase, extensions_are_bounded);
	tcase_add_test(tcase, small_records);
	tcase_add_loop_test(tcase, records_of_other_uids, 0, 10);
	tcase_add_loop_test(tcase, parts_of_records, 0, 3);
	tcase_add_loop_test(tcase, numbers_are_added_to, 0, 12);
	tcase_add_test(tcase, numbers_of_no_extension);
	tcase_add_loop_test(tcase, modseqs_are_kept, 0, 2);
	tcase_add_loop_test(tcase, keywords_are_not_introduced, 0, 2);
	tcase_add_loop_test(tcase, headers_of_extensions, 0, 3);
	tcase_add_loop_test(tcase, keywords_have_names, 0, 2);
	tcase_add_test(tcase, a_keyword_with_a_nul);
	tcase_add_loop_test(tcase, keywords_take_room, 0, 5);
	tcase_add_loop_test(tcase, a_keyword_between, 0, 6);
	tcase_add_test(tcase, keywords_have_no_case);
	return unit_run(tcase);
}
