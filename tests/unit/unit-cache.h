/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef UNIT_CACHE_H
#define UNIT_CACHE_H

#include "index-cache.h"
#include "unit.h"

/* Decode a cache from all of its data. Returns 0 or -1; nothing past the end is
   wanted. */
static inline int unit_cache_decode(struct index_cache *cache_r,
				    const void *data, uint64_t size,
				    const char **error_r)
{
	int ret;

	index_cache_init(cache_r, size);
	do {
		ck_assert_uint_le(cache_r->want_offset, size);
		ck_assert_uint_le(cache_r->want_size,
				  size - cache_r->want_offset);
		ret = index_cache_feed(cache_r, (const unsigned char *)data +
				       cache_r->want_offset, error_r);
	} while (ret > 0);
	return ret;
}

#endif
