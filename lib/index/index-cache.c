/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Each list of fields is followed by a newer one, further on in the file; only
   the last one counts (lib-index/mail-cache-fields.c). */

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "index-cache.h"

#define MAJOR_VERSION 1
#define OFFSET_SIZE 8
/* u32 next, size, count */
#define FIELDS_HEADER_SIZE 12
/* u32 last_used, u32 size, u8 type, u8 decision */
#define FIELD_MIN_SIZE 10

static int fail(struct index_cache *cache, uint64_t wrong, uint64_t limit,
		const char *error, const char **error_r)
{
	cache->wrong = wrong;
	cache->limit = limit;
	*error_r = error;
	return -1;
}

void index_cache_init(struct index_cache *cache, uint64_t file_size)
{
	memset(cache, 0, sizeof(*cache));
	cache->file_size = file_size;
	cache->want_size = file_size < INDEX_CACHE_HEADER_SIZE ? file_size :
		INDEX_CACHE_HEADER_SIZE;
}

void index_cache_free(struct index_cache *cache)
{
	free(cache->fields);
	free(cache->names);
	cache->fields = NULL;
	cache->names = NULL;
	cache->fields_count = 0;
}

/* Want a list of fields, which has to stand after the one before it. */
static int want_fields(struct index_cache *cache, uint32_t offset,
		       const char **error_r)
{
	if (offset == 0)
		return 0;
	if (offset <= cache->want_offset || offset < INDEX_CACHE_HEADER_SIZE)
		return fail(cache, offset, cache->want_offset, "a list of "
			    "fields stands before the one that it follows",
			    error_r);
	if (offset > cache->file_size ||
	    cache->file_size - offset < FIELDS_HEADER_SIZE)
		return fail(cache, (uint64_t)offset + FIELDS_HEADER_SIZE,
			    cache->file_size, "a list of fields leads past the "
			    "end", error_r);
	if (++cache->lists_count > INDEX_CACHE_MAX_LISTS)
		return fail(cache, cache->lists_count, INDEX_CACHE_MAX_LISTS,
			    "there are more than 10,000 lists of fields",
			    error_r);
	cache->want_offset = offset;
	cache->want_size = FIELDS_HEADER_SIZE;
	return 1;
}

static int header_decode(struct index_cache *cache, const void *data,
			 const char **error_r)
{
	struct cursor c;
	uint32_t fields_offset;
	uint8_t offset_size;

	cursor_init(&c, data, cache->want_size, NULL);
	cache->major_version = cursor_u8(&c);
	offset_size = cursor_u8(&c);
	cache->minor_version = cursor_u8(&c);
	(void)cursor_u8(&c);
	cache->indexid = cursor_u32(&c);
	cache->file_seq = cursor_u32(&c);
	cache->continued = cursor_u32(&c);
	cache->records = cursor_u32(&c);
	(void)cursor_u32(&c);
	cache->deleted = cursor_u32(&c);
	fields_offset = cursor_offset32(&c);
	if (c.failed)
		return fail(cache, cache->file_size, INDEX_CACHE_HEADER_SIZE,
			    "It is shorter than a cache's header", error_r);
	if (cache->major_version != MAJOR_VERSION)
		return fail(cache, cache->major_version, MAJOR_VERSION,
			    "Its major version isn't 1", error_r);
	if (offset_size != OFFSET_SIZE)
		return fail(cache, offset_size, OFFSET_SIZE,
			    "It was written by a machine with other offsets",
			    error_r);
	if (cache->indexid == 0)
		return fail(cache, 0, 0, "Dovecot found it to be corrupt",
			    error_r);
	return want_fields(cache, fields_offset, error_r);
}

