/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "unit.h"

/* What the kernel says of reads: the first ones are interrupted; each gives so
   many bytes at the most; those that begin there or later fail, 0 for none. */
static struct {
	size_t max;
	unsigned int interrupted;
	off_t fails_at;
} reads;

/* The library's, too. */
ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
	if (reads.interrupted > 0) {
		reads.interrupted--;
		errno = EINTR;
		return -1;
	}
	if (reads.fails_at > 0 && offset >= reads.fails_at) {
		errno = EIO;
		return -1;
	}
	ck_assert_int_eq(lseek(fd, offset, SEEK_SET), offset);
	return read(fd, data, size < reads.max ? size : reads.max);
}

START_TEST(what_is_read_keeps_its_atime_where_that_is_permitted)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int fd;

	unit_become_nobody();
	/* which an earlier call has left */
	errno = EPERM;
	fd = openat_noatime(AT_FDCWD, unit_path("."), flags);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NOATIME, 0);
	ck_assert_int_eq(close(fd), 0);
	/* which belongs to somebody else */
	fd = openat_noatime(AT_FDCWD, "/", flags);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_NOATIME, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(openat_noatime(AT_FDCWD, unit_path("gone"), flags),
			 -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(no_symlink_is_followed)
{
	int fd, dir_fd;

	unit_write(unit_path("dir/file"), "", 0);
	ck_assert_int_eq(symlink("file", unit_path("dir/link")), 0);
	ck_assert_int_eq(symlink("dir", unit_path("link")), 0);
	dir_fd = open(unit_path("."), O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ne(dir_fd, -1);
	fd = openat_no_symlinks(dir_fd, "dir/file");
	ck_assert_int_ne(fd, -1);
	ck_assert_int_ne(fcntl(fd, F_GETFL) & O_PATH, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(openat_no_symlinks(dir_fd, "dir/link"), -1);
	ck_assert_int_eq(errno, ELOOP);
	ck_assert_int_eq(openat_no_symlinks(dir_fd, "link/file"), -1);
	ck_assert_int_eq(errno, ELOOP);
	ck_assert_int_eq(close(dir_fd), 0);
}
END_TEST

START_TEST(an_error_outlasts_a_close)
{
	unsigned int before = unit_descriptors_count();
	int fd = open("/", O_PATH | O_CLOEXEC);

	ck_assert_int_ne(fd, -1);
	errno = EIO;
	close_keep_errno(fd);
	ck_assert_uint_eq(unit_descriptors_count(), before);
	/* this one fails */
	errno = EIO;
	close_keep_errno(fd);
	ck_assert_int_eq(errno, EIO);
}
END_TEST

static const struct {
	size_t size, max;
	off_t offset, fails_at;
	unsigned int interrupted;
	/* what is read; NULL if that fails */
	const char *data;
} read_cases[] = {
	{ .size = 20, .max = 20, .data = "0123456789" },
	{ .size = 5, .max = 20, .data = "01234" },
	{ .size = 0, .max = 20, .data = "" },
	/* in parts */
	{ .size = 20, .max = 3, .offset = 2, .data = "23456789" },
	{ .size = 7, .max = 3, .offset = 2, .data = "2345678" },
	{ .size = 6, .max = 3, .offset = 2, .data = "234567" },
	{ .size = 20, .max = 20, .offset = 10, .data = "" },
	{ .size = 20, .max = 20, .interrupted = 2, .data = "0123456789" },
	{ .size = 20, .max = 3, .fails_at = 1 },
	/* nothing is read after the last byte that was wanted */
	{ .size = 6, .max = 3, .fails_at = 6, .data = "012345" },
};

START_TEST(all_is_read)
{
	const char *data = read_cases[_i].data;
	char buffer[32];
	ssize_t ret;
	int fd;

	unit_write(unit_path("file"), "0123456789", 10);
	fd = open(unit_path("file"), O_RDONLY | O_CLOEXEC);
	ck_assert_int_ne(fd, -1);
	memset(buffer, '.', sizeof(buffer));
	reads.max = read_cases[_i].max;
	reads.interrupted = read_cases[_i].interrupted;
	reads.fails_at = read_cases[_i].fails_at;
	ret = pread_all(fd, buffer, read_cases[_i].size,
			read_cases[_i].offset);
	if (data == NULL) {
		ck_assert_int_eq(ret, -1);
		ck_assert_int_eq(errno, EIO);
	} else {
		ck_assert_int_eq(ret, (int)strlen(data));
		ck_assert_mem_eq(buffer, data, strlen(data));
		ck_assert_int_eq(buffer[strlen(data)], '.');
	}
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("fd");

	tcase_add_test(tcase,
		       what_is_read_keeps_its_atime_where_that_is_permitted);
	tcase_add_test(tcase, no_symlink_is_followed);
	tcase_add_test(tcase, an_error_outlasts_a_close);
	tcase_add_loop_test(tcase, all_is_read, 0,
			    sizeof(read_cases) / sizeof(read_cases[0]));
	return unit_run(tcase);
}
