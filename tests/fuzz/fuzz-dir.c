/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A directory's index files: u16 size of the index, u16 size of the log, index,
   log, and what is left is the older log. */

#include "fuzz-state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct index_state_input input = { .index = { NULL, 0 } };
	uint16_t sizes[2];

	if (size < sizeof(sizes))
		return 0;
	memcpy(sizes, data, sizeof(sizes));
	data += sizeof(sizes);
	size -= sizeof(sizes);
	if (sizes[0] > size || sizes[1] > size - sizes[0])
		return 0;
	if (sizes[0] > 0)
		input.index = (struct index_state_file) { data, sizes[0] };
	data += sizes[0];
	if (sizes[1] > 0)
		input.log = (struct index_state_file) { data, sizes[1] };
	data += sizes[1];
	size -= (size_t)sizes[0] + sizes[1];
	if (size > 0)
		input.log2 = (struct index_state_file) { data, size };
	fuzz_state(&input);
	return 0;
}
