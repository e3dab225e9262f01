/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_REPLAY_H
#define INDEX_REPLAY_H

/* What is in a log is done to a state (lib-index/mail-index-sync-update.c and
   its neighbours). */

#include "index-state.h"

/* Follow a log from an offset to its end, and set the header's position to
   where that is. */
void index_replay(struct index_state *state, const struct index_state_file *log,
		  const struct index_log_header *log_hdr, uint64_t offset);

#endif