/* Go on to the newer list of fields, or want this one whole. */
static int fields_header_decode(struct index_cache *cache, const void *data,
				const char **error_r)
{
	uint64_t left = cache->file_size - cache->want_offset;
	struct cursor c;
	uint32_t next, size;

	cursor_init(&c, data, cache->want_size, NULL);
	next = cursor_offset32(&c);
	size = cursor_u32(&c);
	if (next != 0)
		return want_fields(cache, next, error_r);
	if (size > left && __builtin_bswap32(size) >= FIELDS_HEADER_SIZE &&
	    __builtin_bswap32(size) <= left)
		return fail(cache, cache->want_offset + size, cache->file_size,
			    "It was written by a machine with the other "
			    "endianness", error_r);
	if (size < FIELDS_HEADER_SIZE || size > left)
		return fail(cache, cache->want_offset + size, cache->file_size,
			    "a list of fields leads past the end", error_r);
	if (size > INDEX_CACHE_MAX_FIELDS_SIZE)
		return fail(cache, size, INDEX_CACHE_MAX_FIELDS_SIZE,
			    "a list of fields is larger than 4 MiB", error_r);
	cache->fields_size = size;
	cache->want_size = size;
	return 1;
}

static int names_decode(struct index_cache *cache, struct cursor *c,
			const char **error_r)
{
	size_t size = cursor_left(c);
	struct cursor names;
	const char *name;

	/* the data is the caller's */
	cache->names = mem_new(size + 1);
	if (size > 0)
		memcpy(cache->names, c->data + c->pos, size);
	cursor_init(&names, cache->names, size, NULL);
	for (unsigned int i = 0; i < cache->fields_count; i++) {
		name = cursor_string(&names);
		if (name == NULL || *name == '\0') {
			cache->fields_count = i;
			return fail(cache, i, size, "a field has no name",
				    error_r);
		}
		cache->fields[i].name = name;
	}
	return 0;
}

static int fields_decode(struct index_cache *cache, const void *data,
			 const char **error_r)
{
	struct cursor c;
	uint32_t count;

	cursor_init(&c, data, cache->want_size, NULL);
	cursor_seek(&c, 8);
	count = cursor_u32(&c);
	if (count > cursor_left(&c) / FIELD_MIN_SIZE)
		return fail(cache, count, cursor_left(&c) / FIELD_MIN_SIZE,
			    "a list of fields is too short for them", error_r);
	cache->fields = mem_new((size_t)count * sizeof(*cache->fields) + 1);
	cache->fields_count = count;
	for (uint32_t i = 0; i < count; i++)
		cache->fields[i].last_used = cursor_u32(&c);
	for (uint32_t i = 0; i < count; i++)
		cache->fields[i].size = cursor_u32(&c);
	for (uint32_t i = 0; i < count; i++) {
		cache->fields[i].type = cursor_u8(&c);
		/* whatever size is written there */
		if (cache->fields[i].type == INDEX_CACHE_VARIABLE ||
		    cache->fields[i].type == INDEX_CACHE_STRING ||
		    cache->fields[i].type == INDEX_CACHE_HEADER)
			cache->fields[i].size = INDEX_CACHE_VARIABLE_SIZE;
	}
	for (uint32_t i = 0; i < count; i++)
		cache->fields[i].decision = cursor_u8(&c);
	return names_decode(cache, &c, error_r);
}

int index_cache_feed(struct index_cache *cache, const void *data,
		     const char **error_r)
{
	*error_r = NULL;
	if (cache->want_offset == 0)
		return header_decode(cache, data, error_r);
	if (cache->fields_size == 0)
		return fields_header_decode(cache, data, error_r);
	return fields_decode(cache, data, error_r);
}

const char *index_cache_decision_name(uint8_t decision)
{
	static const char *const names[] = { "no", "temp", "yes" };

	decision &= INDEX_CACHE_DECISION_MASK;
	return decision < sizeof(names) / sizeof(names[0]) ? names[decision] :
		"unknown";
}

const char *index_cache_type_name(uint8_t type)
{
	static const char *const names[] = {
		[INDEX_CACHE_FIXED] = "fixed",
		[INDEX_CACHE_VARIABLE] = "variable",
		[INDEX_CACHE_STRING] = "string",
		[INDEX_CACHE_BITMASK] = "bitmask",
		[INDEX_CACHE_HEADER] = "header",
	};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] :
		"unknown";
}
