/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* As git does, each level is compared with the rules from the last to the
   first, without an index: users have some ten rules. */

#include <stdlib.h>
#include <string.h>

#include "rules-private.h"

/* Returns the last rule that matches the level, NULL if there is none. Rules
   that end in '/' count only if it is a directory. */
static const struct rule *
level_find_rule(const struct mba_rules *rules, const struct level *level,
		bool is_dir)
{
	const struct rules_source *source;
	const struct rule *rule;

	for (source = rules->last; source != NULL; source = source->prev) {
		for (size_t i = source->count; i > 0; i--) {
			rule = &source->rules[i - 1];
			if ((level->key & rule->mask) == rule->key &&
			    (is_dir || !rule->dir_only) &&
			    rule_match(rule, level))
				return rule;
		}
	}
	return NULL;
}

static bool level_is_inbox(const struct level *level)
{
	return level->start == 0 && level->end == 5 &&
		memcmp(level->name->levels, "INBOX", 5) == 0;
}

static bool rule_hides(const struct rule *rule)
{
	return rule != NULL && !rule->pub.negated;
}

static enum mba_match
level_match(const struct mba_rules *rules, const struct level *level,
	    enum mba_dir dir, const struct rule **rule_r)
{
	const struct rule *rule;
	bool hides;

	*rule_r = NULL;
	if (level_is_inbox(level))
		return MBA_MATCH_VISIBLE;
	rule = *rule_r = level_find_rule(rules, level, dir != MBA_DIR_NO);
	hides = rule_hides(rule);
	if (dir == MBA_DIR_UNKNOWN && rule != NULL && rule->dir_only) {
		rule = level_find_rule(rules, level, false);
		if (rule_hides(rule) != hides)
			return MBA_MATCH_UNDECIDED;
	}
	return hides ? MBA_MATCH_HIDDEN : MBA_MATCH_VISIBLE;
}

/* Go past the levels that end within the first visible_len bytes of the name,
   and count them if that matters. Returns where the next one begins. */
static size_t
level_skip(const struct mba_rules *rules, struct level *level,
	   size_t visible_len)
{
	const struct name *name = level->name;
	const unsigned char *nul;
	size_t pos = 0;

	if (visible_len >= name->len)
		return name->len;
	if (!rules->asks_depth) {
		nul = memrchr(name->levels, '\0', visible_len + 1);
		return nul == NULL ? 0 : (size_t)(nul - name->levels) + 1;
	}
	while ((nul = memchr(name->levels + pos, '\0',
			     visible_len + 1 - pos)) != NULL) {
		pos = (size_t)(nul - name->levels) + 1;
		level->depth++;
		if (pos > visible_len)
			break;
	}
	return pos;
}

/* Go to the next level, which begins at an offset of the name. */
static void level_begin(struct level *level, size_t start)
{
	level->start = start;
	level->end = name_level_end(level->name, start);
	level->depth++;
}

static void level_set_key(struct level *level)
{
	const unsigned char *levels = level->name->levels;

	level->key = level_key(levels[level->start], levels[level->end - 1],
			       level->end - level->start, level->depth);
}

enum mba_match
mba_rules_match(const struct mba_rules *rules, const char *levels, size_t len,
		size_t visible_len, enum mba_dir dir, size_t *hidden_len_r,
		const struct mba_rule **rule_r)
{
	struct name name = {
		.levels = (const unsigned char *)levels, .len = len,
		.heads_count = rules->heads_count,
	};
	struct level level = { .name = &name };
	enum mba_match match = MBA_MATCH_VISIBLE;
	const struct rule *rule = NULL;

	for (size_t pos = level_skip(rules, &level, visible_len);
	     pos < len && match == MBA_MATCH_VISIBLE; pos = level.end + 1) {
		level_begin(&level, pos);
		if (level.end == pos)
			continue;
		level_set_key(&level);
		match = level_match(rules, &level, level.end < len ?
				    MBA_DIR_YES : dir, &rule);
	}
	free(name.heads);
	if (hidden_len_r != NULL)
		*hidden_len_r = match == MBA_MATCH_HIDDEN ? level.end : 0;
	if (rule_r != NULL)
		*rule_r = rule == NULL ? NULL : &rule->pub;
	return match;
}
