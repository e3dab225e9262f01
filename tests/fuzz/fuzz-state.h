/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FUZZ_STATE_H
#define FUZZ_STATE_H

#include "fuzz.h"
#include "index-list.h"
#include "index-use.h"
#include "name.h"

static const struct mba_location fuzz_location = {
	.prefix = "", .separator = '/', .vname_escape_char = '^',
};

/* Names as a list of mailboxes has them lead nowhere but to names. A list in
   which nothing is wrong loses none, but those that are too long. */
static inline void fuzz_list(const struct index_state *state)
{
	struct index_list *list = index_list_new(state, '\0');
	struct index_list_mailbox mailbox;
	struct index_list_record record;
	bool is_whole = list != NULL && index_list_is_whole(list);
	size_t len;

	for (uint32_t i = 0; list != NULL && i < index_list_count(list); i++) {
		index_list_get(list, i, &mailbox);
		FUZZ_ASSERT(mailbox.name_len <= INDEX_LIST_MAX_NAME);
		FUZZ_ASSERT(mailbox.name[mailbox.name_len] == '\0');
		(void)index_list_get_record(list, i, &record);
		FUZZ_ASSERT(!is_whole || record.level != NULL);
		free(name_from_raw(&fuzz_location, mailbox.name,
				   mailbox.name_len, mailbox.is_prefix_inbox));
		free(name_levels_from_raw(&fuzz_location, mailbox.name,
					  mailbox.name_len, &len));
	}
	index_list_free(&list);
}

static inline void fuzz_own(const struct index_state *state)
{
	struct index_own own;

	index_own_read(state, &own);
	FUZZ_ASSERT(own.name == NULL || (own.name_len > 0 &&
		own.name_len <= INDEX_LIST_MAX_NAME &&
		own.name[own.name_len - 1] != '\0'));
	free(own.name);
}

/* What the files say makes sense, whatever they are. */
static inline void fuzz_state_once(const struct index_state_input *input)
{
	struct index_state state;
	const char *error;
	enum index_state_result result =
		index_state_read(input, &state, &error);
	const struct index_record *rows = state.records.rows;

	FUZZ_ASSERT((result == INDEX_STATE_OK) == (error == NULL));
	FUZZ_ASSERT(!input->is_settled || result != INDEX_STATE_MISMATCH);
	FUZZ_ASSERT(state.budget.steps <= state.budget.limit);
	for (uint32_t i = 0; i < state.records.count; i++) {
		FUZZ_ASSERT(!rows[i].expunged);
		FUZZ_ASSERT(rows[i].uid < state.hdr.next_uid);
		FUZZ_ASSERT(i == 0 || rows[i].uid > rows[i - 1].uid);
	}
	FUZZ_ASSERT(state.hdr.seen_count <= state.records.count);
	fuzz_list(&state);
	fuzz_own(&state);
	index_state_free(&state);
}

static inline void fuzz_state(const struct index_state_input *input)
{
	struct index_state_input settled = *input;

	fuzz_state_once(input);
	settled.is_settled = true;
	fuzz_state_once(&settled);
}

#endif
