/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "alloc.h"
#include "index-exts.h"

/* A header of which a log writes the end first; larger ones are written from
   their start. */
#define SMALL_HEADER 4096

void index_exts_free(struct index_exts *exts)
{
	for (size_t i = 0; i < exts->count; i++) {
		free(exts->exts[i].name);
		free(exts->exts[i].hdr);
	}
	for (size_t i = 0; i < exts->keywords_count; i++)
		free(exts->keywords[i]);
	free(exts->exts);
	free(exts->keywords);
}

struct index_ext_state *
index_exts_find(const struct index_exts *exts, const char *name, size_t len)
{
	for (size_t i = 0; i < exts->count; i++) {
		if (strlen(exts->exts[i].name) == len &&
		    memcmp(exts->exts[i].name, name, len) == 0)
			return &exts->exts[i];
	}
	return NULL;
}

struct index_ext_state *
index_exts_add(struct index_exts *exts, const char *name, size_t len)
{
	struct index_ext_state *ext;

	exts->exts = mem_grow(exts->exts, &exts->alloc, exts->count + 1,
			      sizeof(*exts->exts));
	ext = &exts->exts[exts->count++];
	memset(ext, 0, sizeof(*ext));
	ext->name = mem_dup(name, len);
	ext->info = index_ext_info(name, len);
	return ext;
}

void index_ext_resize(struct index_ext_state *ext, uint32_t hdr_size)
{
	ext->hdr_size = hdr_size;
	if (ext->hdr_len > hdr_size)
		ext->hdr_len = hdr_size;
}

bool index_ext_write(const struct index_exts *exts, struct index_ext_state *ext,
		     uint64_t offset, const void *data, uint64_t size)
{
	uint64_t end = offset + size;

	if (ext->info == NULL || size == 0)
		return true;
	if (end > SMALL_HEADER && end > exts->max_bytes)
		return false;
	ext->hdr = mem_grow(ext->hdr, &ext->hdr_alloc, end, 1);
	if (offset > ext->hdr_len)
		memset(ext->hdr + ext->hdr_len, 0, offset - ext->hdr_len);
	memcpy(ext->hdr + offset, data, size);
	if (end > ext->hdr_len)
		ext->hdr_len = end;
	return true;
}

void index_ext_bytes(const struct index_ext_state *ext, size_t offset,
		     void *dest, size_t size)
{
	size_t left = offset < ext->hdr_len ? ext->hdr_len - offset : 0;

	memset(dest, 0, size);
	if (left > 0) {
		memcpy(dest, ext->hdr + offset, left < size ? left : size);
	}
}

uint64_t index_ext_number(const struct index_ext_state *ext,
			  const struct index_ext_field *field)
{
	uint64_t number64;
	uint32_t number32;
	uint8_t number8;

	switch (field->type) {
	case INDEX_FIELD_U64:
		index_ext_bytes(ext, field->offset, &number64, 8);
		return number64;
	case INDEX_FIELD_U8:
		index_ext_bytes(ext, field->offset, &number8, 1);
		return number8;
	default:
		index_ext_bytes(ext, field->offset, &number32, 4);
		return number32;
	}
}

bool index_exts_add_keyword(struct index_exts *exts, const char *name,
			    size_t len)
{
	for (size_t i = 0; i < exts->keywords_count; i++) {
		if (strlen(exts->keywords[i]) == len &&
		    strncasecmp(exts->keywords[i], name, len) == 0)
			return true;
	}
	if (exts->keywords_bytes + len + 1 + (exts->keywords_count + 1) *
	    sizeof(*exts->keywords) > exts->max_bytes)
		return false;
	exts->keywords_bytes += len + 1;
	exts->keywords = mem_grow(exts->keywords, &exts->keywords_alloc,
				  exts->keywords_count + 1,
				  sizeof(*exts->keywords));
	exts->keywords[exts->keywords_count++] = mem_dup(name, len);
	return true;
}

uint32_t index_exts_keywords_size(const struct index_exts *exts)
{
	uint64_t size = 4 + exts->keywords_count * 8 + exts->keywords_bytes;

	return (uint32_t)((size + 3) / 4 * 4);
}
