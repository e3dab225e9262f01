/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Lists of mailboxes as Dovecot would never write them, and those that change
   while they are read. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "list-index.h"
#include "unit.h"

#define HEADER_SIZE 120
#define LOG_SIZE 40
#define RECORD_SIZE 36
#define MAX_FILE (1024 * 1024)

/* a mailbox: its UID is its number, from 1 on */
struct box {
	uint32_t name_id, parent_uid;
	/* all bytes of the GUID */
	unsigned char guid;
};

struct list_case {
	/* "level" of each name id, from 1 on; NULL ends them */
	const char *names[8];
	struct box boxes[8];
	/* of the header */
	uint32_t flags;
	/* a name id: what it names isn't the user's INBOX; 0 for none */
	uint32_t prefix_inbox;
	/* the names' ids begin so much later */
	uint32_t ids_skipped;
	bool inbox;
	/* it is taken for all that there is */
	bool is_complete;
	/* the name of the mailbox with the GUID 1, its levels joined by '|';
	   NULL if it is lost */
	const char *name;
};

static const struct list_case cases[] = {
	{ .names = { "INBOX", "a" }, .boxes = { { 1, 0, 2 }, { 2, 0, 1 } },
	  .inbox = true, .is_complete = true, .name = "a" },
	{ .names = { "a", "b" }, .boxes = { { 1, 0, 0 }, { 2, 1, 1 } },
	  .is_complete = true, .name = "a|b" },
	/* the parent comes later */
	{ .names = { "a", "b" }, .boxes = { { 2, 2, 1 }, { 1, 0, 0 } },
	  .is_complete = true, .name = "a|b" },
	{ .names = { "../\n/\x1b", "..", "" },
	  .boxes = { { 1, 0, 0 }, { 2, 1, 0 }, { 3, 2, 1 } },
	  .is_complete = true, .name = "../\n/\x1b|..|" },
	/* Dovecot would make it anew */
	{ .names = { "a" }, .boxes = { { 1, 0, 1 } }, .inbox = true,
	  .name = "a" },
	{ .names = { "a", "INBOX" }, .boxes = { { 1, 0, 1 }, { 2, 1, 2 } },
	  .inbox = true, .name = "a" },
	{ .names = { "a", "inbox" }, .boxes = { { 1, 0, 1 }, { 2, 0, 2 } },
	  .inbox = true, .is_complete = true, .name = "a" },
	{ .names = { "a" }, .boxes = { { 1, 0, 1 } }, .flags = 4,
	  .name = "a" },
	/* one more INBOX */
	{ .names = { "INBOX", "x" }, .boxes = { { 1, 0, 2 }, { 2, 0, 1 } },
	  .prefix_inbox = 2, .inbox = true, .is_complete = true,
	  .name = "INBOX" },
	{ .names = { "INBOX", "a" }, .boxes = { { 1, 0, 2 }, { 2, 1, 1 } },
	  .prefix_inbox = 1, .inbox = true, .name = "INBOX|a" },
	{ .names = { "a", "INBOX" }, .boxes = { { 1, 0, 2 }, { 2, 1, 1 } },
	  .prefix_inbox = 2, .is_complete = true, .name = "a|INBOX" },
	{ .names = { "a" }, .boxes = { { 7, 0, 1 } }, .prefix_inbox = 7 },
	{ .names = { "a", "b", "c" },
	  .boxes = { { 1, 0, 3 }, { 2, 0, 2 }, { 3, 0, 1 } },
	  .is_complete = true, .name = "c" },
	/* no mailboxes, no such parent, no such name */
	{ .names = { "a" } },
	{ .names = { "a" }, .boxes = { { 1, 9, 1 } } },
	{ .names = { "a" }, .boxes = { { 1, UINT32_MAX, 1 } } },
	{ .names = { "a" }, .boxes = { { 7, 0, 1 } } },
	{ .names = { "a" }, .boxes = { { UINT32_MAX, 0, 1 } } },
	{ .names = { "a" }, .boxes = { { 1, 0, 2 }, { 7, 1, 1 } } },
	/* names that were used before are gone */
	{ .names = { "a", "b" }, .boxes = { { 6, 0, 1 }, { 7, 0, 2 } },
	  .ids_skipped = 5, .is_complete = true, .name = "a" },
	{ .names = { "a", "b" }, .boxes = { { 2, 0, 1 } }, .ids_skipped = 1,
	  .is_complete = true, .name = "a" },
	{ .names = { "a", "b" }, .boxes = { { 1, 0, 1 } }, .ids_skipped = 1 },
	/* another one's */
	{ .names = { "a", "b" }, .boxes = { { 1, 0, 1 }, { 2, 9, 2 } },
	  .name = "a" },
	{ .names = { "a" }, .boxes = { { 1, 0, 1 }, { 2, 0, 2 } },
	  .name = "a" },
	/* they lead to each other */
	{ .names = { "a" }, .boxes = { { 1, 1, 1 } } },
	{ .names = { "a", "b" }, .boxes = { { 1, 2, 1 }, { 2, 1, 2 } } },
	{ .names = { "a", "b", "c" },
	  .boxes = { { 3, 0, 1 }, { 1, 3, 2 }, { 2, 2, 3 } }, .name = "c" },
	/* two have it */
	{ .names = { "a", "b" }, .boxes = { { 1, 0, 2 }, { 2, 0, 2 } } },
};
#define CASES_COUNT (int)(sizeof(cases) / sizeof(cases[0]))

