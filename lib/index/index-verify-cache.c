/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "alloc.h"
#include "index-verify-private.h"

/* By name, whose case doesn't matter; then in their order. */
static int field_compare(const void *p1, const void *p2)
{
	const struct index_cache_field *field1 =
		*(const struct index_cache_field *const *)p1;
	const struct index_cache_field *field2 =
		*(const struct index_cache_field *const *)p2;
	int ret = strcasecmp(field1->name, field2->name);

	return ret != 0 ? ret : field1 < field2 ? -1 : 1;
}

static void verify_cache_names(struct verify *verify)
{
	const struct index_cache *cache = &verify->dir->cache;
	const unsigned int count = cache->fields_count;
	const struct index_cache_field **fields =
		mem_new(((size_t)count + 1) * sizeof(*fields));

	for (unsigned int i = 0; i < count; i++)
		fields[i] = &cache->fields[i];
	qsort(fields, count, sizeof(*fields), field_compare);
	for (unsigned int i = 1; i < count; i++) {
		if (strcasecmp(fields[i - 1]->name, fields[i]->name) == 0) {
			verdict_add(verify, INDEX_DIR_CACHE, cache->want_offset,
				    "field %s: field %td has its name",
				    fields[i]->name, fields[i - 1] -
				    cache->fields);
		}
	}
	free(fields);
}

/* What Dovecot's own fields are (lib-storage/index/index-mail.c), and those of
   headers; 0 is no size of its own. */
static const struct {
	const char *name;
	enum index_cache_type type;
	uint32_t size;
} known_fields[] = {
	{ "flags", INDEX_CACHE_BITMASK, 4 },
	{ "date.sent", INDEX_CACHE_FIXED, 8 },
	{ "date.received", INDEX_CACHE_FIXED, 4 },
	{ "date.save", INDEX_CACHE_FIXED, 4 },
	{ "size.virtual", INDEX_CACHE_FIXED, 8 },
	{ "size.physical", INDEX_CACHE_FIXED, 8 },
	{ "imap.body", INDEX_CACHE_STRING, 0 },
	{ "imap.bodystructure", INDEX_CACHE_STRING, 0 },
	{ "imap.envelope", INDEX_CACHE_STRING, 0 },
	{ "pop3.uidl", INDEX_CACHE_STRING, 0 },
	{ "pop3.order", INDEX_CACHE_FIXED, 4 },
	{ "guid", INDEX_CACHE_STRING, 0 },
	{ "mime.parts", INDEX_CACHE_VARIABLE, 0 },
	{ "binary.parts", INDEX_CACHE_VARIABLE, 0 },
	{ "body.snippet", INDEX_CACHE_VARIABLE, 0 },
	/* the start of their names */
	{ "hdr.", INDEX_CACHE_HEADER, 0 },
};

static bool field_is(const struct index_cache_field *field, const char *name)
{
	return strcasecmp(field->name, name) == 0 ||
		(strcmp(name, "hdr.") == 0 &&
		 strncasecmp(field->name, name, strlen(name)) == 0);
}

/* If Dovecot knows a field otherwise, it says that the cache is corrupt. */
static void verify_cache_known(struct verify *verify,
			       const struct index_cache_field *field)
{
	const uint64_t offset = verify->dir->cache.want_offset;
	size_t i = 0;

	while (!field_is(field, known_fields[i].name)) {
		if (++i == sizeof(known_fields) / sizeof(known_fields[0]))
			return;
	}
	if (field->type != known_fields[i].type) {
		verdict_add(verify, INDEX_DIR_CACHE, offset,
			    "field %s: type %s != %s", field->name,
			    index_cache_type_name(field->type),
			    index_cache_type_name(known_fields[i].type));
	} else if (known_fields[i].size != 0 &&
		   field->size != known_fields[i].size) {
		verdict_add(verify, INDEX_DIR_CACHE, offset,
			    "field %s: size %u != %u", field->name,
			    field->size, known_fields[i].size);
	}
}

/* Of others Dovecot says that the cache is corrupt. */
static void verify_cache_fields(struct verify *verify)
{
	const struct index_cache *cache = &verify->dir->cache;
	const struct index_cache_field *field;
	unsigned int decision;

	if (cache->want_offset == 0) {
		verdict_add(verify, INDEX_DIR_CACHE, OFFSET_CACHE_FIELDS,
			    "there is no list of fields");
	}
	for (unsigned int i = 0; i < cache->fields_count; i++) {
		field = &cache->fields[i];
		decision = field->decision & INDEX_CACHE_DECISION_MASK;
		if (field->type > INDEX_CACHE_HEADER) {
			verdict_add(verify, INDEX_DIR_CACHE, cache->want_offset,
				    "field %s: type %u > %d", field->name,
				    field->type, INDEX_CACHE_HEADER);
		} else {
			verify_cache_known(verify, field);
		}
		if (decision > INDEX_CACHE_DECISION_YES) {
			verdict_add(verify, INDEX_DIR_CACHE, cache->want_offset,
				    "field %s: decision %u > %d", field->name,
				    decision, INDEX_CACHE_DECISION_YES);
		}
	}
	verify_cache_names(verify);
}

/* What the cache has of each message that is there. */
static void verify_cache_records(struct verify *verify)
{
	const struct index_dir *dir = verify->dir;
	const struct index_records *recs = &dir->state.records;
	const void *record;
	struct index_cache_chain chain;
	uint32_t offset;

	index_dir_cache_chain(dir, &chain);
	for (uint32_t i = 0; i < recs->count &&
	     !index_cache_chain_is_exhausted(&chain); i++) {
		record = index_records_get(recs, INDEX_COLUMN_CACHE, i);
		if (record == NULL)
			continue;
		memcpy(&offset, record, sizeof(offset));
		if (offset != 0 &&
		    index_cache_chain_check(&chain, offset) < 0) {
			verdict_add(verify, INDEX_DIR_CACHE, chain.offset,
				    "uid %u: %s", recs->rows[i].uid,
				    chain.violated);
		}
	}
}

void index_verify_cache(struct verify *verify)
{
	const struct index_dir *dir = verify->dir;
	const struct index_dir_file *file = &dir->files[INDEX_DIR_CACHE];
	const struct index_ext_state *ext;

	if (!file->exists || file->failed != NULL)
		return;
	if (file->error != NULL) {
		verdict_add(verify, INDEX_DIR_CACHE, dir->cache.want_offset,
			    "%s: %" PRIu64 ", %" PRIu64, file->error,
			    dir->cache.wrong, dir->cache.limit);
		return;
	}
	if (dir->cache.indexid != dir->state.hdr.indexid) {
		verdict_add(verify, INDEX_DIR_CACHE, OFFSET_CACHE_INDEXID,
			    "indexid %u != indexid %u of the index",
			    dir->cache.indexid, dir->state.hdr.indexid);
		return;
	}
	if (dir->cache.file_seq == 0) {
		verdict_add(verify, INDEX_DIR_CACHE, OFFSET_CACHE_SEQ,
			    "file_seq 0 < 1");
	}
	verify_cache_fields(verify);
	ext = index_exts_get(&dir->state.exts, "cache");
	if (ext != NULL && ext->reset_id != dir->cache.file_seq) {
		verdict_add(verify, INDEX_DIR_CACHE, OFFSET_CACHE_SEQ,
			    "file_seq %u != reset_id %u of extension cache",
			    dir->cache.file_seq, ext->reset_id);
	} else {
		verify_cache_records(verify);
	}
}
