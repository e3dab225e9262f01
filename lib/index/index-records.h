/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_RECORDS_H
#define INDEX_RECORDS_H

/* The messages of a mailbox, or the mailboxes of a list index, in the order of
   their UIDs. */

#include "index-ext-table.h"
#include "index-log.h"

struct index_record {
	uint32_t uid;
	uint8_t flags;
	bool expunged;
};

/* A record of an extension for each message. */
struct index_column_data {
	unsigned char *data;
	size_t alloc;
	/* from here on they are all 0 */
	uint32_t filled;
};

struct index_records {
	struct index_record *rows;
	size_t alloc;
	uint32_t count, expunged;
	struct index_column_data columns[INDEX_COLUMN_COUNT];
	/* No more is kept of the extensions than as many bytes as were read. */
	uint64_t max_bytes;
	struct cursor_budget budget;
	/* the budget or the memory didn't suffice: the rows are wrong */
	bool exhausted;
};

void index_records_free(struct index_records *recs);
/* Forget all rows. */
void index_records_clear(struct index_records *recs);

/* Returns TRUE if there is a row with the UID. *idx_r is that row, or the first
   one with a higher UID; count if there is neither. */
bool index_records_find(const struct index_records *recs, uint32_t uid,
			uint32_t *idx_r);

/* The UID has to be higher than all others. */
void index_records_append(struct index_records *recs, uint32_t uid,
			  uint8_t flags);
/* Change the flags of a range of UIDs. Returns TRUE if it has a row that isn't
   expunged. */
bool index_records_update_flags(struct index_records *recs,
				const struct index_flag_update *update);
/* Mark the rows of a range of UIDs as expunged; they stay in their places. */
void index_records_expunge(struct index_records *recs, uint32_t uid1,
			   uint32_t uid2);
/* Drop the expunged rows if there are many, or if they have to go. */
void index_records_compact(struct index_records *recs, bool all);

/* Set a message's record of an extension; what is missing is 0. */
void index_records_set(struct index_records *recs, enum index_column column,
		       uint32_t uid, const void *data, size_t size);
/* Set all rows' records of an extension, one each stride bytes. */
void index_records_set_all(struct index_records *recs, enum index_column column,
			   const unsigned char *data, size_t stride);
/* All records of the extension are 0 from now on. */
void index_records_reset(struct index_records *recs, enum index_column column);
/* Returns a row's record of an extension, NULL if it is 0. */
const void *index_records_get(const struct index_records *recs,
			      enum index_column column, uint32_t idx);

/* Returns the number of rows that have all of these flags. */
uint32_t index_records_with(const struct index_records *recs, uint8_t flags);

#endif
