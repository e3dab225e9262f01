/* A rule is kept as its text and is matched from there: nothing is compiled. */

#include <string.h>

#include "glob.h"
#include "rule.h"

#define KEY_FIRST 0x000000ffU
#define KEY_LAST 0x0000ff00U
#define KEY_LEN 0x00ff0000U
#define KEY_DEPTH 0xff000000U
/* the highest length and depth in a key, also for those above */
#define KEY_MAX 0xff

uint32_t level_key(unsigned char first, unsigned char last, size_t len,
		   unsigned int depth)
{
	return first | (uint32_t)last << 8 |
		(uint32_t)(len < KEY_MAX ? len : KEY_MAX) << 16 |
		(uint32_t)(depth < KEY_MAX ? depth : KEY_MAX) << 24;
}

/* Returns what follows a '/' or "\/". */
static const unsigned char *after_slash(const unsigned char *p)
{
	return p + (*p == '\\' ? 2 : 1);
}

/* Returns the end of "**" that stands for any number of levels, NULL if there
   is none at p. */
static const unsigned char *
double_star_end(const unsigned char *p, const unsigned char *end)
{
	const unsigned char *star = p;

	while (p < end && *p == '*')
		p++;
	if (p - star < 2 ||
	    (p < end && *p != '/' && !(*p == '\\' && p + 1 < end &&
				       p[1] == '/')))
		return NULL;
	return p;
}

/* Find what all levels that match have in common: info is what those of the
   pattern's last part have. */
static void rule_set_key(struct rule *rule, const struct glob_info *info)
{
	rule->mask = 0;
	if (info->first != -1)
		rule->mask |= KEY_FIRST;
	if (info->last != -1)
		rule->mask |= KEY_LAST;
	if (!info->star)
		rule->mask |= KEY_LEN;
	if (rule->depth > 0)
		rule->mask |= KEY_DEPTH;
	rule->key = level_key(info->first, info->last, info->min_len,
			      rule->depth) & rule->mask;
}

/* Parse the pattern from *p. */
static int rule_parse_pattern(struct rule *rule, const unsigned char **p,
			      const unsigned char *end, const char **reason_r)
{
	const unsigned char *start;
	struct glob_info info;
	bool any_depth = !rule->anchored;

	for (;;) {
		start = *p;
		if (glob_check(p, end, &info, reason_r) < 0)
			return -1;
		if (*p == start) {
			*reason_r = "a level is empty";
			return -1;
		}
		if (double_star_end(start, end) != NULL)
			any_depth = true;
		rule->depth++;
		if (*p == end)
			break;
		*p = after_slash(*p);
	}
	if (any_depth)
		rule->depth = 0;
	rule_set_key(rule, &info);
	return 0;
}

/* Returns what follows each "**" and '/' at the beginning, if that is one
   level: a level at any depth. Otherwise returns p. */
static const unsigned char *
skip_any_depth(const unsigned char *p, const unsigned char *end)
{
	const unsigned char *start = p, *star_end;

	while ((star_end = double_star_end(p, end)) != NULL &&
	       star_end < end && *star_end == '/')
		p = star_end + 1;
	return memchr(p, '/', end - p) == NULL ? p : start;
}

int rule_parse(struct rule *rule, size_t *column_r, const char **reason_r)
{
	const unsigned char *text = (const unsigned char *)rule->pub.text;
	const unsigned char *p = text, *end = text + strlen(rule->pub.text);
	const unsigned char *pattern;
	int ret = -1;

	if (*p == '!') {
		rule->pub.negated = true;
		p++;
	}
	if (end > p && end[-1] == '/') {
		rule->dir_only = true;
		end--;
	}
	rule->anchored = memchr(p, '/', end - p) != NULL;
	if (p == end) {
		*reason_r = "the rule is empty";
		if (*p == '\0')
			p--;
	} else {
		if (*p == '/')
			p++;
		if ((pattern = skip_any_depth(p, end)) != p)
			rule->anchored = false;
		p = pattern;
		rule->pattern = p - text;
		rule->pattern_len = end - p;
		ret = rule_parse_pattern(rule, &p, end, reason_r);
	}
	*column_r = p - text;
	return ret;
}

/* Returns the end of the level of a name that begins at an offset. */
static size_t level_end(const struct level *level, size_t start)
{
	const unsigned char *nul;

	nul = memchr(level->name + start, '\0', level->end - start);
	return nul == NULL ? level->end : (size_t)(nul - level->name);
}

/* Match a pattern from the root. */
static bool path_match(const unsigned char *p, const unsigned char *end,
		       const struct level *level)
{
	/* what follows the last "**", and where it is tried */
	const unsigned char *after_star = NULL, *star_end;
	size_t pos = 0, pos_end, tried = 0;

	for (;;) {
		if (p == end && pos > level->end)
			return true;
		pos_end = pos > level->end ? pos : level_end(level, pos);
		star_end = double_star_end(p, end);
		if (star_end != NULL) {
			/* git lets it match no level only before a plain '/' */
			if (star_end == end || *star_end == '\\') {
				if (pos > level->end)
					return false;
				pos = pos_end + 1;
			}
			if (star_end == end)
				return true;
			p = after_star = after_slash(star_end);
			tried = pos;
			continue;
		}
		if (p < end && pos <= level->end &&
		    glob_match(&p, end, level->name + pos, pos_end - pos)) {
			if (p < end)
				p = after_slash(p);
			pos = pos_end + 1;
			continue;
		}
		/* only the last "**" takes more, see glob_match() */
		if (after_star == NULL || tried > level->end)
			return false;
		p = after_star;
		pos = tried = level_end(level, tried) + 1;
	}
}

bool rule_match(const struct rule *rule, const struct level *level)
{
	const unsigned char *p = (const unsigned char *)rule->pub.text +
		rule->pattern;
	const unsigned char *end = p + rule->pattern_len;

	if (rule->anchored) {
		return (rule->depth == 0 || rule->depth == level->depth) &&
			path_match(p, end, level);
	}
	return glob_match(&p, end, level->name + level->start,
			  level->end - level->start);
}
