/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Names and rules, what the cases of tests/rules can't say. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox-audit.h"
#include "unit.h"
#include "unit-rules.h"

static bool is_hidden_below(const struct mba_rules *rules, const char *name,
			    size_t visible_len)
{
	return match_name(rules, name, strlen(name), visible_len, MBA_DIR_NO,
			  NULL, NULL) == MBA_MATCH_HIDDEN;
}

START_TEST(a_visible_parent_is_not_asked_again)
{
	struct mba_rules *rules = rules_from("hidden /a/*/c");

	ck_assert(is_hidden_below(rules, "hidden/x", 0));
	ck_assert(!is_hidden_below(rules, "hidden/x", 6));
	ck_assert(!is_hidden_below(rules, "hidden/x", 7));
	ck_assert(!is_hidden_below(rules, "hidden/x", 8));
	ck_assert(!is_hidden_below(rules, "hidden/x", 99));
	ck_assert(is_hidden_below(rules, "a/b/c/d", 3));
	ck_assert(!is_hidden_below(rules, "a/b/c/d", 5));
	mba_rules_free(&rules);
}
END_TEST

START_TEST(a_name_may_end_in_its_separator)
{
	struct mba_rules *rules = rules_from("dir/ .*");
	const struct mba_rule *rule;

	ck_assert(!is_hidden(rules, "dir"));
	ck_assert_int_eq(match_name(rules, "dir/", 4, 0, MBA_DIR_NO, NULL,
				    &rule), MBA_MATCH_HIDDEN);
	ck_assert_str_eq(rule->text, "dir/");
	ck_assert(is_hidden(rules, "/.git"));
	ck_assert(!is_hidden(rules, "/"));
	mba_rules_free(&rules);
}
END_TEST

START_TEST(the_topmost_hidden_level_is_told)
{
	struct mba_rules *rules = rules_from(".* !.mail old/");
	static const struct {
		const char *name;
		size_t visible_len, hidden_len;
	} cases[] = {
		{ "a/b", 0, 0 }, { ".a", 0, 2 }, { "a/.b/c/.d", 0, 4 },
		{ "a/.b/c/.d", 4, 9 }, { ".mail/x", 0, 0 },
		{ ".mail/.x/y", 0, 8 }, { "old/x", 0, 3 }, { "a/old", 0, 0 },
	};
	size_t hidden_len;

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)match_name(rules, cases[i].name, strlen(cases[i].name),
				 cases[i].visible_len, MBA_DIR_NO, &hidden_len,
				 NULL);
		ck_assert_uint_eq(hidden_len, cases[i].hidden_len);
	}
	mba_rules_free(&rules);
}
END_TEST

START_TEST(every_literal_rule_is_found)
{
	struct mba_rules *rules = mba_rules_new();
	const struct mba_rule *rule;
	char text[64];

	/* long ones differ in the middle alone, half are anchored */
	for (unsigned int i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text),
			 i % 2 == 0 ? "department-%u-archive" : "/a/b%u/c", i);
		add_words(rules, text);
	}
	for (unsigned int i = 0; i < 10000; i++) {
		snprintf(text, sizeof(text), i % 2 == 0 ?
			 "department-%u-archive" : "a/b%u/c", i);
		ck_assert(match_name(rules, text, strlen(text), 0, MBA_DIR_NO,
				     NULL, &rule) == (i < 5000 ?
			  MBA_MATCH_HIDDEN : MBA_MATCH_VISIBLE));
		if (i < 5000)
			ck_assert_ptr_eq(rule, mba_rules_get(rules, i));
	}
	ck_assert(!is_hidden(rules, "a"));
	ck_assert(!is_hidden(rules, "x/a/b1/c"));
	mba_rules_free(&rules);
}
END_TEST

START_TEST(no_rule_is_exponential)
{
	struct mba_rules *rules = rules_from(
		"*a*a*a*a*a*a*a*a*a*a*a*a*b "
		"**/a/**/a/**/a/**/a/**/a/**/a/**/b "
		"/**/*a*/**/*a*/**/*a*/**/*a*/**/c");
	char *level = fill("a", 255), *path = fill("a/", 1999);

	/* Check ends a test that takes 4 seconds */
	for (unsigned int i = 0; i < 1000; i++) {
		ck_assert(!is_hidden(rules, level));
		ck_assert(!is_hidden(rules, path));
	}
	path[1998] = 'b';
	ck_assert(is_hidden(rules, path));
	mba_rules_free(&rules);
	free(level);
	free(path);
}
END_TEST

/* A square of the levels would take minutes. */
START_TEST(a_deep_name_costs_its_length)
{
	static const char *const words[] = {
		"**/a/b", "a/**/c", "**/a/**", "/*/**/a/**/b", "b/b/**/b/a",
		"**/b/**/b/**/a", "/**/[!b]/**/?/x", "**\\/a/**\\/b", "x/",
		"!**/b/**/b/a", "/b/b/b/b",
	};
	char *name = fill("b/", 2 * 500000 - 1);

	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct mba_rules *rules = rules_from(words[i]);

		ck_assert(is_hidden(rules, name) ==
			  (strcmp(words[i], "/b/b/b/b") == 0));
		mba_rules_free(&rules);
	}
	free(name);
}
END_TEST

static TCase *make_tests(void)
{
	TCase *tcase = tcase_create("rules");

	tcase_add_test(tcase, a_visible_parent_is_not_asked_again);
	tcase_add_test(tcase, a_name_may_end_in_its_separator);
	tcase_add_test(tcase, the_topmost_hidden_level_is_told);
	tcase_add_test(tcase, every_literal_rule_is_found);
	tcase_add_test(tcase, no_rule_is_exponential);
	tcase_add_test(tcase, a_deep_name_costs_its_length);
	return tcase;
}

int main(void)
{
	return unit_run(make_tests());
}
