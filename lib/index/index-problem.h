/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_PROBLEM_H
#define INDEX_PROBLEM_H

/* The first thing in an index' files that makes no sense. */

#include "index-state.h"

/* Remember it, unless there was something before. log_seq is 0 for the index
   file. */
void index_problem_note(struct index_state *state, uint32_t log_seq,
			uint64_t offset, const char *text);
/* The same of two values that contradict each other. */
void index_problem_contradiction(struct index_state *state, uint32_t log_seq,
				 uint64_t offset, const char *text,
				 uint64_t value, uint64_t other);

#endif
