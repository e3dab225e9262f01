/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* An index file, and what it would be as a list of mailboxes, without its
   log. */

#include "fuzz-state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct index_state_input input = { .index = { data, size } };

	fuzz_state(&input);
	return 0;
}
