/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Rules in a setting. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox-audit.h"
#include "unit.h"
#include "unit-rules.h"

/* Expect the words to be refused with an error, and nothing to be added. */
static void expect_words_error(const char *words, const char *expected)
{
	struct mba_rules *rules = rules_from("before");
	char *error = NULL;

	ck_assert_int_eq(mba_rules_add_words(rules, words, "set", &error), -1);
	ck_assert_str_eq(error, expected);
	ck_assert_uint_eq(mba_rules_count(rules), 1);
	ck_assert(is_hidden(rules, "before"));
	free(error);
	mba_rules_free(&rules);
}

START_TEST(no_rules_hide_nothing)
{
	struct mba_rules *rules = rules_from("");
	const struct mba_rule *rule = (void *)rules;

	ck_assert_int_eq(match_name(rules, ".git", 4, 0, MBA_DIR_YES, NULL,
				    &rule), MBA_MATCH_VISIBLE);
	ck_assert_ptr_null(rule);
	add_words(rules, " \t\r\n");
	ck_assert_uint_eq(mba_rules_count(rules), 0);
	mba_rules_free(&rules);
	ck_assert_ptr_null(rules);
	mba_rules_free(&rules);
}
END_TEST

START_TEST(the_default_hides_dot_names_and_public_html)
{
	struct mba_rules *rules = mba_rules_new();

	check_default(rules);
	ck_assert(is_hidden(rules, ".git/objects"));
	ck_assert(is_hidden(rules, "public_html"));
	ck_assert(!is_hidden(rules, "mail/foo"));
	ck_assert(!is_hidden(rules, ""));
	mba_rules_free(&rules);
}
END_TEST

START_TEST(what_is_added_first_replaces_the_default)
{
	struct mba_rules *rules = mba_rules_new();
	char *error;

	ck_assert_int_eq(mba_rules_add_words(rules, "a [", "x", &error), -1);
	free(error);
	check_default(rules);
	add_words(rules, "a");
	ck_assert_uint_eq(mba_rules_count(rules), 1);
	ck_assert(is_hidden(rules, "a"));
	ck_assert(!is_hidden(rules, ".git"));
	add_words(rules, "b");
	ck_assert_uint_eq(mba_rules_count(rules), 2);
	ck_assert_str_eq(mba_rules_get(rules, 0)->text, "a");
	mba_rules_free(&rules);
}
END_TEST

START_TEST(words_know_where_they_stand)
{
	struct mba_rules *rules = rules_from("  .*\tfoo\\ bar \n !#x/ a\\\\ b");
	static const struct {
		const char *text;
		unsigned int line, column;
	} expected[] = {
		{ ".*", 1, 3 },
		{ "foo\\ bar", 1, 6 },
		{ "!#x/", 2, 2 },
		{ "a\\\\", 2, 7 },
		{ "b", 2, 11 }
	};

	ck_assert_uint_eq(mba_rules_count(rules), 5);
	for (unsigned int i = 0; i < 5; i++) {
		const struct mba_rule *rule = mba_rules_get(rules, i);

		ck_assert_str_eq(rule->text, expected[i].text);
		ck_assert_str_eq(rule->source, "test");
		ck_assert_uint_eq(rule->line, expected[i].line);
		ck_assert_uint_eq(rule->column, expected[i].column);
		ck_assert(rule->negated == (i == 2));
	}
	ck_assert(is_hidden(rules, "foo bar"));
	ck_assert(!is_hidden(rules, "bar"));
	mba_rules_free(&rules);
}
END_TEST

START_TEST(words_that_do_not_parse_are_refused_whole)
{
	char words[1000], expected[300];

	expect_words_error("good foo[ab",
			   "set:1:9: '[' isn't closed: foo[ab");
	expect_words_error("good\n foo\\",
			   "set:2:5: nothing follows '\\': foo\\");
	expect_words_error("[!\001-\377]",
			   "set:1:1: the brackets match nothing: "
			   "[!\001-\377]");
	expect_words_error("a / b", "set:1:3: the rule is empty: /");
	expect_words_error("a\n b,c,d e", "set:2:3: blanks separate rules (a "
			   "comma of a name needs a backslash): b,c,d");
	expect_words_error("a\\\\,", "set:1:4: blanks separate rules (a comma "
			   "of a name needs a backslash): a\\\\,");
	/* a blank ends a word also within brackets */
	expect_words_error("a[ ]", "set:1:2: '[' isn't closed: a[");

	/* a message shows no more of a rule than is needed to know it */
	memset(words, 'x', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	memcpy(words, "//", 2);
	snprintf(expected, sizeof(expected),
		 "set:1:2: a level is empty: %.200s", words);
	expect_words_error(words, expected);
}
END_TEST

START_TEST(rules_stay_where_they_are)
{
	struct mba_rules *rules = rules_from("first");
	const struct mba_rule *first = mba_rules_get(rules, 0), *rule;

	for (unsigned int i = 0; i < 100; i++)
		add_words(rules, "a b*c /d/e /f*/g");
	ck_assert_uint_eq(mba_rules_count(rules), 401);
	ck_assert_ptr_eq(mba_rules_get(rules, 0), first);
	ck_assert_str_eq(first->text, "first");
	(void)match_name(rules, "first/x", 7, 0, MBA_DIR_NO, NULL, &rule);
	ck_assert_ptr_eq(rule, first);
	/* of equal rules the last one decides */
	(void)match_name(rules, "d/e", 3, 0, MBA_DIR_NO, NULL, &rule);
	ck_assert_ptr_eq(rule, mba_rules_get(rules, 399));
	mba_rules_free(&rules);
}
END_TEST

static TCase *make_tests(void)
{
	TCase *tcase = tcase_create("rules");

	tcase_add_test(tcase, no_rules_hide_nothing);
	tcase_add_test(tcase, the_default_hides_dot_names_and_public_html);
	tcase_add_test(tcase, what_is_added_first_replaces_the_default);
	tcase_add_test(tcase, words_know_where_they_stand);
	tcase_add_test(tcase, words_that_do_not_parse_are_refused_whole);
	tcase_add_test(tcase, rules_stay_where_they_are);
	return tcase;
}

int main(void)
{
	return unit_run(make_tests());
}
