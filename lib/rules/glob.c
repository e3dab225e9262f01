/* Which bytes a pattern matches follows git's wildmatch() without WM_PATHNAME,
   to the odd corner: "]" that comes first in brackets is itself, "[:" without
   ":]" are two bytes, '\' escapes within brackets as well. Patterns that could
   never match are typing errors and refused, where git is silent. */

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "glob.h"

static const char reason_bracket[] = "'[' isn't closed";
static const char reason_escape[] = "nothing follows '\\'";
static const char reason_range[] = "range ends before it begins";
static const char reason_class[] = "unknown character class";

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

static void set_add_range(struct glob_set *set, unsigned int first,
			  unsigned int last)
{
	for (unsigned int c = first; c <= last; c++)
		set->bits[c / 64] |= 1ULL << (c % 64);
}

static bool set_has(const struct glob_set *set, unsigned char c)
{
	return (set->bits[c / 64] >> (c % 64) & 1) != 0;
}

static int set_add_class(struct glob_set *set, const unsigned char *name,
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
static int parse_class(struct glob_set *set, const unsigned char **p,
		       const unsigned char *end)
{
	const unsigned char *name = *p + 2, *close;

	if (end - *p < 2 || (*p)[1] != ':')
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

/* Parse what stands in brackets, up to the one that closes them. Returns 0 if
   ok, -1 if not: *p is at the offending byte, or at the end. */
static int parse_set_items(struct glob_set *set, const unsigned char **p,
			   const unsigned char *end, const char **reason_r)
{
	const unsigned char *item, *first = *p;
	unsigned char c, last;
	int ret;

	*reason_r = reason_bracket;
	while (*p < end && (**p != ']' || *p == first)) {
		item = *p;
		ret = *item == '[' ? parse_class(set, p, end) : 0;
		if (ret < 0)
			*reason_r = reason_class;
		if (ret != 0) {
			if (ret < 0)
				return -1;
			continue;
		}
		if (parse_set_byte(p, end, &c) < 0)
			return -1;
		last = c;
		if (end - *p > 1 && **p == '-' && (*p)[1] != ']') {
			(*p)++;
			if (parse_set_byte(p, end, &last) < 0)
				return -1;
		}
		if (last < c) {
			*p = item;
			*reason_r = reason_range;
			return -1;
		}
		set_add_range(set, c, last);
	}
	return *p < end ? 0 : -1;
}

static int parse_set(struct glob_set *set, const unsigned char **p,
		     const unsigned char *end, const char **reason_r)
{
	const unsigned char *open = (*p)++;
	bool negated = *p < end && (**p == '!' || **p == '^');

	if (negated)
		(*p)++;
	if (parse_set_items(set, p, end, reason_r) < 0) {
		if (*reason_r == reason_bracket)
			*p = open;
		return -1;
	}
	(*p)++;
	for (unsigned int i = 0; i < 4 && negated; i++)
		set->bits[i] = ~set->bits[i];
	return 0;
}

static int parse_token(struct glob *glob, const unsigned char **p,
		       const unsigned char *end, const char **reason_r)
{
	struct glob_set set = { { 0 } };

	switch (**p) {
	case '*':
		(*p)++;
		return GLOB_STAR;
	case '?':
		(*p)++;
		return GLOB_ANY_BYTE;
	case '[':
		if (parse_set(&set, p, end, reason_r) < 0)
			return -1;
		glob->sets = mem_grow(glob->sets, &glob->sets_alloc,
				      glob->sets_count + 1, sizeof(set));
		glob->sets[glob->sets_count] = set;
		return GLOB_SET + glob->sets_count++;
	case '\\':
		if (end - *p == 1) {
			*reason_r = reason_escape;
			return -1;
		}
		(*p)++;
		break;
	}
	return *(*p)++;
}

static bool at_separator(const unsigned char *p, const unsigned char *end)
{
	return *p == '/' || (*p == '\\' && end - p > 1 && p[1] == '/');
}

/* Measure what the tokens need before they are compared with anything. */
static void glob_measure(struct glob *glob)
{
	size_t stars = 0;

	glob->literal = true;
	for (size_t i = 0; i < glob->count; i++) {
		if (glob->tokens[i] >= GLOB_ANY_BYTE)
			glob->literal = false;
		if (glob->tokens[i] != GLOB_STAR)
			continue;
		if (stars++ == 0)
			glob->head = i;
		glob->tail = glob->count - i - 1;
	}
	glob->star = stars > 0;
	glob->min_len = glob->count - stars;
}

int glob_parse(struct glob *glob, const unsigned char **p,
	       const unsigned char *end, const char **reason_r)
{
	int token;

	memset(glob, 0, sizeof(*glob));
	while (*p < end && !at_separator(*p, end)) {
		token = parse_token(glob, p, end, reason_r);
		if (token < 0)
			return -1;
		if (token == GLOB_STAR && glob->count > 0 &&
		    glob->tokens[glob->count - 1] == GLOB_STAR)
			continue;
		glob->tokens = mem_grow(glob->tokens, &glob->tokens_alloc,
					glob->count + 1, sizeof(*glob->tokens));
		glob->tokens[glob->count++] = token;
	}
	glob_measure(glob);
	return 0;
}

void glob_free(struct glob *glob)
{
	free(glob->tokens);
	free(glob->sets);
}

static inline bool token_match(const struct glob *glob, uint32_t token,
			       unsigned char c)
{
	if (token < GLOB_ANY_BYTE)
		return token == c;
	return token == GLOB_ANY_BYTE ||
		set_has(&glob->sets[token - GLOB_SET], c);
}

static bool tokens_match(const struct glob *glob, const uint32_t *tokens,
			 size_t count, const unsigned char *data)
{
	for (size_t i = 0; i < count; i++) {
		if (!token_match(glob, tokens[i], data[i]))
			return false;
	}
	return true;
}

/* Match what stands between the first '*' and the last. Each run of tokens is
   taken where it matches first: that leaves most to the others, so no choice
   is ever taken back. */
static bool runs_match(const struct glob *glob, const unsigned char *data,
		       size_t size)
{
	const uint32_t *run = glob->tokens + glob->head + 1;
	const uint32_t *end = glob->tokens + glob->count - glob->tail;
	size_t len;

	for (; run < end; run += len + 1) {
		for (len = 0; run[len] != GLOB_STAR; len++) ;
		while (size >= len && !tokens_match(glob, run, len, data)) {
			data++;
			size--;
		}
		if (size < len)
			return false;
		data += len;
		size -= len;
	}
	return true;
}

bool glob_match(const struct glob *glob, const unsigned char *data,
		size_t size)
{
	if (size < glob->min_len)
		return false;
	if (!glob->star) {
		return size == glob->count &&
			tokens_match(glob, glob->tokens, size, data);
	}
	return tokens_match(glob, glob->tokens, glob->head, data) &&
		tokens_match(glob, glob->tokens + glob->count - glob->tail,
			     glob->tail, data + size - glob->tail) &&
		runs_match(glob, data + glob->head,
			   size - glob->head - glob->tail);
}

bool glob_may_begin(const struct glob *glob, unsigned char c)
{
	return glob->tokens[0] == GLOB_STAR ||
		token_match(glob, glob->tokens[0], c);
}
