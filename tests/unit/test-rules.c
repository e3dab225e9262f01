/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The cases of tests/rules, and what a file can't say. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mailbox-audit.h"
#include "unit.h"

#define RULES_DIR SRCDIR "/../rules"
#define NOBODY 65534

static struct dirent **valid_cases, **invalid_cases;

/* Returns the path of a new file with the data. */
static const char *tmp_file(const char *data, size_t size)
{
	const char *path = unit_path("rules");

	unit_write(path, data, size);
	return path;
}

static void add_words(struct mba_rules *rules, const char *words)
{
	char *error = NULL;

	if (mba_rules_add_words(rules, words, "test", &error) < 0)
		ck_abort_msg("%s", error);
}

static struct mba_rules *rules_from(const char *words)
{
	struct mba_rules *rules = mba_rules_new();

	add_words(rules, words);
	return rules;
}

/* Replaces a separator of levels by NUL bytes. */
static void split_levels(char *name, size_t len, char sep)
{
	for (size_t i = 0; i < len; i++) {
		if (name[i] == sep)
			name[i] = '\0';
	}
}

/* Matches a name whose levels are joined by '/'. */
static enum mba_match
match_name(const struct mba_rules *rules, const char *name, size_t len,
	   size_t visible_len, enum mba_dir dir, size_t *hidden_len_r,
	   const struct mba_rule **rule_r)
{
	/* a block of its own, for the address sanitizer */
	char *levels = malloc(len > 0 ? len : 1);
	enum mba_match match;

	memcpy(levels, name, len);
	split_levels(levels, len, '/');
	match = mba_rules_match(rules, levels, len, visible_len, dir,
				hidden_len_r, rule_r);
	free(levels);
	return match;
}

static bool is_hidden(const struct mba_rules *rules, const char *name)
{
	return match_name(rules, name, strlen(name), 0, MBA_DIR_NO, NULL,
			  NULL) == MBA_MATCH_HIDDEN;
}

/* Expect the default rules, which nothing was added to. */
static void check_default(const struct mba_rules *rules)
{
	ck_assert_uint_eq(mba_rules_count(rules), 2);
	ck_assert_str_eq(mba_rules_get(rules, 0)->text, ".*");
	ck_assert_str_eq(mba_rules_get(rules, 0)->source, "default");
	ck_assert_str_eq(mba_rules_get(rules, 1)->text, "public_html");
	ck_assert_str_eq(mba_rules_get(rules, 1)->source, "default");
}

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

/*
 * Cases in files
 */

static char *read_case(const char *dir, const char *name, size_t *size_r)
{
	char *data = calloc(1, 65536), *path;
	FILE *file;

	ck_assert_int_gt(asprintf(&path, RULES_DIR "/%s/%s", dir, name), 0);
	file = fopen(path, "r");
	if (file == NULL)
		ck_abort_msg("fopen(%s) failed: %s", path, strerror(errno));
	*size_r = fread(data, 1, 65535, file);
	fclose(file);
	free(path);
	return data;
}

/* Decodes \xNN in place. */
static void unescape(char *name)
{
	char *dest = name;
	unsigned int byte;

	while (*name != '\0') {
		if (sscanf(name, "\\x%2x", &byte) == 1) {
			*dest++ = byte;
			name += 4;
		} else
			*dest++ = *name++;
	}
	*dest = '\0';
}

static void check_decision(const struct mba_rules *rules, const char *levels,
			   size_t len, size_t visible_len, bool is_dir,
			   bool hide, unsigned int line)
{
	const struct mba_rule *rule;
	enum mba_match match;
	/* a block of its own, for the address sanitizer */
	char *block = malloc(len);
	size_t hidden_len;

	memcpy(block, levels, len);
	match = mba_rules_match(rules, block, len, visible_len,
				is_dir ? MBA_DIR_YES : MBA_DIR_NO, &hidden_len,
				&rule);
	free(block);
	if (match != (hide ? MBA_MATCH_HIDDEN : MBA_MATCH_VISIBLE) ||
	    (rule == NULL ? 0 : rule->line) != line) {
		ck_abort_msg("%.*s (visible_len %zu) is %s by line %u "
			     "instead of %s by line %u", (int)len, levels,
			     visible_len, hide ? "shown" : "hidden",
			     rule == NULL ? 0 : rule->line,
			     hide ? "hidden" : "shown", line);
	}
	if (rule != NULL)
		ck_assert(rule->negated == !hide);
	ck_assert((hidden_len > 0) == hide);
	if (hide) {
		/* it is the topmost level that is hidden */
		ck_assert(hidden_len == len || levels[hidden_len] == '\0');
		ck_assert_uint_gt(hidden_len, visible_len);
	}
}

/* Check what is decided if it isn't known whether the name is a directory. */
static void check_undecided(const struct mba_rules *rules, const char *levels,
			    size_t len)
{
	const struct mba_rule *rule, *dir_rule;
	enum mba_match match, no, yes;
	size_t hidden_len, yes_len;

	no = mba_rules_match(rules, levels, len, 0, MBA_DIR_NO, NULL, NULL);
	yes = mba_rules_match(rules, levels, len, 0, MBA_DIR_YES, &yes_len,
			      &dir_rule);
	match = mba_rules_match(rules, levels, len, 0, MBA_DIR_UNKNOWN,
				&hidden_len, &rule);
	ck_assert_int_eq(match, no == yes ? no : MBA_MATCH_UNDECIDED);
	ck_assert_ptr_eq(rule, dir_rule);
	ck_assert_uint_eq(hidden_len, match == MBA_MATCH_HIDDEN ? yes_len : 0);
}

