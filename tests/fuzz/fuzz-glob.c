/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* PATTERN \0 LEVEL: one level of a rule, checked and matched. */

#include "fuzz.h"
#include "glob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *pattern = fuzz_string(&data, &size);
	const unsigned char *start = (const unsigned char *)pattern, *p = start;
	const unsigned char *end = start + strlen(pattern);
	const unsigned char *pattern_end;
	struct glob_info info;
	const char *reason = NULL;

	if (glob_check(&p, end, &info, &reason) < 0) {
		FUZZ_ASSERT(reason != NULL && p >= start && p <= end);
		free(pattern);
		return 0;
	}
	pattern_end = p;
	p = start;
	if (glob_match(&p, end, data, size)) {
		FUZZ_ASSERT(p == pattern_end);
		FUZZ_ASSERT(info.star ? size >= info.min_len :
			    size == info.min_len);
		FUZZ_ASSERT(info.first == -1 || data[0] == info.first);
		FUZZ_ASSERT(info.last == -1 || data[size - 1] == info.last);
	}
	free(pattern);
	return 0;
}
