#ifndef RULES_PRIVATE_H
#define RULES_PRIVATE_H

#include "glob.h"
#include "mailbox-audit.h"

/* One hierarchy component of a rule. */
struct rule_part {
	/* "**": any number of components, also none. The glob isn't used. */
	bool any_depth;
	struct glob glob;
};

struct rule {
	/* what callers see */
	struct mba_rule pub;
	/* 1-based: the later one wins */
	unsigned int idx;
	/* an earlier rule of the same list in the index */
	const struct rule *next;

	/* "**" is never the last part, and never follows another one */
	struct rule_part *parts;
	size_t parts_count, parts_alloc;
	/* the rule has a '/': the parts begin at the root. Otherwise there is
	   one part, for a component at any depth. */
	bool anchored:1;
	/* the rule ends in '/' */
	bool dir_only:1;
};

/* A rule without wildcards, in a hash table: a component, or for anchored
   rules the whole path. */
struct literal {
	uint64_t hash;
	char *text;
	size_t len;
	bool anchored;
	/* the last rule for names that aren't directories, and for those that
	   are */
	const struct rule *last[2];
};

struct literal_slot {
	/* upper half of the hash */
	uint32_t tag;
	/* index to literals + 1, 0 if empty */
	uint32_t idx;
};

/* What rules there are for names and components by their first byte. A bit
   stands for a length, or for a depth; the highest one for all from there. */
struct first_byte {
	/* lengths of components that rules without '/' may match */
	uint64_t literal_lens, glob_lens;
	/* depths of paths that rules with '/' may match */
	uint64_t literal_depths, glob_depths;
	/* Lists of rules with wildcards, the last rule first: components that
	   begin with the byte; that end with it and begin with a wildcard;
	   paths that begin with it */
	const struct rule *begin, *end, *paths;
};
#define MAX_BIT 63

struct mba_rules {
	struct rule **rules;
	size_t count, alloc;

	struct first_byte first[256];
	/* Lists of the rules that begin and end with wildcards. */
	const struct rule *others, *other_paths;

	struct literal *literals;
	size_t literals_count, literals_alloc;
	struct literal_slot *slots;
	/* a power of 2, at least twice literals_count; 0 at first */
	size_t slots_count;
};

/* Add a parsed rule to the index by which names are looked up. */
void rules_index_add(struct mba_rules *rules, struct rule *rule);

#endif