static unsigned char file[MAX_FILE];
static size_t file_size;

static void put(const void *data, size_t size)
{
	ck_assert_uint_le(file_size + size, sizeof(file));
	memcpy(file + file_size, data, size);
	file_size += size;
}

static void put32(uint32_t value)
{
	put(&value, sizeof(value));
}

static void put16(uint16_t value)
{
	put(&value, sizeof(value));
}

static void put_zeros(size_t size)
{
	static const unsigned char zeros[64];

	put(zeros, size);
}

static void put_at(size_t offset, uint32_t value)
{
	memcpy(file + offset, &value, sizeof(value));
}

static void put_log(void)
{
	file_size = 0;
	put("\1\3", 2);
	put16(LOG_SIZE);
	put32(1700000000);
	put32(2);
	put_zeros(12);
	put_zeros(LOG_SIZE - 24);
}

/* Write the log that follows the index; more of it changes nothing that
   counts. */
static void write_log(size_t more)
{
	const uint16_t one = 1;

	put_log();
	memcpy(file + 32, &one, 1);
	/* else it would begin the index anew */
	put_at(12, 1);
	put_zeros(more);
	unit_write(unit_path("list.log"), file, file_size);
}

/* Begin an index: the header, and that of the extension with the names. */
static void put_header(size_t names_size, size_t count, uint32_t flags)
{
	const size_t padded = (1 + names_size + 7) / 8 * 8;
	const uint16_t one = 1;

	file_size = 0;
	put("\7\3", 2);
	put16(HEADER_SIZE);
	put32(HEADER_SIZE + 24 + padded);
	put32(RECORD_SIZE);
	put(&one, 1);
	put_zeros(3);
	put32(1700000000);
	put_zeros(HEADER_SIZE - 20 - 60);
	put_zeros(60);
	put_at(20, flags);
	put_at(28, count + 1);
	put_at(32, count);
	put_at(48, 1);
	put_at(60, 2);
	put_at(64, LOG_SIZE);
	put_at(68, LOG_SIZE);
	put32(1 + names_size);
	put32(0);
	put16(8);
	put16(28);
	put16(4);
	put16(4);
	put("list", 4);
	put_zeros(4);
	/* the refresh flag */
	put_zeros(1);
}

static void put_record(uint32_t uid, const struct box *box)
{
	unsigned char guid[INDEX_GUID_SIZE];

	memset(guid, box->guid, sizeof(guid));
	put32(uid);
	put32(0);
	put32(box->name_id);
	put32(box->parent_uid);
	put(guid, sizeof(guid));
	put32(1);
}

static void align8(void)
{
	put_zeros((8 - file_size % 8) % 8);
}

/* The extension that tells which one is another INBOX. */
static void put_list2(uint32_t name_id)
{
	put32(4);
	put32(0);
	put_zeros(3 * 2);
	put16(5);
	put("list2", 5);
	align8();
	put32(name_id);
	align8();
	/* the header ends here */
	put_at(4, file_size);
}

/* of the index that was written last */
static size_t index_size;

