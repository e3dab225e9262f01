/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef CURSOR_H
#define CURSOR_H

/* Reads bytes that anybody may have written: never past their end, and never
   for longer than their number justifies. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
/* Returns FALSE if there aren't as many steps left: the steps count then as
   taken no more than the limit. */
bool cursor_budget_spend(struct cursor_budget *budget, uint64_t steps);

void cursor_init(struct cursor *cursor, const void *data, uint64_t size,
		 struct cursor_budget *budget);

/* Integers as the machine has them. */
uint8_t cursor_u8(struct cursor *cursor);
uint16_t cursor_u16(struct cursor *cursor);
uint32_t cursor_u32(struct cursor *cursor);
uint64_t cursor_u64(struct cursor *cursor);
/* An offset that Dovecot writes last, without a lock: 4 x 7 bits, the highest
   first, each byte with its highest bit set; 0 is "not written yet"
   (lib-index/mail-index-util.c). */
uint32_t cursor_offset32(struct cursor *cursor);

/* Returns the next bytes, NULL if there aren't as many. */
const unsigned char *cursor_bytes(struct cursor *cursor, uint64_t size);
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
