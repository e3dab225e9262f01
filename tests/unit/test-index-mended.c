/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* An index file, and logs that continue it or don't. What comes of it is what
   Dovecot 2.3.19 and 2.4.1 made of such files. */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index-dir.h"
#include "unit-index-log.h"
#include "unit.h"

#define PREFIX "dovecot.index"
/* the index file's log, and next_uid */
#define SEQ 5
#define NEXT_UID 50
/* the UID that a log adds */
#define ADDED 60
/* of a log that does */
#define LOG_SIZE (40 + 16)
#define NO_OFFSET "its log doesn't have the offset from which the index goes on"
#define OLDER "the log is older than the index"
#define NO_SUCCESSOR "the log doesn't continue the index"
#define MISMATCH "index and log don't belong together"

static struct bytes index_file;
static const char *error;

/* An index file without messages. */
static void make_index(uint32_t seq, uint32_t head)
{
	struct bytes *index = &index_file;

	index_begin(index, 120, 8);
	ADD(index, INDEXID, 0, 1, NEXT_UID);
	/* no messages */
	index->size = 60;
	ADD(index, seq, head, head);
	index->size = 120;
}

static enum index_state_result
read_back(const struct bytes *log2, bool is_settled)
{
	struct index_state_input input = {
		.index = { index_file.data, index_file.size },
		.log = { newer.data, newer.size },
		.is_settled = is_settled,
	};

	if (log2 != NULL)
		input.log2 = (struct index_state_file) { log2->data,
							 log2->size };
	return index_state_read(&input, &state, &error);
}

/* Where the index is; the log and its predecessor, the UID that it adds, bytes
   after that; what comes of it. */
static const struct {
	uint32_t seq, head, log_seq, prev_seq, uid, junk;
	uint32_t next_uid;
	/* NULL if they belong together */
	const char *problem;
} tests[] = {
	{ SEQ, LOG_SIZE, SEQ, 4, ADDED, 0, NEXT_UID, NULL },
	{ SEQ, 40, SEQ, 4, ADDED, 0, ADDED + 1, NULL },
	{ SEQ, 0, SEQ, 4, ADDED, 0, ADDED + 1, NULL },
	/* the index has nothing of a log that begins it anew */
	{ SEQ, LOG_SIZE, SEQ, 0, ADDED, 0, NEXT_UID, NULL },
	{ SEQ, 40, SEQ, 0, 7, 0, 8, NULL },
	{ SEQ, 0, SEQ, 0, 7, 0, 8, NULL },
	{ 0, 0, SEQ, 0, 7, 0, 8, NULL },
	{ 4, LOG_SIZE, SEQ, 0, 7, 0, 8, NULL },
	/* the log is too short */
	{ SEQ, LOG_SIZE + 4, SEQ, 4, ADDED, 0, NEXT_UID, NO_OFFSET },
	{ SEQ, LOG_SIZE + 4, SEQ, 0, ADDED, 0, NEXT_UID, NO_OFFSET },
	{ SEQ, 44, SEQ, 4, 0, 0, NEXT_UID, NO_OFFSET },
	{ SEQ, 44, SEQ, 0, 0, 0, 1, NO_OFFSET },
	{ SEQ, 44, SEQ, 0, 0, 3, NEXT_UID, NO_OFFSET },
	{ SEQ, 39, SEQ, 0, ADDED, 0, NEXT_UID, NO_OFFSET },
	/* it is an older one */
	{ SEQ, 40, 4, 3, ADDED, 0, NEXT_UID, OLDER },
	{ SEQ, 40, 4, 0, ADDED, 0, NEXT_UID, OLDER },
	{ SEQ, 40, 4, 0, 0, 0, 1, OLDER },
	/* one between them is missing */
	{ SEQ, LOG_SIZE, 9, 8, ADDED, 0, ADDED + 1, NO_SUCCESSOR },
	{ SEQ, 44, 6, SEQ, ADDED, 0, ADDED + 1, NO_SUCCESSOR },
};

START_TEST(an_index_and_a_log)
{
	const bool belong = tests[_i].problem == NULL;

	make_index(tests[_i].seq, tests[_i].head);
	log_begin(&newer, tests[_i].log_seq, tests[_i].prev_seq, 0);
	if (tests[_i].uid != 0)
		log_append(&newer, tests[_i].uid, 1);
	newer.size += tests[_i].junk;
	ck_assert_int_eq(read_back(NULL, false), belong ? INDEX_STATE_OK :
			 INDEX_STATE_MISMATCH);
	teardown();
	setup();
	ck_assert_int_eq(read_back(NULL, true), INDEX_STATE_OK);
	ck_assert_ptr_null(error);
	ck_assert_uint_eq(state.hdr.next_uid, tests[_i].next_uid);
	check_problem(tests[_i].problem);
}
END_TEST

