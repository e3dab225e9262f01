/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Lists of mailboxes as Dovecot would never write them, and those that change
   while they are read. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "list-index.h"
#include "unit-errors.h"
#include "unit-list.h"
#include "unit.h"

struct list_case {
	/* "level" of each name id, from 1 on; NULL ends them */
	const char *names[8];
	struct list_box boxes[8];
	struct list_more more;
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
	{ .names = { "a" }, .boxes = { { 1, 0, 1 } }, .more.flags = 4,
	  .name = "a" },
	{ .names = { "a" }, .boxes = { { 1, 0, 1 } }, .more.flags = 2,
	  .is_complete = true, .name = "a" },
	{ .names = { "a" }, .boxes = { { 1, 0, 1 } }, .more.flags = 1 },
	/* one more INBOX */
	{ .names = { "INBOX", "x" }, .boxes = { { 1, 0, 2 }, { 2, 0, 1 } },
	  .more.prefix_inbox = 2, .inbox = true, .is_complete = true,
	  .name = "INBOX" },
	{ .names = { "INBOX", "a" }, .boxes = { { 1, 0, 2 }, { 2, 1, 1 } },
	  .more.prefix_inbox = 1, .inbox = true, .name = "INBOX|a" },
	{ .names = { "a", "INBOX" }, .boxes = { { 1, 0, 2 }, { 2, 1, 1 } },
	  .more.prefix_inbox = 2, .is_complete = true, .name = "a|INBOX" },
	{ .names = { "a" }, .boxes = { { 7, 0, 1 } }, .more.prefix_inbox = 7 },
	{ .names = { "a", "b", "c" },
	  .boxes = { { 1, 0, 3 }, { 2, 0, 2 }, { 3, 0, 1 } },
	  .is_complete = true, .name = "c" },
	/* no mailboxes, no such parent, no such name */
	{ .names = { "a" } },
	{ .names = { "a" }, .boxes = { { 1, 9, 1 } } },
	{ .names = { "a" }, .boxes = { { 1, UINT32_MAX, 1 } } },
	{ .names = { "a", "b" }, .boxes = { { 1, 0, 2 }, { 2, 3, 1 } },
	  .more.uids_skipped = 5 },
	{ .names = { "a" }, .boxes = { { 7, 0, 1 } } },
	{ .names = { "a" }, .boxes = { { UINT32_MAX, 0, 1 } } },
	{ .names = { "a" }, .boxes = { { 1, 0, 2 }, { 7, 1, 1 } } },
	/* names that were used before are gone */
	{ .names = { "a", "b" }, .boxes = { { 6, 0, 1 }, { 7, 0, 2 } },
	  .more.ids_skipped = 5, .is_complete = true, .name = "a" },
	{ .names = { "a", "b" }, .boxes = { { 2, 0, 1 } },
	  .more.ids_skipped = 1, .is_complete = true, .name = "a" },
	{ .names = { "a", "b" }, .boxes = { { 1, 0, 1 } },
	  .more.ids_skipped = 1 },
	{ .names = { "a", "b", "c", "d" },
	  .boxes = { { 9, 0, 1 }, { 8, 0, 2 }, { 7, 0, 3 }, { 6, 0, 4 } },
	  .more.ids_skipped = 5, .is_complete = true, .name = "d" },
	{ .names = { "a", "b", "c" }, .boxes = { { 5, 0, 1 }, { 8, 0, 2 } },
	  .more.ids_skipped = 5 },
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

/* of the index that was written last */
static size_t index_size;

static void write_list(const struct list_case *list)
{
	index_size = list_write("list", list->names, list->boxes, &list->more);
}

static struct list_index *open_list_at(const char *path, bool inbox)
{
	static char prefix[4096];
	const struct list_index_settings set = {
		.prefix = prefix, .inbox = inbox, .errors = &unit_errors,
	};

	unit_errors_count = 0;
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

	list_guid(guid, byte);
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
		ck_assert(box.is_prefix_inbox ==
			  (test->more.prefix_inbox != 0));
	}
	ck_assert_uint_eq(unit_errors_count, 0);
	list_index_deinit(&list);
}
END_TEST

