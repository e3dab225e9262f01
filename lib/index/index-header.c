/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <endian.h>
#include <string.h>

#include "index-header.h"

/* day_first_uid and what comes before it are the same since minor version 0,
   but three of the fields */
#define MINOR_WITH_ROTATE_TIME 3
/* what extensions are named with */
#define EXT_NAME_CHARS "abcdefghijklmnopqrstuvwxyz" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_ "

const char *index_compat_check(uint8_t compat_flags)
{
	const uint8_t ours = BYTE_ORDER == LITTLE_ENDIAN ?
		INDEX_COMPAT_LITTLE_ENDIAN : 0;

	if ((compat_flags & INDEX_COMPAT_LITTLE_ENDIAN) != ours)
		return "It was written by a machine with the other endianness";
	return compat_flags == ours ? NULL :
		"Its compat_flags are none of this machine's";
}

static const char *header_check(const struct index_header *hdr, uint64_t size)
{
	const char *error = index_compat_check(hdr->compat_flags);

	if (hdr->major_version != INDEX_MAJOR_VERSION)
		return "Its major version isn't 7";
	if (error != NULL)
		return error;
	if (hdr->base_header_size < INDEX_BASE_HEADER_SIZE)
		return "base_header_size is less than 120";
	if (hdr->header_size < hdr->base_header_size)
		return "header_size is less than base_header_size";
	if (hdr->header_size > size)
		return "header_size is more than the file's size";
	if (hdr->record_size < INDEX_RECORD_MIN_SIZE)
		return "record_size is less than 8";
	if ((hdr->flags & INDEX_HEADER_CORRUPTED) != 0)
		return "Dovecot found it to be corrupt";
	return NULL;
}

static void header_read(const void *data, struct index_header *hdr_r)
{
	struct cursor c;

	memset(hdr_r, 0, sizeof(*hdr_r));
	cursor_init(&c, data, INDEX_BASE_HEADER_SIZE, NULL);
	hdr_r->major_version = cursor_u8(&c);
	hdr_r->minor_version = cursor_u8(&c);
	hdr_r->base_header_size = cursor_u16(&c);
	hdr_r->header_size = cursor_u32(&c);
	hdr_r->record_size = cursor_u32(&c);
	hdr_r->compat_flags = cursor_u8(&c);
	cursor_seek(&c, INDEX_OFFSET_INDEXID);
	hdr_r->indexid = cursor_u32(&c);
	hdr_r->flags = cursor_u32(&c);
	hdr_r->uid_validity = cursor_u32(&c);
	hdr_r->next_uid = cursor_u32(&c);
	hdr_r->messages_count = cursor_u32(&c);
	(void)cursor_u32(&c);
	hdr_r->seen_count = cursor_u32(&c);
	hdr_r->deleted_count = cursor_u32(&c);
	hdr_r->first_recent_uid = cursor_u32(&c);
	hdr_r->first_unseen_lowwater = cursor_u32(&c);
	hdr_r->first_deleted_lowwater = cursor_u32(&c);
	hdr_r->log_file_seq = cursor_u32(&c);
	hdr_r->log_tail_offset = cursor_u32(&c);
	hdr_r->log_head_offset = cursor_u32(&c);
	(void)cursor_u32(&c);
	hdr_r->log2_rotate_time = cursor_u32(&c);
	hdr_r->last_temp_file_scan = cursor_u32(&c);
	if (hdr_r->minor_version < MINOR_WITH_ROTATE_TIME) {
		hdr_r->log2_rotate_time = 0;
		hdr_r->last_temp_file_scan = 0;
	}
	/* there was no such field */
	if (hdr_r->minor_version == 0 && hdr_r->first_recent_uid == 0)
		hdr_r->first_recent_uid = 1;
	hdr_r->day_stamp = cursor_u32(&c);
	for (unsigned int i = 0; i < INDEX_DAYS; i++)
		hdr_r->day_first_uid[i] = cursor_u32(&c);
}

int index_header_decode(const void *data, uint64_t size,
			struct index_header *hdr_r, const char **error_r)
{
	if (size < INDEX_BASE_HEADER_SIZE) {
		memset(hdr_r, 0, sizeof(*hdr_r));
		*error_r = "It is shorter than an index's header";
		return -1;
	}
	header_read(data, hdr_r);
	*error_r = header_check(hdr_r, size);
	return *error_r == NULL ? 0 : -1;
}

void index_ext_iter_init(struct index_ext_iter *iter, const void *data,
			 const struct index_header *hdr,
			 struct cursor_budget *budget)
{
	cursor_init(&iter->cursor, data, hdr->header_size, budget);
	cursor_seek(&iter->cursor, hdr->base_header_size);
	cursor_align(&iter->cursor, 8);
	iter->record_size = hdr->record_size;
}

bool index_ext_name_is_valid(const char *name, size_t len)
{
	if (len > INDEX_EXT_MAX_NAME)
		return false;
	for (; len > 0; name++, len--) {
		if (*name == '\0' || strchr(EXT_NAME_CHARS, *name) == NULL)
			return false;
	}
	return true;
}

