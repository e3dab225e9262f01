/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A rule's tail is compared with each level of a name. Its head is looked for
   once in a name: where it may end first is the same for all levels, and to
   look for each would make a deep name cost its square. */

#include <stdint.h>

#include "alloc.h"
#include "glob.h"
#include "rule.h"

/* the head matches nowhere */
#define HEAD_NONE SIZE_MAX

/* Match the pattern of one level with the level of the name at *pos. Returns
   TRUE if it matches; both are moved to what follows then. */
static bool match_next(const struct name *name, size_t *pos,
		       const unsigned char **p, const unsigned char *end)
{
	size_t level_end;

	if (*pos > name->len)
		return false;
	level_end = name_level_end(name, *pos);
	if (!glob_match(p, end, name->levels + *pos, level_end - *pos))
		return false;
	if (*p < end)
		*p = after_slash(*p);
	*pos = level_end + 1;
	return true;
}

/* Returns the offset in the name from which on the tail may match, at most one
   more than the name's length, or HEAD_NONE. */
static size_t head_find(const struct rule *rule, const struct name *name)
{
	const unsigned char *text = (const unsigned char *)rule->pub.text;
	const unsigned char *p = text + rule->head, *end = text + rule->end;
	/* what follows the last "**", and where it is tried */
	const unsigned char *after_star = NULL, *star_end;
	size_t pos = 0, tried = 0;

	for (;;) {
		star_end = double_star_end(p, end);
		if (star_end != NULL) {
			/* git lets it match no level only before a plain '/' */
			if (star_end == end || *star_end == '\\') {
				if (pos > name->len)
					return HEAD_NONE;
				pos = name_level_end(name, pos) + 1;
			}
			p = star_end == end ? end : after_slash(star_end);
			if (p == text + rule->tail)
				return pos;
			after_star = p;
			tried = pos;
		} else if (!match_next(name, &pos, &p, end)) {
			/* only the last "**" takes more, see glob_match() */
			if (after_star == NULL || tried > name->len)
				return HEAD_NONE;
			p = after_star;
			pos = tried = name_level_end(name, tried) + 1;
		}
	}
}

/* The same, found once. */
static size_t head_get(const struct rule *rule, struct name *name)
{
	size_t *head;

	if (name->heads == NULL) {
		name->heads = mem_new(name->heads_count *
				      sizeof(*name->heads));
	}
	/* 0 isn't known yet: a head has a level at least */
	head = &name->heads[rule->head_idx];
	if (*head == 0)
		*head = head_find(rule, name);
	return *head;
}

/* Returns where the last count levels begin that end with this one; there are
   as many. */
static size_t levels_start(const struct level *level, size_t count)
{
	size_t start = level->end + 1;

	for (; count > 0; count--) {
		/* from after a NUL byte to after the one before it */
		for (start--; start > 0; start--) {
			if (level->name->levels[start - 1] == '\0')
				break;
		}
	}
	return start;
}

/* Match the tail with the levels that end with this one. Returns TRUE if it
   matches; *start_r is set to where it begins then. */
static bool tail_match(const struct rule *rule, const struct level *level,
		       size_t *start_r)
{
	const unsigned char *text = (const unsigned char *)rule->pub.text;
	const unsigned char *p = text + rule->tail, *end = text + rule->end;
	size_t pos;

	if (rule->levels_count == 1) {
		/* most rules are one level */
		*start_r = level->start;
		return glob_match(&p, end, level->name->levels + level->start,
				  level->end - level->start);
	}
	pos = *start_r = levels_start(level, rule->levels_count);
	while (pos <= level->end) {
		if (!match_next(level->name, &pos, &p, end))
			return false;
	}
	return true;
}

bool rule_match(const struct rule *rule, const struct level *level)
{
	size_t start;

	if (rule->floats ? level->depth < rule->levels_count :
	    level->depth != rule->levels_count)
		return false;
	return tail_match(rule, level, &start) &&
		(!rule->has_head || head_get(rule, level->name) <= start);
}
