/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What clean may not do: it is told, and the rest goes on. */

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "alloc.h"
#include "unit-clean.h"

/* what flock() fails with; 0 if it doesn't */
static int flock_errno;

/* The library's, too. */
int flock(int fd, int operation)
{
	if (flock_errno == 0)
		return syscall(SYS_flock, fd, operation);
	errno = flock_errno;
	return -1;
}

/* what getdents64() fails with the next time; 0 if it doesn't */
static int getdents_errno;

/* The library's, too. */
ssize_t getdents64(int fd, void *buffer, size_t size)
{
	if (getdents_errno == 0)
		return syscall(SYS_getdents64, fd, buffer, size);
	errno = getdents_errno;
	getdents_errno = 0;
	return -1;
}

/* Directories that can't be changed, or not be read. */
static const struct {
	const char *dir;
	mode_t mode;
	/* how many inodes of the entry sub/.imap/gone go, why it is kept; the
	   call that fails, for what */
	unsigned int inodes;
	const char *why, *op, *path;
} dir_cases[] = {
	{ "index/sub/.imap/gone", 0500, 0, "error", "unlink",
	  "index/sub/.imap/gone/dovecot.index.cache" },
	{ "index/sub/.imap", 0500, 2, "error", "rmdir",
	  "index/sub/.imap/gone" },
	{ "index/sub/.imap/gone", 0300, 0, "unknown", "open",
	  "index/sub/.imap/gone" },
	{ "mail/sub", 0600, 0, "unknown", "lstat", "mail/sub/gone" },
};

START_TEST(what_fails_is_told)
{
	const struct mba_count *kept = &clean.ns.clean.kept[MBA_KEPT_ERROR];
	char *expected;

	clean_setup();
	clean.set.used = clean.set.force = true;
	clean.set.now += 31 * DAY;
	make_entry("junk");
	make_entry("../sub/.imap/gone");
	unit_write(unit_path("index/sub/.imap/gone/dovecot.index.cache"), "x",
		   1);
	unit_write(unit_path("mail/sub/box"), "", 0);
	unit_become_nobody();
	ck_assert_int_eq(chmod(unit_path("%s", dir_cases[_i].dir),
			       dir_cases[_i].mode), 0);
	clean_run();
	ck_assert_int_eq(chmod(unit_path("%s", dir_cases[_i].dir), 0700), 0);
	expected = mem_printf("sub/.imap/gone:%s|", dir_cases[_i].why);
	ck_assert(strstr(clean.told, expected) != NULL);
	free(expected);
	ck_assert(strstr(clean.told, ".imap/junk:removed|") != NULL);
	ck_assert_uint_eq(clean.ns.clean.removed.inodes,
			  2 + dir_cases[_i].inodes);
	if (strcmp(dir_cases[_i].why, "error") == 0) {
		/* the rest of it */
		ck_assert_uint_eq(kept->inodes, 3 - dir_cases[_i].inodes);
		ck_assert_uint_eq(kept->bytes + clean.ns.clean.removed.bytes,
				  clean.ns.states[MBA_STATE_MISSING].bytes +
				  clean.ns.states[MBA_STATE_NOT_MAILBOX].bytes);
	}
	ck_assert_int_eq(clean.ret, -1);
	ck_assert_uint_eq(clean.errors_total, 1);
	expected = mem_printf("%s(%s): Permission denied", dir_cases[_i].op,
			      unit_path("%s", dir_cases[_i].path));
	ck_assert_str_eq(clean.error, expected);
	free(expected);
}
END_TEST

