/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A cache file. Its last four bytes are where a message's records begin. */

#include "fuzz.h"
#include "index-cache-chain.h"

struct file {
	const uint8_t *data;
	size_t size;
};

/* What is read is within the file. */
static bool read_data(void *context, uint64_t offset, void *dest, size_t size)
{
	const struct file *file = context;

	FUZZ_ASSERT(offset < file->size && size <= file->size - offset);
	memcpy(dest, file->data + offset, size);
	return true;
}

static void fuzz_records(const struct index_cache *cache, const uint8_t *data,
			 size_t size)
{
	struct file file = { data, size };
	struct index_cache_chain chain;
	uint32_t offset;
	int ret;

	memcpy(&offset, data + size - sizeof(offset), sizeof(offset));
	index_cache_chain_init(&chain, cache, read_data, &file);
	ret = index_cache_chain_check(&chain, offset);
	FUZZ_ASSERT((ret < 0) == (*chain.violated != '\0'));
	FUZZ_ASSERT(chain.budget.steps <= size);
}

/* What the decoder wants is within the file. */
static int decode(struct index_cache *cache_r, const uint8_t *data,
		  size_t size, const char **error_r)
{
	int ret;

	index_cache_init(cache_r, size);
	do {
		FUZZ_ASSERT(cache_r->want_offset <= size &&
			    cache_r->want_size <=
			    size - cache_r->want_offset);
		ret = index_cache_feed(cache_r, data + cache_r->want_offset,
				       error_r);
	} while (ret > 0);
	return ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct index_cache cache;
	const char *error;
	int ret = decode(&cache, data, size, &error);

	FUZZ_ASSERT((ret < 0) == (error != NULL));
	for (unsigned int i = 0; i < cache.fields_count; i++)
		FUZZ_ASSERT(*cache.fields[i].name != '\0');
	if (ret == 0)
		fuzz_records(&cache, data, size);
	index_cache_free(&cache);
	return 0;
}