static void write_list(const struct list_case *list)
{
	size_t size = 0, count = 0;

	for (int i = 0; list->names[i] != NULL; i++)
		size += 4 + strlen(list->names[i]) + 1;
	while (count < 8 && list->boxes[count].name_id != 0)
		count++;
	put_header(size, count, list->flags);
	for (uint32_t i = 0; list->names[i] != NULL; i++) {
		put32(list->ids_skipped + i + 1);
		put(list->names[i], strlen(list->names[i]) + 1);
	}
	align8();
	if (list->prefix_inbox != 0)
		put_list2(list->prefix_inbox);
	for (uint32_t i = 0; i < count; i++)
		put_record(i + 1, &list->boxes[i]);
	unit_write(unit_path("list"), file, file_size);
	index_size = file_size;
	write_log(0);
}

static int errors;

static void count_error(const char *op, const char *path, const char *error,
			void *context)
{
	(void)op;
	(void)path;
	(void)error;
	(void)context;
	errors++;
}

static struct list_index *open_list_at(const char *path, bool inbox)
{
	static const struct error_sink sink = { count_error, NULL };
	static char prefix[4096];
	const struct list_index_settings set = {
		.prefix = prefix, .inbox = inbox, .errors = &sink,
	};

	errors = 0;
	(void)snprintf(prefix, sizeof(prefix), "%s", path);
	return list_index_init(&set);
}

static struct list_index *open_list(bool inbox)
{
	return open_list_at(unit_path("list"), inbox);
}

static enum list_index_result find(struct list_index *list, int byte,
				   struct index_list_mailbox *mailbox_r)
{
	unsigned char guid[INDEX_GUID_SIZE];

	memset(guid, byte, sizeof(guid));
	return list_index_find(list, guid, mailbox_r);
}

START_TEST(a_list_is_taken_for_what_it_is)
{
	const struct list_case *test = &cases[_i];
	struct index_list_mailbox box;
	struct list_index *list;
	char name[64];

	write_list(test);
	list = open_list(test->inbox);
	ck_assert_int_eq(find(list, 77, &box), test->is_complete ?
			 LIST_INDEX_NONE : LIST_INDEX_UNKNOWN);
	if (find(list, 1, &box) != LIST_INDEX_FOUND)
		ck_assert_ptr_null(test->name);
	else if (test->name == NULL)
		ck_assert(box.is_lost || box.is_nameless);
	else {
		ck_assert(!box.is_lost && !box.is_nameless);
		ck_assert_uint_lt(box.name_len, sizeof(name));
		memcpy(name, box.name, box.name_len + 1);
		for (size_t i = 0; i < box.name_len; i++) {
			if (name[i] == '\0')
				name[i] = '|';
		}
		ck_assert_str_eq(name, test->name);
		ck_assert(box.is_prefix_inbox == (test->prefix_inbox != 0));
	}
	ck_assert_int_eq(errors, 0);
	list_index_deinit(&list);
}
END_TEST

/* Write a chain of mailboxes, each below the one before, with names of a
   length. The last one has the GUID 1. */
static void write_chain(uint32_t count, size_t len)
{
	char level[INDEX_LIST_MAX_NAME + 2];
	struct box box = { 1, 0, 0 };

	memset(level, 'x', len);
	level[len] = '\0';
	put_header(4 + len + 1, count, 0);
	put32(1);
	put(level, len + 1);
	align8();
	for (uint32_t i = 0; i < count; i++) {
		box.parent_uid = i;
		box.guid = i + 1 == count;
		put_record(i + 1, &box);
	}
	unit_write(unit_path("list"), file, file_size);
	write_log(0);
}

START_TEST(depth_and_length_are_bounded)
{
	static const struct {
		size_t len;
		uint32_t count;
		bool is_lost;
	} chains[] = {
		{ 1, INDEX_LIST_MAX_DEPTH, false },
		{ 1, INDEX_LIST_MAX_DEPTH + 1, true },
		{ INDEX_LIST_MAX_NAME - 1, 1, false },
		{ INDEX_LIST_MAX_NAME, 1, true },
		{ INDEX_LIST_MAX_NAME + 1, 1, true },
		{ INDEX_LIST_MAX_NAME / 2 - 1, 2, false },
		{ INDEX_LIST_MAX_NAME / 2, 2, true },
		{ INDEX_LIST_MAX_NAME / 2, 3, true },
	};
	struct index_list_mailbox box;
	struct list_index *list;

	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
		write_chain(chains[i].count, chains[i].len);
		list = open_list(false);
		ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_FOUND);
		ck_assert_msg(box.is_lost == chains[i].is_lost, "%zu", i);
		list_index_deinit(&list);
	}
}
END_TEST

