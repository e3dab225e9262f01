/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* RULES \0 LEVEL \0 LEVEL ...: parsed as words and as lines, and matched. */

#include "fuzz.h"
#include "mailbox-audit.h"
#include "rules-parse.h"

/* What is visible because its parents are must not be told otherwise when it
   is asked with the parents known to be visible. */
static void check_visible_len(const struct mba_rules *rules, const char *levels,
			      size_t len, enum mba_match expected)
{
	size_t parent, hidden_len;
	enum mba_match match;

	for (parent = 0; parent < len; parent++) {
		if (levels[parent] != '\0')
			continue;
		match = mba_rules_match(rules, levels, parent, 0, MBA_DIR_YES,
					NULL, NULL);
		if (match == MBA_MATCH_HIDDEN) {
			FUZZ_ASSERT(expected == MBA_MATCH_HIDDEN);
			return;
		}
		match = mba_rules_match(rules, levels, len, parent,
					MBA_DIR_UNKNOWN, &hidden_len, NULL);
		FUZZ_ASSERT(match == expected);
		FUZZ_ASSERT(hidden_len == 0 || hidden_len > parent);
	}
}

static void check_match(const struct mba_rules *rules, const char *levels,
			size_t len)
{
	const struct mba_rule *rule;
	size_t hidden_len;
	enum mba_match file, dir, unknown;

	file = mba_rules_match(rules, levels, len, 0, MBA_DIR_NO, NULL, NULL);
	dir = mba_rules_match(rules, levels, len, 0, MBA_DIR_YES, &hidden_len,
			      &rule);
	FUZZ_ASSERT(file != MBA_MATCH_UNDECIDED && dir != MBA_MATCH_UNDECIDED);
	FUZZ_ASSERT(hidden_len <= len);
	FUZZ_ASSERT((hidden_len > 0) == (dir == MBA_MATCH_HIDDEN));
	FUZZ_ASSERT(dir != MBA_MATCH_HIDDEN || !rule->negated);
	unknown = mba_rules_match(rules, levels, len, 0, MBA_DIR_UNKNOWN, NULL,
				  NULL);
	FUZZ_ASSERT(unknown == (file == dir ? file : MBA_MATCH_UNDECIDED));
	check_visible_len(rules, levels, len, unknown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rules_parser parser = {
		.source = "fuzz", .max_count = 100, .max_bytes = 10000
	};
	struct mba_rules *rules = mba_rules_new();
	unsigned int count = mba_rules_count(rules);
	char *words = fuzz_string(&data, &size), *error;
	int ret;

	ret = rules_parse_lines(&parser, words, strlen(words));
	FUZZ_ASSERT((ret < 0) == (parser.error != NULL));
	rules_parser_free(&parser);
	free(parser.error);

	if (mba_rules_add_words(rules, words, "fuzz", &error) < 0) {
		FUZZ_ASSERT(mba_rules_count(rules) == count);
		free(error);
	} else {
		check_match(rules, (const char *)data, size);
	}
	mba_rules_free(&rules);
	free(words);
	return 0;
}