START_TEST(depth_and_length_are_bounded)
{
	static const struct {
		size_t len;
		uint32_t count;
		bool is_lost;
	} chains[] = {
		{ 1, INDEX_LIST_MAX_DEPTH, false },
		{ 1, INDEX_LIST_MAX_DEPTH + 1, true },
		{ INDEX_LIST_MAX_NAME, 1, false },
		{ INDEX_LIST_MAX_NAME + 1, 1, true },
		{ INDEX_LIST_MAX_NAME / 2 - 1, 2, false },
		{ INDEX_LIST_MAX_NAME / 2, 2, true },
		{ INDEX_LIST_MAX_NAME / 2, 3, true },
		{ INDEX_LIST_MAX_NAME / 16, 15, false },
		{ INDEX_LIST_MAX_NAME / 16, 16, true },
	};
	struct index_list_mailbox box;
	struct list_index *list;

	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
		list_write_chain("list", chains[i].count, chains[i].len);
		list = open_list(false);
		ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_FOUND);
		ck_assert_msg(box.is_lost == chains[i].is_lost, "%zu", i);
		list_index_deinit(&list);
	}
}
END_TEST

/* Names may be part of each other: a file of 80 kB would have names of 8 MB. */
START_TEST(all_names_together_are_bounded)
{
	const size_t chain_len = 3;
	struct index_list_mailbox box;
	struct list_index *list;
	size_t size = 0, lost = 0;
	uint32_t uid = 0;

	list_write_chain("list", INDEX_LIST_MAX_DEPTH, chain_len);
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
	ck_assert_uint_lt(size, 6 * 1024 * 1024);
	list_index_deinit(&list);
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
	list_log_write("list.new", 0);
	ck_assert_int_eq(rename(unit_path("list.new"), unit_path("list.log")),
			 0);
	change_time(0, 0);
}

static void change_size(void)
{
	list_log_write("list.log", 4);
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
	ck_assert(!list_index_refresh(list));
	changes[_i]();
	/* what is known doesn't make it look */
	ck_assert_int_eq(find(list, 2, &box), LIST_INDEX_FOUND);
	ck_assert(list_index_next(list, 0, &box));
	ck_assert_uint_eq(box.guid[1], 2);
	ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_FOUND);
	ck_assert(!list_index_refresh(list));
	change_time(2, 0);
	ck_assert(list_index_refresh(list));
	list_index_deinit(&list);
	ck_assert_uint_eq(unit_descriptors_count(), descriptors);
}
END_TEST

/* A UID validity, an append whose UID isn't new, and that all was deleted. */
static const struct {
	uint32_t type, numbers[2];
	bool is_complete;
} transactions[] = {
	{ 0x10000000 | 0x20, { PAIR(24, 4), 7 }, true },
	{ 0x10000000 | 0x2, { 1, 0 }, false },
	{ 0x10000000 | 0x20000, { 0, 0 }, false },
};

START_TEST(what_a_log_says_counts)
{
	static const struct list_case one = {
		.names = { "a" }, .boxes = { { 1, 0, 1 } }
	};
	struct index_list_mailbox box;
	struct list_index *list;

	write_list(&one);
	list_log_add(transactions[_i].type, transactions[_i].numbers, 2);
	list_log_write("list.log", 0);
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
	static const uint32_t flags[3] = { 1, UINT32_MAX, OCTETS(1) };
	struct index_list_mailbox box;
	struct list_index *list;

	list_write_chain("list", INDEX_LIST_MAX_DEPTH, 1);
	for (int i = 0; i < 20000; i++)
		list_log_add(0x10000000 | 0x4, flags, 3);
	list_log_write("list.log", 0);
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
	/* an older log makes it too large, as long as it is there */
	write_list(&one);
	list_log_write("list.log.2", 0);
	ck_assert_int_eq(truncate(unit_path("list.log.2"),
				  LIST_INDEX_MAX_SIZE), 0);
	list = open_list(false);
	ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_UNKNOWN);
	ck_assert_int_eq(unlink(unit_path("list.log.2")), 0);
	ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_FOUND);
	list_index_deinit(&list);
}
END_TEST

/* A directory isn't searched, it is no directory, it isn't there, a link leads
   nowhere. */