/* Check a line "hide|show LINE|- NAME[/]". Below a visible parent the decision
   must be the same when the parent isn't asked. */
static void check_name_line(const struct mba_rules *rules, char *text, char sep)
{
	unsigned int line = 0;
	int pos = 0;
	char action[5];
	bool hide, is_dir;
	size_t len;

	if (sscanf(text, "%4s %u %n", action, &line, &pos) != 2)
		sscanf(text, "%4s - %n", action, &pos);
	if (pos == 0)
		ck_abort_msg("can't parse: %s", text);
	/* the name may begin with a blank only as \x20 */
	text += pos;
	hide = strcmp(action, "hide") == 0;
	len = strlen(text);
	is_dir = text[len - 1] == '/';
	if (is_dir)
		text[len - 1] = '\0';
	unescape(text);
	len = strlen(text);
	split_levels(text, len, sep);

	check_decision(rules, text, len, 0, is_dir, hide, line);
	check_undecided(rules, text, len);
	for (size_t i = 1; i < len; i++) {
		if (text[i] != '\0')
			continue;
		if (mba_rules_match(rules, text, i, 0, MBA_DIR_YES, NULL,
				    NULL) == MBA_MATCH_HIDDEN)
			break;
		check_decision(rules, text, len, i, is_dir, hide, line);
		check_decision(rules, text, len, i + 1, is_dir, hide, line);
	}
}

static char *expect_line(char *p, const char *line)
{
	char *found = strstr(p, line);

	if (found == NULL || (found > p && found[-1] != '\n'))
		ck_abort_msg("the case has no line %s", line);
	return found;
}

START_TEST(a_case_decides_as_expected)
{
	size_t size;
	unsigned int count = 0;
	char *data = read_case("valid", valid_cases[_i]->d_name, &size);
	char *start = expect_line(data, "rules:\n"), *option, *names, *line;
	const char *path;
	char *error = NULL, sep = '/';
	struct mba_rules *rules = mba_rules_new();

	option = strstr(data, "\nseparator: ");
	if (option != NULL && option < start)
		sep = option[strlen("\nseparator: ")];
	start += strlen("rules:\n");
	names = expect_line(start, "names:\n");
	path = tmp_file(start, names - start);
	if (mba_rules_add_file(rules, path, &error) < 0)
		ck_abort_msg("%s", error);

	names += strlen("names:\n");
	while ((line = strsep(&names, "\n")) != NULL && *line != '\0') {
		check_name_line(rules, line, sep);
		count++;
	}
	ck_assert_uint_gt(count, 0);
	mba_rules_free(&rules);
	free(data);
}
END_TEST

START_TEST(a_case_is_refused_as_expected)
{
	const char *name = invalid_cases[_i]->d_name;
	char *path, *expected, *error = NULL, *data;
	struct mba_rules *rules = mba_rules_new();
	size_t size;

	data = read_case("invalid", name, &size);
	*strchr(data, '\n') = '\0';
	ck_assert_int_gt(asprintf(&path, RULES_DIR "/invalid/%s", name), 0);
	ck_assert_int_gt(asprintf(&expected, "%s:%s", path, data + 2), 0);
	ck_assert_int_eq(mba_rules_add_file(rules, path, &error), -1);
	ck_assert_str_eq(error, expected);
	check_default(rules);
	mba_rules_free(&rules);
	free(error);
	free(expected);
	free(path);
	free(data);
}
END_TEST

/*
 * Rules in a setting
 */

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

/*
 * Files
 */

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

/* Returns n bytes of data, and then its end. */
static char *fill(const char *data, size_t n)
{
	char *filled = calloc(1, n + 1);
	size_t len = strlen(data);

	for (size_t i = 0; i < n; i++)
		filled[i] = data[i % len];
	return filled;
}

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

/*
 * Matching
 */

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

static TCase *make_tests(int valid_count, int invalid_count)
{
	TCase *tcase = tcase_create("rules");

	tcase_add_loop_test(tcase, a_case_decides_as_expected, 0,
			    valid_count);
	tcase_add_loop_test(tcase, a_case_is_refused_as_expected, 0,
			    invalid_count);
	tcase_add_test(tcase, no_rules_hide_nothing);
	tcase_add_test(tcase, the_default_hides_dot_names_and_public_html);
	tcase_add_test(tcase, what_is_added_first_replaces_the_default);
	tcase_add_test(tcase, words_know_where_they_stand);
	tcase_add_test(tcase, words_that_do_not_parse_are_refused_whole);
	tcase_add_test(tcase, rules_stay_where_they_are);
	tcase_add_test(tcase, a_file_that_cannot_be_read_is_an_error);
	tcase_add_test(tcase, a_file_without_permission_is_an_error);
	tcase_add_test(tcase, a_fifo_does_not_block);
	tcase_add_test(tcase, dev_null_is_an_empty_file);
	tcase_add_test(tcase, a_huge_file_is_refused);
	tcase_add_test(tcase, the_last_line_may_have_no_end);
	tcase_add_test(tcase, a_nul_byte_is_refused);
	tcase_add_test(tcase, more_rules_than_the_bound_are_refused);
	tcase_add_test(tcase, more_bytes_of_rules_than_the_bound_are_refused);
	tcase_add_test(tcase, a_rule_is_small);
	tcase_add_test(tcase, the_largest_rules_are_taken);
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
	int valid = unit_cases_find(RULES_DIR "/valid", &valid_cases);
	int invalid = unit_cases_find(RULES_DIR "/invalid", &invalid_cases);
	int ret = unit_run(make_tests(valid, invalid));

	unit_cases_free(valid_cases, valid);
	unit_cases_free(invalid_cases, invalid);
	return ret;
}
