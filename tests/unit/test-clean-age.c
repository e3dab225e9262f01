/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* How old what is removed has to be. Times are moved by the settings' now,
   since a ctime can't be set. */

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "unit-clean.h"

START_TEST(young_entries_are_kept)
{
	const struct timespec future[2] = {
		{ .tv_sec = mba_file_time() + DAY },
		{ .tv_sec = mba_file_time() + DAY }
	};

	clean_setup();
	make_entry("junk");
	clean.set.now = mba_file_time();
	ck_assert_str_eq(clean_run(), ".imap/junk:recent|");
	/* a clock that was lost: no lock is younger than that */
	clean.set.now = 0;
	ck_assert_str_eq(clean_run(), ".imap/junk:recent|");
	/* a lock of a moment ago */
	clean.set.now = mba_file_time();
	unit_write(unit_path("index/.imap/junk/dovecot.index.log.lock"), "", 0);
	ck_assert_str_eq(clean_run(), ".imap/junk:locked|");
	ck_assert_int_eq(unlink(unit_path("index/.imap/junk/"
					  "dovecot.index.log.lock")), 0);
	clean.set.now = mba_file_time() + 2 * HOUR;
	ck_assert_int_eq(utimensat(AT_FDCWD, unit_path("index/.imap/junk"),
				   future, 0), 0);
	ck_assert_str_eq(clean_run(), ".imap/junk:recent|");
}
END_TEST

/* Of which inode of the entry an age is taken, and which of its times. */
static const struct {
	const char *name;
	/* mtime in seconds from clean's now */
	int mtime;
	const char *expected;
} age_cases[] = {
	{ "", 0, "recent" },
	{ "", DAY, "recent" },
	{ "/dovecot.index.log", 0, "recent" },
	{ "/dovecot.index.log", DAY, "recent" },
	{ "/dovecot.index.log", -DAY, "removed" },
};

START_TEST(each_time_of_an_entry_counts)
{
	struct timespec times[2] = { { 0, 0 }, { 0, 0 } };
	char *expected;

	clean_setup();
	make_entry("junk");
	times[0].tv_sec = times[1].tv_sec = clean.set.now + age_cases[_i].mtime;
	ck_assert_int_eq(utimensat(AT_FDCWD,
				   unit_path("index/.imap/junk%s",
					     age_cases[_i].name), times, 0), 0);
	expected = mem_printf(".imap/junk:%s|", age_cases[_i].expected);
	ck_assert_str_eq(clean_run(), expected);
	free(expected);
}
END_TEST

/* Lock files, by their age in seconds: what a process left that died doesn't
   say that somebody is there. The youngest counts, whichever is read first. */
static const struct {
	int log_age, cache_age;
	const char *expected;
} lock_cases[] = {
	{ 9 * 60, 9 * 60, "locked" },
	{ 11 * 60, 11 * 60, "files" },
	{ 11 * 60, 9 * 60, "locked" },
	{ 9 * 60, 11 * 60, "locked" },
};

static void make_lock(const char *name, int age)
{
	struct timespec times[2] = { { 0, 0 }, { 0, 0 } };

	times[0].tv_sec = times[1].tv_sec = clean.set.now - age;
	unit_write(unit_path("index/.imap/junk/%s", name), "", 0);
	ck_assert_int_eq(utimensat(AT_FDCWD,
				   unit_path("index/.imap/junk/%s", name),
				   times, 0), 0);
}

START_TEST(locks_that_were_left_are_no_locks)
{
	char *expected;

	clean_setup();
	make_entry("junk");
	make_lock("dovecot.index.log.lock", lock_cases[_i].log_age);
	make_lock("dovecot.index.cache.lock", lock_cases[_i].cache_age);
	expected = mem_printf(".imap/junk:%s|", lock_cases[_i].expected);
	ck_assert_str_eq(clean_run(), expected);
	free(expected);
}
END_TEST

/* Wait until files get another time than those made before. */
static void wait_a_second(void)
{
	const time_t begin = mba_file_time();

	while (mba_file_time() <= begin + 1)
		(void)usleep(50000);
}

/* A ctime can't be set: one second decides. */
START_TEST(each_ctime_of_an_entry_counts)
{
	const struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	struct stat st;

	clean_setup();
	make_entry("junk");
	ck_assert_int_eq(utimensat(AT_FDCWD, unit_path("index/.imap/junk"), old,
				   0), 0);
	ck_assert_int_eq(stat(unit_path("index/.imap/junk"), &st), 0);
	clean.set.now = st.st_ctime + clean.set.min_age;
	wait_a_second();
	ck_assert_int_eq(utimensat(AT_FDCWD,
				   unit_path("index/.imap/junk/"
					     "dovecot.index.log"), old, 0), 0);
	/* the directory is old enough, the log isn't */
	ck_assert_str_eq(clean_run(), ".imap/junk:recent|");
	ck_assert_int_eq(chmod(unit_path("index/.imap/junk"), 0755), 0);
	ck_assert_int_eq(stat(unit_path("index/.imap/junk/dovecot.index.log"),
			      &st), 0);
	clean.set.now = st.st_ctime + clean.set.min_age - 1;
	ck_assert_str_eq(clean_run(), ".imap/junk:recent|");
	clean.set.now = mba_file_time() + clean.set.min_age;
	ck_assert_str_eq(clean_run(), ".imap/junk:removed|");
}
END_TEST

/* At the turn of a second time() may be behind a file's times. */
START_TEST(no_file_is_from_the_future)
{
	const int64_t begin = mba_file_time();
	struct stat st;

	while (mba_file_time() < begin + 3) {
		(void)usleep(500);
		unit_write(unit_path("file"), "", 0);
		ck_assert_int_eq(stat(unit_path("file"), &st), 0);
		ck_assert_int_le(st.st_ctime, mba_file_time());
		ck_assert_int_eq(unlink(unit_path("file")), 0);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("clean-age");

	tcase_add_test(tcase, young_entries_are_kept);
	tcase_add_loop_test(tcase, each_time_of_an_entry_counts, 0,
			    sizeof(age_cases) / sizeof(age_cases[0]));
	tcase_add_loop_test(tcase, locks_that_were_left_are_no_locks, 0,
			    sizeof(lock_cases) / sizeof(lock_cases[0]));
	tcase_add_test(tcase, each_ctime_of_an_entry_counts);
	tcase_add_test(tcase, no_file_is_from_the_future);
	return unit_run(tcase);
}
