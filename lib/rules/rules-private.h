/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef RULES_PRIVATE_H
#define RULES_PRIVATE_H

#include "rule.h"

/* The rules of one setting or file, in one block of memory with their texts
   and their source's name. */
struct rules_source {
	/* the one that was added before */
	struct rules_source *prev;
	/* rules in those that were added before */
	size_t first;
	size_t count;
	struct rule rules[];
};

struct mba_rules {
	struct rules_source *last;
	size_t count;
	/* of their texts */
	size_t bytes;
	/* rules with a head, see struct rule */
	size_t heads_count;
	/* nothing was added yet */
	bool is_default:1;
	/* a rule asks for a level's depth */
	bool asks_depth:1;
};

#endif
