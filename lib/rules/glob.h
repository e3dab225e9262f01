#ifndef GLOB_H
#define GLOB_H

/* The pattern of one hierarchy component: bytes, '?', '*', "[...]" and '\'.
   It knows no separator: it is given a component and nothing else. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A token below this is a byte that matches itself. */
#define GLOB_ANY_BYTE 0x100
#define GLOB_STAR 0x101
/* GLOB_SET + n matches the bytes of sets[n] */
#define GLOB_SET 0x102

struct glob_set {
	uint64_t bits[4];
};

struct glob {
	uint32_t *tokens;
	struct glob_set *sets;
	size_t count, tokens_alloc, sets_count, sets_alloc;
	/* tokens before the first and behind the last '*' */
	size_t head, tail;
	/* bytes that the shortest match has */
	size_t min_len;
	/* there is a '*', successive ones are one */
	bool star:1;
	/* every token is a byte */
	bool literal:1;
};

/* Parse a component of a rule from *p up to '/', "\/" or the end, where *p is
   left. Returns 0 if ok, -1 if it doesn't parse: *p is at the offending byte
   then and *reason_r is set. The glob is to be freed in both cases. */
int glob_parse(struct glob *glob, const unsigned char **p,
	       const unsigned char *end, const char **reason_r);
void glob_free(struct glob *glob);

/* Returns TRUE if the whole component matches. Takes at most as many steps as
   tokens times bytes. */
bool glob_match(const struct glob *glob, const unsigned char *data,
		size_t size);
/* Returns TRUE if the first of the bytes that match may be c. */
bool glob_may_begin(const struct glob *glob, unsigned char c);

#endif
