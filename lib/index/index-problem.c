/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <string.h>

#include "index-problem.h"

void index_problem_note(struct index_state *state, uint32_t log_seq,
			uint64_t offset, const char *text)
{
	if (state->problem != NULL)
		return;
	state->problem = text;
	state->problem_seq = log_seq;
	state->problem_offset = offset;
	memset(state->problem_values, 0, sizeof(state->problem_values));
}

void index_problem_contradiction(struct index_state *state, uint32_t log_seq,
				 uint64_t offset, const char *text,
				 uint64_t value, uint64_t other)
{
	if (state->problem != NULL)
		return;
	index_problem_note(state, log_seq, offset, text);
	state->problem_values[0] = value;
	state->problem_values[1] = other;
}
