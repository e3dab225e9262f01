/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A log is read while Dovecot appends to it: a transaction's size is written
   last, so that a size of 0, or one that leads past the end, is no error but
   the end. A boundary, which is external whatever follows it, tells how far the
   transactions go that belong together; if they aren't all there, none of them
   counts. Newer Dovecots leave such a torn end for ever. */

#include <string.h>
#include <strings.h>

#include "index-header.h"
#include "index-log.h"

#define TRANSACTION_HEADER_SIZE 8
/* bits of a type */
#define TYPE_MASK 0x0fffffff
#define TYPE_EXTERNAL 0x10000000
#define TYPE_DSYNC 0x20000000
/* protects from a lost bit that would expunge */
#define EXPUNGE_PROT 0xcd90

static const struct {
	uint32_t code;
	const char *name;
} types[INDEX_LOG_TYPE_COUNT] = {
	[INDEX_LOG_EXPUNGE] = { 0x1 | EXPUNGE_PROT, "expunge" },
	[INDEX_LOG_EXPUNGE_GUID] = { 0x2000 | EXPUNGE_PROT, "expunge-guid" },
	[INDEX_LOG_APPEND] = { 0x2, "append" },
	[INDEX_LOG_FLAG_UPDATE] = { 0x4, "flag-update" },
	[INDEX_LOG_HEADER_UPDATE] = { 0x20, "header-update" },
	[INDEX_LOG_EXT_INTRO] = { 0x40, "ext-intro" },
	[INDEX_LOG_EXT_RESET] = { 0x80, "ext-reset" },
	[INDEX_LOG_EXT_HDR_UPDATE] = { 0x100, "ext-hdr" },
	[INDEX_LOG_EXT_HDR_UPDATE32] = { 0x10000, "ext-hdr32" },
	[INDEX_LOG_EXT_REC_UPDATE] = { 0x200, "ext-rec" },
	[INDEX_LOG_EXT_ATOMIC_INC] = { 0x1000, "ext-atomic-inc" },
	[INDEX_LOG_KEYWORD_UPDATE] = { 0x400, "keyword-update" },
	[INDEX_LOG_KEYWORD_RESET] = { 0x800, "keyword-reset" },
	[INDEX_LOG_MODSEQ_UPDATE] = { 0x8000, "modseq-update" },
	[INDEX_LOG_INDEX_DELETED] = { 0x20000, "index-deleted" },
	[INDEX_LOG_INDEX_UNDELETED] = { 0x40000, "index-undeleted" },
	[INDEX_LOG_BOUNDARY] = { 0x80000, "boundary" },
	[INDEX_LOG_ATTRIBUTE_UPDATE] = { 0x100000, "attribute-update" },
	[INDEX_LOG_UNKNOWN] = { UINT32_MAX, "unknown" },
};

/* The lowest bit of a code is no other code's. */
static const uint8_t types_by_bit[32] = {
	[0] = INDEX_LOG_EXPUNGE,
	[1] = INDEX_LOG_APPEND,
	[2] = INDEX_LOG_FLAG_UPDATE,
	[4] = INDEX_LOG_EXPUNGE_GUID,
	[5] = INDEX_LOG_HEADER_UPDATE,
	[6] = INDEX_LOG_EXT_INTRO,
	[7] = INDEX_LOG_EXT_RESET,
	[8] = INDEX_LOG_EXT_HDR_UPDATE,
	[9] = INDEX_LOG_EXT_REC_UPDATE,
	[10] = INDEX_LOG_KEYWORD_UPDATE,
	[11] = INDEX_LOG_KEYWORD_RESET,
	[12] = INDEX_LOG_EXT_ATOMIC_INC,
	[15] = INDEX_LOG_MODSEQ_UPDATE,
	[16] = INDEX_LOG_EXT_HDR_UPDATE32,
	[17] = INDEX_LOG_INDEX_DELETED,
	[18] = INDEX_LOG_INDEX_UNDELETED,
	[19] = INDEX_LOG_BOUNDARY,
	[20] = INDEX_LOG_ATTRIBUTE_UPDATE,
};

const char *index_log_type_name(enum index_log_type type)
{
	return types[type].name;
}

