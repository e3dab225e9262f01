/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* How many rules there may be, and what they cost. */

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox-audit.h"
#include "unit.h"
#include "unit-rules.h"

START_TEST(more_rules_than_the_bound_are_refused)
{
	struct mba_rules *rules = rules_from("first");
	char *words = fill("x\n", 2 * 10000), *error;

	ck_assert_int_eq(mba_rules_add_words(rules, words, "set", &error), -1);
	ck_assert_str_eq(error, "set:10000: more than 10000 rules");
	free(error);
	ck_assert_uint_eq(mba_rules_count(rules), 1);
	words[2 * 9999] = '\0';
	add_words(rules, words);
	ck_assert_uint_eq(mba_rules_count(rules), 10000);
	ck_assert_int_eq(mba_rules_add_words(rules, "x", "set", &error), -1);
	ck_assert_str_eq(error, "set:1: more than 10000 rules");
	free(error);
	mba_rules_free(&rules);
	free(words);
}
END_TEST

START_TEST(more_bytes_of_rules_than_the_bound_are_refused)
{
	struct mba_rules *rules = rules_from("first");
	char *words = fill("x", 1024 * 1024), *error;

	ck_assert_int_eq(mba_rules_add_words(rules, words, "set", &error), -1);
	ck_assert_str_eq(error, "set:1: more than 1048576 bytes of rules");
	free(error);
	words[1024 * 1024 - 5] = '\0';
	add_words(rules, words);
	ck_assert_int_eq(mba_rules_add_words(rules, "\nx", "set", &error), -1);
	ck_assert_str_eq(error, "set:2: more than 1048576 bytes of rules");
	free(error);
	ck_assert_uint_eq(mba_rules_count(rules), 2);
	mba_rules_free(&rules);
	free(words);
}
END_TEST

START_TEST(a_rule_is_small)
{
	struct mba_rules *rules = mba_rules_new();
	char *words = fill("/*a/**/b? ", 10 * 10000);
	struct mallinfo2 before = mallinfo2(), after;
	size_t used;

	add_words(rules, words);
	after = mallinfo2();
	used = after.uordblks + after.hblkhd - before.uordblks - before.hblkhd;
	/* 9 bytes of text */
	ck_assert_uint_le(used, 10000 * (64 + 9));
	mba_rules_free(&rules);
	free(words);
}
END_TEST

START_TEST(the_largest_rules_are_taken)
{
	/* one rule of half a million levels, one of 340,000 brackets */
	static const char *const rules_of[] = { "a/", "[a]" };
	const size_t size = 1024 * 1024;
	char *rule, *name;

	for (unsigned int i = 0; i < 2; i++) {
		const size_t unit = strlen(rules_of[i]);
		struct mba_rules *rules;

		rule = fill(rules_of[i], size - size % unit);
		rules = rules_from(rule);
		name = fill(i == 0 ? "a/" : "a", (size / unit) * (2 - i) - 1 +
			    i);
		ck_assert_int_eq(match_name(rules, name, strlen(name), 0,
					    MBA_DIR_YES, NULL, NULL),
				 MBA_MATCH_HIDDEN);
		name[strlen(name) - 2 + i] = '\0';
		ck_assert(!is_hidden(rules, name));
		mba_rules_free(&rules);
		free(name);
		free(rule);
	}
}
END_TEST

static TCase *make_tests(void)
{
	TCase *tcase = tcase_create("rules");

	tcase_add_test(tcase, more_rules_than_the_bound_are_refused);
	tcase_add_test(tcase, more_bytes_of_rules_than_the_bound_are_refused);
	tcase_add_test(tcase, a_rule_is_small);
	tcase_add_test(tcase, the_largest_rules_are_taken);
	return tcase;
}

int main(void)
{
	return unit_run(make_tests());
}