START_TEST(whether_there_is_a_list)
{
	static const char *const files[] = { "list", "list.log", "list.log.2" };
	static const char *const gone[] = { "file/list", "gone/list" };
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
	for (int i = 0; i < 2; i++) {
		list = open_list_at(unit_path("%s", gone[i]), false);
		ck_assert(!list_index_exists(list));
		ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_UNKNOWN);
		ck_assert(list_index_is_known(list));
		ck_assert_uint_eq(unit_errors_count, 0);
		list_index_deinit(&list);
	}

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
		list_log_write("list.log", reads % 2 == 0 ? 0 : 4);
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
	list_log_begin(1, 7);
	list_log_write("list.log", 0);
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
	static const char *const told[] = {
		"closed/list.log.2", "closed/dir/"
	};
	struct index_list_mailbox box;
	struct list_index *list;

	unit_mkdir(unit_path("closed/dir"));
	unit_become_nobody();
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		list = open_list_at(unit_path("%s/list", dirs[i]), false);
		ck_assert(!list_index_next(list, 0, &box));
		ck_assert(list_index_is_known(list));
		list_index_deinit(&list);
		ck_assert_uint_eq(unit_errors_count, 0);

		ck_assert_int_eq(chmod(unit_path("closed"), 0600), 0);
		list = open_list_at(unit_path("%s/list", dirs[i]), false);
		ck_assert(!list_index_next(list, 0, &box));
		ck_assert(!list_index_is_known(list));
		ck_assert_uint_gt(unit_errors_count, 0);
		ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_UNKNOWN);
		/* the directory is told of once */
		if (i == 1)
			ck_assert_uint_eq(unit_errors_count, 1);
		ck_assert_str_eq(unit_last_error,
				 unit_path("%s: open: %s", told[i],
					   strerror(EACCES)));
		list_index_deinit(&list);
		ck_assert_int_eq(chmod(unit_path("closed"), 0700), 0);
	}
}
END_TEST

/* Whether there is a list changes with the permissions. */
START_TEST(a_list_comes_and_goes)
{
	static const struct list_case one = {
		.names = { "a" }, .boxes = { { 1, 0, 1 } }
	};
	struct index_list_mailbox box;
	struct list_index *list;

	unit_mkdir(unit_path("dir"));
	unit_become_nobody();
	list = open_list_at(unit_path("dir/list"), false);
	ck_assert(list_index_refresh(list));
	ck_assert(!list_index_refresh(list));
	ck_assert(list_index_is_known(list));
	ck_assert_int_eq(chmod(unit_path("dir"), 0600), 0);
	ck_assert(list_index_refresh(list));
	ck_assert(!list_index_is_known(list));
	ck_assert_int_eq(chmod(unit_path("dir"), 0700), 0);
	ck_assert(list_index_refresh(list));
	ck_assert(list_index_is_known(list));
	/* with its directory, too */
	write_list(&one);
	ck_assert_int_eq(rename(unit_path("list"), unit_path("dir/list")), 0);
	ck_assert_int_eq(rename(unit_path("list.log"),
				unit_path("dir/list.log")), 0);
	ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_FOUND);
	ck_assert_int_eq(rename(unit_path("dir"), unit_path("gone")), 0);
	ck_assert(list_index_refresh(list));
	ck_assert(!list_index_next(list, 0, &box));
	ck_assert(list_index_is_known(list));
	list_index_deinit(&list);
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
	list_log_begin(1700000000, 0);
	list_log_write("list.log", 0);
	ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_UNKNOWN);
	list_index_deinit(&list);
	list = list_index_init(&none);
	ck_assert_int_eq(find(list, 1, &box), LIST_INDEX_UNKNOWN);
	list_index_deinit(&list);
	ck_assert_uint_eq(unit_errors_count, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("list-index");

	tcase_add_loop_test(tcase, a_list_is_taken_for_what_it_is, 0,
			    CASES_COUNT);
	tcase_add_test(tcase, depth_and_length_are_bounded);
	tcase_add_test(tcase, all_names_together_are_bounded);
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
	tcase_add_test(tcase, a_list_comes_and_goes);
	tcase_add_test(tcase, without_a_list_nothing_is_known);
	return unit_run(tcase);
}
