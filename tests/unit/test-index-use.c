/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What an entry's files say of its mailbox, and what they don't. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "index-list.h"
#include "index-use.h"
#include "unit-index-log.h"
#include "unit.h"

static char told[256];
static unsigned int told_count;

static void tell(const char *op, const char *path, const char *error,
		 void *context)
{
	(void)error;
	(void)context;
	told_count++;
	snprintf(told, sizeof(told), "%s %s", op, path);
}

static struct index_own own;

static void use_read(struct mba_use *use_r, bool is_open)
{
	const struct error_sink errors = { tell, NULL };
	struct walk_place place = { .fd = -1, .path = "a/box" };

	told_count = 0;
	if (is_open)
		place.fd = open(unit_path("."), O_RDONLY | O_DIRECTORY);
	index_use_read(&place, NULL, "/index", &errors, use_r, &own);
	if (place.fd != -1)
		(void)close(place.fd);
}

/* lib-storage/index/index-storage.c: levels joined by NUL; 2.4.5 has a flag
   after one more */
static const struct {
	const char *bytes;
	size_t size;
	int len;
	bool is_prefix_inbox;
} names[] = {
	{ "box", 3, 3, false }, { "a\0box", 5, 5, false },
	{ "box\0\0\0", 6, 3, false }, { "\0\0", 2, -1, false },
	{ "", 0, -1, false }, { "b", 1, 1, false },
	{ "box\0\1", 5, 3, true }, { "a\0box\0\1\0", 8, 5, true },
	{ "INBOX\0\0\1\0", 9, 5, true }, { "INBOX\0\0\2", 8, 5, false },
	{ "box\0\x1f", 5, 3, true }, { "box\0\x1e", 5, 3, false },
	/* a level of one character; a control character at a name's end */
	{ "box\0" "1", 5, 5, false }, { "box\0 ", 5, 5, false },
	{ "box\1", 4, 4, false }, { "\0\1", 2, 2, false },
};

START_TEST(a_name_ends_before_what_follows_it)
{
	struct index_ext_state *ext;

	setup();
	state.exts.max_bytes = 8192;
	ext = index_exts_add(&state.exts, "box-name", 8);
	index_ext_resize(ext, names[_i].size);
	ck_assert(index_ext_write(&state.exts, ext, 0, names[_i].bytes,
				  names[_i].size));
	index_own_read(&state, &own);
	if (names[_i].len == -1)
		ck_assert_ptr_null(own.name);
	else {
		ck_assert_uint_eq(own.name_len, names[_i].len);
		ck_assert_mem_eq(own.name, names[_i].bytes, names[_i].len);
		ck_assert(own.is_prefix_inbox == names[_i].is_prefix_inbox);
	}
	free(own.name);
	teardown();
}
END_TEST

/* Changes of all messages, again and again. */
START_TEST(messages_that_take_too_long_are_unknown)
{
	struct mba_use use;

	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 2000);
	while (newer.size + 20 <= sizeof(newer.data))
		LOG_ADD(&newer, FLAGS, 1, UINT32_MAX, 0x08);
	unit_write(unit_path("dovecot.index.log"), newer.data, newer.size);
	use_read(&use, true);
	ck_assert(!use.has_messages);
	ck_assert_uint_eq(use.messages, 0);
	ck_assert_int_eq(use.since, INDEXID);
}
END_TEST

START_TEST(names_are_bounded)
{
	static char name[INDEX_LIST_MAX_NAME + 1];
	struct index_ext_state *ext;

	setup();
	state.is_deleted = true;
	state.exts.max_bytes = 8192;
	memset(name, 'x', sizeof(name));
	ext = index_exts_add(&state.exts, "box-name", 8);
	for (int more = 0; more <= 1; more++) {
		index_ext_resize(ext, INDEX_LIST_MAX_NAME + more);
		ck_assert(index_ext_write(&state.exts, ext, 0, name,
					  INDEX_LIST_MAX_NAME + more));
		index_own_read(&state, &own);
		ck_assert_int_eq(own.name == NULL, more == 1);
		ck_assert(own.is_deleted);
		free(own.name);
	}
	teardown();
}
END_TEST

START_TEST(a_log_tells_of_messages)
{
	struct mba_use use;

	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 3);
	unit_write(unit_path("dovecot.index.log"), newer.data, newer.size);
	use_read(&use, true);
	ck_assert_uint_eq(told_count, 0);
	ck_assert(use.has_messages);
	ck_assert_uint_eq(use.messages, 3);
	ck_assert_int_eq(use.since, INDEXID);
	/* a directory that can't be opened says nothing, and was told */
	use_read(&use, false);
	ck_assert_uint_eq(told_count, 0);
	ck_assert(!use.has_messages);
	ck_assert_int_eq(use.evidence, MBA_EVIDENCE_UNKNOWN);
}
END_TEST

static void make_fifo(const char *path)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
}

static void make_loop(const char *path)
{
	ck_assert_int_eq(symlink(path, path), 0);
}

static void make_large(const char *path)
{
	unit_write(path, "", 0);
	ck_assert_int_eq(truncate(path, (off_t)1 << 40), 0);
}

static void make_socket(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(addr.sun_path, path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	(void)close(fd);
}

static void (*const makers[])(const char *path) = {
	make_fifo, make_loop, make_large, make_socket, unit_mkdir,
};

START_TEST(what_is_no_index_is_no_failure)
{
	struct mba_use use;

	makers[_i](unit_path("dovecot.index"));
	use_read(&use, true);
	ck_assert_uint_eq(told_count, 0);
	ck_assert(!use.has_messages);
	ck_assert_ptr_null(own.name);
}
END_TEST

START_TEST(failures_are_told)
{
	struct mba_use use;

	unit_write(unit_path("dovecot.index.log"), "", 0);
	ck_assert_int_eq(chmod(unit_path("dovecot.index.log"), 0), 0);
	unit_become_nobody();
	use_read(&use, true);
	ck_assert_str_eq(told, "open /index/a/box/dovecot.index.log");
	ck_assert(!use.has_messages);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("index-use");

	tcase_add_loop_test(tcase, a_name_ends_before_what_follows_it, 0,
			    sizeof(names) / sizeof(names[0]));
	tcase_add_test(tcase, names_are_bounded);
	tcase_add_test(tcase, a_log_tells_of_messages);
	tcase_add_test(tcase, messages_that_take_too_long_are_unknown);
	tcase_add_loop_test(tcase, what_is_no_index_is_no_failure, 0,
			    sizeof(makers) / sizeof(makers[0]));
	tcase_add_test(tcase, failures_are_told);
	return unit_run(tcase);
}
