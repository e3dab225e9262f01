/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Which bytes a pattern matches follows git's wildmatch() without WM_PATHNAME,
   to the odd corner: "]" that comes first in brackets is itself, "[:" without
   ":]" are two bytes, '\' escapes within brackets as well, and a range that
   ends before it begins is its first byte. Patterns that could never match are
   typing errors and refused, where git is silent. */

#include <stdint.h>
#include <string.h>

#include "glob.h"

static const char reason_bracket[] = "'[' isn't closed";
static const char reason_escape[] = "nothing follows '\\'";
static const char reason_class[] = "unknown character class";
static const char reason_nothing[] = "the brackets match nothing";

/* A set of bytes. */
struct set {
	uint64_t bits[4];
};

/* POSIX classes of the C locale, as first and last bytes of ranges. */
static const struct {
	const char *name, *ranges;
} classes[] = {
	{ "alnum", "09AZaz" },
	{ "alpha", "AZaz" },
	{ "blank", "\t\t  " },
	{ "cntrl", "\001\037\177\177" },
	{ "digit", "09" },
	{ "graph", "!~" },
	{ "lower", "az" },
	{ "print", " ~" },
	{ "punct", "!/:@[`{~" },
	{ "space", "\t\r  " },
	{ "upper", "AZ" },
	{ "xdigit", "09AFaf" }
};
#define CLASSES_COUNT (sizeof(classes) / sizeof(classes[0]))

static void set_add_range(struct set *set, unsigned int first,
			  unsigned int last)
{
	unsigned int word_last;

	for (unsigned int c = first; c <= last; c = word_last + 1) {
		word_last = last < (c | 63) ? last : (c | 63);
		set->bits[c / 64] |= ~0ULL << c % 64 &
			~0ULL >> (63 - word_last % 64);
	}
}

static bool set_has(const struct set *set, unsigned char c)
{
	return (set->bits[c / 64] >> (c % 64) & 1) != 0;
}

static int set_add_class(struct set *set, const unsigned char *name,
			 size_t len)
{
	const char *range;

	for (size_t i = 0; i < CLASSES_COUNT; i++) {
		if (strlen(classes[i].name) != len ||
		    memcmp(classes[i].name, name, len) != 0)
			continue;
		for (range = classes[i].ranges; *range != '\0'; range += 2)
			set_add_range(set, range[0], range[1]);
		return 0;
	}
	return -1;
}

/* Parse "[:name:]" at *p. Returns 1 if added, 0 if it isn't one, -1 if the name
   is unknown. */
static int parse_class(struct set *set, const unsigned char **p,
		       const unsigned char *end)
{
	const unsigned char *name = *p + 2, *close;

	if (end - *p < 2 || (*p)[0] != '[' || (*p)[1] != ':')
		return 0;
	close = memchr(name, ']', end - name);
	if (close == NULL || close == name || close[-1] != ':')
		return 0;
	if (set_add_class(set, name, close - 1 - name) < 0)
		return -1;
	*p = close + 1;
	return 1;
}

/* Parse a byte within brackets that may be escaped. */
static int parse_set_byte(const unsigned char **p, const unsigned char *end,
			  unsigned char *c_r)
{
	if (*p < end && **p == '\\')
		(*p)++;
	if (*p == end)
		return -1;
	*c_r = *(*p)++;
	return 0;
}

/* Parse a byte or a range within brackets. */
static int parse_set_range(struct set *set, const unsigned char **p,
			   const unsigned char *end)
{
	unsigned char first, last;

	if (parse_set_byte(p, end, &first) < 0)
		return -1;
	set_add_range(set, first, first);
	if (end - *p > 1 && **p == '-' && (*p)[1] != ']') {
		(*p)++;
		if (parse_set_byte(p, end, &last) < 0)
			return -1;
		set_add_range(set, first, last);
	}
	return 0;
}

/* Parse what stands in brackets, up to the one that closes them. Returns 0 if
   ok, -1 if not: *p is at the offending byte, or at the end. */
