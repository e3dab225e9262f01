/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A rule isn't compiled: parsing finds what is wrong with it, where its parts
   are in its text, and what all levels that match have in common. */

#include <string.h>

#include "glob.h"
#include "rule.h"

#define KEY_FIRST 0x000000ffU
#define KEY_LAST 0x0000ff00U
#define KEY_LEN 0x00ff0000U
#define KEY_DEPTH 0xff000000U

const unsigned char *after_slash(const unsigned char *p)
{
	return p + (*p == '\\' ? 2 : 1);
}

const unsigned char *
double_star_end(const unsigned char *p, const unsigned char *end)
{
	const unsigned char *start = p;

	while (p < end && *p == '*')
		p++;
	return p - start > 1 && glob_is_end(p, end) ? p : NULL;
}

/* Find what all levels that match have in common; info is what those of the
   pattern's last level have. */
static void rule_set_key(struct rule *rule, const struct glob_info *info)
{
	rule->mask = 0;
	if (info->first != -1)
		rule->mask |= KEY_FIRST;
	if (info->last != -1)
		rule->mask |= KEY_LAST;
	if (!info->star)
		rule->mask |= KEY_LEN;
	if (!rule->floats)
		rule->mask |= KEY_DEPTH;
	rule->key = level_key(info->first, info->last, info->min_len,
			      rule->levels_count) & rule->mask;
}

/* Parse the levels of a pattern from *p. */
static int rule_parse_levels(struct rule *rule, const unsigned char **p,
			     const unsigned char *end, bool anchored,
			     const char **reason_r)
{
	const unsigned char *start, *text = *p - rule->head;
	struct glob_info info;
	/* nothing but "**" and '/' so far, which is as good as nothing */
	bool no_head = true;

	rule->floats = !anchored;
	for (;;) {
		start = *p;
		if (glob_check(p, end, &info, reason_r) < 0)
			return -1;
		if (*p == start) {
			*reason_r = "a level is empty";
			return -1;
		}
		rule->levels_count++;
		if (anchored && double_star_end(start, end) != NULL) {
			no_head = no_head && *p < end && **p == '/';
			rule->has_head = !no_head;
			rule->floats = true;
			rule->levels_count = 0;
			rule->tail = (*p < end ? after_slash(*p) : end) - text;
		} else {
			no_head = false;
		}
		if (*p == end)
			break;
		*p = after_slash(*p);
	}
	rule_set_key(rule, &info);
	return 0;
}

int rule_parse(struct rule *rule, size_t *column_r, const char **reason_r)
{
	const unsigned char *text = (const unsigned char *)rule->pub.text;
	const unsigned char *p = text, *end = text + strlen(rule->pub.text);
	bool anchored;
	int ret = -1;

	if (*p == '!') {
		rule->pub.negated = true;
		p++;
	}
	if (end > p && end[-1] == '/') {
		rule->dir_only = true;
		end--;
	}
	anchored = memchr(p, '/', end - p) != NULL;
	if (p == end) {
		*reason_r = "the rule is empty";
		if (*p == '\0')
			p--;
	} else {
		if (*p == '/')
			p++;
		rule->head = rule->tail = p - text;
		rule->end = end - text;
		ret = rule_parse_levels(rule, &p, end, anchored, reason_r);
	}
	*column_r = p - text;
	return ret;
}