static const char *
log_header_check(const struct index_log_header *hdr, uint64_t size)
{
	if (hdr->major_version != INDEX_LOG_MAJOR_VERSION)
		return "Its major version isn't 1";
	/* a size of less than 256 in the other order */
	if (hdr->hdr_size % 256 == 0 && hdr->hdr_size / 256 >=
	    INDEX_LOG_MIN_HEADER_SIZE)
		return "It was written by a machine with the other endianness";
	if (hdr->hdr_size < INDEX_LOG_MIN_HEADER_SIZE)
		return "hdr_size is less than 24";
	if (hdr->hdr_size > size)
		return "hdr_size is more than the file's size";
	return hdr->minor_version < 2 ? NULL :
		index_compat_check(hdr->compat_flags);
}

int index_log_header_decode(const void *data, uint64_t size,
			    struct index_log_header *hdr_r,
			    const char **error_r)
{
	struct cursor c;

	memset(hdr_r, 0, sizeof(*hdr_r));
	cursor_init(&c, data, size, NULL);
	hdr_r->major_version = cursor_u8(&c);
	hdr_r->minor_version = cursor_u8(&c);
	hdr_r->hdr_size = cursor_u16(&c);
	hdr_r->indexid = cursor_u32(&c);
	hdr_r->file_seq = cursor_u32(&c);
	hdr_r->prev_file_seq = cursor_u32(&c);
	hdr_r->prev_file_offset = cursor_u32(&c);
	hdr_r->create_stamp = cursor_u32(&c);
	if (c.failed) {
		*error_r = "It is shorter than a log's header";
		return -1;
	}
	/* old headers end earlier */
	if (hdr_r->hdr_size < size)
		c.size = hdr_r->hdr_size;
	if (hdr_r->hdr_size >= 32)
		hdr_r->initial_modseq = cursor_u64(&c);
	if (hdr_r->hdr_size >= 40)
		hdr_r->compat_flags = cursor_u8(&c);
	*error_r = log_header_check(hdr_r, size);
	return *error_r == NULL ? 0 : -1;
}

void index_log_iter_init(struct index_log_iter *iter, const void *data,
			 uint64_t size, uint64_t offset)
{
	iter->data = data;
	iter->size = size;
	iter->offset = offset > size ? size : offset;
	iter->error = offset > size ?
		"the log is shorter than the offset in it" : NULL;
}

static enum index_log_type log_type(uint32_t code)
{
	enum index_log_type type;

	if (code == 0)
		return INDEX_LOG_UNKNOWN;
	type = types_by_bit[ffs((int)code) - 1];
	return types[type].code == code ? type : INDEX_LOG_UNKNOWN;
}

/* Returns TRUE if all of what a boundary tells of is there. */
static bool log_boundary_is_whole(const struct index_transaction *trans,
				  uint64_t log_size)
{
	struct cursor c;
	uint64_t size;

	cursor_init(&c, trans->data, trans->data_size, NULL);
	size = cursor_u32(&c);
	return size <= log_size - trans->offset;
}

bool index_log_next(struct index_log_iter *iter,
		    struct index_transaction *trans_r)
{
	const unsigned char *bytes = iter->data + iter->offset;
	uint64_t left = iter->size - iter->offset;
	uint32_t type;

	trans_r->offset = iter->offset;
	trans_r->size = 0;
	if (iter->error != NULL || left < TRANSACTION_HEADER_SIZE)
		return false;
	trans_r->size = offset32_decode(bytes);
	if (trans_r->size == 0 || trans_r->size > left)
		return false;
	if (trans_r->size < TRANSACTION_HEADER_SIZE) {
		iter->error = "a transaction is smaller than its header";
		return false;
	}
	iter->offset += trans_r->size;
	memcpy(&type, bytes + 4, sizeof(type));
	trans_r->code = type & TYPE_MASK;
	trans_r->type = log_type(trans_r->code);
	trans_r->external = (type & TYPE_EXTERNAL) != 0;
	trans_r->dsync = (type & TYPE_DSYNC) != 0;
	trans_r->data = bytes + TRANSACTION_HEADER_SIZE;
	trans_r->data_size = trans_r->size - TRANSACTION_HEADER_SIZE;
	return trans_r->type != INDEX_LOG_BOUNDARY || !trans_r->external ||
		log_boundary_is_whole(trans_r, iter->size);
}

