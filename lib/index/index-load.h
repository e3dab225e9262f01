/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_LOAD_H
#define INDEX_LOAD_H

#include "index-state.h"

/* Take an index file's records and extensions as they are. The state has its
   header, and nothing else so far; a next_uid that Dovecot would mend is
   mended. */
void index_load(struct index_state *state, const struct index_state_file *file);

#endif