/* Names may be part of each other: a file of 40 kB would have names of 2 MB. */
START_TEST(all_names_together_are_bounded)
{
	const size_t chain_len = 3;
	struct index_list_mailbox box;
	struct list_index *list;
	size_t size = 0, lost = 0;
	uint32_t uid = 0;

	write_chain(INDEX_LIST_MAX_DEPTH, chain_len);
	list = open_list(false);
	for (; list_index_next(list, uid, &box); uid = box.uid) {
		size += box.name_len;
		if (box.is_lost)
			lost++;
	}
	ck_assert_uint_eq(uid, INDEX_LIST_MAX_DEPTH);
	ck_assert(!list_index_next(list, UINT32_MAX, &box));
	ck_assert_uint_gt(lost, 0);
	ck_assert_uint_lt(lost, INDEX_LIST_MAX_DEPTH / 2);
	ck_assert_uint_lt(size, 1024 * 1024);
	list_index_deinit(&list);
}
END_TEST

/* The state of a list with one mailbox, and its list. */
static struct index_list *
list_of_state(struct index_state *state, const char *names, size_t size)
{
	const uint32_t record[7] = { 1 };
	struct index_ext_state *ext;

	memset(state, 0, sizeof(*state));
	state->exts.max_bytes = state->records.max_bytes = MAX_FILE;
	cursor_budget_add(&state->records.budget, MAX_FILE);
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
	struct box box;
	const char *name;
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
};
#define KIN_COUNT (int)(sizeof(kin) / sizeof(kin[0]))

static void check_kin(struct index_list *list, int i)
{
	struct index_list_mailbox box;

	index_list_get(list, i, &box);
	ck_assert_str_eq(box.name, kin[i].name);
	ck_assert_uint_eq(box.name_len, strlen(kin[i].name));
	ck_assert(box.is_lost == kin[i].is_lost);
	ck_assert(box.is_nameless == kin[i].is_nameless);
	ck_assert(box.is_prefix_inbox == kin[i].is_prefix_inbox);
}

START_TEST(levels_above_are_those_of_each)
{
	static const char names[] = "\0\1\0\0\0a\0\2\0\0\0b\0\3\0\0\0c";
	struct index_state state;
	struct index_list *list;
	struct index_ext_state *list2;

	list = list_of_state(&state, names, sizeof(names));
	index_list_free(&list);
	index_records_clear(&state.records);
	list2 = index_exts_add(&state.exts, "list2", 5);
	index_ext_resize(list2, 4);
	ck_assert(index_ext_write(&state.exts, list2, 0, "\3\0\0", 4));
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
	bool needs_refresh;
} headers[] = {
	{ "\0\1\0\0\0a", 7, NULL, "a", false },
	{ "\1\1\0\0\0a", 7, NULL, "a", true },
	{ "\0\1\0\0\0a\0\3\0\0\0b", 13, NULL, "a", false },
	/* what isn't there is no name */
	{ "", 0, NULL, "?", false },
	{ "\0", 1, NULL, "?", false },
	/* 0 ends them, and so does less than a number */
	{ "\0\1\0\0\0a\0\0\0\0\0b", 13, NULL, "a", false },
	{ "\0\0\0\0\0\1\0\0\0a", 11, NULL, "?", false },
	{ "\0\1\0\0\0a\0\3\0", 10, NULL, "a", false },
	{ "\0\1\0\0\0a\0\3\0\0\0", 11, "a name isn't ended", "a", false },
	{ "\0\1\0\0\0a", 6, "a name isn't ended", "?", false },
	{ "\0\1\0\0\0a\0\1\0\0\0b", 13, "the names' ids don't ascend",
	  "a", false },
	{ "\0\3\0\0\0a\0\1\0\0\0b", 13, "the names' ids don't ascend",
	  "?", false },
};

