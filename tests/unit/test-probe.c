/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The cases of tests/mbox: each file begins as its name says, in valid/ what
   Dovecot opens, in invalid/ what it refuses. And what a file can't say. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mailbox-audit.h"
#include "mbox-from.h"
#include "unit.h"

#define MBOX_DIR SRCDIR "/../mbox"
#define FROM_LINE "From a@example.org Thu Nov  9 22:33:52 2023\n"
#define FROM_LEN (sizeof(FROM_LINE) - 1)
#define MAILBOX MBA_STATE_MAILBOX
#define REFUSED MBA_STATE_NOT_MAILBOX
#define UNKNOWN MBA_STATE_UNKNOWN
/* what a probe reads */
#define PROBE_SIZE 8192

static struct dirent **valid_cases, **invalid_cases;
/* Called once, when a file was looked at, with its path. */
static void (*after_look)(const char *path);

/* The library's, too. */
int fstatat(int dir_fd, const char *path, struct stat *st, int flags)
{
	void (*after)(const char *path) = after_look;
	int fd = openat(dir_fd, path, O_PATH | O_CLOEXEC |
			((flags & AT_SYMLINK_NOFOLLOW) != 0 ? O_NOFOLLOW : 0));

	if (fd == -1)
		return -1;
	ck_assert_int_eq(fstat(fd, st), 0);
	ck_assert_int_eq(close(fd), 0);
	/* what a symlink leads to is looked at next */
	if (after != NULL && !S_ISLNK(st->st_mode)) {
		after_look = NULL;
		after(path);
	}
	return 0;
}

static enum mba_state
probe_flags(const char *path, enum mba_probe_flags flags,
	    enum mba_reason *reason_r)
{
	const char *op;
	bool is_dir;

	return mba_probe_mbox(AT_FDCWD, path, path, flags, reason_r, &op,
			      &is_dir);
}

static enum mba_state probe(const char *path)
{
	enum mba_reason reason;
	enum mba_state state = probe_flags(path, 0, &reason);

	ck_assert_int_eq(reason, MBA_REASON_NONE);
	return state;
}

static enum mba_state probe_data(const void *data, size_t size)
{
	const char *path = unit_path("box");

	unit_write(path, data, size);
	return probe(path);
}

static enum mba_reason probe_unknown(const char *path)
{
	enum mba_reason reason;

	ck_assert_int_eq(probe_flags(path, 0, &reason), MBA_STATE_UNKNOWN);
	return reason;
}

static enum mba_reason probe_data_unknown(const void *data, size_t size)
{
	const char *path = unit_path("box");

	unit_write(path, data, size);
	return probe_unknown(path);
}

/* Parse each beginning of a file's data, each in memory of just its size. */
static void parse_beginnings(const char *path)
{
	unsigned char data[1024], *copy;
	FILE *file = fopen(path, "r");
	size_t size;

	ck_assert_ptr_nonnull(file);
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	for (size_t len = 0; len <= size; len++) {
		copy = malloc(len == 0 ? 1 : len);
		memcpy(copy, data, len);
		(void)mbox_from_is_valid(copy, len);
		free(copy);
	}
}

static void check_case(const char *dir, const char *name,
		       enum mba_state expected)
{
	char path[4096];

	snprintf(path, sizeof(path), MBOX_DIR "/%s/%s", dir, name);
	if (probe(path) != expected)
		ck_abort_msg("%s: expected %s", path, mba_state_name(expected));
	parse_beginnings(path);
}

START_TEST(a_valid_mbox_is_a_mailbox)
{
	check_case("valid", valid_cases[_i]->d_name, MBA_STATE_MAILBOX);
}
END_TEST

START_TEST(an_invalid_mbox_is_none)
{
	check_case("invalid", invalid_cases[_i]->d_name,
		   MBA_STATE_NOT_MAILBOX);
}
END_TEST

START_TEST(a_long_from_line_needs_its_date_early)
{
	const char *date = " Thu Nov  9 22:33:52 2023\n";
	size_t date_len = strlen(date);
	char data[PROBE_SIZE * 2];

	memset(data, 'a', sizeof(data));
	memcpy(data, "From ", 5);
	for (size_t len = PROBE_SIZE - 3; len < PROBE_SIZE + 4; len++) {
		memcpy(data + len - date_len, date, date_len);
		/* its last byte is the newline */
		if (len == PROBE_SIZE + 1) {
			ck_assert_int_eq(probe_data_unknown(data, len),
					 MBA_REASON_LONG_LINE);
		} else {
			ck_assert_int_eq(probe_data(data, len),
					 len <= PROBE_SIZE ?
					 MBA_STATE_MAILBOX :
					 MBA_STATE_NOT_MAILBOX);
		}
		memset(data + len - date_len, 'a', date_len);
	}
}
END_TEST

