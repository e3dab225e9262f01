/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A cache file. */

#include "fuzz.h"
#include "index-cache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct index_cache cache;
	const char *error;
	int ret = index_cache_decode(&cache, data, size, &error);

	FUZZ_ASSERT((ret < 0) == (error != NULL));
	for (unsigned int i = 0; i < cache.fields_count; i++)
		FUZZ_ASSERT(*cache.fields[i].name != '\0');
	index_cache_free(&cache);
	return 0;
}
