/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* An index with one or two values changed; a list of mailboxes that leads
   nowhere. */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit-verify.h"

START_TEST(nothing_is_violated)
{
	struct index_verdicts verdicts;

	verify(&verdicts);
	if (verdicts.count > 0)
		ck_abort_msg("%s", verdicts.verdicts[0].text);
	index_verdicts_free(&verdicts);
}
END_TEST

static const struct violation violations[] = {
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
	  INDEX_DIR_INDEX, EXT_AT, "an extension's records lead past the end "
	  "of a record: extension cache, hdr_size 0, record_offset 13, "
	  "record_size 4, record_align 4, the index' header_size 200, "
	  "record_size 16" },
	{ {{ INDEX_DIR_INDEX, EXT_AT + 8, PAIR(0, 4), NULL }}, 0,
	  INDEX_DIR_INDEX, EXT_AT, "an extension's records have no place of "
	  "their own: extension cache, hdr_size 0, record_offset 0, "
	  "record_size 4, record_align 4, the index' header_size 200, "
	  "record_size 16" },
	{ {{ INDEX_DIR_INDEX, EXT_AT + 8, PAIR(4, 4), NULL }}, 2,
	  INDEX_DIR_INDEX, EXT_AT, "an extension's records have no place of "
	  "their own: extension cache, hdr_size 0, record_offset 4, "
	  "record_size 4, record_align 4, the index' header_size 200, "
	  "record_size 16" },
	{ {{ INDEX_DIR_INDEX, KEYWORDS_AT + 12, PAIR(1, 5), NULL },
	   { INDEX_DIR_INDEX, KEYWORDS_AT + 16, 0, "cach" },
	   { INDEX_DIR_INDEX, KEYWORDS_AT + 20, 0, "e\0\0" }}, 0,
	  INDEX_DIR_INDEX, KEYWORDS_AT, "extension cache: there is another one "
	  "at 120" },
	{ {{ INDEX_DIR_INDEX, EXT_AT, 100, NULL }}, 0, INDEX_DIR_INDEX, EXT_AT,
	  "an extension leads past the header's end: extension cache, hdr_size "
	  "100, record_offset 8, record_size 4, record_align 4, the index' "
	  "header_size 200, record_size 16" },
	{ {{ INDEX_DIR_INDEX, EXT_AT + 12, PAIR(4, 500), NULL }}, 0,
	  INDEX_DIR_INDEX, EXT_AT, "an extension leads past the header's end: "
	  "its name, the index' header_size 200" },
};

START_TEST(what_is_violated_is_named)
{
	violation_check(&violations[_i]);
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
	log_begin(log, 1, 0, 0);
	log_append(log, 1, 2);
	/* a UID validity */
	LOG_ADD(log, HEADER, PAIR(24, 4), 5);
	/* extension "list": a header of 16 bytes, records of 28 */
	LOG_ADD(log, INTRO, UINT32_MAX, 0, 16, PAIR(28, 4), PAIR(0, 4),
		OCTETS('l', 'i', 's', 't'));
	LOG_ADD(log, EXT_HEADER, PAIR(0, 16));
	/* the names are a part of it */
	set_size(log->data + LIST_NAMES_AT, 8 + 4 + 16);
	add(log, "\0", 1);
	ADD(log, first_id);
	add(log, "a", 2);
	ADD(log, second_id);
	add(log, "b\0\0\0\0", 5);
	LOG_ADD(log, EXT_RECORD, 1, first_id, 0, 0, 0, 0, 0, 0,
		2, second_id, parent_uid, 0, 0, 0, 0, 0);
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

	tcase_add_checked_fixture(tcase, files_make, NULL);
	tcase_add_test(tcase, nothing_is_violated);
	tcase_add_loop_test(tcase, what_is_violated_is_named, 0,
			    sizeof(violations) / sizeof(violations[0]));
	tcase_add_test(tcase, verdicts_have_an_end);
	tcase_add_test(tcase, lists_lead_to_a_root);
	return unit_run(tcase);
}