START_TEST(names_of_a_header)
{
	struct index_list_mailbox box;
	struct index_state state;
	struct index_list *list = list_of_state(&state, headers[_i].bytes,
						headers[_i].size);

	ck_assert_pstr_eq(index_list_problem(list), headers[_i].problem);
	ck_assert(index_list_needs_refresh(list) == headers[_i].needs_refresh);
	ck_assert(index_list_is_whole(list) ==
		  (headers[_i].problem == NULL && *headers[_i].name != '?'));
	index_list_get(list, 0, &box);
	ck_assert_str_eq(box.name, headers[_i].name);
	ck_assert_uint_eq(box.uid, 5);
	ck_assert_uint_eq(box.flags, INDEX_LIST_NOSELECT);
	ck_assert(!box.has_counts);
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

START_TEST(a_list_that_changed_is_read_again)
{
	static const struct list_case before = {
		.names = { "a" }, .boxes = { { 1, 0, 2 } }
	}, after = {
		.names = { "a", "b" }, .boxes = { { 1, 0, 2 }, { 2, 1, 1 } }
	};
	struct index_list_mailbox box;
	struct list_index *list;

	write_list(&before);
	list = open_list(false);
	ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_NONE);
	write_list(&after);
	/* nothing makes it look */
	ck_assert_int_eq(find(list, 2, &box), LIST_INDEX_FOUND);
	ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_FOUND);
	ck_assert_uint_eq(box.name_len, 3);
	/* and what is gone isn't remembered */
	ck_assert_int_eq(unlink(unit_path("list")), 0);
	ck_assert_int_eq(unlink(unit_path("list.log")), 0);
	ck_assert_int_eq(find(list, 3, &box), LIST_INDEX_UNKNOWN);
	ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_UNKNOWN);
	ck_assert(!list_index_next(list, 0, &box));
	list_index_deinit(&list);
}
END_TEST

static void change_time(time_t seconds, long nanoseconds)
{
	const struct timespec times[2] = {
		{ 1700000000, 500 }, { 1700000000 + seconds, 500 + nanoseconds }
	};

	ck_assert_int_eq(utimensat(AT_FDCWD, unit_path("list"), times, 0), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, unit_path("list.log"), times, 0),
			 0);
}

static void change_seconds(void)
{
	change_time(1, 0);
}

static void change_nanoseconds(void)
{
	change_time(0, 1);
}

static void change_inode(void)
{
	unit_write(unit_path("list.new"), file, file_size);
	ck_assert_int_eq(rename(unit_path("list.new"), unit_path("list.log")),
			 0);
	change_time(0, 0);
}

static void change_size(void)
{
	write_log(4);
	change_time(0, 0);
}

static void (*const changes[])(void) = {
	change_seconds, change_nanoseconds, change_inode, change_size
};

START_TEST(a_change_shows_by_any_of_them)
{
	static const struct list_case before = {
		.names = { "a" }, .boxes = { { 1, 0, 2 } }
	}, after = {
		.names = { "a" }, .boxes = { { 1, 0, 1 } }
	};
	unsigned int descriptors = unit_descriptors_count();
	struct index_list_mailbox box;
	struct list_index *list;

	write_list(&before);
	change_time(0, 0);
	list = open_list(false);
	ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_NONE);
	write_list(&after);
	/* nothing shows it */
	change_time(0, 0);
	ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_NONE);
	changes[_i]();
	ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_FOUND);
	list_index_deinit(&list);
	ck_assert_uint_eq(unit_descriptors_count(), descriptors);
}
END_TEST

/* A UID validity, an append whose UID isn't new, and that all was deleted. */
static const struct {
	uint32_t type, numbers[2];
	bool is_complete;
} transactions[] = {
	{ 0x10000000 | 0x20, { 24 | 4 << 16, 7 }, true },
	{ 0x10000000 | 0x2, { 1, 0 }, false },
	{ 0x10000000 | 0x20000, { 0, 0 }, false },
};

static void put_transaction(uint32_t type, const uint32_t *numbers,
			    size_t count)
{
	const size_t size = 8 + count * 4;
	const unsigned char raw[4] = { 0x80, 0x80, 0x80, 0x80 | size / 4 };

	put(raw, sizeof(raw));
	put32(type);
	put(numbers, count * 4);
}

