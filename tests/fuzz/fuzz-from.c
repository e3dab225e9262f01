/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What follows "From " in a file. */

#include "fuzz.h"
#include "mbox-from.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)mbox_from_is_valid(data, size);
	return 0;
}
