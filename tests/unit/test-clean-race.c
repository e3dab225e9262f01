/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What happens between the walk's look at an entry and its removal, and what
   the calls say that ask whether somebody uses it: these are made here. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "alloc.h"
#include "unit-clean.h"

#ifndef SYS_fcntl64
#  define SYS_fcntl64 SYS_fcntl
#endif

#define JUNK "index/.imap/junk"
#define JUNK_LOG JUNK "/dovecot.index.log"

/* Called once, before a lease is asked for, and before the last look at what
   it is of. */
static void (*before_lease)(void), (*before_last)(void);
/* looks at it since a lease was asked for */
static unsigned int fstats;
/* What the calls fail with, 0 if they don't. */
static int lease_errno, lock_errno, root_lock_errno, fstat_errno;
static int getlease_errno;
static unsigned int leases;
/* What is looked at next was changed then. */
static bool clock_stopped;
static struct timespec stopped_clock;

static int fails_with(int error)
{
	errno = error;
	return error == 0 ? 0 : -1;
}

int fcntl(int fd, int cmd, ...)
{
	void (*before)(void) = before_lease;
	va_list args;
	void *arg;

	va_start(args, cmd);
	arg = va_arg(args, void *);
	va_end(args);
	if (cmd == F_SETLEASE) {
		leases++;
		fstats = 0;
		/* SIGIO would end the process */
		ck_assert_int_eq(syscall(SYS_fcntl64, fd, F_GETSIG), SIGURG);
		before_lease = NULL;
		if (before != NULL)
			before();
		if (fails_with(lease_errno) < 0)
			return -1;
	}
	if (cmd == F_GETLEASE && fails_with(getlease_errno) < 0)
		return -1;
	if (cmd == F_OFD_SETLK && fails_with(lock_errno) < 0)
		return -1;
	return syscall(SYS_fcntl64, fd, cmd, arg);
}

int flock(int fd, int operation)
{
	/* the index root's is exclusive */
	if (fails_with((operation & LOCK_EX) != 0 ? root_lock_errno :
		       lock_errno) < 0)
		return -1;
	return syscall(SYS_flock, fd, operation);
}

int fstat(int fd, struct stat *st)
{
	void (*before)(void) = before_last;
	int ret = fstatat(fd, "", st, AT_EMPTY_PATH);

	if (leases > 0 && S_ISREG(st->st_mode) && ++fstats == 2 &&
	    before != NULL) {
		before_last = NULL;
		before();
		ret = fstatat(fd, "", st, AT_EMPTY_PATH);
	}
	if (fails_with(fstat_errno) < 0)
		ret = -1;
	fstat_errno = 0;
	if (clock_stopped)
		st->st_ctim = stopped_clock;
	clock_stopped = false;
	return ret;
}

static void race_setup(void)
{
	clean_setup();
	make_entry("junk");
	before_lease = before_last = NULL;
	lease_errno = lock_errno = root_lock_errno = fstat_errno = 0;
	getlease_errno = 0;
	leases = 0;
	clock_stopped = false;
}

/* Returns why the entry is kept, as it was told. */
static const char *race_run(void)
{
	const char *told = strchr(clean_run(), ':');

	ck_assert_ptr_nonnull(told);
	return told + 1;
}

/* --- what the calls say */

static const struct {
	int lease_errno;
	enum mba_lock_method method;
	int lock_errno;
	const char *told;
	/* what fails, NULL if nothing does */
	const char *op;
} busy_cases[] = {
	{ EAGAIN, MBA_LOCK_METHOD_FCNTL, 0, "open|", NULL },
	{ EIO, MBA_LOCK_METHOD_FCNTL, 0, "error|", "fcntl(F_SETLEASE)" },
	{ ENOMEM, MBA_LOCK_METHOD_FLOCK, 0, "error|", "fcntl(F_SETLEASE)" },
	/* there are no leases */
	{ EINVAL, MBA_LOCK_METHOD_FCNTL, 0, "removed|", NULL },
	{ EACCES, MBA_LOCK_METHOD_FCNTL, 0, "removed|", NULL },
	{ ENOSYS, MBA_LOCK_METHOD_FLOCK, 0, "removed|", NULL },
	{ EOPNOTSUPP, MBA_LOCK_METHOD_FLOCK, 0, "removed|", NULL },
	{ EINVAL, MBA_LOCK_METHOD_FCNTL, EAGAIN, "locked|", NULL },
	{ EINVAL, MBA_LOCK_METHOD_FCNTL, EACCES, "locked|", NULL },
	{ EINVAL, MBA_LOCK_METHOD_FLOCK, EWOULDBLOCK, "locked|", NULL },
	{ EINVAL, MBA_LOCK_METHOD_FCNTL, ENOLCK, "error|",
	  "fcntl(F_OFD_SETLK)" },
	{ EINVAL, MBA_LOCK_METHOD_FLOCK, ENOLCK, "error|", "flock" },
};

