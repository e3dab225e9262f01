/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_CACHE_H
#define INDEX_CACHE_H

/* A cache file (*.index.cache): its header, and the fields with what Dovecot
   decided about them and when they were last used. A cache may be large, and
   these stand anywhere in it: the decoder says which bytes it wants next.

   The header: u8 major version, u8 bytes of a file's offset, u8 minor version,
   u8, u32 index id, u32 file_seq, u32 continued, u32 records, u32, u32 deleted,
   offset of the first list of fields. A list: offset of the next one, u32 size,
   u32 count; of each field u32 last_used, then u32 size of each, u8 type, u8
   decision, and the names, each ended by NUL. The offsets are those of
   cursor_offset32() (lib-index/mail-cache-private.h). */

#include "cursor.h"

#define INDEX_CACHE_HEADER_SIZE 32
/* Fields of a list: Dovecot knows some fifty names; every header that a client
   asks for is one more. */
#define INDEX_CACHE_MAX_FIELDS_SIZE (4 * 1024 * 1024)

/* Dovecot writes one when fields are added, until it purges the cache. */
#define INDEX_CACHE_MAX_LISTS 10000

/* lib-index/mail-cache.h */
enum index_cache_type {
	INDEX_CACHE_FIXED,
	INDEX_CACHE_VARIABLE,
	INDEX_CACHE_STRING,
	INDEX_CACHE_BITMASK,
	INDEX_CACHE_HEADER
};
#define INDEX_CACHE_DECISION_TEMP 1
#define INDEX_CACHE_DECISION_YES 2
#define INDEX_CACHE_DECISION_MASK 0x7f
#define INDEX_CACHE_DECISION_FORCED 0x80
#define INDEX_CACHE_VARIABLE_SIZE UINT32_MAX

struct index_cache_field {
	/* points into the cache's fields */
	const char *name;
	/* bytes of a value, or INDEX_CACHE_VARIABLE_SIZE */
	uint32_t size;
	/* epoch seconds, with a day's precision */
	uint32_t last_used;
	uint8_t type, decision;
};

struct index_cache {
	uint8_t major_version, minor_version;
	uint32_t indexid;
	/* the reset id of the index' extension "cache" */
	uint32_t file_seq;
	/* records: of how many messages, how many continue others, how many are
	   of messages that are gone */
	uint32_t records, continued, deleted;

	struct index_cache_field *fields;
	unsigned int fields_count;

	/* why it can't be understood: the value that is wrong, and what it is
	   wrong against */
	uint64_t wrong, limit;

	/* for index_cache_feed() */
	uint64_t file_size;
	uint64_t want_offset;
	uint32_t want_size;
	/* 0 until a header of fields is found that is the last one */
	uint32_t fields_size;
	/* lists that were followed */
	unsigned int lists_count;
	/* a copy of the names */
	char *names;
};

/* Begin with a file of a size. What is wanted first is in want_offset and
   want_size; it never leads past the file's end. */
void index_cache_init(struct index_cache *cache, uint64_t file_size);
void index_cache_free(struct index_cache *cache);
/* Give the bytes that are wanted. Returns 1 if more are wanted, 0 if that was
   all, -1 if the file can't be understood: what was found until then stays, and
   error_r says why. */
int index_cache_feed(struct index_cache *cache, const void *data,
		     const char **error_r);

/* Returns what Dovecot decided about a field: "no", "temp", "yes", or
   "unknown". */
const char *index_cache_decision_name(uint8_t decision);
/* Returns what a field is: "fixed", "variable", "string", "bitmask", "header",
   or "unknown". */
const char *index_cache_type_name(uint8_t type);

#endif