START_TEST(what_a_log_says_counts)
{
	static const struct list_case one = {
		.names = { "a" }, .boxes = { { 1, 0, 1 } }
	};
	struct index_list_mailbox box;
	struct list_index *list;

	write_list(&one);
	put_transaction(transactions[_i].type, transactions[_i].numbers, 2);
	unit_write(unit_path("list.log"), file, file_size);
	list = open_list(false);
	ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_FOUND);
	ck_assert_int_eq(find(list, 2, &box), transactions[_i].is_complete ?
			 LIST_INDEX_NONE : LIST_INDEX_UNKNOWN);
	list_index_deinit(&list);
}
END_TEST

/* All flags are changed, again and again. */
START_TEST(a_list_that_takes_too_long_is_unknown)
{
	static const uint32_t flags[3] = { 1, UINT32_MAX, 1 };
	struct index_list_mailbox box;
	struct list_index *list;

	write_chain(INDEX_LIST_MAX_DEPTH, 1);
	for (int i = 0; i < 20000; i++)
		put_transaction(0x10000000 | 0x4, flags, 3);
	unit_write(unit_path("list.log"), file, file_size);
	list = open_list(false);
	ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_UNKNOWN);
	ck_assert(!list_index_next(list, 0, &box));
	ck_assert(!list_index_is_known(list));
	list_index_deinit(&list);
}
END_TEST

START_TEST(a_list_that_is_too_large_is_unknown)
{
	static const struct list_case one = {
		.names = { "a" }, .boxes = { { 1, 0, 1 } }
	};
	struct index_list_mailbox box;
	struct list_index *list;
	off_t size;

	write_list(&one);
	for (int more = 0; more <= 1; more++) {
		/* zeros are the log's end */
		size = LIST_INDEX_MAX_SIZE + more;
		ck_assert_int_eq(truncate(unit_path("list.log"), size -
					  (off_t)index_size), 0);
		list = open_list(false);
		ck_assert_int_eq(find(list, 1, &box), more == 0 ?
				 LIST_INDEX_FOUND : LIST_INDEX_UNKNOWN);
		ck_assert(list_index_is_known(list) == (more == 0));
		list_index_deinit(&list);
	}
}
END_TEST

/* A directory isn't searched, it is no directory, a link leads nowhere. */
START_TEST(whether_there_is_a_list)
{
	static const char *const files[] = { "list", "list.log", "list.log.2" };
	struct index_list_mailbox box;
	struct list_index *list;

	list = open_list(false);
	ck_assert(!list_index_exists(list));
	for (int i = 0; i < 3; i++) {
		unit_write(unit_path("%s", files[i]), "", 0);
		ck_assert(list_index_exists(list));
		ck_assert_int_eq(unlink(unit_path("%s", files[i])), 0);
	}
	ck_assert_int_eq(symlink("nowhere", unit_path("list.log")), 0);
	ck_assert(list_index_exists(list));
	ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_UNKNOWN);
	ck_assert(!list_index_is_known(list));
	list_index_deinit(&list);

	unit_write(unit_path("file"), "", 0);
	list = open_list_at(unit_path("file/list"), false);
	ck_assert(!list_index_exists(list));
	ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_UNKNOWN);
	ck_assert(list_index_is_known(list));
	ck_assert_int_eq(errors, 0);
	list_index_deinit(&list);

	unit_mkdir(unit_path("closed"));
	unit_become_nobody();
	ck_assert_int_eq(chmod(unit_path("closed"), 0), 0);
	list = open_list_at(unit_path("closed/list"), false);
	ck_assert(list_index_exists(list));
	list_index_deinit(&list);
}
END_TEST

START_TEST(a_list_that_changes_all_the_time_is_unknown)
{
	static const struct list_case one = {
		.names = { "a" }, .boxes = { { 1, 0, 2 } }
	};
	unsigned int descriptors = unit_descriptors_count();
	struct index_list_mailbox box;
	struct list_index *list;
	int reads = 0;

	write_list(&one);
	list = open_list(false);
	while (find(list, 1, &box) == LIST_INDEX_NONE) {
		reads++;
		ck_assert_int_le(reads, LIST_INDEX_MAX_READS);
		/* its size differs: a time stamp may not */
		write_log(reads % 2 == 0 ? 0 : 4);
	}
	ck_assert_int_eq(reads, LIST_INDEX_MAX_READS);
	ck_assert_uint_eq(unit_descriptors_count(), descriptors);
	ck_assert_int_eq(find(list, 2, &box), LIST_INDEX_UNKNOWN);
	list_index_deinit(&list);
}
END_TEST

