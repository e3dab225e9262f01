/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Names are known again, and no others. */

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "name-set.h"
#include "unit.h"

/* what getrandom() fails with, 0 if it doesn't */
static int random_errno;

/* In place of libc's. */
ssize_t getrandom(void *buffer, size_t size, unsigned int flags)
{
	if (random_errno == 0)
		return syscall(SYS_getrandom, buffer, size, flags);
	errno = random_errno;
	return -1;
}

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

/* Before the system has collected any, and where it has no such call. */
START_TEST(without_randomness_none_is_kept)
{
	static const int errors[] = { EAGAIN, ENOSYS };
	struct name_set *set;

	random_errno = errors[_i];
	set = name_set_init();
	for (size_t i = 0; i < NAMES_COUNT; i++) {
		name_set_add(set, names[i]);
		ck_assert(!name_set_has(set, names[i]));
	}
	name_set_deinit(&set);
	random_errno = 0;
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("name-set");

	tcase_add_loop_test(tcase, no_other_name_is_known, 0, NAMES_COUNT);
	tcase_add_test(tcase, so_many_are_kept);
	tcase_add_loop_test(tcase, without_randomness_none_is_kept, 0, 2);
	return unit_run(tcase);
}
