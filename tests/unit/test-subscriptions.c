/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The subscription file, in both of its formats. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "location.h"
#include "subscriptions.h"
#include "unit.h"

#define NAMES(...) (const char *const []){ __VA_ARGS__, NULL }

static const struct {
	const char *driver;
	const char *data;
	size_t size;
	const char *const *names;
} cases[] = {
#define DATA(data) data, sizeof(data) - 1
	{ "mbox", DATA(""), NAMES(NULL) },
	{ "mbox", DATA("a\nb/c\n"), NAMES("a", "b/c") },
	{ "mbox", DATA("last"), NAMES("last") },
	{ "mbox", DATA("\n\na\n"), NAMES("a") },
	{ "mbox", DATA("a b\n&AOQ-\n\xe4\n"), NAMES("a b", "&AOQ-", "\xe4") },
	{ "mbox", DATA("a\0b\nc\n"), NAMES("a", "c") },
	/* version 2 */
	{ "mbox", DATA("V\t2\n\na\nb\tc\n"), NAMES("a", "b/c") },
	{ "maildir", DATA("V\t2\n\na\nb\tc\n"), NAMES("a", "b.c") },
	{ "mbox", DATA("V\t2\n\n\0011\001t\001r\001n\001\n"),
	  NAMES("\001\t\r\n\001") },
	{ "mbox", DATA("V\t2\n\na\001x\n"), NAMES("ax") },
	{ "mbox", DATA("V\t2\n"), NAMES(NULL) },
	{ "mbox", DATA("V\t3\na\n"), NAMES("V\t3", "a") },
	/* nothing leads out of the mail root */
	{ "mbox", DATA("..\n.\n../a\na/..\na/../b\n/etc\na//b\na/\n~b\na/./b\n"
		       "V\t2\n...\n.a\n..a\na~\n"),
	  NAMES("V\t2", "...", ".a", "..a", "a~") },
	{ "mbox", DATA("V\t2\n\n..\n..\ta\n\ta\na\t\nb\t..\tc\nok\n"),
	  NAMES("ok") },
};
#define CASES_COUNT (int)(sizeof(cases) / sizeof(cases[0]))

static void expect_name(const char *name, void *context)
{
	const char *const **names = context;

	ck_assert_ptr_nonnull(**names);
	ck_assert_str_eq(name, **names);
	(*names)++;
}

struct failure {
	char *op, *path, *error;
};

static void failure_set(const char *op, const char *path, const char *error,
			void *context)
{
	struct failure *failure = context;

	ck_assert_ptr_null(failure->op);
	failure->op = mem_strdup(op);
	failure->path = mem_strdup(path);
	failure->error = mem_strdup(error);
}

static struct location *location_new(const char *driver)
{
	const struct mba_location set = {
		.prefix = "", .type = "private", .driver = driver,
		.mail_root = "/mail", .control_root = unit_path("control"),
		.subscriptions = "subs",
	};

	return location_init(&set);
}

START_TEST(names_are_read)
{
	struct location *location = location_new(cases[_i].driver);
	const char *const *names = cases[_i].names;
	struct failure failure = { .op = NULL };
	const struct error_sink errors = { failure_set, &failure };

	unit_write(unit_path("control/subs"), cases[_i].data, cases[_i].size);
	subscriptions_read(location, expect_name, &names, &errors);
	ck_assert_ptr_null(failure.op);
	ck_assert_ptr_null(*names);
	location_free(&location);
}
END_TEST

/* Expect no names, and this error of the file; 0 for none. */
static void check_error(const char *op, int expected_errno)
{
	static const char *const none[] = { NULL };
	struct location *location = location_new("mbox");
	const char *const *names = none;
	struct failure failure = { .op = NULL };
	const struct error_sink errors = { failure_set, &failure };

	subscriptions_read(location, expect_name, &names, &errors);
	location_free(&location);
	if (expected_errno == 0) {
		ck_assert_ptr_null(failure.op);
		return;
	}
	ck_assert_str_eq(failure.op, op);
	ck_assert_str_eq(failure.path, unit_path("control/subs"));
	ck_assert_str_eq(failure.error, strerror(expected_errno));
	free(failure.op);
	free(failure.path);
	free(failure.error);
}

START_TEST(no_file_is_no_error)
{
	check_error(NULL, 0);
	unit_write(unit_path("control"), "", 0);
	check_error(NULL, 0);
}
END_TEST

START_TEST(what_is_no_file_is_an_error)
{
	unit_mkdir(unit_path("control/subs"));
	check_error("open", EISDIR);
	ck_assert_int_eq(rmdir(unit_path("control/subs")), 0);
	ck_assert_int_eq(mkfifo(unit_path("control/subs"), 0600), 0);
	check_error("open", EINVAL);
	ck_assert_int_eq(unlink(unit_path("control/subs")), 0);
	ck_assert_int_eq(symlink("subs", unit_path("control/subs")), 0);
	check_error("open", ELOOP);
}
END_TEST

START_TEST(a_name_longer_than_a_path_is_none)
{
	static char data[3 * 4096];

	memset(data, 'x', sizeof(data));
	unit_write(unit_path("control/subs"), data, sizeof(data));
	check_error(NULL, 0);
}
END_TEST

START_TEST(a_file_that_is_too_large_is_an_error)
{
	const char *path;

	unit_write(unit_path("control/subs"), "a/\n", 3);
	path = unit_path("control/subs");
	ck_assert_int_eq(truncate(path, SUBSCRIPTIONS_MAX_SIZE), 0);
	check_error(NULL, 0);
	ck_assert_int_eq(truncate(path, SUBSCRIPTIONS_MAX_SIZE + 1), 0);
	check_error("read", EFBIG);
	/* it takes no disk space */
	ck_assert_int_eq(truncate(path, (off_t)1 << 40), 0);
	check_error("read", EFBIG);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("subscriptions");

	tcase_add_loop_test(tcase, names_are_read, 0, CASES_COUNT);
	tcase_add_test(tcase, no_file_is_no_error);
	tcase_add_test(tcase, what_is_no_file_is_an_error);
	tcase_add_test(tcase, a_name_longer_than_a_path_is_none);
	tcase_add_test(tcase, a_file_that_is_too_large_is_an_error);
	return unit_run(tcase);
}
