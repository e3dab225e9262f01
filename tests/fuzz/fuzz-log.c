/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A log, of which nothing else is there. */

#include "fuzz-state.h"
#include "index-log-scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct index_state_input input = { .log = { data, size } };
	struct index_log_scan scan;
	const char *error = NULL;

	if (index_log_scan(data, size, &scan, &error) < 0)
		FUZZ_ASSERT(error != NULL);
	else
		FUZZ_ASSERT(scan.end <= size);
	fuzz_state(&input);
	return 0;
}
