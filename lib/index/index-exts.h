/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_EXTS_H
#define INDEX_EXTS_H

/* The extensions and the keywords of an index, as its log changes them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "index-ext-table.h"

struct index_ext_state {
	char *name;
	/* NULL if nothing is known of it: then its header isn't kept */
	const struct index_ext_info *info;
	uint32_t hdr_size, reset_id;
	uint16_t record_size, record_align;
	/* the first hdr_len bytes of the header, the others are 0 */
	unsigned char *hdr;
	size_t hdr_len, hdr_alloc;
};

/* Dovecot has some thirty. */
#define INDEX_EXTS_MAX 1000

struct index_exts {
	/* their number here is the id that the log has for them */
	struct index_ext_state *exts;
	size_t count, alloc;
	/* in the order of their bits */
	char **keywords;
	size_t keywords_count, keywords_alloc;
	/* of their names, with NUL */
	uint64_t keywords_bytes;
	/* No header takes more than as many bytes as were read. */
	uint64_t max_bytes;
};

void index_exts_free(struct index_exts *exts);

/* Returns the extension with a name, NULL if there is none. */
struct index_ext_state *
index_exts_find(const struct index_exts *exts, const char *name, size_t len);
static inline struct index_ext_state *
index_exts_get(const struct index_exts *exts, const char *name)
{
	return index_exts_find(exts, name, strlen(name));
}
/* Returns a new one, whose sizes are 0. Valid until the next one is added. */
struct index_ext_state *
index_exts_add(struct index_exts *exts, const char *name, size_t len);
/* Set the header's size; what is beyond is forgotten. */
void index_ext_resize(struct index_ext_state *ext, uint32_t hdr_size);
/* Write into the header, within hdr_size. Returns FALSE if that would keep more
   than was read. */
bool index_ext_write(const struct index_exts *exts, struct index_ext_state *ext,
		     uint64_t offset, const void *data, uint64_t size);

/* Returns a number in a header, 0 if it isn't there. */
uint64_t index_ext_number(const struct index_ext_state *ext,
			  const struct index_ext_field *field);
/* Copy bytes of a header; 0 for those that aren't there. */
void index_ext_bytes(const struct index_ext_state *ext, size_t offset,
		     void *dest, size_t size);

/* Returns TRUE if the keyword is there, in letters of whichever case, or was
   added. FALSE: that would keep more than was read. */
bool index_exts_add_keyword(struct index_exts *exts, const char *name,
			    size_t len);
/* Returns the bytes that the extension "keywords" needs for their names: their
   number, 8 bytes each, and the names with their NUL. */
uint32_t index_exts_keywords_size(const struct index_exts *exts);

#endif
