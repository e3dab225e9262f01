/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef GLOB_H
#define GLOB_H

/* The pattern of one hierarchy level: bytes, '?', '*', "[...]" and '\'. It is
   kept as text, which ends where the rule ends, or at a '/' or "\/". */

#include <stdbool.h>
#include <stddef.h>

/* What all levels that a pattern matches have in common. */
struct glob_info {
	/* bytes of the shortest one */
	size_t min_len;
	/* the first and the last byte; -1 if they differ */
	int first, last;
	/* there is a '*': others are longer */
	bool star:1;
};

/* Returns TRUE where a pattern ends. */
static inline bool
glob_is_end(const unsigned char *p, const unsigned char *end)
{
	return p == end || *p == '/' ||
		(*p == '\\' && end - p > 1 && p[1] == '/');
}

/* Check the pattern at *p, and move *p to its end. Returns 0 if ok, -1 if the
   pattern matches nothing: *p is at the offending byte then and *reason_r is
   set. */
int glob_check(const unsigned char **p, const unsigned char *end,
	       struct glob_info *info_r, const char **reason_r);

/* Returns TRUE if the pattern at *p matches all of the level; *p is moved to
   its end then. The pattern was checked. Takes at most as many steps as the
   pattern has bytes, times those of the level. */
bool glob_match(const unsigned char **p, const unsigned char *end,
		const unsigned char *level, size_t size);

#endif
