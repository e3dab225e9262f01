/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What changes while clean works. */

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unit-clean.h"

/* What stands at the old name, once mailboxes were renamed. */
enum old_name {
	OLD_NAME_NOTHING,
	OLD_NAME_FILE,
	OLD_NAME_LOOP,
	OLD_NAME_LINK,
	OLD_NAME_LINK_BELOW,
	OLD_NAME_OTHER,

	OLD_NAME_COUNT
};
static int old_name;
/* there is no openat2() */
static bool is_old_kernel;

/* In front of libc's. */
long syscall(long number, ...)
{
	long (*libc_syscall)(long number, ...), arg[4];
	va_list args;

	va_start(args, number);
	for (unsigned int i = 0; i < 4; i++)
		arg[i] = va_arg(args, long);
	va_end(args);
	if (number == SYS_openat2 && is_old_kernel) {
		errno = ENOSYS;
		return -1;
	}
	*(void **)&libc_syscall = dlsym(RTLD_NEXT, "syscall");
	return libc_syscall(number, arg[0], arg[1], arg[2], arg[3]);
}

static void move_mailboxes(void)
{
	ck_assert_int_eq(rename(unit_path("mail/old"), unit_path("mail/new")),
			 0);
	ck_assert_int_eq(rename(unit_path("index/old"), unit_path("index/new")),
			 0);
	switch (old_name) {
	case OLD_NAME_FILE:
		unit_write(unit_path("index/old"), "", 0);
		break;
	case OLD_NAME_LOOP:
		ck_assert_int_eq(symlink("old", unit_path("index/old")), 0);
		break;
	case OLD_NAME_LINK:
		ck_assert_int_eq(symlink("new", unit_path("index/old")), 0);
		break;
	case OLD_NAME_LINK_BELOW:
		unit_mkdir(unit_path("index/old/.imap"));
		for (unsigned int i = 0; i < 2; i++) {
			ck_assert_int_eq(
				symlink(i == 0 ? "../../new/.imap/box0" :
					"../../new/.imap/box1",
					unit_path("index/old/.imap/box%u", i)),
				0);
		}
		break;
	case OLD_NAME_OTHER:
		for (unsigned int i = 0; i < 2; i++)
			unit_mkdir(unit_path("index/old/.imap/box%u", i));
		break;
	default:
		break;
	}
}

START_TEST(entries_that_were_moved_are_kept)
{
	old_name = _i % OLD_NAME_COUNT;
	is_old_kernel = _i >= OLD_NAME_COUNT;
	clean_setup();
	for (unsigned int i = 0; i < 2; i++) {
		unit_write(unit_path("mail/old/box%u", i), "", 0);
		unit_write(unit_path("index/old/.imap/box%u/dovecot.index.log",
				     i), log_header, sizeof(log_header));
	}
	clean.change = move_mailboxes;
	clean_run();
	ck_assert_uint_eq(clean.ns.clean.kept[MBA_KEPT_MAILBOX].entries, 1);
	ck_assert_uint_eq(clean.ns.clean.kept[MBA_KEPT_CHANGED].entries, 1);
	for (unsigned int i = 0; i < 2; i++) {
		ck_assert(exists(unit_path("index/new/.imap/box%u/"
					   "dovecot.index.log", i)));
	}
	ck_assert_int_eq(clean.ret, 0);
}
END_TEST

/* The mail side as it is remembered from the first entry says that the second
   one's mailbox is missing. */

static void make_directory(void)
{
	unit_write(unit_path("mail/late/box0"), "", 0);
	unit_write(unit_path("mail/late/box1"), "", 0);
}

static void replace_directory(void)
{
	ck_assert_int_eq(rename(unit_path("mail/dir"), unit_path("mail/away")),
			 0);
	unit_write(unit_path("mail/dir/box0"), "", 0);
	unit_write(unit_path("mail/dir/box1"), "", 0);
}

static const struct {
	const char *dir;
	void (*change)(void);
} fresh_cases[] = {
	{ "late", make_directory },
	{ "dir", replace_directory },
};

START_TEST(what_is_remembered_does_not_decide)
{
	clean_setup();
	unit_write(unit_path("mail/dir/other"), "", 0);
	for (unsigned int i = 0; i < 2; i++) {
		unit_write(unit_path("index/%s/.imap/box%u/dovecot.index.log",
				     fresh_cases[_i].dir, i),
			   log_header, sizeof(log_header));
	}
	clean.change = fresh_cases[_i].change;
	clean_run();
	ck_assert_uint_eq(clean.ns.clean.removed.entries, 1);
	ck_assert_uint_eq(clean.ns.clean.kept[MBA_KEPT_MAILBOX].entries, 1);
	ck_assert_int_eq(clean.ret, 0);
}
END_TEST

static void remove_imap(void)
{
	ck_assert_int_eq(rmdir(unit_path("index/.imap")), 0);
}

START_TEST(what_others_remove_is_not_counted)
{
	clean_setup();
	make_entry("junk");
	clean.change = remove_imap;
	ck_assert_str_eq(clean_run(), ".imap/junk:removed|");
	ck_assert_uint_eq(clean.ns.clean.removed_dirs.inodes, 0);
	ck_assert_int_eq(clean.ret, 0);
}
END_TEST

static void replace_mail_root(void)
{
	ck_assert_int_eq(rename(unit_path("mail"), unit_path("elsewhere")), 0);
	unit_write(unit_path("mail/other"), "", 0);
}

START_TEST(a_mail_root_that_is_replaced_is_reported_once)
{
	clean_setup();
	for (unsigned int i = 0; i < 5; i++) {
		unit_write(unit_path("index/.imap/gone%u/dovecot.index.log", i),
			   log_header, sizeof(log_header));
	}
	clean.change = replace_mail_root;
	clean_run();
	ck_assert_uint_eq(clean.ns.clean.removed.entries, 1);
	ck_assert_uint_eq(clean.ns.clean.kept[MBA_KEPT_UNKNOWN].entries, 4);
	ck_assert_int_eq(clean.ret, -1);
	ck_assert_uint_eq(clean.errors_total, 1);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("clean-changes");

	tcase_add_loop_test(tcase, entries_that_were_moved_are_kept, 0,
			    2 * OLD_NAME_COUNT);
	tcase_add_loop_test(tcase, what_is_remembered_does_not_decide, 0,
			    sizeof(fresh_cases) / sizeof(fresh_cases[0]));
	tcase_add_test(tcase, what_others_remove_is_not_counted);
	tcase_add_test(tcase, a_mail_root_that_is_replaced_is_reported_once);
	return unit_run(tcase);
}