START_TEST(a_line_that_is_too_long_is_unknown)
{
	char data[PROBE_SIZE * 2];

	/* an old Mac file, if a long one */
	memset(data, '\r', sizeof(data));
	memcpy(data, FROM_LINE, strlen(FROM_LINE) - 1);
	/* no newline, and no more to come */
	ck_assert_int_eq(probe_data(data, PROBE_SIZE), MBA_STATE_NOT_MAILBOX);
	ck_assert_int_eq(probe_data_unknown(data, PROBE_SIZE + 1),
			 MBA_REASON_LONG_LINE);
	ck_assert_int_eq(probe_data_unknown(data, sizeof(data)),
			 MBA_REASON_LONG_LINE);
	/* the newline isn't read any more, or it is */
	data[PROBE_SIZE] = '\n';
	ck_assert_int_eq(probe_data_unknown(data, sizeof(data)),
			 MBA_REASON_LONG_LINE);
	data[PROBE_SIZE - 1] = '\n';
	ck_assert_int_eq(probe_data(data, sizeof(data)), MBA_STATE_MAILBOX);
	ck_assert_int_eq(probe_data(data, PROBE_SIZE), MBA_STATE_MAILBOX);
}
END_TEST

/* Alone: nothing that nobody may open has to be. */
START_TEST(the_type_of_file_decides)
{
	const char *fifo = unit_path("fifo"), *dir = unit_path("dir");
	enum mba_reason reason;
	const char *op;
	bool is_dir;

	unit_become_nobody();
	ck_assert_int_eq(mkfifo(fifo, 0), 0);
	ck_assert_int_eq(probe(fifo), MBA_STATE_MAILBOX);
	ck_assert_int_eq(probe("/dev/null"), MBA_STATE_MAILBOX);
	ck_assert_int_eq(mkdir(dir, 0), 0);
	ck_assert_int_eq(mba_probe_mbox(AT_FDCWD, dir, "dir", 0, &reason, &op,
					&is_dir), MBA_STATE_NOT_MAILBOX);
	ck_assert(is_dir);
	unit_write(unit_path("file"), "x", 1);
	ck_assert_int_eq(mba_probe_mbox(AT_FDCWD, unit_path("file"), "file",
					0, &reason, &op, &is_dir),
			 MBA_STATE_NOT_MAILBOX);
	ck_assert(!is_dir);
	ck_assert_int_eq(probe(unit_path("gone")), MBA_STATE_MISSING);
	ck_assert_int_eq(probe(unit_path("file/below")), MBA_STATE_MISSING);
}
END_TEST

START_TEST(symlinks_are_followed)
{
	const char *link = unit_path("link");

	unit_write(unit_path("box"), FROM_LINE, strlen(FROM_LINE));
	ck_assert_int_eq(symlink("box", link), 0);
	ck_assert_int_eq(probe(link), MBA_STATE_MAILBOX);
	ck_assert_int_eq(unlink(unit_path("box")), 0);
	ck_assert_int_eq(probe_unknown(link), MBA_REASON_SYMLINK);
	ck_assert_int_eq(symlink("link", unit_path("box")), 0);
	ck_assert_int_eq(probe_unknown(link), MBA_REASON_SYMLINK);
}
END_TEST

