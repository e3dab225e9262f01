/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef CURSOR_H
#define CURSOR_H

/* Reads bytes that anybody may have written: never past their end, and never
   for longer than their number justifies. */

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What may be done for each byte that is read from a file. */
#define CURSOR_STEPS_PER_BYTE 64

/* How many steps were taken, and how many may be. Cursors share one. */
struct cursor_budget {
	uint64_t steps, limit;
};

struct cursor {
	const unsigned char *data;
	uint64_t size, pos;
	/* something was wanted that isn't there, or the budget is spent; all
	   reads return 0 from then on */
	bool failed;
	/* may be NULL */
	struct cursor_budget *budget;
};

/* Allow for more bytes. */
void cursor_budget_add(struct cursor_budget *budget, uint64_t bytes);
/* Take steps. Returns FALSE if there aren't as many left: then all that there
   were are taken. */
static inline bool
cursor_budget_spend(struct cursor_budget *budget, uint64_t steps)
{
	if (steps > budget->limit - budget->steps) {
		budget->steps = budget->limit;
		return false;
	}
	budget->steps += steps;
	return true;
}

static inline void
cursor_init(struct cursor *cursor, const void *data, uint64_t size,
	    struct cursor_budget *budget)
{
	*cursor = (struct cursor) {
		/* NULL + 0 isn't defined */
		.data = data == NULL ? (const unsigned char *)"" : data,
		.size = size, .budget = budget,
	};
}

/* Take a step. Returns FALSE if there are none left. */
static inline bool cursor_step(struct cursor *cursor)
{
	if (!cursor->failed && cursor->budget != NULL &&
	    !cursor_budget_spend(cursor->budget, 1))
		cursor->failed = true;
	return !cursor->failed;
}

/* Returns the next bytes, NULL if there aren't as many. */
static inline const unsigned char *
cursor_bytes(struct cursor *cursor, uint64_t size)
{
	const unsigned char *bytes = cursor->data + cursor->pos;

	if (!cursor_step(cursor))
		return NULL;
	if (size > cursor->size - cursor->pos) {
		cursor->failed = true;
		return NULL;
	}
	cursor->pos += size;
	return bytes;
}

/* Integers as the machine has them. All this is inline, since a log is little
   else, and the audit reads those of all mailboxes. */
#define CURSOR_INTEGER(name, type) \
	static inline type name(struct cursor *cursor) \
	{ \
		const unsigned char *bytes = \
			cursor_bytes(cursor, sizeof(type)); \
		type value = 0; \
		\
		if (bytes != NULL) \
			memcpy(&value, bytes, sizeof(value)); \
		return value; \
	}
CURSOR_INTEGER(cursor_u8, uint8_t)
CURSOR_INTEGER(cursor_u16, uint16_t)
CURSOR_INTEGER(cursor_u32, uint32_t)
CURSOR_INTEGER(cursor_u64, uint64_t)
/* An offset that Dovecot writes last, without a lock: 4 x 7 bits, the highest
   first, each byte with its highest bit set; 0 is "not written yet"
   (lib-index/mail-index-util.c). */
static inline uint32_t offset32_decode(const unsigned char bytes[4])
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	value = be32toh(value);
	if ((value & 0x80808080) != 0x80808080)
		return 0;
	return (value & 0x7f000000) >> 1 | (value & 0x7f0000) |
		(value & 0x7f00) << 1 | (value & 0x7f) << 2;
}
uint32_t cursor_offset32(struct cursor *cursor);

/* Returns the string up to the next NUL, which is skipped; NULL without one. */
const char *cursor_string(struct cursor *cursor);
/* Continue at a position, which may be the end. */
void cursor_seek(struct cursor *cursor, uint64_t pos);
/* Skip to the next multiple, or to the end if that comes first. */
void cursor_align(struct cursor *cursor, unsigned int multiple);

static inline uint64_t cursor_left(const struct cursor *cursor)
{
	return cursor->failed ? 0 : cursor->size - cursor->pos;
}

#endif