/* That it can't be told isn't that it is gone. */
START_TEST(what_is_not_seen_is_doubtful)
{
	clean_setup();
	clean.set.used = true;
	clean.set.now += 31 * DAY;
	make_entry("box");
	make_index(".imap/box");
	make_entry("junk");
	make_index(".imap/junk");
	unit_mkdir(unit_path("index/sub/dir"));
	unit_write(unit_path("mail/sub/box"), "", 0);
	make_entry("../sub/.imap/box");
	make_index("sub/.imap/box");
	unit_become_nobody();
	/* two mailboxes, one that isn't */
	clean.set.dry_run = true;
	clean_run();
	ck_assert_ptr_null(clean.ns.clean.refused);
	/* one and one, and one that can't be told */
	ck_assert_int_eq(chmod(unit_path("mail/sub"), 0600), 0);
	clean_run();
	ck_assert_ptr_nonnull(clean.ns.clean.refused);
	ck_assert_uint_eq(clean.ns.clean.kept[MBA_KEPT_REFUSED].entries, 1);
	ck_assert_int_eq(chmod(unit_path("mail/sub"), 0700), 0);
	/* no more that isn't, but who knows */
	ck_assert_int_eq(chmod(unit_path("index/sub/dir"), 0300), 0);
	clean_run();
	ck_assert_int_eq(chmod(unit_path("index/sub/dir"), 0700), 0);
	ck_assert_ptr_nonnull(clean.ns.clean.refused);
	ck_assert_int_eq(clean.ret, -1);
}
END_TEST

/* What is gone when the removals begin. */
START_TEST(an_error_that_comes_once_is_told)
{
	char *expected;

	clean_setup();
	clean.set.used = true;
	make_entry("junk");
	getdents_errno = EIO;
	ck_assert_str_eq(clean_run(), ".imap/junk:refused|");
	ck_assert_uint_eq(clean.errors_total, 2);
	expected = mem_printf("readdir(%s): Input/output error",
			      unit_path("index"));
	ck_assert_str_eq(clean.error, expected);
	free(expected);
}
END_TEST

/* Also while it is found out whether these are the right mails. */
START_TEST(a_clean_that_is_stopped_looks_at_nothing_more)
{
	clean_setup();
	clean.set.used = clean.stop = true;
	make_index("sub/.imap/box");
	unit_mkdir(unit_path("mail/sub"));
	unit_become_nobody();
	ck_assert_int_eq(chmod(unit_path("mail/sub"), 0), 0);
	ck_assert_str_eq(clean_run(), "");
	ck_assert_int_eq(chmod(unit_path("mail/sub"), 0700), 0);
	ck_assert_uint_eq(clean.errors_total, 1);
}
END_TEST

START_TEST(an_index_root_that_cannot_be_read_is_refused)
{
	clean_setup();
	make_entry("junk");
	unit_become_nobody();
	ck_assert_int_eq(chmod(unit_path("index"), 0300), 0);
	clean_run();
	ck_assert_int_eq(chmod(unit_path("index"), 0700), 0);
	ck_assert_str_eq(clean.ns.clean.refused,
			 "The index root can't be used");
	ck_assert_int_eq(clean.ret, -1);
	ck_assert(exists(unit_path("index/.imap/junk/dovecot.index.log")));
}
END_TEST

/* As on a file server without locks. */
START_TEST(an_index_root_that_cannot_be_locked_is_refused)
{
	char *expected;

	clean_setup();
	make_entry("junk");
	flock_errno = ENOLCK;
	ck_assert_str_eq(clean_run(), ".imap/junk:refused|");
	ck_assert_str_eq(clean.ns.clean.refused,
			 "The index root can't be used");
	ck_assert_int_eq(clean.ret, -1);
	expected = mem_printf("flock(%s): No locks available",
			      unit_path("index"));
	ck_assert_str_eq(clean.error, expected);
	free(expected);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("clean-errors");

	tcase_add_loop_test(tcase, what_fails_is_told, 0,
			    sizeof(dir_cases) / sizeof(dir_cases[0]));
	tcase_add_test(tcase, what_is_not_seen_is_doubtful);
	tcase_add_test(tcase, an_error_that_comes_once_is_told);
	tcase_add_test(tcase, a_clean_that_is_stopped_looks_at_nothing_more);
	tcase_add_test(tcase, an_index_root_that_cannot_be_read_is_refused);
	tcase_add_test(tcase, an_index_root_that_cannot_be_locked_is_refused);
	return unit_run(tcase);
}
