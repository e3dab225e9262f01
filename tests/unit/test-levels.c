/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <stdlib.h>
#include <string.h>

#include "mailbox-audit.h"
#include "unit.h"

/* Names as people write them, their levels, and how these are printed. */
static const struct {
	const char *name, *levels;
	size_t len;
	const char *printed;
} names[] = {
	{ "", "", 0, "" },
	{ "a", "a", 1, "a" },
	{ "a/b", "a\0b", 3, "a/b" },
	{ "/a//b/", "\0a\0\0b\0", 6, "/a//b/" },
	{ "/", "\0", 1, "/" },
	/* a '/' within a level */
	{ "a\\x2fb", "a/b", 3, "a\\x2fb" },
	{ "x/a\\x2Fb/y", "x\0a/b\0y", 7, "x/a\\x2fb/y" },
	{ "\\x2f", "/", 1, "\\x2f" },
	/* what is printed may be given again */
	{ "\\x5cx2f", "\\x2f", 4, "\\x5cx2f" },
	{ "\\xff\\x0a", "\xff\n", 2, "\\xff\\x0a" },
	{ "\xc3\xbc", "\xc3\xbc", 2, "\xc3\xbc" },
	{ "\\xc3\\xbc", "\xc3\xbc", 2, "\xc3\xbc" },
	{ "\xff\n", "\xff\n", 2, "\\xff\\x0a" },
	/* no escapes */
	{ "\\", "\\", 1, "\\x5c" },
	{ "a\\b", "a\\b", 3, "a\\x5cb" },
	{ "\\x", "\\x", 2, "\\x5cx" },
	{ "\\x2", "\\x2", 3, "\\x5cx2" },
	{ "\\x2g", "\\x2g", 4, "\\x5cx2g" },
	{ "\\x /", "\\x \0", 4, "\\x5cx /" },
	{ "\\x00", "\\x00", 4, "\\x5cx00" },
	{ "\\X2f", "\\X2f", 4, "\\x5cX2f" },
	{ "\\\\x2f", "\\/", 2, "\\x5c\\x2f" },
};
#define NAMES_COUNT (sizeof(names) / sizeof(names[0]))

START_TEST(names_become_levels)
{
	size_t len;
	char *levels = mba_levels_parse(names[_i].name, &len);

	ck_assert_uint_eq(len, names[_i].len);
	ck_assert_mem_eq(levels, names[_i].levels, len + 1);
	free(levels);
}
END_TEST

START_TEST(levels_are_printed)
{
	/* nothing has to follow the levels */
	char *levels = malloc(names[_i].len > 0 ? names[_i].len : 1), *printed;

	memcpy(levels, names[_i].levels, names[_i].len);
	printed = mba_levels_print(levels, names[_i].len);
	ck_assert_str_eq(printed, names[_i].printed);
	free(printed);
	free(levels);
}
END_TEST

START_TEST(what_is_printed_is_parsed_again)
{
	size_t len;
	char *levels = mba_levels_parse(names[_i].printed, &len);

	ck_assert_uint_eq(len, names[_i].len);
	ck_assert_mem_eq(levels, names[_i].levels, len);
	free(levels);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("levels");

	tcase_add_loop_test(tcase, names_become_levels, 0, NAMES_COUNT);
	tcase_add_loop_test(tcase, levels_are_printed, 0, NAMES_COUNT);
	tcase_add_loop_test(tcase, what_is_printed_is_parsed_again, 0,
			    NAMES_COUNT);
	return unit_run(tcase);
}
