/* A LIST asks for every name of a home, so what counts is how fast a name is
   let pass. Most components are dismissed by their first byte and length: one
   load, one bit. What remains is looked up in a hash table, if there are rules
   without wildcards for that byte and length, and compared with the few rules
   with wildcards that may begin or end so, from the last rule backwards and
   only while it would win over the best found. */

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "rules-private.h"

#define MIN_SLOTS_COUNT 16

#define HASH_MULTIPLIER 0x9e3779b97f4a7c15ULL
/* the hash of the root, unlike any component's */
#define HASH_ROOT 0xc2b2ae3d27d4eb4fULL

#define BYTES_01 0x0101010101010101ULL
#define BYTES_80 0x8080808080808080ULL

/* A level of a name: the name up to one of its separators, or to its end. */
struct level {
	const unsigned char *name, *component, *end;
	/* rules with '/' may match this name */
	bool paths;
	bool is_dir;
	unsigned char sep;
	unsigned int depth;
	/* of the path, only if there are paths */
	uint64_t hash;
};

static uint64_t load64(const unsigned char *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static uint32_t load32(const unsigned char *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static uint64_t hash_mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * HASH_MULTIPLIER;
	return hash ^ hash >> 32;
}

/* Hash a component, by words that may overlap. */
static uint64_t hash_component(const unsigned char *data, size_t size)
{
	uint64_t hash = size;
	const unsigned char *end = data + size;

	if (size >= 8) {
		for (; end - data > 8; data += 8)
			hash = hash_mix(hash, load64(data));
		return hash_mix(hash, load64(end - 8));
	}
	if (size >= 4) {
		return hash_mix(hash, (uint64_t)load32(data) << 32 |
				load32(end - 4));
	}
	if (size == 0)
		return hash_mix(hash, 0);
	return hash_mix(hash, data[0] | data[size / 2] << 8 | end[-1] << 16);
}

static uint64_t length_bit(size_t len)
{
	return 1ULL << (len < MAX_BIT ? len : MAX_BIT);
}

/* Returns the bits of a length and all above it. */
static uint64_t length_bits_from(size_t len)
{
	return ~(length_bit(len) - 1);
}

/* Returns the later of two rules, either may be NULL. */
static const struct rule *later(const struct rule *a, const struct rule *b)
{
	if (a == NULL)
		return b;
	return b == NULL || a->idx > b->idx ? a : b;
}

/* Text that isn't anchored is a component and has no separator: sep is '/'. */
static bool literal_equals(const struct literal *literal, bool anchored,
			   const unsigned char *text, size_t len,
			   unsigned char sep)
{
	const unsigned char *own = (const unsigned char *)literal->text;

	if (literal->anchored != anchored || literal->len != len)
		return false;
	if (sep == '/')
		return memcmp(own, text, len) == 0;
	for (size_t i = 0; i < len; i++) {
		if (own[i] == '/' ? text[i] != sep :
		    text[i] == sep || text[i] != own[i])
			return false;
	}
	return true;
}

/* Returns the literal, or NULL if there is none. *slot_r is set to its slot, or
   to where it belongs. */
static struct literal *
literal_find(const struct mba_rules *rules, uint64_t hash, bool anchored,
	     const unsigned char *text, size_t len, unsigned char sep,
	     struct literal_slot **slot_r)
{
	const size_t mask = rules->slots_count - 1;
	struct literal *literal;

	for (size_t i = hash;; i++) {
		*slot_r = &rules->slots[i & mask];
		if ((*slot_r)->idx == 0)
			return NULL;
		if ((*slot_r)->tag != hash >> 32)
			continue;
		literal = &rules->literals[(*slot_r)->idx - 1];
		if (literal_equals(literal, anchored, text, len, sep))
			return literal;
	}
}

static void slots_grow(struct mba_rules *rules)
{
	struct literal_slot *slot;
	const struct literal *literal;

	if (rules->literals_count * 2 < rules->slots_count)
		return;
	free(rules->slots);
	rules->slots_count = rules->slots_count == 0 ? MIN_SLOTS_COUNT :
		rules->slots_count * 2;
	rules->slots = mem_new(rules->slots_count * sizeof(*rules->slots));
	for (size_t i = 0; i < rules->literals_count; i++) {
		literal = &rules->literals[i];
		(void)literal_find(rules, literal->hash, literal->anchored,
				   (const unsigned char *)literal->text,
				   literal->len, '/', &slot);
		slot->tag = literal->hash >> 32;
		slot->idx = i + 1;
	}
}

/* Takes over the text. */
static struct literal *literal_get(struct mba_rules *rules, uint64_t hash,
				   bool anchored, char *text, size_t len)
{
	struct literal_slot *slot;
	struct literal *literal;

	slots_grow(rules);
	literal = literal_find(rules, hash, anchored,
			       (const unsigned char *)text, len, '/', &slot);
	if (literal != NULL) {
		free(text);
		return literal;
	}
	rules->literals = mem_grow(rules->literals, &rules->literals_alloc,
				   rules->literals_count + 1, sizeof(*literal));
	literal = &rules->literals[rules->literals_count++];
	memset(literal, 0, sizeof(*literal));
	literal->hash = hash;
	literal->text = text;
	literal->len = len;
	literal->anchored = anchored;
	slot->tag = hash >> 32;
	slot->idx = rules->literals_count;
	return literal;
}

static bool rule_is_literal(const struct rule *rule)
{
	for (size_t i = 0; i < rule->parts_count; i++) {
		if (rule->parts[i].any_depth || !rule->parts[i].glob.literal)
			return false;
	}
	return true;
}

static void index_add_literal(struct mba_rules *rules, const struct rule *rule)
{
	char *text = mem_new(strlen(rule->pub.text) + 1);
	size_t len = 0, start;
	uint64_t path_hash = HASH_ROOT, hash = 0;
	struct literal *literal;

	for (size_t i = 0; i < rule->parts_count; i++) {
		const struct glob *glob = &rule->parts[i].glob;

		if (i > 0)
			text[len++] = '/';
		start = len;
		for (size_t j = 0; j < glob->count; j++)
			text[len++] = glob->tokens[j];
		hash = hash_component((unsigned char *)text + start,
				      len - start);
		path_hash = hash_mix(path_hash, hash);
	}
	literal = literal_get(rules, rule->anchored ? path_hash : hash,
			      rule->anchored, text, len);
	literal->last[1] = rule;
	if (!rule->dir_only)
		literal->last[0] = rule;
}

static void index_add_glob(struct mba_rules *rules, struct rule *rule)
{
	const struct rule_part *part = &rule->parts[0];
	const struct glob *glob = &part->glob;
	const struct rule **list;
	uint32_t first = GLOB_STAR, last = GLOB_STAR;

	if (!part->any_depth) {
		first = glob->tokens[0];
		last = glob->tokens[glob->count - 1];
	}
	if (rule->anchored) {
		list = first < GLOB_ANY_BYTE ? &rules->first[first].paths :
			&rules->other_paths;
	} else if (first < GLOB_ANY_BYTE)
		list = &rules->first[first].begin;
	else if (last < GLOB_ANY_BYTE)
		list = &rules->first[last].end;
	else
		list = &rules->others;
	rule->next = *list;
	*list = rule;
}

/* Returns the bits of the lengths, or depths, of what the rule may match. */
static uint64_t rule_bits(const struct rule *rule)
{
	const struct glob *glob = &rule->parts[0].glob;
	bool any = !rule->anchored && glob->star;
	size_t min = rule->anchored ? 0 : glob->min_len;

	for (size_t i = 0; i < rule->parts_count && rule->anchored; i++) {
		if (rule->parts[i].any_depth)
			any = true;
		else
			min++;
	}
	return any ? length_bits_from(min) : length_bit(min);
}

void rules_index_add(struct mba_rules *rules, struct rule *rule)
{
	const struct rule_part *part = &rule->parts[0];
	bool literal = rule_is_literal(rule);
	uint64_t bits = rule_bits(rule);

	if (literal)
		index_add_literal(rules, rule);
	else
		index_add_glob(rules, rule);

	for (unsigned int c = 0; c < 256; c++) {
		struct first_byte *first = &rules->first[c];

		if (!part->any_depth && !glob_may_begin(&part->glob, c))
			continue;
		if (!rule->anchored)
			*(literal ? &first->literal_lens :
			  &first->glob_lens) |= bits;
		else
			*(literal ? &first->literal_depths :
			  &first->glob_depths) |= bits;
	}
}

/* Returns the end of the component. */
static inline const unsigned char *
component_end(const unsigned char *p, const unsigned char *end,
	      unsigned char sep)
{
	const uint64_t seps = BYTES_01 * sep;
	uint64_t word;

	/* a byte that is zero in the word is a separator */
	for (; end - p >= 8; p += 8) {
		word = le64toh(load64(p)) ^ seps;
		word = (word - BYTES_01) & ~word & BYTES_80;
		if (word != 0)
			return p + __builtin_ctzll(word) / 8;
	}
	while (p < end && *p != sep)
		p++;
	return p;
}

/* Match a path from the root. A "**" takes as few components as it can; only
   the last one seen takes more: what it leaves to the parts behind it is then
   all that an earlier one could have left. */
static bool path_match(const struct rule *rule, const struct level *level)
{
	const struct rule_part *part = rule->parts, *retry_part = NULL;
	const struct rule_part *parts_end = part + rule->parts_count;
	const unsigned char *p = level->name, *retry_p = NULL, *end;

	while (p <= level->end) {
		if (part < parts_end && part->any_depth) {
			retry_part = ++part;
			retry_p = p;
		}
		end = component_end(p, level->end, level->sep);
		if (part < parts_end && glob_match(&part->glob, p, end - p)) {
			part++;
			p = end + 1;
			continue;
		}
		if (retry_part == NULL)
			return false;
		p = retry_p = component_end(retry_p, level->end,
					    level->sep) + 1;
		part = retry_part;
	}
	return part == parts_end;
}

/* Returns the first rule of the list that matches the component, if it wins
   over the best. */
static const struct rule *
components_match(const struct rule *rule, const struct level *level,
		 const struct rule *best)
{
	for (; rule != NULL && later(rule, best) == rule; rule = rule->next) {
		if ((level->is_dir || !rule->dir_only) &&
		    glob_match(&rule->parts[0].glob, level->component,
			       level->end - level->component))
			return rule;
	}
	return best;
}

static const struct rule *
paths_match(const struct rule *rule, const struct level *level,
	    const struct rule *best)
{
	for (; rule != NULL && later(rule, best) == rule; rule = rule->next) {
		if ((level->is_dir || !rule->dir_only) &&
		    path_match(rule, level))
			return rule;
	}
	return best;
}

static const struct rule *
literal_match(const struct mba_rules *rules, uint64_t hash, bool anchored,
	      const unsigned char *text, const struct level *level)
{
	struct literal_slot *slot;
	const struct literal *literal;

	literal = literal_find(rules, hash, anchored, text, level->end - text,
			       anchored ? level->sep : '/', &slot);
	return literal == NULL ? NULL : literal->last[level->is_dir];
}

/* Returns the last rule with '/' that matches the level and wins over best. */
static const struct rule *
level_match_paths(const struct mba_rules *rules, const struct level *level,
		  const struct rule *best)
{
	const struct first_byte *first = &rules->first[*level->name];
	uint64_t bit = length_bit(level->depth);

	if ((first->literal_depths & bit) != 0) {
		best = later(best, literal_match(rules, level->hash, true,
						 level->name, level));
	}
	if ((first->glob_depths & bit) != 0) {
		best = paths_match(first->paths, level, best);
		best = paths_match(rules->other_paths, level, best);
	}
	return best;
}

/* Returns the last rule that matches the level, NULL if none. */
static inline const struct rule *
level_match(const struct mba_rules *rules, const struct level *level)
{
	const unsigned char *p = level->component;
	const struct first_byte *first = &rules->first[*p];
	const size_t size = level->end - p;
	const uint64_t bit = length_bit(size);
	const struct rule *best = NULL;

	if ((first->literal_lens & bit) != 0) {
		best = literal_match(rules, hash_component(p, size), false, p,
				     level);
	}
	if ((first->glob_lens & bit) != 0) {
		best = components_match(first->begin, level, best);
		best = components_match(rules->first[level->end[-1]].end,
					level, best);
		best = components_match(rules->others, level, best);
	}
	return !level->paths ? best : level_match_paths(rules, level, best);
}

static bool level_is_inbox(const struct level *level)
{
	return level->component == level->name &&
		level->end - level->name == 5 &&
		memcmp(level->name, "INBOX", 5) == 0;
}

bool mba_rules_match(const struct mba_rules *rules, const char *name,
		     size_t len, char sep, size_t visible_len, bool is_dir,
		     const struct mba_rule **rule_r)
{
	struct level level = {
		.name = (const unsigned char *)name,
		.sep = sep,
		.hash = HASH_ROOT
	};
	const unsigned char *end = level.name + len;
	const unsigned char *asked, *p = level.name;
	const struct rule *rule = NULL;
	bool hidden = false;

	if (visible_len > len)
		visible_len = len;
	asked = p + visible_len;
	level.paths = len > 0 && (rules->first[*p].literal_depths |
				  rules->first[*p].glob_depths) != 0;
	/* paths are matched, and hashed, from the root */
	if (!level.paths)
		p = asked < end && *asked == level.sep ? asked + 1 : asked;

	for (; p <= end; p = level.end + 1) {
		level.component = p;
		level.end = component_end(p, end, level.sep);
		level.is_dir = is_dir || level.end < end;
		if (level.paths) {
			level.depth++;
			level.hash = hash_mix(level.hash, hash_component(
				p, level.end - p));
		}
		/* a separator at the name's end begins no level */
		if (level.end == p || level.end <= asked)
			continue;
		rule = level_match(rules, &level);
		if (rule != NULL && level_is_inbox(&level))
			rule = NULL;
		hidden = rule != NULL && !rule->pub.negated;
		if (hidden)
			break;
	}
	if (rule_r != NULL)
		*rule_r = rule == NULL ? NULL : &rule->pub;
	return hidden;
}

bool mba_rules_may_match(const struct mba_rules *rules, char first,
			 const char *component, size_t len)
{
	const struct first_byte *names = &rules->first[(unsigned char)first];
	const struct first_byte *components =
		&rules->first[(unsigned char)*component];
	uint64_t lens = components->literal_lens | components->glob_lens;

	return (names->literal_depths | names->glob_depths) != 0 ||
		(lens & length_bit(len)) != 0;
}
