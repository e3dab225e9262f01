/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* An older record may stand after a newer one, if two processes added to a
   message at the same time. So a circle shows as Dovecot sees it: the records
   are larger than the file. */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "index-cache-chain.h"

#define RECORD_HEADER_SIZE 8
/* with a field's number: where there is none, Dovecot takes what follows for
   one */
#define RECORD_MIN_SIZE (RECORD_HEADER_SIZE + 4)

void index_cache_chain_init(struct index_cache_chain *chain,
			    const struct index_cache *cache,
			    index_cache_read_t *read, void *context)
{
	memset(chain, 0, sizeof(*chain));
	chain->cache = cache;
	chain->read = read;
	chain->context = context;
	chain->budget.limit = cache->file_size;
}

bool index_cache_chain_is_exhausted(const struct index_cache_chain *chain)
{
	return chain->budget.steps == chain->budget.limit;
}

static void __attribute__((format(printf, 3, 4)))
violated(struct index_cache_chain *chain, uint64_t offset, const char *format,
	 ...)
{
	va_list args;

	chain->offset = offset;
	va_start(args, format);
	(void)vsnprintf(chain->violated, sizeof(chain->violated), format, args);
	va_end(args);
}

/* Read a number, which is within the file as it was when it was opened. */
static int read_u32(struct index_cache_chain *chain, uint64_t offset,
		    uint32_t *value_r)
{
	uint64_t left = chain->cache->file_size - offset;

	if (!cursor_budget_spend(&chain->budget, 1)) {
		violated(chain, offset, "to follow the records takes "
			 "more steps than the cache has bytes: %" PRIu64,
			 chain->budget.limit);
		return -1;
	}
	if (offset < chain->window_offset || offset + sizeof(*value_r) >
	    chain->window_offset + chain->window_size) {
		chain->window_offset = offset;
		chain->window_size = left < sizeof(chain->window) ? left :
			sizeof(chain->window);
		if (!chain->read(chain->context, offset, chain->window,
				 chain->window_size)) {
			chain->window_size = 0;
			violated(chain, offset, "the cache has become "
				 "shorter than %" PRIu64 " bytes",
				 chain->cache->file_size);
			return -1;
		}
	}
	memcpy(value_r, chain->window + (offset - chain->window_offset),
	       sizeof(*value_r));
	return 0;
}

/* Returns the size of a field's data, which stands at *pos. */
static int field_size(struct index_cache_chain *chain, uint64_t *pos,
		      uint64_t end, uint32_t *size_r)
{
	uint64_t offset = *pos;
	uint32_t number;

	if (read_u32(chain, offset, &number) < 0)
		return -1;
	if (number >= chain->cache->fields_count) {
		violated(chain, offset, "field %u of a record >= %u "
			 "fields", number, chain->cache->fields_count);
		return -1;
	}
	*pos += sizeof(number);
	*size_r = chain->cache->fields[number].size;
	if (*size_r != INDEX_CACHE_VARIABLE_SIZE)
		return 0;
	if (end - *pos < sizeof(*size_r)) {
		violated(chain, offset, "field %u of a record has its "
			 "size at %" PRIu64 ", the record ends at %"
			 PRIu64, number, *pos, end);
		return -1;
	}
	if (read_u32(chain, *pos, size_r) < 0)
		return -1;
	*pos += sizeof(*size_r);
	return 0;
}

/* Read the fields, from after a record's header to its end. */
static int fields_check(struct index_cache_chain *chain, uint64_t pos,
			uint64_t end)
{
	uint64_t offset;
	uint32_t size;

	while (pos + sizeof(uint32_t) <= end) {
		offset = pos;
		if (field_size(chain, &pos, end, &size) < 0)
			return -1;
		if (size > end - pos) {
			violated(chain, offset, "a field of %u bytes "
				 "ends at %" PRIu64 ", its record at %"
				 PRIu64, size, pos + size, end);
			return -1;
		}
		pos += ((uint64_t)size + 3) & ~UINT64_C(3);
	}
	if (pos != end) {
		violated(chain, end, "the fields of a record end at %"
			 PRIu64 ", the record at %" PRIu64, pos, end);
		return -1;
	}
	return 0;
}

/* Returns how long a record is, and where the older one stands. */
static int record_check(struct index_cache_chain *chain, uint32_t offset,
			uint32_t *older_r, uint32_t *size_r)
{
	uint64_t file_size = chain->cache->file_size;
	uint64_t fields = (uint64_t)offset + RECORD_HEADER_SIZE;

	if (offset < INDEX_CACHE_HEADER_SIZE || offset % 4 != 0 ||
	    fields > file_size) {
		violated(chain, offset, "a record stands at %u, the "
			 "cache has %" PRIu64 " bytes", offset,
			 file_size);
		return -1;
	}
	if (read_u32(chain, offset, older_r) < 0 ||
	    read_u32(chain, fields - 4, size_r) < 0)
		return -1;
	if (*size_r < RECORD_MIN_SIZE) {
		violated(chain, fields - 4, "record size %u "
			 "< %d", *size_r, RECORD_MIN_SIZE);
		return -1;
	}
	if (*size_r > file_size - offset) {
		violated(chain, fields - 4, "record offset %u "
			 "+ size %u > the cache's size %" PRIu64, offset,
			 *size_r, file_size);
		return -1;
	}
	return fields_check(chain, fields, offset + (uint64_t)*size_r);
}

int index_cache_chain_check(struct index_cache_chain *chain, uint32_t offset)
{
	uint64_t sum = 0;
	uint32_t older, size;

	do {
		if (record_check(chain, offset, &older, &size) < 0)
			return -1;
		sum += size;
		if (sum > chain->cache->file_size) {
			violated(chain, offset, "the records go in a "
				 "circle: they have %" PRIu64 " bytes, "
				 "the cache %" PRIu64, sum,
				 chain->cache->file_size);
			return -1;
		}
		offset = older;
	} while (offset != 0);
	return 0;
}
