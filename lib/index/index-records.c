/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "index-records.h"

void index_records_clear(struct index_records *recs)
{
	recs->count = 0;
	recs->expunged = 0;
	for (int i = 0; i < INDEX_COLUMN_COUNT; i++)
		recs->columns[i].filled = 0;
}

void index_records_free(struct index_records *recs)
{
	for (int i = 0; i < INDEX_COLUMN_COUNT; i++)
		free(recs->columns[i].data);
	free(recs->rows);
}

/* Returns the first row with at least this UID. */
static uint32_t records_find(const struct index_records *recs, uint32_t uid)
{
	uint32_t left = 0, right = recs->count, middle;

	/* most often nothing was expunged */
	if (uid - 1 < right && recs->rows[uid - 1].uid == uid)
		return uid - 1;
	while (left < right) {
		middle = left + (right - left) / 2;
		if (recs->rows[middle].uid < uid)
			left = middle + 1;
		else
			right = middle;
	}
	return left;
}

bool index_records_find(const struct index_records *recs, uint32_t uid,
			uint32_t *idx_r)
{
	*idx_r = records_find(recs, uid);
	return *idx_r < recs->count && recs->rows[*idx_r].uid == uid;
}

/* Find the rows of a range, and take the steps that it needs. Returns FALSE if
   there are none left. */
static bool records_range(struct index_records *recs, uint32_t uid1,
			  uint32_t uid2, uint32_t *first_r, uint32_t *end_r)
{
	if (recs->exhausted)
		return false;
	*first_r = records_find(recs, uid1);
	if (uid2 <= uid1)
		*end_r = *first_r + (uid2 == uid1 && *first_r < recs->count &&
				     recs->rows[*first_r].uid == uid1);
	else
		*end_r = uid2 == UINT32_MAX ? recs->count :
			records_find(recs, uid2 + 1);
	if (!cursor_budget_spend(&recs->budget, 1 + *end_r - *first_r))
		recs->exhausted = true;
	return !recs->exhausted;
}

void index_records_append(struct index_records *recs, uint32_t uid,
			  uint8_t flags)
{
	struct index_record *row;

	if (recs->count == recs->alloc) {
		recs->rows = mem_grow(recs->rows, &recs->alloc,
				      (size_t)recs->count + 1,
				      sizeof(*recs->rows));
	}
	row = &recs->rows[recs->count++];
	row->uid = uid;
	row->flags = flags;
	row->expunged = false;
}

bool index_records_update_flags(struct index_records *recs,
				const struct index_flag_update *update)
{
	bool found = false;
	uint32_t i, end;

	if (!records_range(recs, update->uid1, update->uid2, &i, &end))
		return false;
	for (; i < end; i++) {
		recs->rows[i].flags &= ~update->remove;
		recs->rows[i].flags |= update->add;
		found = found || !recs->rows[i].expunged;
	}
	return found;
}

void index_records_expunge(struct index_records *recs, uint32_t uid1,
			   uint32_t uid2)
{
	uint32_t i, end;

	if (!records_range(recs, uid1, uid2, &i, &end))
		return;
	for (; i < end; i++) {
		if (!recs->rows[i].expunged)
			recs->expunged++;
		recs->rows[i].expunged = true;
	}
}

static void column_move(struct index_column_data *column, unsigned int size,
			uint32_t dest, uint32_t src)
{
	if (src < column->filled) {
		memcpy(column->data + (size_t)dest * size,
		       column->data + (size_t)src * size, size);
	}
}

/* Move a row, with its records, towards the start. */
static void records_move(struct index_records *recs, uint32_t dest,
			 uint32_t src)
{
	if (dest == src)
		return;
	recs->rows[dest] = recs->rows[src];
	for (int i = 0; i < INDEX_COLUMN_COUNT; i++) {
		column_move(&recs->columns[i], index_column_size(i), dest,
			    src);
	}
}

void index_records_compact(struct index_records *recs, bool all)
{
	uint32_t dest = 0, filled[INDEX_COLUMN_COUNT] = { 0 };

	if (recs->expunged == 0 ||
	    (!all && recs->expunged < recs->count / 2))
		return;
	for (uint32_t i = 0; i < recs->count; i++) {
		if (recs->rows[i].expunged)
			continue;
		records_move(recs, dest++, i);
		for (int col = 0; col < INDEX_COLUMN_COUNT; col++) {
			if (i < recs->columns[col].filled)
				filled[col] = dest;
		}
	}
	recs->count = dest;
	recs->expunged = 0;
	for (int col = 0; col < INDEX_COLUMN_COUNT; col++)
		recs->columns[col].filled = filled[col];
}

/* Returns the bytes that the extensions' records take. */
static uint64_t records_bytes(const struct index_records *recs)
{
	uint64_t bytes = 0;

	for (int i = 0; i < INDEX_COLUMN_COUNT; i++) {
		bytes += (uint64_t)recs->columns[i].filled *
			index_column_size(i);
	}
	return bytes;
}

/* Fill a column up to a row. Returns FALSE if that takes too much. */
static bool column_fill(struct index_records *recs, enum index_column column,
			uint32_t count)
{
	struct index_column_data *col = &recs->columns[column];
	unsigned int size = index_column_size(column);
	uint32_t more;

	if (count <= col->filled)
		return true;
	more = count - col->filled;
	if (records_bytes(recs) + (uint64_t)more * size > recs->max_bytes ||
	    !cursor_budget_spend(&recs->budget, more)) {
		recs->exhausted = true;
		return false;
	}
	col->data = mem_grow(col->data, &col->alloc, count, size);
	memset(col->data + (size_t)col->filled * size, 0,
	       (size_t)more * size);
	col->filled = count;
	return true;
}

void index_records_set(struct index_records *recs, enum index_column column,
		       uint32_t uid, const void *data, size_t size)
{
	unsigned int column_size = index_column_size(column);
	unsigned char *dest;
	uint32_t idx, end;

	if (!records_range(recs, uid, uid, &idx, &end) || idx == end ||
	    !column_fill(recs, column, idx + 1))
		return;
	dest = recs->columns[column].data + (size_t)idx * column_size;
	if (size > column_size)
		size = column_size;
	memcpy(dest, data, size);
	memset(dest + size, 0, column_size - size);
}

void index_records_set_all(struct index_records *recs, enum index_column column,
			   const unsigned char *data, size_t stride)
{
	unsigned int size = index_column_size(column);
	unsigned char *dest;

	if (recs->count == 0 || !column_fill(recs, column, recs->count))
		return;
	dest = recs->columns[column].data;
	for (uint32_t i = 0; i < recs->count; i++)
		memcpy(dest + (size_t)i * size, data + i * stride, size);
}

void index_records_reset(struct index_records *recs, enum index_column column)
{
	recs->columns[column].filled = 0;
}

const void *index_records_get(const struct index_records *recs,
			      enum index_column column, uint32_t idx)
{
	const struct index_column_data *col = &recs->columns[column];

	return idx >= col->filled ? NULL :
		col->data + (size_t)idx * index_column_size(column);
}

uint32_t index_records_with(const struct index_records *recs, uint8_t flags)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < recs->count; i++) {
		if (!recs->rows[i].expunged &&
		    (recs->rows[i].flags & flags) == flags)
			count++;
	}
	return count;
}
