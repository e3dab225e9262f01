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

uint32_t cursor_offset32(struct cursor *cursor)
{
	const unsigned char *bytes = cursor_bytes(cursor, sizeof(uint32_t));

	return bytes == NULL ? 0 : offset32_decode(bytes);
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