START_TEST(what_calls_say_decides)
{
	int error = busy_cases[_i].lock_errno != 0 ?
		busy_cases[_i].lock_errno : busy_cases[_i].lease_errno;
	char *expected;

	race_setup();
	clean.set.lock_method = busy_cases[_i].method;
	lease_errno = busy_cases[_i].lease_errno;
	lock_errno = busy_cases[_i].lock_errno;
	ck_assert_str_eq(race_run(), busy_cases[_i].told);
	ck_assert_int_eq(exists(unit_path(JUNK_LOG)),
			 strcmp(busy_cases[_i].told, "removed|") != 0);
	if (busy_cases[_i].op == NULL) {
		ck_assert_int_eq(clean.ret, 0);
		return;
	}
	expected = mem_printf("%s(%s): %s", busy_cases[_i].op,
			      unit_path(JUNK_LOG), strerror(error));
	ck_assert_str_eq(clean.error, expected);
	free(expected);
	ck_assert_int_eq(clean.ret, -1);
}
END_TEST

START_TEST(an_index_root_that_cannot_be_locked_is_refused)
{
	char *expected;

	race_setup();
	root_lock_errno = ENOLCK;
	ck_assert_str_eq(race_run(), "refused|");
	ck_assert_str_eq(clean.ns.clean.refused,
			 "The index root can't be used");
	expected = mem_printf("flock(%s): %s", unit_path("index"),
			      strerror(ENOLCK));
	ck_assert_str_eq(clean.error, expected);
	free(expected);
	ck_assert_int_eq(clean.ret, -1);
}
END_TEST

/* Where there are no leases a writer's lock counts, a reader's doesn't. */
static const struct {
	enum mba_lock_method method;
	bool writes;
} lock_cases[] = {
	{ MBA_LOCK_METHOD_FCNTL, true },
	{ MBA_LOCK_METHOD_FCNTL, false },
	{ MBA_LOCK_METHOD_FLOCK, true },
	{ MBA_LOCK_METHOD_FLOCK, false },
};

