/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef RULE_H
#define RULE_H

#include <string.h>

#include "mailbox-audit.h"

/* A name that rules are matched with. */
struct name {
	/* the levels, joined by NUL bytes */
	const unsigned char *levels;
	size_t len;
	/* For each rule with a head, what rule_match() found out; NULL until
	   it is needed. The caller frees it. */
	size_t *heads;
	size_t heads_count;
};

/* A level of a name, of at least one byte. */
struct level {
	struct name *name;
	/* offset of the level, and of its end */
	size_t start, end;
	/* 1 for the first one; levels that were gone past count only if a
	   rule asks for it */
	unsigned int depth;
	/* see level_key() */
	uint32_t key;
};

/* One rule: 56 bytes and its text, from which it is matched. Its pattern is
   split after its last "**" that is a whole level, into the head, which ends
   with that "**", and the tail. A level matches if the tail matches it and the
   levels right above it, and the head what is above these. Without a head, the
   tail's first level is a name's first one or, if the tail floats, any: so it
   is with rules for one level, and those that begin with "**" and '/'. */
struct rule {
	/* what callers see */
	struct mba_rule pub;
	/* A level that matches has (level->key & mask) == key: one comparison
	   dismisses most rules. */
	uint32_t mask, key;

	/* offsets in the text, which has no more than MBA_MAX_RULES_BYTES */
	uint64_t head:21, tail:21, end:21;
	/* of the tail */
	uint64_t levels_count:21;
	/* its number among the rules with a head, from 0 */
	uint64_t head_idx:14;
	uint64_t has_head:1;
	/* what the tail matches may begin at any level */
	uint64_t floats:1;
	/* the rule ends in '/' */
	uint64_t dir_only:1;
};

/* the highest length and depth in a key, also for those above */
#define LEVEL_KEY_MAX 0xff

/* Returns the first byte, the last one, the length and the depth in one number;
   len > 0. */
static inline uint32_t
level_key(unsigned char first, unsigned char last, size_t len,
	  unsigned int depth)
{
	return first | (uint32_t)last << 8 |
		(uint32_t)(len < LEVEL_KEY_MAX ? len : LEVEL_KEY_MAX) << 16 |
		(uint32_t)(depth < LEVEL_KEY_MAX ? depth : LEVEL_KEY_MAX) << 24;
}

/* Returns the end of the level that begins at an offset of the name. */
static inline size_t name_level_end(const struct name *name, size_t start)
{
	const unsigned char *nul;

	nul = memchr(name->levels + start, '\0', name->len - start);
	return nul == NULL ? name->len : (size_t)(nul - name->levels);
}

/* Returns the end of a "**" at p that is a whole level, NULL if there is
   none. */
const unsigned char *
double_star_end(const unsigned char *p, const unsigned char *end);
/* Returns what follows a '/' or "\/". */
const unsigned char *after_slash(const unsigned char *p);

/* Parse rule->pub.text. Returns 0 if ok, -1 if not: *column_r is set to the
   offending byte, counted from 0. */
int rule_parse(struct rule *rule, size_t *column_r, const char **reason_r);

/* Returns TRUE if the rule matches the level, a directory if it ends in '/'.
   For all levels of a name together it takes at most as many steps as the rule
   has bytes, times those of the name. */
bool rule_match(const struct rule *rule, const struct level *level);

#endif
