/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Files of rules. */

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mailbox-audit.h"
#include "unit.h"
#include "unit-rules.h"

#define NOBODY 65534

/* Expect the file to be refused with an error that has its path between before
   and after. */
static void expect_file_error(const char *path, const char *before,
			      const char *after)
{
	struct mba_rules *rules = mba_rules_new();
	char *error = NULL, expected[1024];

	ck_assert_int_eq(mba_rules_add_file(rules, path, &error), -1);
	snprintf(expected, sizeof(expected), "%s%s%s", before, path, after);
	ck_assert_str_eq(error, expected);
	check_default(rules);
	free(error);
	mba_rules_free(&rules);
}

START_TEST(a_file_that_cannot_be_read_is_an_error)
{
	const char *path = unit_path("rules");

	expect_file_error(path, "open(", ") failed: No such file or directory");
	expect_file_error(unit_path("."), "", ": not a regular file");
	expect_file_error("/dev/zero", "", ": not a regular file");
}
END_TEST

START_TEST(a_file_without_permission_is_an_error)
{
	const char *path = tmp_file(".*\n", 3);

	ck_assert_int_eq(chmod(unit_path("."), 0755), 0);
	ck_assert_int_eq(chmod(path, 0), 0);
	/* Check runs each test in a process of its own */
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(NOBODY), 0);
	expect_file_error(path, "open(", ") failed: Permission denied");
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

START_TEST(a_fifo_does_not_block)
{
	const char *path = unit_path("rules");

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	expect_file_error(path, "", ": not a regular file");
}
END_TEST

START_TEST(dev_null_is_an_empty_file)
{
	struct mba_rules *rules = mba_rules_new();
	char *error = NULL;

	ck_assert_int_eq(mba_rules_add_file(rules, "/dev/null", &error), 0);
	ck_assert_uint_eq(mba_rules_count(rules), 0);
	mba_rules_free(&rules);
}
END_TEST

START_TEST(a_huge_file_is_refused)
{
	struct mba_rules *rules = mba_rules_new();
	char *data = malloc(1024 * 1024 + 1), *error = NULL;
	const char *path;

	/* the last byte is the first one of line 1025 */
	for (unsigned int i = 0; i <= 1024 * 1024; i++)
		data[i] = i % 1024 == 1023 ? '\n' : '#';
	path = tmp_file(data, 1024 * 1024);
	ck_assert_int_eq(mba_rules_add_file(rules, path, &error), 0);
	mba_rules_free(&rules);
	path = tmp_file(data, 1024 * 1024 + 1);
	expect_file_error(path, "",
			  ":1025: the file is larger than 1048576 bytes");
	/* one that has no end to be seen */
	ck_assert_int_eq(truncate(path, 1LL << 40), 0);
	expect_file_error(path, "",
			  ":1025: the file is larger than 1048576 bytes");
	free(data);
}
END_TEST

START_TEST(the_last_line_may_have_no_end)
{
	static const char data[] = "a\r\nb\r";
	struct mba_rules *rules = mba_rules_new();
	char *error;

	ck_assert_int_eq(mba_rules_add_file(rules, tmp_file(data, 5), &error),
			 0);
	ck_assert_uint_eq(mba_rules_count(rules), 2);
	ck_assert_str_eq(mba_rules_get(rules, 1)->text, "b");
	mba_rules_free(&rules);
}
END_TEST

START_TEST(a_nul_byte_is_refused)
{
	const char *path = tmp_file("a\nb\0c\n", 6);

	expect_file_error(path, "", ":2:2: NUL byte: b");
	path = tmp_file("# \0", 3);
	expect_file_error(path, "", ":1:3: NUL byte: # ");
}
END_TEST

static TCase *make_tests(void)
{
	TCase *tcase = tcase_create("rules");

	tcase_add_test(tcase, a_file_that_cannot_be_read_is_an_error);
	tcase_add_test(tcase, a_file_without_permission_is_an_error);
	tcase_add_test(tcase, a_fifo_does_not_block);
	tcase_add_test(tcase, dev_null_is_an_empty_file);
	tcase_add_test(tcase, a_huge_file_is_refused);
	tcase_add_test(tcase, the_last_line_may_have_no_end);
	tcase_add_test(tcase, a_nul_byte_is_refused);
	return tcase;
}

int main(void)
{
	return unit_run(make_tests());
}
