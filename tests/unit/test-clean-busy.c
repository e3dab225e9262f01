/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Whether somebody uses what is to be removed. */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "unit-clean.h"

/* The file that tells of a session, and others of the entry; what is told where
   somebody has a lease: a used index is read first, which that doesn't let. */
static const struct {
	const char *file, *others, *told;
} leased[] = {
	{ "dovecot.index.log", NULL, ".imap/junk:open|" },
	{ "dovecot.index.log", "dovecot.index", ".imap/junk:unknown|" },
	{ "dovecot.index", NULL, ".imap/junk:unknown|" },
	{ "dovecot.index", "dovecot.index.cache", ".imap/junk:unknown|" },
};

static int make_and_open(int idx)
{
	int fd;

	clean_setup();
	clean.set.used = clean.set.force = true;
	clean.set.now += 31 * DAY;
	if (strcmp(leased[idx].file, "dovecot.index") == 0)
		make_index(".imap/junk");
	else
		make_entry("junk");
	if (leased[idx].others != NULL &&
	    strcmp(leased[idx].others, "dovecot.index") == 0)
		make_index(".imap/junk");
	else if (leased[idx].others != NULL) {
		unit_write(unit_path("index/.imap/junk/%s",
				     leased[idx].others), "x", 1);
	}
	fd = open(unit_path("index/.imap/junk/%s", leased[idx].file), O_RDONLY);
	ck_assert_int_ne(fd, -1);
	return fd;
}

START_TEST(what_is_open_is_kept)
{
	int fd = make_and_open(_i);

	ck_assert_str_eq(clean_run(), ".imap/junk:open|");
	ck_assert_int_eq(close(fd), 0);
	ck_assert_str_eq(clean_run(), ".imap/junk:removed|");
	ck_assert_int_eq(clean.ret, 0);
}
END_TEST

/* Somebody else has the lease: another clean, a file server. */
START_TEST(what_has_a_lease_is_kept)
{
	int fd = make_and_open(_i);

	ck_assert_int_eq(fcntl(fd, F_SETSIG, SIGURG), 0);
	if (fcntl(fd, F_SETLEASE, F_WRLCK) < 0) {
		/* not on this file system */
		return;
	}
	ck_assert_str_eq(clean_run(), leased[_i].told);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_str_eq(clean_run(), ".imap/junk:removed|");
	ck_assert_int_eq(clean.ret, 0);
}
END_TEST

START_TEST(an_index_root_that_is_being_cleaned_is_refused)
{
	int fd;

	clean_setup();
	make_entry("junk");
	fd = open(unit_path("index"), O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
	ck_assert_str_eq(clean_run(), ".imap/junk:refused|");
	ck_assert_str_eq(clean.ns.clean.refused,
			 "Another clean works on the index root");
	ck_assert_int_eq(clean.ret, 0);
	/* that --used has no doubt doesn't outweigh it */
	clean.set.used = true;
	ck_assert_str_eq(clean_run(), ".imap/junk:refused|");
	ck_assert_int_eq(close(fd), 0);
	ck_assert_str_eq(clean_run(), ".imap/junk:removed|");
	/* nor does it keep the lock */
	fd = open(unit_path("index"), O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("clean-busy");

	tcase_add_loop_test(tcase, what_is_open_is_kept, 0,
			    sizeof(leased) / sizeof(leased[0]));
	tcase_add_loop_test(tcase, what_has_a_lease_is_kept, 0,
			    sizeof(leased) / sizeof(leased[0]));
	tcase_add_test(tcase, an_index_root_that_is_being_cleaned_is_refused);
	return unit_run(tcase);
}