bool index_log_iter_reach(struct index_log_iter *iter, uint64_t offset)
{
	struct index_transaction trans;

	while (iter->offset < offset && index_log_next(iter, &trans))
		;
	return iter->offset == offset;
}

int index_header_update_next(struct cursor *cursor,
			     struct index_header_update *update_r)
{
	if (cursor_left(cursor) < 4)
		return cursor->failed ? -1 : 0;
	update_r->offset = cursor_u16(cursor);
	update_r->size = cursor_u16(cursor);
	update_r->data = cursor_bytes(cursor, update_r->size);
	cursor_align(cursor, 4);
	return update_r->data == NULL ? -1 : 1;
}

bool index_header_update_tail(const struct index_header_update *update,
			      uint32_t *tail_r)
{
	const uint32_t offset = update->offset;

	if (offset > INDEX_OFFSET_LOG_TAIL || offset + update->size <
	    INDEX_OFFSET_LOG_TAIL + sizeof(*tail_r))
		return false;
	memcpy(tail_r, update->data + (INDEX_OFFSET_LOG_TAIL - offset),
	       sizeof(*tail_r));
	return true;
}

bool index_log_changes_flags(const struct index_transaction *trans,
			     bool or_modseq)
{
	struct index_flag_update update;

	for (uint32_t pos = 0; trans->data_size - pos >=
	     INDEX_FLAG_UPDATE_SIZE; pos += INDEX_FLAG_UPDATE_SIZE) {
		index_flag_update_decode(trans->data + pos, &update);
		if (((update.add | update.remove) & INDEX_FLAGS_CLIENT) != 0 ||
		    (or_modseq && update.modseq_inc))
			return true;
	}
	return false;
}

/* Returns TRUE if the first extension that is introduced is modseq's. */
static bool log_introduces_modseq(const struct index_transaction *trans)
{
	static const char name[] = "modseq";
	const size_t len = sizeof(name) - 1;
	const unsigned char *bytes;
	uint16_t name_size;
	struct cursor c;

	if (trans->type != INDEX_LOG_EXT_INTRO)
		return false;
	cursor_init(&c, trans->data, trans->data_size, NULL);
	cursor_seek(&c, 18);
	name_size = cursor_u16(&c);
	bytes = cursor_bytes(&c, len);
	return bytes != NULL && name_size == len &&
		memcmp(bytes, name, len) == 0;
}

static uint64_t log_modseq_update(const struct index_transaction *trans,
				  uint64_t modseq)
{
	uint64_t low, value;
	struct cursor c;

	cursor_init(&c, trans->data, trans->data_size, NULL);
	while (cursor_left(&c) >= 12) {
		(void)cursor_u32(&c);
		low = cursor_u32(&c);
		value = (uint64_t)cursor_u32(&c) << 32 | low;
		if (value > modseq)
			modseq = value;
	}
	return modseq;
}

uint64_t index_log_modseq(const struct index_transaction *trans,
			  uint64_t modseq, unsigned int minor_version)
{
	if (modseq == 0)
		return log_introduces_modseq(trans) ? 1 : 0;
	switch (trans->type) {
	case INDEX_LOG_EXPUNGE:
	case INDEX_LOG_EXPUNGE_GUID:
		return modseq + (trans->external ? 1 : 0);
	case INDEX_LOG_APPEND:
	case INDEX_LOG_KEYWORD_UPDATE:
	case INDEX_LOG_KEYWORD_RESET:
	case INDEX_LOG_ATTRIBUTE_UPDATE:
		return modseq + 1;
	case INDEX_LOG_FLAG_UPDATE:
		/* before, every change counted */
		return modseq + (minor_version < 3 ||
				 index_log_changes_flags(trans, true) ? 1 : 0);
	case INDEX_LOG_MODSEQ_UPDATE:
		return log_modseq_update(trans, modseq);
	default:
		return modseq;
	}
}