static const struct {
	const char *name;
	const char *data;
	size_t size;
	/* where it isn't known whether the server loads the plugin, where it
	   does, and where it doesn't */
	enum mba_state state, with_plugin, without;
} compressed_cases[] = {
	{ "box.gz", "\x1f\x8b", 2, UNKNOWN, UNKNOWN, REFUSED },
	{ ".gz", "\x1f\x8b", 2, UNKNOWN, UNKNOWN, REFUSED },
	{ "box.bz2", "BZh", 3, UNKNOWN, UNKNOWN, REFUSED },
	{ "box.xz", "\xfd" "7zXZ\0", 6, UNKNOWN, UNKNOWN, REFUSED },
	{ "box.lz4", "Dovecot-LZ4\x0d\x2a\x9b\xc5", 15,
	  UNKNOWN, UNKNOWN, REFUSED },
	{ "box.zstd", "\x28\xb5\x2f\xfd", 4, UNKNOWN, UNKNOWN, REFUSED },
	{ "box.gz", "\x1f", 1, REFUSED, REFUSED, REFUSED },
	{ "box.gz", "BZh", 3, REFUSED, REFUSED, REFUSED },
	{ "box.gz2", "\x1f\x8b", 2, REFUSED, REFUSED, REFUSED },
	{ "boxgz", "\x1f\x8b", 2, REFUSED, REFUSED, REFUSED },
	{ "box.GZ", "\x1f\x8b", 2, REFUSED, REFUSED, REFUSED },
	/* a plain mbox, an empty one */
	{ "box.gz", FROM_LINE, FROM_LEN, MAILBOX, REFUSED, MAILBOX },
	{ "box.gz", "", 0, MAILBOX, REFUSED, MAILBOX },
	{ "box.bz2", FROM_LINE, FROM_LEN, MAILBOX, REFUSED, MAILBOX },
	{ "box.lz4", FROM_LINE, FROM_LEN, MAILBOX, REFUSED, MAILBOX },
	{ "box.zstd", FROM_LINE, FROM_LEN, MAILBOX, REFUSED, MAILBOX },
	/* it depends on the version */
	{ "box.xz", FROM_LINE, FROM_LEN, MAILBOX, UNKNOWN, MAILBOX },
	{ ".gz", FROM_LINE, FROM_LEN, MAILBOX, MAILBOX, MAILBOX },
	{ "boxgz", FROM_LINE, FROM_LEN, MAILBOX, MAILBOX, MAILBOX },
	{ "box.zst", FROM_LINE, FROM_LEN, MAILBOX, MAILBOX, MAILBOX },
};
#define COMPRESSED_COUNT \
	(int)(sizeof(compressed_cases) / sizeof(compressed_cases[0]))

static void check_compressed(int i, enum mba_probe_flags flags,
			     enum mba_state state)
{
	enum mba_reason reason;

	/* the name is all that there is of the path */
	ck_assert_int_eq(probe_flags(compressed_cases[i].name, flags,
				     &reason), state);
	ck_assert_int_eq(reason, state == UNKNOWN ? MBA_REASON_COMPRESSED :
			 MBA_REASON_NONE);
}

START_TEST(a_compressed_mbox_is_told_by_extension_and_magic)
{
	unit_write(unit_path("%s", compressed_cases[_i].name),
		   compressed_cases[_i].data, compressed_cases[_i].size);
	ck_assert_int_eq(chdir(unit_path(".")), 0);
	check_compressed(_i, 0, compressed_cases[_i].state);
	check_compressed(_i, MBA_PROBE_COMPRESSION,
			 compressed_cases[_i].with_plugin);
	check_compressed(_i, MBA_PROBE_NO_COMPRESSION,
			 compressed_cases[_i].without);
}
END_TEST

START_TEST(the_name_of_the_mailbox_has_the_extension)
{
	enum mba_reason reason;
	const char *op;

	unit_write(unit_path("box.gz"), FROM_LINE, FROM_LEN);
	unit_write(unit_path("box"), FROM_LINE, FROM_LEN);
	/* INBOX= */
	ck_assert_int_eq(mba_probe_mbox(AT_FDCWD, unit_path("box.gz"), "INBOX",
					MBA_PROBE_COMPRESSION, &reason, &op,
					NULL), MAILBOX);
	/* DIRNAME= */
	ck_assert_int_eq(mba_probe_mbox(AT_FDCWD, unit_path("box"), "x.gz",
					MBA_PROBE_COMPRESSION, &reason, &op,
					NULL), REFUSED);
	/* another directory's */
	ck_assert_int_eq(mba_probe_mbox(AT_FDCWD, unit_path("box"), "sub/.gz",
					MBA_PROBE_COMPRESSION, &reason, &op,
					NULL), REFUSED);
	ck_assert_int_eq(mba_probe_mbox(AT_FDCWD, "/dev/null", "trash.gz",
					MBA_PROBE_COMPRESSION, &reason, &op,
					NULL), REFUSED);
	/* what stands before it is no part of it */
	ck_assert_int_eq(mba_probe_mbox(AT_FDCWD, "/dev/null",
					strchr("trash.gz", 'z'),
					MBA_PROBE_COMPRESSION, &reason, &op,
					NULL), MAILBOX);
}
END_TEST