/* The extension modseq, whose header tells of an offset in a log. */
static void index_add_modseq(uint32_t size, uint32_t seq, uint32_t offset)
{
	struct bytes *index = &index_file;
	const uint32_t header_size = 120 + 24 + 16;

	ADD(index, size, 0, 0, PAIR(8, 6));
	add(index, "modseq\0", 8);
	ADD(index, 1, 0, seq, offset);
	memcpy(index->data + 4, &header_size, sizeof(header_size));
	ck_assert_uint_eq(index->size, header_size);
}

/* The log's first transaction has no size. Dovecot sees that, unless it knows
   the modseq at the second one, or needs none. */
START_TEST(a_log_that_is_broken_before)
{
	static const struct {
		uint32_t modseq, size, seq, offset;
		const char *problem;
	} walks[] = {
		{ 0, 0, 0, 0, NULL },
		{ 1, 0, 0, 0, NO_OFFSET },
		{ 1, 16, SEQ, LOG_SIZE, NULL },
		{ 0, 16, SEQ, LOG_SIZE, NULL },
		{ 1, 12, SEQ, LOG_SIZE, NO_OFFSET },
		{ 1, 16, SEQ, 40, NO_OFFSET },
		{ 1, 16, SEQ, 0, NO_OFFSET },
		{ 1, 16, SEQ - 1, LOG_SIZE, NO_OFFSET },
		{ 0, 16, SEQ - 1, LOG_SIZE, NO_OFFSET },
		/* that is after the head */
		{ 1, 16, SEQ, LOG_SIZE + 16, NO_OFFSET },
	};

	make_index(SEQ, LOG_SIZE);
	if (walks[_i].size > 0) {
		index_add_modseq(walks[_i].size, walks[_i].seq,
				 walks[_i].offset);
	}
	log_begin(&newer, SEQ, 4, 0);
	memset(newer.data + 24, 0, 8);
	memcpy(newer.data + 24, &walks[_i].modseq, 4);
	log_append(&newer, 7, 1);
	log_append(&newer, ADDED, 1);
	memset(newer.data + 40, 0, 4);
	ck_assert_int_eq(read_back(NULL, true), INDEX_STATE_OK);
	check_problem(walks[_i].problem);
	ck_assert_uint_eq(state.hdr.next_uid, walks[_i].problem == NULL ?
			  ADDED + 1 : NEXT_UID);
}
END_TEST

/* The older log continues the index, and the newer one that. */
static void make_both(uint32_t prev_offset)
{
	make_index(SEQ, 40);
	log_begin(&older, SEQ, 4, 0);
	log_append(&older, NEXT_UID, 1);
	log_begin(&newer, SEQ + 1, SEQ, prev_offset);
	log_append(&newer, ADDED, 1);
}

START_TEST(both_logs)
{
	make_both(LOG_SIZE);
	ck_assert_int_eq(read_back(&older, false), INDEX_STATE_OK);
	check_problem(NULL);
	ck_assert_uint_eq(state.records.count, 2);
	teardown();
	setup();
	/* nothing counts of one that ends elsewhere */
	make_both(LOG_SIZE + 4);
	ck_assert_int_eq(read_back(&older, false), INDEX_STATE_MISMATCH);
	teardown();
	setup();
	ck_assert_int_eq(read_back(&older, true), INDEX_STATE_OK);
	check_problem(NO_SUCCESSOR);
	ck_assert_uint_eq(state.records.count, 1);
	ck_assert_uint_eq(state.records.rows[0].uid, ADDED);
}
END_TEST

/* Nor does anything if the newer one is lost: Dovecot makes another. */
START_TEST(a_log_that_is_useless)
{
	static const char *const problems[] = {
		"its log is missing", "its log can't be used",
		"Dovecot found its log to be corrupt",
	};

	make_both(LOG_SIZE);
	if (_i == 0)
		newer.size = 0;
	else if (_i == 1)
		newer.data[0] = 2;
	else
		memset(newer.data + 4, 0, 4);
	if (_i == 0) {
		struct index_state_input input = {
			.index = { index_file.data, index_file.size },
			.log2 = { older.data, older.size },
		};

		ck_assert_int_eq(index_state_read(&input, &state, &error),
				 INDEX_STATE_OK);
	} else {
		ck_assert_int_eq(read_back(&older, false), INDEX_STATE_OK);
	}
	check_problem(problems[_i]);
	ck_assert_uint_eq(state.hdr.next_uid, NEXT_UID);
	ck_assert_uint_eq(state.records.count, 0);
}
END_TEST

