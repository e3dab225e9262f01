/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FUZZ_STATE_H
#define FUZZ_STATE_H

#include "fuzz.h"
#include "index-list.h"
#include "index-state.h"

/* Names as a list of mailboxes has them lead nowhere but to names. */
static inline void fuzz_list(const struct index_state *state)
{
	struct index_list *list = index_list_new(state, '/');
	struct index_list_mailbox mailbox;

	for (uint32_t i = 0; list != NULL && i < index_list_count(list); i++) {
		index_list_get(list, i, &mailbox);
		FUZZ_ASSERT(strlen(mailbox.name) <= INDEX_LIST_MAX_NAME);
	}
	index_list_free(&list);
}

/* What the files say makes sense, whatever they are. */
static inline void fuzz_state(const struct index_state_input *input)
{
	struct index_state state;
	const char *error;
	enum index_state_result result =
		index_state_read(input, &state, &error);
	const struct index_record *rows = state.records.rows;

	FUZZ_ASSERT((result == INDEX_STATE_OK) == (error == NULL));
	FUZZ_ASSERT(state.budget.steps <= state.budget.limit);
	for (uint32_t i = 0; i < state.records.count; i++) {
		FUZZ_ASSERT(!rows[i].expunged);
		FUZZ_ASSERT(rows[i].uid < state.hdr.next_uid);
		FUZZ_ASSERT(i == 0 || rows[i].uid > rows[i - 1].uid);
	}
	FUZZ_ASSERT(state.hdr.seen_count <= state.records.count);
	fuzz_list(&state);
	index_state_free(&state);
}

#endif
