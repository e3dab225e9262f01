/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_STATE_H
#define INDEX_STATE_H

/* What a mailbox's index says now: the index file, if there is one, and what
   was written to its log, or logs, since. Most mailboxes have a log alone. */

#include "index-exts.h"
#include "index-header.h"
#include "index-records.h"

struct index_state_file {
	/* NULL if there is no such file */
	const void *data;
	uint64_t size;
};

/* The files, as they were read: the index first, then the logs. */
struct index_state_input {
	struct index_state_file index, log, log2;
	/* They were read twice, and nobody changed them meanwhile: what doesn't
	   belong together never will. */
	bool is_settled;
};

struct index_state {
	/* with what the log changed; messages_count, seen_count and
	   deleted_count are those of the records */
	struct index_header hdr;
	struct index_records records;
	struct index_exts exts;

	/* What makes no sense, the first of it; NULL if there is nothing. What
	   comes after it in the log is followed as far as it can be. */
	const char *problem;
	/* two values that contradict each other; 0 and 0 if it isn't that */
	uint64_t problem_values[2];
	/* in which log, and where; 0 for the index file */
	uint32_t problem_seq;
	uint64_t problem_offset;

	struct cursor_budget budget;
	/* the mailbox was deleted */
	bool is_deleted;
};

enum index_state_result {
	INDEX_STATE_OK,
	/* The files don't belong together: read again, somebody may have
	   changed them meanwhile. Not if they are settled. */
	INDEX_STATE_MISMATCH,
	/* it can't be told */
	INDEX_STATE_UNKNOWN
};

/* Returns a state, which is to be freed whatever comes back. error_r is a
   constant that says why it isn't INDEX_STATE_OK. */
enum index_state_result
index_state_read(const struct index_state_input *input,
		 struct index_state *state_r, const char **error_r);
/* Returns the highest modseq, from the files that were read; 0 if none are
   kept. */
uint64_t index_state_modseq(const struct index_state *state,
			    const struct index_state_input *input);
void index_state_free(struct index_state *state);

#endif
