/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "unit-rules.h"

const char *tmp_file(const char *data, size_t size)
{
	const char *path = unit_path("rules");

	unit_write(path, data, size);
	return path;
}

void add_words(struct mba_rules *rules, const char *words)
{
	char *error = NULL;

	if (mba_rules_add_words(rules, words, "test", &error) < 0)
		ck_abort_msg("%s", error);
}

struct mba_rules *rules_from(const char *words)
{
	struct mba_rules *rules = mba_rules_new();

	add_words(rules, words);
	return rules;
}

void split_levels(char *name, size_t len, char sep)
{
	for (size_t i = 0; i < len; i++) {
		if (name[i] == sep)
			name[i] = '\0';
	}
}

enum mba_match
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

bool is_hidden(const struct mba_rules *rules, const char *name)
{
	return match_name(rules, name, strlen(name), 0, MBA_DIR_NO, NULL,
			  NULL) == MBA_MATCH_HIDDEN;
}

void check_default(const struct mba_rules *rules)
{
	ck_assert_uint_eq(mba_rules_count(rules), 2);
	ck_assert_str_eq(mba_rules_get(rules, 0)->text, ".*");
	ck_assert_str_eq(mba_rules_get(rules, 0)->source, "default");
	ck_assert_str_eq(mba_rules_get(rules, 1)->text, "public_html");
	ck_assert_str_eq(mba_rules_get(rules, 1)->source, "default");
}

char *fill(const char *data, size_t n)
{
	char *filled = calloc(1, n + 1);
	size_t len = strlen(data);

	for (size_t i = 0; i < n; i++)
		filled[i] = data[i % len];
	return filled;
}
