/* The subscription file, in both of its formats. */

#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
	const char *const *names = cases[_i].names, *op;
	char *path;

	unit_write(unit_path("control/subs"), cases[_i].data, cases[_i].size);
	ck_assert_int_eq(subscriptions_read(location, expect_name, &names, &op,
					    &path), 0);
	ck_assert_ptr_null(*names);
	free(path);
	location_free(&location);
}
END_TEST

static int read_status(void)
{
	static const char *const none[] = { NULL };
	struct location *location = location_new("mbox");
	const char *const *names = none, *op;
	int ret, read_errno;
	char *path;

	ret = subscriptions_read(location, expect_name, &names, &op, &path);
	read_errno = errno;
	ck_assert_str_eq(path, unit_path("control/subs"));
	if (ret < 0)
		ck_assert_str_eq(op, "open");
	free(path);
	location_free(&location);
	errno = read_errno;
	return ret;
}

START_TEST(no_file_is_no_error)
{
	ck_assert_int_eq(read_status(), 0);
	unit_write(unit_path("control"), "", 0);
	ck_assert_int_eq(read_status(), 0);
}
END_TEST

START_TEST(what_is_no_file_is_an_error)
{
	unit_mkdir(unit_path("control/subs"));
	ck_assert_int_eq(read_status(), -1);
	ck_assert_int_eq(rmdir(unit_path("control/subs")), 0);
	ck_assert_int_eq(mkfifo(unit_path("control/subs"), 0600), 0);
	ck_assert_int_eq(read_status(), -1);
	ck_assert_int_eq(unlink(unit_path("control/subs")), 0);
	ck_assert_int_eq(symlink("subs", unit_path("control/subs")), 0);
	ck_assert_int_eq(read_status(), -1);
	ck_assert_int_eq(errno, ELOOP);
}
END_TEST

START_TEST(a_name_longer_than_a_path_is_none)
{
	static char data[3 * 4096];

	memset(data, 'x', sizeof(data));
	unit_write(unit_path("control/subs"), data, sizeof(data));
	ck_assert_int_eq(read_status(), 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("subscriptions");

	tcase_add_loop_test(tcase, names_are_read, 0, CASES_COUNT);
	tcase_add_test(tcase, no_file_is_no_error);
	tcase_add_test(tcase, what_is_no_file_is_an_error);
	tcase_add_test(tcase, a_name_longer_than_a_path_is_none);
	return unit_run(tcase);
}
