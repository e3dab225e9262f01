#ifndef RULE_H
#define RULE_H

#include "mailbox-audit.h"

/* A level of a name: all up to one of its NUL bytes, or to its end. */
struct level {
	const unsigned char *name;
	/* offset of the level itself, and of its end */
	size_t start, end;
	/* 1 for the first one */
	unsigned int depth;
	/* see level_key() */
	uint32_t key;
};

/* One rule: 56 bytes and its text. */
struct rule {
	/* what callers see */
	struct mba_rule pub;
	/* A level that matches has (level->key & mask) == key: one comparison
	   dismisses most rules. */
	uint32_t mask, key;
	/* offset and length in the text, without '!' and the outer '/' */
	uint32_t pattern, pattern_len;
	/* of the levels that match, 0 if it may differ */
	uint32_t depth;
	/* the pattern has a '/': it begins at the root. Otherwise it is for one
	   level at any depth. */
	bool anchored:1;
	/* the rule ends in '/' */
	bool dir_only:1;
};

/* Returns the first byte, the last one, the length and the depth in one number;
   len > 0. */
uint32_t level_key(unsigned char first, unsigned char last, size_t len,
		   unsigned int depth);

/* Parse rule->pub.text. Returns 0 if ok, -1 if not: *column_r is set to the
   offending byte, counted from 0. */
int rule_parse(struct rule *rule, size_t *column_r, const char **reason_r);

/* Returns TRUE if the rule matches the level, a directory if it ends in '/'.
   Takes at most as many steps as the rule has bytes, times those of the name up
   to the level's end. */
bool rule_match(const struct rule *rule, const struct level *level);

#endif