/* The log isn't this index', and the older one can't be read. */
START_TEST(an_older_log_that_cant_be_read_makes_it_unknown)
{
	static const struct list_case one = {
		.names = { "a" }, .boxes = { { 1, 0, 2 } }
	};
	struct index_list_mailbox box;
	struct list_index *list;

	write_list(&one);
	put_log();
	put_at(4, 1);
	put_at(12, 7);
	unit_write(unit_path("list.log"), file, file_size);
	unit_mkdir(unit_path("list.log.2"));
	list = open_list(false);
	ck_assert_int_eq(find(list, 2, &box), LIST_INDEX_UNKNOWN);
	ck_assert(!list_index_next(list, 0, &box));
	ck_assert(!list_index_is_known(list));
	list_index_deinit(&list);
}
END_TEST

/* Where permissions hide whether there is a list, that isn't to say that there
   is none. */
START_TEST(a_list_that_cant_be_looked_at_is_unknown)
{
	static const char *const dirs[] = { "closed", "closed/dir" };
	struct index_list_mailbox box;
	struct list_index *list;

	unit_mkdir(unit_path("closed/dir"));
	unit_become_nobody();
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		list = open_list_at(unit_path("%s/list", dirs[i]), false);
		ck_assert(!list_index_next(list, 0, &box));
		ck_assert(list_index_is_known(list));
		list_index_deinit(&list);
		ck_assert_int_eq(errors, 0);

		ck_assert_int_eq(chmod(unit_path("closed"), 0600), 0);
		list = open_list_at(unit_path("%s/list", dirs[i]), false);
		ck_assert(!list_index_next(list, 0, &box));
		ck_assert(!list_index_is_known(list));
		ck_assert_int_gt(errors, 0);
		ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_UNKNOWN);
		/* the directory is told of once */
		if (i == 1)
			ck_assert_int_eq(errors, 1);
		list_index_deinit(&list);
		ck_assert_int_eq(chmod(unit_path("closed"), 0700), 0);
	}
}
END_TEST

START_TEST(without_a_list_nothing_is_known)
{
	struct index_list_mailbox box;
	struct list_index *list = open_list(false);
	const struct list_index_settings none = { .prefix = NULL };

	ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_UNKNOWN);
	ck_assert(!list_index_next(list, 0, &box));
	/* an index without mailboxes is no list */
	put_log();
	unit_write(unit_path("list.log"), file, file_size);
	ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_UNKNOWN);
	list_index_deinit(&list);
	list = list_index_init(&none);
	ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_UNKNOWN);
	list_index_deinit(&list);
	ck_assert_int_eq(errors, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("list-index");

	tcase_add_loop_test(tcase, a_list_is_taken_for_what_it_is, 0,
			    CASES_COUNT);
	tcase_add_test(tcase, depth_and_length_are_bounded);
	tcase_add_test(tcase, all_names_together_are_bounded);
	tcase_add_loop_test(tcase, names_of_a_header, 0,
			    sizeof(headers) / sizeof(headers[0]));
	tcase_add_test(tcase, levels_above_are_those_of_each);
	tcase_add_test(tcase, counts_of_a_mailbox);
	tcase_add_test(tcase, a_list_that_changed_is_read_again);
	tcase_add_loop_test(tcase, a_change_shows_by_any_of_them, 0,
			    sizeof(changes) / sizeof(changes[0]));
	tcase_add_loop_test(tcase, what_a_log_says_counts, 0,
			    sizeof(transactions) / sizeof(transactions[0]));
	tcase_add_test(tcase, a_list_that_takes_too_long_is_unknown);
	tcase_add_test(tcase, a_list_that_is_too_large_is_unknown);
	tcase_add_test(tcase, whether_there_is_a_list);
	tcase_add_test(tcase, a_list_that_changes_all_the_time_is_unknown);
	tcase_add_test(tcase, an_older_log_that_cant_be_read_makes_it_unknown);
	tcase_add_test(tcase, a_list_that_cant_be_looked_at_is_unknown);
	tcase_add_test(tcase, without_a_list_nothing_is_known);
	return unit_run(tcase);
}
