/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_CACHE_CHAIN_H
#define INDEX_CACHE_CHAIN_H

/* The records of a cache: u32 offset of an older one of the same message, u32
   size, and fields, each a u32 number, a u32 size if its size is variable, and
   data, padded to 4 (lib-index/mail-cache-private.h, struct mail_cache_record;
   mail-cache-lookup.c). The index has the offset of the newest one. */

#include "index-cache.h"

/* Copy bytes of the file. Returns FALSE if they can't be read. */
typedef bool index_cache_read_t(void *context, uint64_t offset, void *dest,
				size_t size);

#define INDEX_CACHE_WINDOW_SIZE 4096

struct index_cache_chain {
	const struct index_cache *cache;
	index_cache_read_t *read;
	void *context;
	/* of all messages together */
	struct cursor_budget budget;

	/* what was read last: a part of the file */
	unsigned char window[INDEX_CACHE_WINDOW_SIZE];
	uint64_t window_offset;
	size_t window_size;

	/* what is wrong, with both values, and where in the file */
	char violated[128];
	uint64_t offset;
};

/* A cache of which the fields are known. No more steps are taken than it has
   bytes: a field has at least four. */
void index_cache_chain_init(struct index_cache_chain *chain,
			    const struct index_cache *cache,
			    index_cache_read_t *read, void *context);
/* Follow the records of a message from its newest one. Returns 0 if they make
   sense, -1 if not. */
int index_cache_chain_check(struct index_cache_chain *chain, uint32_t offset);
/* Returns TRUE if no more steps are left. */
bool index_cache_chain_is_exhausted(const struct index_cache_chain *chain);

#endif
