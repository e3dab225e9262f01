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

#include "index-files.h"
#include "index-list.h"
#include "index-use.h"
#include "unit-index-log.h"
#include "unit.h"

#define CACHE_SEQ (INDEXID + 1)

static char told[256];
static unsigned int told_count;

static void tell(const char *op, const char *path, const char *error,
		 void *context)
{
	(void)context;
	told_count++;
	snprintf(told, sizeof(told), "%s %s: %s", op, path, error);
}

static struct index_own own;

static void use_read_seen(struct mba_use *use_r, bool is_open,
			  const struct index_entry_files *files)
{
	const struct error_sink errors = { tell, NULL };
	struct walk_place place = { .fd = -1, .path = "a/box" };

	told_count = 0;
	if (is_open)
		place.fd = open(unit_path("."), O_RDONLY | O_DIRECTORY);
	index_use_read(&place, files, "/index", &errors, use_r, &own);
	if (place.fd != -1)
		(void)close(place.fd);
}

static void use_read(struct mba_use *use_r, bool is_open)
{
	use_read_seen(use_r, is_open, NULL);
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
		LOG_ADD(&newer, FLAGS, 1, UINT32_MAX, OCTETS(0x08));
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
	state.exts.max_bytes = 2 * sizeof(name);
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

/* What a walk sees of the files. */
static void files_see(struct index_entry_files *files_r)
{
	unsigned int idx = 0;

	memset(files_r, 0, sizeof(*files_r));
	for (int file = INDEX_FILE_FIRST_REMOVABLE; file < INDEX_FILE_COUNT;
	     file++, idx++) {
		if (lstat(unit_path("%s", index_file_name(file)),
			  &files_r->st[idx]) == 0)
			files_r->found |= 1U << idx;
	}
}

/* A cache with a field that was used ten days after it was made. */
static void make_cache(const char *path)
{
	struct bytes cache = { .size = 0 };

	add(&cache, "\1\10\1", 4);
	add32(&cache, INDEXID);
	add32(&cache, CACHE_SEQ);
	for (int i = 0; i < 4; i++)
		add32(&cache, 0);
	set_size(cache.data + cache.size, 32);
	cache.size += 4;
	add32(&cache, 0);
	add32(&cache, 12 + 10 + sizeof("imap.envelope"));
	add32(&cache, 1);
	add32(&cache, INDEXID + 10 * 24 * 60 * 60);
	add32(&cache, 4);
	add(&cache, "\0\2", 2);
	add(&cache, "imap.envelope", sizeof("imap.envelope"));
	unit_write(path, cache.data, cache.size);
}

static void make_thread(const char *path)
{
	unit_write(path, "", 0);
}

static void make_older_log(const char *path)
{
	log_begin(&older, 1, 0, 0);
	log_append(&older, 1, 1);
	LOG_ADD(&older, FLAGS, 1, 1, OCTETS(0x08));
	unit_write(path, older.data, older.size);
}

static const struct {
	const char *name;
	void (*make)(const char *path);
	enum mba_evidence evidence;
} proofs[] = {
	{ "dovecot.index.cache", make_cache, MBA_EVIDENCE_READ },
	{ "dovecot.index.thread", make_thread, MBA_EVIDENCE_OPENED },
	{ "dovecot.index.log.2", make_older_log, MBA_EVIDENCE_CHANGED },
};

START_TEST(what_the_walk_saw_is_read)
{
	struct index_entry_files files;
	uint32_t name[2] = { 0, 0 };
	struct mba_use use;

	memcpy(name, "cache", 5);
	log_begin(&newer, 1, 0, 0);
	LOG_ADD(&newer, INTRO, UINT32_MAX, CACHE_SEQ, 0, PAIR(4, 4), PAIR(0, 5),
		name[0], name[1]);
	log_append(&newer, 1, 2);
	unit_write(unit_path("dovecot.index.log"), newer.data, newer.size);
	files_see(&files);
	use_read_seen(&use, true, &files);
	ck_assert_uint_eq(use.messages, 2);
	ck_assert_int_eq(use.evidence, MBA_EVIDENCE_NEVER_OPENED);
	proofs[_i].make(unit_path("%s", proofs[_i].name));
	use_read(&use, true);
	ck_assert_int_eq(use.evidence, proofs[_i].evidence);
	files_see(&files);
	use_read_seen(&use, true, &files);
	ck_assert_int_eq(use.evidence, proofs[_i].evidence);
	ck_assert_uint_eq(told_count, 0);
}
END_TEST

static void make_large(const char *path)
{
	unit_write(path, "", 0);
	ck_assert_int_eq(truncate(path, (off_t)1 << 40), 0);
}

static void hide_in_torn_end(void)
{
	LOG_ADD(&newer, FLAGS, 1, 1, 0x08);
	newer.size -= 4;
}

static void hide_after_zeros(void)
{
	uint32_t pos = newer.size;

	LOG_ADD(&newer, FLAGS, 1, 1, 0x08);
	memset(newer.data + pos, 0, 4);
}

static void hide_after_small_one(void)
{
	uint32_t pos = newer.size;

	LOG_ADD(&newer, FLAGS, 1, 1, 0x08);
	set_size(newer.data + pos, 4);
}

static void hide_in_unknown_one(void)
{
	LOG_ADD(&newer, 0x400000, 1, 1, 0x08);
}

static void hide_after_append(void)
{
	log_append(&newer, 1, 1);
}

static void hide_in_older_log(void)
{
	make_older_log(unit_path("dovecot.index.log.2"));
	log_begin(&newer, 2, 1, older.size);
	log_append(&newer, 2, 1);
	older.size -= 4;
	unit_write(unit_path("dovecot.index.log.2"), older.data, older.size);
	/* the index has it, and not the message */
	memcpy(older.data, "\7\3\170\0\170\0\0\0\10\0\0\0\1\0\0\0", 16);
	memset(older.data + 16, 0, 120 - 16);
	older.size = 16;
	add32(&older, INDEXID);
	add32(&older, 0);
	add32(&older, 1);
	add32(&older, 2);
	older.size = 48;
	add32(&older, 1);
	older.size = 60;
	add32(&older, 2);
	older.size = 68;
	add32(&older, 40);
	unit_write(unit_path("dovecot.index"), older.data, 120);
}

static void hide_in_corrupt_cache(void)
{
	make_cache(unit_path("dovecot.index.cache"));
	ck_assert_int_eq(truncate(unit_path("dovecot.index.cache"), 40), 0);
}

static void hide_in_large_cache(void)
{
	make_large(unit_path("dovecot.index.cache"));
}

static void (*const hides[])(void) = {
	hide_in_torn_end, hide_after_zeros, hide_after_small_one,
	hide_in_unknown_one, hide_after_append, hide_in_older_log,
	hide_in_corrupt_cache, hide_in_large_cache,
};

/* Where part of it isn't understood, it says nothing that there is no proof. */
START_TEST(what_may_hide_a_proof)
{
	struct mba_use use;

	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 2);
	hides[_i]();
	unit_write(unit_path("dovecot.index.log"), newer.data, newer.size);
	use_read(&use, true);
	ck_assert_int_eq(use.evidence, MBA_EVIDENCE_UNKNOWN);
	ck_assert_ptr_null(use.proof);
	ck_assert_int_eq(use.since, INDEXID);
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
	ck_assert_str_eq(told, "open /index/a/box/dovecot.index.log: "
			 "Permission denied");
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
	tcase_add_loop_test(tcase, what_the_walk_saw_is_read, 0,
			    sizeof(proofs) / sizeof(proofs[0]));
	tcase_add_test(tcase, messages_that_take_too_long_are_unknown);
	tcase_add_loop_test(tcase, what_may_hide_a_proof, 0,
			    sizeof(hides) / sizeof(hides[0]));
	tcase_add_loop_test(tcase, what_is_no_index_is_no_failure, 0,
			    sizeof(makers) / sizeof(makers[0]));
	tcase_add_test(tcase, failures_are_told);
	return unit_run(tcase);
}