/* What was read of another file is no part of this one. */
START_TEST(half_a_magic_is_none)
{
	const char *path = unit_path("box.gz");

	unit_write(path, "\x1f\x8b", 2);
	ck_assert_int_eq(probe_unknown(path), MBA_REASON_COMPRESSED);
	ck_assert_int_eq(truncate(path, 1), 0);
	ck_assert_int_eq(probe(path), REFUSED);
}
END_TEST

START_TEST(an_error_names_its_call)
{
	const char *link = unit_path("link");
	char name[NAME_MAX + 2];
	enum mba_reason reason;
	const char *op;

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(mba_probe_mbox(AT_FDCWD, name, "box", 0, &reason, &op,
					NULL), MBA_STATE_UNKNOWN);
	ck_assert_int_eq(reason, MBA_REASON_ERROR);
	ck_assert_int_eq(errno, ENAMETOOLONG);
	ck_assert_str_eq(op, "lstat");
	ck_assert_int_eq(symlink(name, link), 0);
	ck_assert_int_eq(mba_probe_mbox(AT_FDCWD, link, "box", 0, &reason, &op,
					NULL), MBA_STATE_UNKNOWN);
	ck_assert_int_eq(reason, MBA_REASON_ERROR);
	ck_assert_int_eq(errno, ENAMETOOLONG);
	ck_assert_str_eq(op, "stat");
}
END_TEST

START_TEST(reading_leaves_no_trace)
{
	const char *path = unit_path("box");
	const struct timespec times[2] = { { 1000, 0 }, { 2000, 0 } };
	unsigned int descriptors = unit_descriptors_count();
	struct stat st;

	unit_write(path, FROM_LINE, strlen(FROM_LINE));
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	ck_assert_int_eq(probe(path), MBA_STATE_MAILBOX);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_atime, 1000);
	ck_assert_uint_eq(unit_descriptors_count(), descriptors);
}
END_TEST

START_TEST(descriptor_0_is_one_like_others)
{
	enum mba_reason reason;

	unit_write(unit_path("box"), FROM_LINE, FROM_LEN);
	ck_assert_int_eq(close(0), 0);
	/* which an earlier call has left */
	errno = EPERM;
	ck_assert_int_eq(probe_flags(unit_path("box"), MBA_PROBE_NOATIME_ONLY,
				     &reason), MAILBOX);
}
END_TEST

/* Somebody else's file can't be read without a trace. */
static const struct {
	/* when it was read, and changed */
	struct timespec times[2];
	enum mba_probe_flags flags;
	enum mba_state state;
} others_cases[] = {
	{ { { 1000, 0 }, { 2000, 0 } }, 0, UNKNOWN },
	{ { { 1000, 1 }, { 2000, 0 } }, 0, UNKNOWN },
	{ { { 1000, 0 }, { 1000, 1 } }, 0, UNKNOWN },
	/* there is no mark that could be erased */
	{ { { 1000, 0 }, { 1000, 0 } }, 0, MAILBOX },
	{ { { 1000, 1 }, { 1000, 0 } }, 0, MAILBOX },
	{ { { 2000, 0 }, { 1000, 0 } }, 0, MAILBOX },
	{ { { 2000, 0 }, { 1000, 1 } }, 0, MAILBOX },
	{ { { 2000, 0 }, { 1000, 0 } }, MBA_PROBE_NOATIME_ONLY, UNKNOWN },
};
#define OTHERS_COUNT (sizeof(others_cases) / sizeof(others_cases[0]))

START_TEST(new_mail_of_somebody_else_is_not_read)
{
	const char *path = unit_path("box");
	enum mba_reason reason;

	if (geteuid() != 0)
		return;
	unit_write(path, FROM_LINE, FROM_LEN);
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert_int_eq(chmod(unit_path("."), 0755), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, others_cases[_i].times, 0),
			 0);
	ck_assert_int_eq(seteuid(1), 0);
	ck_assert_int_eq(probe_flags(path, others_cases[_i].flags, &reason),
			 others_cases[_i].state);
	ck_assert_int_eq(reason, others_cases[_i].state == UNKNOWN ?
			 MBA_REASON_ATIME : MBA_REASON_NONE);
	/* whoever looks for leaks has to be the one it was */
	ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

static int fifo_fd;

static void put_nothing(const char *path)
{
	unlink(path);
}