static int parse_set_items(struct set *set, const unsigned char **p,
			   const unsigned char *end, const char **reason_r)
{
	const unsigned char *first = *p;
	int ret;

	*reason_r = reason_bracket;
	while (*p < end && (**p != ']' || *p == first)) {
		ret = parse_class(set, p, end);
		if (ret < 0) {
			*reason_r = reason_class;
			return -1;
		}
		if (ret == 0 && parse_set_range(set, p, end) < 0)
			return -1;
	}
	return *p < end ? 0 : -1;
}

/* Parse brackets at *p. */
static int parse_set(struct set *set_r, const unsigned char **p,
		     const unsigned char *end, const char **reason_r)
{
	const unsigned char *open = (*p)++;
	bool negated = *p < end && (**p == '!' || **p == '^');

	memset(set_r, 0, sizeof(*set_r));
	if (negated)
		(*p)++;
	if (parse_set_items(set_r, p, end, reason_r) < 0) {
		if (*reason_r == reason_bracket)
			*p = open;
		return -1;
	}
	(*p)++;
	for (unsigned int i = 0; i < 4 && negated; i++)
		set_r->bits[i] = ~set_r->bits[i];
	return 0;
}

static bool set_is_empty(const struct set *set)
{
	/* no name has a NUL byte */
	return ((set->bits[0] & ~1ULL) | set->bits[1] | set->bits[2] |
		set->bits[3]) == 0;
}

/* Check what matches one byte. Returns 0 if ok, -1 if it matches nothing.
   *byte_r is set to the byte that it matches, -1 if there are several. */
static int check_token(const unsigned char **p, const unsigned char *end,
		       int *byte_r, const char **reason_r)
{
	const unsigned char *start = *p;
	struct set set;

	*byte_r = -1;
	switch (*start) {
	case '?':
		(*p)++;
		return 0;
	case '[':
		if (parse_set(&set, p, end, reason_r) < 0)
			return -1;
		if (set_is_empty(&set)) {
			*reason_r = reason_nothing;
			*p = start;
			return -1;
		}
		return 0;
	case '\\':
		if (end - start == 1) {
			*reason_r = reason_escape;
			return -1;
		}
		(*p)++;
		break;
	}
	*byte_r = *(*p)++;
	return 0;
}

int glob_check(const unsigned char **p, const unsigned char *end,
	       struct glob_info *info_r, const char **reason_r)
{
	int byte;

	memset(info_r, 0, sizeof(*info_r));
	info_r->first = info_r->last = -1;
	while (!glob_is_end(*p, end)) {
		if (**p == '*') {
			(*p)++;
			info_r->star = true;
			info_r->last = -1;
			continue;
		}
		if (check_token(p, end, &byte, reason_r) < 0)
			return -1;
		if (info_r->min_len++ == 0 && !info_r->star)
			info_r->first = byte;
		info_r->last = byte;
	}
	return 0;
}

/* Returns TRUE if a byte is what *p wants; *p is moved to what follows then. */
static bool token_match(const unsigned char **p, const unsigned char *end,
			unsigned char c)
{
	const char *reason;
	struct set set;

	switch (**p) {
	case '?':
		(*p)++;
		return true;
	case '[':
		return parse_set(&set, p, end, &reason) == 0 &&
			set_has(&set, c);
	case '\\':
		(*p)++;
		break;
	}
	return *(*p)++ == c;
}

bool glob_match(const unsigned char **p, const unsigned char *end,
		const unsigned char *level, size_t size)
{
	const unsigned char *level_end = level + size, *pattern = *p;
	/* what follows the last '*', and where it is tried */
	const unsigned char *after_star = NULL, *tried = NULL;

	for (;;) {
		if (glob_is_end(pattern, end)) {
			if (level == level_end) {
				*p = pattern;
				return true;
			}
		} else if (*pattern == '*') {
			after_star = ++pattern;
			tried = level;
			continue;
		} else if (level < level_end &&
			   token_match(&pattern, end, *level)) {
			level++;
			continue;
		}
		/* Only the last '*' takes more: what the ones before it took
		   was the least, which leaves most to the rest. */
		if (after_star == NULL || tried == level_end)
			return false;
		pattern = after_star;
		level = ++tried;
	}
}
