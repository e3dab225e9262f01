/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The cases of tests/rules. */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox-audit.h"
#include "unit.h"
#include "unit-rules.h"

#define RULES_DIR SRCDIR "/../rules"

static struct dirent **valid_cases, **invalid_cases;

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

static TCase *make_tests(int valid_count, int invalid_count)
{
	TCase *tcase = tcase_create("rules");

	tcase_add_loop_test(tcase, a_case_decides_as_expected, 0,
			    valid_count);
	tcase_add_loop_test(tcase, a_case_is_refused_as_expected, 0,
			    invalid_count);
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