static void put_fifo(const char *path)
{
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	fifo_fd = open(path, O_RDWR | O_NONBLOCK);
	ck_assert_int_eq(write(fifo_fd, "F", 1), 1);
}

/* Nobody will ever write to it. */
static void put_idle_fifo(const char *path)
{
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	/* a test that waits for that fails */
	(void)alarm(60);
}

static void put_dir(const char *path)
{
	unlink(path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void put_device(const char *path)
{
	unlink(path);
	ck_assert_int_eq(symlink("/dev/zero", path), 0);
}

static void put_empty(const char *path)
{
	ck_assert_int_eq(truncate(path, 0), 0);
}

static void put_less(const char *path)
{
	ck_assert_int_eq(truncate(path, 1), 0);
}

static void put_mbox(const char *path)
{
	unlink(path);
	unit_write(path, FROM_LINE, FROM_LEN);
}

/* What the path leads to is looked at before it is opened: another file may be
   there then. */
static const struct {
	void (*put)(const char *path);
	/* of a file, and of a symlink that led to one */
	enum mba_state state, symlink_state;
} races[] = {
	{ put_nothing, MBA_STATE_MISSING, MBA_STATE_MISSING },
	{ put_fifo, MAILBOX, MAILBOX },
	{ put_idle_fifo, MAILBOX, MAILBOX },
	{ put_dir, REFUSED, REFUSED },
	{ put_device, UNKNOWN, MAILBOX },
	{ put_empty, MAILBOX, MAILBOX },
	{ put_less, REFUSED, REFUSED },
	{ put_mbox, MAILBOX, MAILBOX },
};
#define RACES_COUNT (sizeof(races) / sizeof(races[0]))

static void check_race(const char *path, void (*put)(const char *path),
		       enum mba_state state)
{
	enum mba_reason reason;
	char first;

	fifo_fd = -1;
	after_look = put;
	ck_assert_int_eq(probe_flags(path, 0, &reason), state);
	ck_assert_ptr_null(after_look);
	(void)alarm(0);
	if (fifo_fd == -1)
		return;
	/* nobody has taken what was in it */
	ck_assert_int_eq(read(fifo_fd, &first, 1), 1);
	ck_assert_int_eq(close(fifo_fd), 0);
}

START_TEST(another_file_in_its_place)
{
	enum mba_state symlink_state = races[_i].symlink_state;

	/* only root may open it without changing its access time, and what was
	   there before is marked */
	if (races[_i].put == put_device && geteuid() != 0)
		symlink_state = UNKNOWN;
	unit_write(unit_path("file"), "x\n", 2);
	check_race(unit_path("file"), races[_i].put, races[_i].state);
	unit_write(unit_path("target"), "x\n", 2);
	ck_assert_int_eq(symlink("target", unit_path("link")), 0);
	check_race(unit_path("link"), races[_i].put, symlink_state);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("probe");
	int valid = unit_cases_find(MBOX_DIR "/valid", &valid_cases);
	int invalid = unit_cases_find(MBOX_DIR "/invalid", &invalid_cases);
	int ret;

	tcase_add_loop_test(tcase, a_valid_mbox_is_a_mailbox, 0, valid);
	tcase_add_loop_test(tcase, an_invalid_mbox_is_none, 0, invalid);
	tcase_add_test(tcase, a_long_from_line_needs_its_date_early);
	tcase_add_test(tcase, a_line_that_is_too_long_is_unknown);
	tcase_add_test(tcase, the_type_of_file_decides);
	tcase_add_test(tcase, symlinks_are_followed);
	tcase_add_loop_test(tcase,
			    a_compressed_mbox_is_told_by_extension_and_magic,
			    0, COMPRESSED_COUNT);
	tcase_add_test(tcase, the_name_of_the_mailbox_has_the_extension);
	tcase_add_test(tcase, half_a_magic_is_none);
	tcase_add_test(tcase, an_error_names_its_call);
	tcase_add_test(tcase, reading_leaves_no_trace);
	tcase_add_test(tcase, descriptor_0_is_one_like_others);
	tcase_add_loop_test(tcase, new_mail_of_somebody_else_is_not_read, 0,
			    OTHERS_COUNT);
	tcase_add_loop_test(tcase, another_file_in_its_place, 0, RACES_COUNT);
	ret = unit_run(tcase);
	unit_cases_free(valid_cases, valid);
	unit_cases_free(invalid_cases, invalid);
	return ret;
}
