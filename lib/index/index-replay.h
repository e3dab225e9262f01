/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_REPLAY_H
#define INDEX_REPLAY_H

/* What is in a log is done to a state (lib-index/mail-index-sync-update.c and
   its neighbours). */

#include "index-state.h"

/* Remember that something makes no sense, unless there was something before. */
void index_replay_fail(struct index_state *state, uint32_t log_seq,
		       uint64_t offset, const char *text);
/* The same of two values that contradict each other. */
void index_replay_contradiction(struct index_state *state, uint32_t log_seq,
				uint64_t offset, const char *text,
				uint64_t value, uint64_t other);

/* Follow a log from an offset to its end, and set the header's position to
   where that is. */
void index_replay(struct index_state *state, const struct index_state_file *log,
		  const struct index_log_header *log_hdr, uint64_t offset);

#endif