/* Returns the length of a name as Dovecot reads it: one with bytes of no
   letters is taken for an empty one. */
static unsigned int ext_name_len(const char *name, unsigned int size)
{
	unsigned int len = 0;

	while (len < size && name[len] != '\0') {
		if ((unsigned char)name[len] < ' ' ||
		    (unsigned char)name[len] >= 0x80)
			return 0;
		len++;
	}
	return len;
}

const char *index_ext_check(uint32_t hdr_size, uint32_t record_size,
			    uint32_t record_align)
{
	if (hdr_size > INDEX_EXT_MAX_HEADER)
		return "an extension's header is larger than 16 MiB";
	if (record_size > INDEX_EXT_MAX_RECORD)
		return "an extension's record is larger than 32 KiB";
	if (record_size == 0 && hdr_size == 0)
		return "an extension has neither header nor records";
	if (record_size > 0 &&
	    (record_align == 0 || record_align > INDEX_EXT_MAX_ALIGN))
		return "an extension's alignment isn't between 1 and 8";
	return NULL;
}

static bool is_aligned(uint32_t number, uint32_t align)
{
	return align > 0 && number % align == 0;
}

/* Returns why an extension's part of a record can't be where it is, NULL if it
   can. */
static const char *ext_check_record(const struct index_ext *ext,
				    uint32_t record_size)
{
	if (ext->record_size == 0 || ext->record_offset == 0)
		return NULL;
	if ((uint32_t)ext->record_offset + ext->record_size > record_size)
		return "an extension's records lead past the end of a record";
	if (!is_aligned(ext->record_offset, ext->record_align))
		return "an extension's records aren't aligned";
	if (!is_aligned(record_size, ext->record_align))
		return "the records' size isn't aligned for an extension";
	return NULL;
}

int index_ext_next(struct index_ext_iter *iter, struct index_ext *ext_r,
		   const char **error_r)
{
	struct cursor *c = &iter->cursor;
	unsigned int name_size;

	*error_r = NULL;
	if (c->failed || cursor_left(c) == 0)
		return 0;
	memset(ext_r, 0, sizeof(*ext_r));
	ext_r->offset = c->pos;
	ext_r->hdr_size = cursor_u32(c);
	ext_r->reset_id = cursor_u32(c);
	ext_r->record_offset = cursor_u16(c);
	ext_r->record_size = cursor_u16(c);
	ext_r->record_align = cursor_u16(c);
	name_size = cursor_u16(c);
	ext_r->name = (const char *)cursor_bytes(c, name_size);
	if (ext_r->name != NULL)
		ext_r->name_len = ext_name_len(ext_r->name, name_size);
	cursor_align(c, 8);
	ext_r->hdr = cursor_bytes(c, ext_r->hdr_size);
	cursor_align(c, 8);

	if (c->failed) {
		*error_r = "an extension leads past the header's end";
		return -1;
	}
	*error_r = index_ext_check(ext_r->hdr_size, ext_r->record_size,
				   ext_r->record_align);
	if (*error_r == NULL)
		*error_r = ext_check_record(ext_r, iter->record_size);
	if (*error_r != NULL)
		return -1;
	if (ext_r->name_len < name_size || name_size == 0)
		*error_r = "an extension's name isn't valid";
	if (index_ext_name_is_valid(ext_r->name, ext_r->name_len))
		return 1;
	*error_r = "an extension's name isn't valid";
	return -1;
}

uint32_t index_records_count(const struct index_header *hdr, uint64_t size)
{
	uint64_t count = (size - hdr->header_size) / hdr->record_size;

	return count < hdr->messages_count ? count : hdr->messages_count;
}

void index_keyword_iter_init(struct index_keyword_iter *iter, const void *hdr,
			     uint32_t hdr_size, struct cursor_budget *budget)
{
	uint64_t names_pos;

	cursor_init(&iter->records, hdr, hdr_size, budget);
	iter->left = cursor_u32(&iter->records);
	names_pos = 4 + (uint64_t)iter->left * 8;
	if (names_pos > hdr_size) {
		iter->records.failed = true;
		names_pos = hdr_size;
	}
	cursor_init(&iter->names,
		    hdr_size == 0 ? NULL : (const char *)hdr + names_pos,
		    hdr_size - names_pos, budget);
}

int index_keyword_next(struct index_keyword_iter *iter, const char **name_r)
{
	const struct cursor *names = &iter->names;

	if (iter->left == 0 && !iter->records.failed) {
		/* what follows the last name has to end, too */
		return names->size == 0 ||
			names->data[names->size - 1] == '\0' ? 0 : -1;
	}
	(void)cursor_u32(&iter->records);
	cursor_seek(&iter->names, cursor_u32(&iter->records));
	*name_r = cursor_string(&iter->names);
	if (iter->records.failed || iter->names.failed || **name_r == '\0') {
		iter->records.failed = true;
		return -1;
	}
	iter->left--;
	return 1;
}