START_TEST(a_lock_counts_where_no_lease_does)
{
	struct flock lock = { .l_whence = SEEK_SET };
	bool writes = lock_cases[_i].writes;
	int fd;

	race_setup();
	clean.set.lock_method = lock_cases[_i].method;
	fd = open(unit_path(JUNK_LOG), O_RDWR);
	ck_assert_int_ne(fd, -1);
	lock.l_type = writes ? F_WRLCK : F_RDLCK;
	ck_assert_int_eq(lock_cases[_i].method == MBA_LOCK_METHOD_FLOCK ?
			 flock(fd, writes ? LOCK_EX : LOCK_SH) :
			 fcntl(fd, F_OFD_SETLK, &lock), 0);
	lease_errno = EINVAL;
	ck_assert_str_eq(race_run(), writes ? "locked|" : "removed|");
	ck_assert_int_eq(clean.ret, 0);
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

/* --- what changes before the lease */

static void write_log(void)
{
	unit_write(unit_path(JUNK_LOG), log_header, sizeof(log_header));
}

static void replace_log(void)
{
	unit_write(unit_path("new"), log_header, sizeof(log_header));
	ck_assert_int_eq(rename(unit_path("new"), unit_path(JUNK_LOG)), 0);
}

static void remove_log(void)
{
	ck_assert_int_eq(unlink(unit_path(JUNK_LOG)), 0);
}

static void write_cache(void)
{
	unit_write(unit_path(JUNK "/dovecot.index.cache"), "new", 3);
}

/* It would be the last one to go. */
static void remove_index(void)
{
	ck_assert_int_eq(unlink(unit_path(JUNK "/dovecot.index")), 0);
}

static const struct {
	void (*change)(void);
	/* the entry has more files */
	bool used;
} change_cases[] = {
	{ write_log, false },
	{ replace_log, false },
	{ remove_log, false },
	{ write_log, true },
	{ write_cache, true },
	{ remove_index, true },
};

static void change_setup(bool used)
{
	race_setup();
	if (!used)
		return;
	unit_write(unit_path(JUNK "/dovecot.index.cache"), "x", 1);
	make_index(strchr(JUNK, '/') + 1);
	clean.set.used = clean.set.force = true;
	clean.set.now += 31 * DAY;
}

START_TEST(what_changes_before_the_lease_is_kept)
{
	change_setup(change_cases[_i].used);
	before_lease = change_cases[_i].change;
	ck_assert_str_eq(race_run(), "changed|");
	ck_assert_uint_eq(clean.ns.clean.removed.inodes, 0);
	ck_assert_int_eq(clean.ret, 0);
}
END_TEST

/* The clock that files are stamped with may stand still meanwhile. */

static void append_to_log(void)
{
	int fd = open(unit_path(JUNK_LOG), O_WRONLY | O_APPEND);

	ck_assert_int_eq(write(fd, "x", 1), 1);
	ck_assert_int_eq(close(fd), 0);
}

static void link_log(void)
{
	ck_assert_int_eq(link(unit_path(JUNK_LOG), unit_path("link")), 0);
}

static const struct {
	void (*change)(void);
	/* before the log is opened, not only before the lease */
	bool before_open;
} unnoticed_changes[] = {
	{ append_to_log, false },
	{ link_log, false },
	{ replace_log, false },
	{ replace_log, true },
};
static void (*unnoticed_change)(void);

static void change_log(void)
{
	struct stat st;

	ck_assert_int_eq(stat(unit_path(JUNK_LOG), &st), 0);
	unnoticed_change();
	stopped_clock = st.st_ctim;
	clock_stopped = true;
}

START_TEST(what_changes_at_the_same_time_is_kept)
{
	change_setup(true);
	unnoticed_change = unnoticed_changes[_i].change;
	if (unnoticed_changes[_i].before_open)
		clean.before = change_log;
	else
		before_lease = change_log;
	ck_assert_str_eq(race_run(), "changed|");
	ck_assert(!clock_stopped);
	ck_assert_uint_eq(clean.ns.clean.removed.inodes, 0);
}
END_TEST

static void fail_fstat(void)
{
	fstat_errno = EIO;
}

START_TEST(what_cannot_be_looked_at_is_kept)
{
	char *expected;

	race_setup();
	before_lease = fail_fstat;
	ck_assert_str_eq(race_run(), "error|");
	ck_assert_uint_eq(clean.ns.clean.removed.inodes, 0);
	expected = mem_printf("fstat(%s): %s", unit_path(JUNK_LOG),
			      strerror(EIO));
	ck_assert_str_eq(clean.error, expected);
	free(expected);
	ck_assert_int_eq(clean.ret, -1);
}
END_TEST

/* --- what comes while the mail side is looked at, for as long as that takes */

static void open_log(void)
{
	int fd = open(unit_path(JUNK_LOG), O_RDONLY | O_NONBLOCK);

	/* who waits gets it once the lease was held too long */
	ck_assert(fd == -1 && errno == EWOULDBLOCK);
}

static void fail_getlease(void)
{
	getlease_errno = EIO;
}

static const struct {
	/* whether there are leases */
	int lease_errno;
	void (*change)(void);
	const char *told;
	/* what fails, NULL if nothing does */
	const char *op;
} last_cases[] = {
	{ 0, open_log, "open|", NULL },
	{ 0, link_log, "changed|", NULL },
	{ EINVAL, write_log, "changed|", NULL },
	{ EINVAL, append_to_log, "changed|", NULL },
	{ EINVAL, remove_log, "changed|", NULL },
	{ 0, fail_fstat, "error|", "fstat" },
	{ 0, fail_getlease, "error|", "fcntl(F_GETLEASE)" },
	{ EINVAL, fail_getlease, "removed|", NULL },
};

START_TEST(what_comes_during_the_look_at_the_mails_is_kept)
{
	bool is_removed = strcmp(last_cases[_i].told, "removed|") == 0;
	char *expected;

	race_setup();
	lease_errno = last_cases[_i].lease_errno;
	before_last = last_cases[_i].change;
	ck_assert_str_eq(race_run(), last_cases[_i].told);
	ck_assert_ptr_null(before_last);
	ck_assert_uint_eq(clean.ns.clean.removed.inodes, is_removed ? 2 : 0);
	if (last_cases[_i].op == NULL) {
		ck_assert_int_eq(clean.ret, 0);
		return;
	}
	expected = mem_printf("%s(%s): %s", last_cases[_i].op,
			      unit_path(JUNK_LOG), strerror(EIO));
	ck_assert_str_eq(clean.error, expected);
	free(expected);
	ck_assert_int_eq(clean.ret, -1);
}
END_TEST

static void add_file(void)
{
	unit_write(unit_path(JUNK "/mine"), "x", 1);
}

START_TEST(a_directory_that_was_filled_is_kept)
{
	race_setup();
	before_lease = add_file;
	ck_assert_str_eq(race_run(), "changed|");
	ck_assert(exists(unit_path(JUNK "/mine")));
	ck_assert_uint_eq(clean.ns.clean.removed.inodes, 1);
	ck_assert_uint_eq(clean.ns.clean.removed.entries, 0);
	ck_assert_int_eq(clean.ret, 0);
}
END_TEST

static void replace_dir(void)
{
	ck_assert_int_eq(rename(unit_path(JUNK), unit_path("away")), 0);
	unit_mkdir(unit_path(JUNK));
}

static void replace_dir_by_link(void)
{
	ck_assert_int_eq(rename(unit_path(JUNK), unit_path("away")), 0);
	ck_assert_int_eq(symlink(unit_path("away"), unit_path(JUNK)), 0);
}

static void (*const replacements[])(void) = {
	replace_dir, replace_dir_by_link
};

START_TEST(a_directory_that_was_replaced_is_kept)
{
	race_setup();
	before_last = replacements[_i];
	ck_assert_str_eq(race_run(), "changed|");
	ck_assert_ptr_null(before_last);
	ck_assert(exists(unit_path(JUNK)));
	ck_assert(exists(unit_path("away")));
	ck_assert_uint_eq(clean.ns.clean.removed.inodes, 1);
	ck_assert_int_eq(clean.ret, 0);
}
END_TEST

static void close_above(void)
{
	ck_assert_int_eq(chmod(unit_path(JUNK "/.."), 0600), 0);
}

START_TEST(a_directory_that_cannot_be_found_again_is_told)
{
	char *expected;

	race_setup();
	unit_become_nobody();
	before_last = close_above;
	ck_assert_str_eq(race_run(), "error|");
	ck_assert_int_eq(chmod(unit_path("index/.imap"), 0700), 0);
	expected = mem_printf("stat(%s): Permission denied", unit_path(JUNK));
	ck_assert_str_eq(clean.error, expected);
	free(expected);
	ck_assert_uint_eq(clean.ns.clean.removed.inodes, 1);
}
END_TEST

/* --- what changes before the log is opened */

static void put_link(void)
{
	unit_write(unit_path("elsewhere"), log_header, sizeof(log_header));
	remove_log();
	ck_assert_int_eq(symlink(unit_path("elsewhere"), unit_path(JUNK_LOG)),
			 0);
}

static void put_loop(void)
{
	remove_log();
	ck_assert_int_eq(symlink("dovecot.index.log", unit_path(JUNK_LOG)), 0);
}

static void (*const open_cases[])(void) = { put_link, put_loop, remove_log };

/* What a link leads to isn't even opened. */
START_TEST(what_changes_before_the_log_is_opened_is_kept)
{
	race_setup();
	clean.before = open_cases[_i];
	ck_assert_str_eq(race_run(), "changed|");
	ck_assert_uint_eq(leases, 0);
	ck_assert_int_eq(clean.ret, 0);
}
END_TEST

/* --- mails that come between the two looks of --used */

static void bring_mails(void)
{
	ck_assert_int_eq(rename(unit_path("away"), unit_path("mail")), 0);
}

/* Nothing was seen of whose mails these are. */
START_TEST(mails_that_come_late_are_doubtful)
{
	change_setup(true);
	clean.set.force = false;
	ck_assert_int_eq(rename(unit_path("mail"), unit_path("away")), 0);
	before_lease = bring_mails;
	ck_assert_str_eq(race_run(), "refused|");
	ck_assert_ptr_null(before_lease);
	ck_assert_uint_eq(clean.ns.clean.removed.inodes, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("clean-race");

	tcase_add_loop_test(tcase, what_calls_say_decides, 0,
			    sizeof(busy_cases) / sizeof(busy_cases[0]));
	tcase_add_test(tcase, an_index_root_that_cannot_be_locked_is_refused);
	tcase_add_loop_test(tcase, a_lock_counts_where_no_lease_does, 0,
			    sizeof(lock_cases) / sizeof(lock_cases[0]));
	tcase_add_loop_test(tcase, what_changes_before_the_lease_is_kept, 0,
			    sizeof(change_cases) / sizeof(change_cases[0]));
	tcase_add_loop_test(tcase, what_changes_at_the_same_time_is_kept, 0,
			    sizeof(unnoticed_changes) /
			    sizeof(unnoticed_changes[0]));
	tcase_add_test(tcase, what_cannot_be_looked_at_is_kept);
	tcase_add_loop_test(tcase,
			    what_comes_during_the_look_at_the_mails_is_kept, 0,
			    sizeof(last_cases) / sizeof(last_cases[0]));
	tcase_add_test(tcase, a_directory_that_was_filled_is_kept);
	tcase_add_loop_test(tcase, a_directory_that_was_replaced_is_kept, 0,
			    sizeof(replacements) / sizeof(replacements[0]));
	tcase_add_test(tcase, a_directory_that_cannot_be_found_again_is_told);
	tcase_add_loop_test(tcase,
			    what_changes_before_the_log_is_opened_is_kept, 0,
			    sizeof(open_cases) / sizeof(open_cases[0]));
	tcase_add_test(tcase, mails_that_come_late_are_doubtful);
	return unit_run(tcase);
}
