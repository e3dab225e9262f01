/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Names are known again, and no others. */

#include <stdio.h>

#include "name-set.h"
#include "unit.h"

/* They differ at the beginning, across the bytes that are hashed together, and
   in length. */
static const char *const names[] = {
	"", "a", "b", "aa", "ab", "ba", "aaa", "aab", "baa", "aaaa", "aaab",
	"baaa", "abab", "aaaaaa", "aaabaa", "aabaaa", "aaaaab", "aaaaaaa",
	"a/b", "a/b/", "/a/b", "\x01", "\xff", "\xff\xff\xff",
	"\xff\xff\xff\xff", "\x7f\xff\xff\xff",
};
#define NAMES_COUNT (sizeof(names) / sizeof(names[0]))

START_TEST(no_other_name_is_known)
{
	struct name_set *set;

	set = name_set_init();
	name_set_add(set, names[_i]);
	for (size_t i = 0; i < NAMES_COUNT; i++)
		ck_assert(name_set_has(set, names[i]) == (i == (size_t)_i));
	name_set_deinit(&set);
	ck_assert_ptr_null(set);
}
END_TEST

static const char *numbered(unsigned int number)
{
	static char name[64];

	(void)snprintf(name, sizeof(name), "public_html/%u/index.html", number);
	return name;
}

START_TEST(so_many_are_kept)
{
	struct name_set *set = name_set_init();

	for (unsigned int i = 0; i < NAME_SET_MAX; i++) {
		ck_assert(!name_set_has(set, numbered(i)));
		name_set_add(set, numbered(i));
		name_set_add(set, numbered(i / 2));
	}
	for (unsigned int i = 0; i < NAME_SET_MAX; i++)
		ck_assert(name_set_has(set, numbered(i)));
	name_set_add(set, "one more");
	ck_assert(!name_set_has(set, "one more"));
	name_set_deinit(&set);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("name-set");

	tcase_add_loop_test(tcase, no_other_name_is_known, 0, NAMES_COUNT);
	tcase_add_test(tcase, so_many_are_kept);
	return unit_run(tcase);
}