/* Dovecot 2.3 keeps the index, 2.4 the log. */
START_TEST(a_log_of_another_index)
{
	uint32_t indexid = INDEXID + 1;

	make_index(SEQ, 40);
	log_begin(&newer, SEQ, 4, 0);
	memcpy(newer.data + 4, &indexid, sizeof(indexid));
	ck_assert_int_eq(read_back(NULL, false), INDEX_STATE_MISMATCH);
	teardown();
	setup();
	ck_assert_int_eq(read_back(NULL, true), INDEX_STATE_UNKNOWN);
	ck_assert_str_eq(error, MISMATCH);
	teardown();
	setup();
	log_begin(&newer, SEQ, 0, 0);
	memcpy(newer.data + 4, &indexid, sizeof(indexid));
	log_append(&newer, 7, 1);
	ck_assert_int_eq(read_back(NULL, false), INDEX_STATE_OK);
	ck_assert_uint_eq(state.hdr.next_uid, 8);
}
END_TEST

START_TEST(logs_without_an_index)
{
	make_both(LOG_SIZE + 4);
	log_begin(&older, SEQ, 0, 0);
	index_file.size = 0;
	for (int settled = 0; settled < 2; settled++) {
		struct index_state_input input = {
			.log = { newer.data, newer.size },
			.log2 = { older.data, older.size },
			.is_settled = settled == 1,
		};

		ck_assert_int_eq(index_state_read(&input, &state, &error),
				 settled == 1 ? INDEX_STATE_UNKNOWN :
				 INDEX_STATE_MISMATCH);
		ck_assert_str_eq(error, "the logs don't belong together");
		teardown();
		setup();
	}
}
END_TEST

/* Somebody writes the index file anew each time when it was opened, so
   often. */
static int writes;

static void write_index(void)
{
	unit_write(unit_path(PREFIX ".new"), index_file.data, index_file.size);
	ck_assert_int_eq(rename(unit_path(PREFIX ".new"), unit_path(PREFIX)),
			 0);
}

/* The library's, too. */
int fstat(int fd, struct stat *st)
{
	struct stat index_st;

	if (fstatat(fd, "", st, AT_EMPTY_PATH) < 0)
		return -1;
	if (writes > 0 && stat(unit_path(PREFIX), &index_st) == 0 &&
	    index_st.st_ino == st->st_ino) {
		writes--;
		write_index();
	}
	return 0;
}

static void read_dir(struct index_dir *dir_r)
{
	int fd;

	make_index(SEQ, LOG_SIZE + 4);
	log_begin(&newer, SEQ, 4, 0);
	log_append(&newer, ADDED, 1);
	write_index();
	unit_write(unit_path(PREFIX ".log"), newer.data, newer.size);
	fd = open(unit_path("."), O_RDONLY | O_DIRECTORY);
	ck_assert_int_ne(fd, -1);
	index_dir_read(fd, PREFIX, NULL, dir_r);
	(void)close(fd);
}

/* It is changing only if it is another one each time. */
START_TEST(an_index_that_is_changing)
{
	struct index_dir dir;

	for (int count = 0; count <= INDEX_DIR_RETRIES + 1; count++) {
		writes = count;
		read_dir(&dir);
		if (count < INDEX_DIR_RETRIES) {
			ck_assert_int_eq(dir.result, INDEX_STATE_OK);
			ck_assert_str_eq(dir.state.problem, NO_OFFSET);
		} else {
			ck_assert_int_eq(dir.result, INDEX_STATE_MISMATCH);
			ck_assert_str_eq(dir.error, MISMATCH);
		}
		ck_assert_int_eq(writes, 0);
		index_dir_free(&dir);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("index-mended");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, an_index_and_a_log, 0,
			    sizeof(tests) / sizeof(tests[0]));
	tcase_add_loop_test(tcase, a_log_that_is_broken_before, 0, 10);
	tcase_add_test(tcase, both_logs);
	tcase_add_loop_test(tcase, a_log_that_is_useless, 0, 3);
	tcase_add_test(tcase, a_log_of_another_index);
	tcase_add_test(tcase, logs_without_an_index);
	tcase_add_test(tcase, an_index_that_is_changing);
	return unit_run(tcase);
}
