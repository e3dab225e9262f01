/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <string.h>

#include "cursor.h"

/* to look for a string's end takes less than to read bytes one by one */
#define STRING_BYTES_PER_STEP 16

void cursor_budget_add(struct cursor_budget *budget, uint64_t bytes)
{
	budget->limit += bytes * CURSOR_STEPS_PER_BYTE;
}

bool cursor_budget_spend(struct cursor_budget *budget, uint64_t steps)
{
	if (steps > budget->limit - budget->steps) {
		budget->steps = budget->limit;
		return false;
	}
	budget->steps += steps;
	return true;
}

void cursor_init(struct cursor *cursor, const void *data, uint64_t size,
		 struct cursor_budget *budget)
{
	memset(cursor, 0, sizeof(*cursor));
	/* NULL + 0 isn't defined */
	cursor->data = data == NULL ? (const unsigned char *)"" : data;
	cursor->size = size;
	cursor->budget = budget;
}

static bool cursor_step(struct cursor *cursor)
{
	if (!cursor->failed && cursor->budget != NULL &&
	    !cursor_budget_spend(cursor->budget, 1))
		cursor->failed = true;
	return !cursor->failed;
}

const unsigned char *cursor_bytes(struct cursor *cursor, uint64_t size)
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

static void cursor_copy(struct cursor *cursor, void *dest, size_t size)
{
	const unsigned char *bytes = cursor_bytes(cursor, size);

	if (bytes == NULL)
		memset(dest, 0, size);
	else
		memcpy(dest, bytes, size);
}

uint8_t cursor_u8(struct cursor *cursor)
{
	uint8_t value;

	cursor_copy(cursor, &value, sizeof(value));
	return value;
}

uint16_t cursor_u16(struct cursor *cursor)
{
	uint16_t value;

	cursor_copy(cursor, &value, sizeof(value));
	return value;
}

uint32_t cursor_u32(struct cursor *cursor)
{
	uint32_t value;

	cursor_copy(cursor, &value, sizeof(value));
	return value;
}

uint64_t cursor_u64(struct cursor *cursor)
{
	uint64_t value;

	cursor_copy(cursor, &value, sizeof(value));
	return value;
}

uint32_t cursor_offset32(struct cursor *cursor)
{
	uint32_t value = 0;
	unsigned char bytes[4];

	cursor_copy(cursor, bytes, sizeof(bytes));
	for (unsigned int i = 0; i < sizeof(bytes); i++) {
		if ((bytes[i] & 0x80) == 0)
			return 0;
		value = value << 7 | (bytes[i] & 0x7f);
	}
	return value << 2;
}

const char *cursor_string(struct cursor *cursor)
{
	const unsigned char *start = cursor->data + cursor->pos, *end;

	if (!cursor_step(cursor))
		return NULL;
	end = cursor->pos == cursor->size ? NULL :
		memchr(start, '\0', cursor->size - cursor->pos);
	if (end == NULL) {
		cursor->failed = true;
		return NULL;
	}
	cursor->pos += end + 1 - start;
	/* many may want the same long one */
	if (cursor->budget != NULL &&
	    !cursor_budget_spend(cursor->budget,
				 (end - start) / STRING_BYTES_PER_STEP)) {
		cursor->failed = true;
		return NULL;
	}
	return (const char *)start;
}

void cursor_seek(struct cursor *cursor, uint64_t pos)
{
	if (!cursor_step(cursor))
		return;
	if (pos > cursor->size)
		cursor->failed = true;
	else
		cursor->pos = pos;
}

void cursor_align(struct cursor *cursor, unsigned int multiple)
{
	uint64_t over = cursor->pos % multiple, skip;

	if (over == 0 || !cursor_step(cursor))
		return;
	skip = multiple - over;
	cursor->pos = skip > cursor->size - cursor->pos ? cursor->size :
		cursor->pos + skip;
}
