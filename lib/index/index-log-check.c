/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "index-ext-table.h"
#include "index-header.h"
#include "index-log-check.h"

#define INTRO_SIZE 20
#define RANGE_SIZE 8

static int __attribute__((format(printf, 2, 3)))
violated(char *text_r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text_r, INDEX_LOG_VIOLATED_SIZE, format, args);
	va_end(args);
	return -1;
}

/* Check changes that have to be a multiple of their size. */
static int sizes_check(const struct cursor *c, unsigned int size, char *text_r)
{
	if (cursor_left(c) % size == 0)
		return 0;
	return violated(text_r, "%" PRIu64 " bytes of changes of %u bytes each",
			cursor_left(c), size);
}

/* Check changes that begin with a range of UIDs. */
static int ranges_check(struct cursor *c, unsigned int size, char *text_r)
{
	uint32_t uid1, uid2, last = 0;

	if (sizes_check(c, size, text_r) < 0)
		return -1;
	if (cursor_left(c) == 0)
		return violated(text_r, "a change of no messages");
	while (cursor_left(c) > 0) {
		uid1 = cursor_u32(c);
		uid2 = cursor_u32(c);
		(void)cursor_bytes(c, size - RANGE_SIZE);
		if (uid1 == 0 || uid1 > uid2)
			return violated(text_r, "uids %u to %u are no range",
					uid1, uid2);
		if (uid1 <= last)
			return violated(text_r, "uid %u <= uid %u before it",
					uid1, last);
		last = uid2;
	}
	return 0;
}

static int guids_check(struct cursor *c, char *text_r)
{
	const unsigned int size = sizeof(uint32_t) + INDEX_GUID_SIZE;

	if (sizes_check(c, size, text_r) < 0)
		return -1;
	while (cursor_left(c) > 0) {
		if (cursor_u32(c) == 0)
			return violated(text_r, "uid 0 < 1");
		(void)cursor_bytes(c, INDEX_GUID_SIZE);
	}
	return 0;
}

static int keyword_check(struct cursor *c, char *text_r)
{
	uint8_t change = cursor_u8(c);
	uint16_t len;

	(void)cursor_u8(c);
	len = cursor_u16(c);
	/* that one Dovecot doesn't survive */
	if (change > 1)
		return violated(text_r, "keyword change %u > 1", change);
	if (len == 0)
		return violated(text_r, "a keyword's name has 0 bytes");
	if (cursor_bytes(c, len) == NULL)
		return violated(text_r, "a keyword's name of %u bytes in a "
				"transaction of %" PRIu64, len, c->size);
	cursor_align(c, 4);
	return ranges_check(c, RANGE_SIZE, text_r);
}

/* Parts of the index' header that are only the index file's: how it is made;
   messages_count; seen_messages_count and deleted_messages_count; where the
   log's head is. Dovecot takes them from a log, and finds the header to be
   corrupt, or doesn't survive it. */
static const struct {
	uint32_t begin, end;
} file_fields[] = {
	{ 0, 16 }, { 32, 36 }, { 40, 48 }, { 60, 64 }, { 68, 72 },
};

/* Check bytes that are changed from begin to before end. */
static int header_fields_check(uint32_t begin, uint32_t end, char *text_r)
{
	for (size_t i = 0; i < sizeof(file_fields) / sizeof(file_fields[0]);
	     i++) {
		if (begin < file_fields[i].end && end > file_fields[i].begin)
			return violated(text_r, "a log changes bytes %u to %u "
					"of the header", begin, end);
	}
	return 0;
}

static int header_check(const struct index_transaction *trans, struct cursor *c,
			char *text_r)
{
	const uint64_t end = trans->offset + trans->size;
	struct index_header_update update;
	uint32_t tail;
	int ret;

	while ((ret = index_header_update_next(c, &update)) > 0) {
		if (header_fields_check(update.offset, (uint32_t)update.offset +
					update.size, text_r) < 0)
			return -1;
		if (index_header_update_tail(&update, &tail) && tail > end)
			return violated(text_r, "log_file_tail_offset %u > %"
					PRIu64, tail, end);
	}
	return ret == 0 ? 0 :
		violated(text_r, "%u bytes of the header in a transaction of %"
			 PRIu64, update.size, c->size);
}

static int intro_check(struct cursor *c, char *text_r)
{
	uint16_t len;

	/* less than that is padding */
	while (cursor_left(c) >= INTRO_SIZE) {
		(void)cursor_bytes(c, INTRO_SIZE - sizeof(len));
		len = cursor_u16(c);
		if (cursor_bytes(c, len) == NULL)
			return violated(text_r, "an extension's name of %u "
					"bytes in a transaction of %" PRIu64,
					len, c->size);
		cursor_align(c, 4);
	}
	return 0;
}

/* Each is '+' or '-', 'p' or 's', and a name that NUL ends; one more ends them
   all. */
static int attributes_check(struct cursor *c, char *text_r)
{
	const char *attribute;

	do {
		bool is_first = c->pos == 0;

		attribute = cursor_string(c);
		if (attribute == NULL)
			return violated(text_r, "attributes have no end in %"
					PRIu64 " bytes", c->size);
		if (*attribute == '\0' && !is_first)
			break;
		if ((attribute[0] != '+' && attribute[0] != '-') ||
		    (attribute[1] != 'p' && attribute[1] != 's') ||
		    attribute[2] == '\0')
			return violated(text_r, "no attribute begins with "
					"0x%02x 0x%02x",
					(unsigned char)attribute[0],
					(unsigned char)attribute[1]);
	} while (cursor_left(c) > 0);
	return 0;
}

int index_log_check(const struct index_transaction *trans,
		    char violated_r[INDEX_LOG_VIOLATED_SIZE])
{
	struct cursor c;

	if (trans->type == INDEX_LOG_UNKNOWN)
		return violated(violated_r, (trans->code &
					     INDEX_LOG_CODE_EXPUNGES) != 0 ?
				"an expunge of type 0x%x isn't protected" :
				"a transaction of unknown type 0x%x",
				trans->code);
	if (trans->data_size == 0)
		return violated(violated_r, "a transaction of type 0x%x has 0 "
				"bytes", trans->code);
	cursor_init(&c, trans->data, trans->data_size, NULL);
	switch (trans->type) {
	case INDEX_LOG_APPEND:
		return sizes_check(&c, INDEX_LOG_APPEND_SIZE, violated_r);
	case INDEX_LOG_EXPUNGE:
	case INDEX_LOG_KEYWORD_RESET:
		return ranges_check(&c, RANGE_SIZE, violated_r);
	case INDEX_LOG_FLAG_UPDATE:
		return ranges_check(&c, INDEX_FLAG_UPDATE_SIZE, violated_r);
	case INDEX_LOG_HEADER_UPDATE:
		return header_check(trans, &c, violated_r);
	case INDEX_LOG_EXPUNGE_GUID:
		return guids_check(&c, violated_r);
	case INDEX_LOG_KEYWORD_UPDATE:
		return keyword_check(&c, violated_r);
	case INDEX_LOG_EXT_INTRO:
		return intro_check(&c, violated_r);
	case INDEX_LOG_ATTRIBUTE_UPDATE:
		return attributes_check(&c, violated_r);
	default:
		return 0;
	}
}
