/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Which log continues the index file, and where: the one that the index names,
   at the offset that it names; or the one that follows that one. A log without
   a predecessor begins the index anew, unless it is older than the index: then
   it was copied beside it, from a backup or from another mailbox that was made
   in the same second, and Dovecot keeps the index's messages. The older log is
   a link to the newer one for the moment of a rotation: then both have the same
   sequence.

   After a crash, or when old files were put back, there may be no such log.
   Then Dovecot mends the index (lib-index/mail-index-fsck.c): it keeps what is
   in it, and goes on where a newer log begins, or where another one ends. A log
   that it can't use it replaces. */

#include <string.h>

#include "index-load.h"
#include "index-problem.h"
#include "index-replay.h"

struct state_log {
	struct index_state_file file;
	struct index_log_header hdr;
	/* why there is none; NULL if there is one */
	const char *error;
	/* its header can't be understood: the error is about that file */
	bool is_broken;
};

struct state_logs {
	struct state_log log, log2;
};

static void log_decode(const struct index_state_file *file,
		       struct state_log *log_r)
{
	memset(log_r, 0, sizeof(*log_r));
	log_r->file = *file;
	if (file->data == NULL) {
		log_r->error = "its log is missing";
		return;
	}
	log_r->is_broken = index_log_header_decode(file->data, file->size,
						   &log_r->hdr,
						   &log_r->error) < 0;
	if (!log_r->is_broken && log_r->hdr.indexid == 0)
		log_r->error = "Dovecot found its log to be corrupt";
}

/* A new index, as Dovecot makes it in memory. */
static void state_reset(struct index_state *state)
{
	struct index_header *hdr = &state->hdr;

	memset(hdr, 0, sizeof(*hdr));
	hdr->major_version = INDEX_MAJOR_VERSION;
	hdr->minor_version = 3;
	hdr->base_header_size = INDEX_BASE_HEADER_SIZE;
	hdr->header_size = INDEX_BASE_HEADER_SIZE;
	hdr->record_size = INDEX_RECORD_MIN_SIZE;
	hdr->next_uid = 1;
	hdr->first_recent_uid = 1;
}

/* Forget what the index file says, and follow a log from its start. Only that
   Dovecot mended it stays. */
static void replay_anew(struct index_state *state, const struct state_log *log)
{
	uint32_t kept = state->hdr.indexid != log->hdr.indexid ? 0 :
		state->hdr.flags & INDEX_HEADER_FSCKD;

	index_records_clear(&state->records);
	index_exts_free(&state->exts);
	memset(&state->exts, 0, sizeof(state->exts));
	state->exts.max_bytes = state->records.max_bytes;
	state->problem = NULL;
	state_reset(state);
	state->hdr.indexid = log->hdr.indexid;
	state->hdr.flags = kept;
	index_replay(state, &log->file, &log->hdr, log->hdr.hdr_size);
}

/* Returns where a log's last whole transaction ends, from an offset on. */
static uint64_t log_end(const struct state_log *log, uint32_t offset)
{
	struct index_transaction trans;
	struct index_log_iter iter;

	index_log_iter_init(&iter, log->file.data, log->file.size, offset);
	while (index_log_next(&iter, &trans))
		;
	return trans.offset;
}

/* Returns the offset from which Dovecot follows the index file's log, from one
   transaction to the next: that for which the file has the modseq, if any are
   kept (lib-index/mail-transaction-log-file.c). */
static uint32_t log_walk_start(const struct state_log *log,
			       const struct index_state *state)
{
	const struct index_ext_state *ext =
		index_exts_get(&state->exts, "modseq");
	const uint32_t head = state->hdr.log_head_offset;
	uint32_t position[2];

	/* of another size it is none */
	if (ext == NULL || ext->hdr_size != 16)
		return log->hdr.initial_modseq == 0 ? head : log->hdr.hdr_size;
	index_ext_bytes(ext, 8, position, sizeof(position));
	if (position[0] != log->hdr.file_seq || position[1] > head ||
	    position[1] < log->hdr.hdr_size)
		return log->hdr.hdr_size;
	return position[1];
}

/* Returns TRUE if a log continues where the state ends: from an offset on. */
static bool log_continues(const struct state_log *log,
			  const struct index_state *state, uint32_t *offset_r)
{
	const struct index_header *hdr = &state->hdr;

	*offset_r = log->hdr.hdr_size;
	if (log->error != NULL || log->hdr.indexid != hdr->indexid)
		return false;
	if (log->hdr.file_seq != hdr->log_file_seq) {
		return log->hdr.prev_file_seq == hdr->log_file_seq &&
			log->hdr.prev_file_offset == hdr->log_head_offset;
	}
	/* 0 is the log's start */
	if (hdr->log_head_offset == 0)
		return true;
	*offset_r = hdr->log_head_offset;
	return *offset_r >= log->hdr.hdr_size && *offset_r <= log->file.size &&
		log_end(log, log_walk_start(log, state)) >= *offset_r;
}

/* If a log continues where the state ends, follow it. Returns TRUE if so. */
static bool replay_continue(struct index_state *state,
			    const struct state_log *log)
{
	uint32_t offset;

	if (!log_continues(log, state, &offset))
		return false;
	index_replay(state, &log->file, &log->hdr, offset);
	return true;
}

/* Returns TRUE if the newer log goes on where the older one, of which it is
   known from where on it counts, ends. */
static bool logs_follow(const struct state_logs *logs, uint32_t offset)
{
	const struct index_log_header *hdr = &logs->log.hdr;

	return hdr->indexid == logs->log2.hdr.indexid &&
		hdr->prev_file_seq == logs->log2.hdr.file_seq &&
		hdr->prev_file_offset == log_end(&logs->log2, offset);
}

/* The same with the older log, and with the newer one that follows it. */
static bool replay_both(struct index_state *state,
			const struct state_logs *logs)
{
	uint32_t offset;

	return log_continues(&logs->log2, state, &offset) &&
		logs_follow(logs, offset) &&
		replay_continue(state, &logs->log2) &&
		replay_continue(state, &logs->log);
}

/* Returns TRUE if a log that has no predecessor is newer than the index, or of
   another one, or if the index has nothing of it yet. */
static bool log_begins_anew(const struct index_state *state,
			    const struct state_log *log)
{
	const struct index_header *hdr = &state->hdr;

	if (log->hdr.prev_file_seq != 0)
		return false;
	return log->hdr.indexid != hdr->indexid ||
		log->hdr.file_seq > hdr->log_file_seq ||
		(log->hdr.file_seq == hdr->log_file_seq &&
		 (hdr->log_head_offset == 0 ||
		  hdr->log_head_offset == log->hdr.hdr_size));
}

/* Say why a log doesn't continue an index with this header. */
static void mended_problem(struct index_state *state,
			   const struct index_header *hdr,
			   const struct state_log *log, uint64_t end)
{
	const uint32_t seq = log->hdr.file_seq;
	const bool is_next = log->hdr.prev_file_seq == hdr->log_file_seq;

	if (seq > hdr->log_file_seq) {
		index_problem_contradiction(
			state, seq, INDEX_LOG_OFFSET_PREV,
			"the log doesn't continue the index",
			is_next ? log->hdr.prev_file_offset :
			log->hdr.prev_file_seq,
			is_next ? hdr->log_head_offset : hdr->log_file_seq);
	} else if (seq < hdr->log_file_seq) {
		index_problem_contradiction(state, 0, INDEX_OFFSET_LOG_SEQ,
					    "the log is older than the index",
					    hdr->log_file_seq, seq);
	} else {
		index_problem_contradiction(state, 0, INDEX_OFFSET_LOG_HEAD,
					    "its log doesn't have the offset "
					    "from which the index goes on",
					    hdr->log_head_offset, end);
	}
}

/* Do what Dovecot does with an index that no log continues. */
static void replay_mended(struct index_state *state,
			  const struct state_log *log)
{
	const struct index_header hdr = state->hdr;
	const uint32_t start = log->hdr.hdr_size;
	const uint64_t end = log_end(log, start);

	/* that one begins the index anew, wherever it is said to end */
	if (log->hdr.prev_file_seq == 0 && log->file.size == start)
		replay_anew(state, log);
	mended_problem(state, &hdr, log, end);
	index_replay(state, &log->file, &log->hdr,
		     log->hdr.file_seq > hdr.log_file_seq ? start : end);
}

static enum index_state_result
replay_with_index(struct index_state *state, const struct state_logs *logs,
		  bool is_settled, const char **error_r)
{
	const struct state_log *log = &logs->log;

	if (log->error != NULL) {
		index_problem_note(state, 0, INDEX_OFFSET_LOG_SEQ,
				   log->is_broken ? "its log can't be used" :
				   log->error);
		return INDEX_STATE_OK;
	}
	if (log_begins_anew(state, log)) {
		replay_anew(state, log);
		return INDEX_STATE_OK;
	}
	if (replay_continue(state, log) || replay_both(state, logs))
		return INDEX_STATE_OK;
	*error_r = "index and log don't belong together";
	if (!is_settled)
		return INDEX_STATE_MISMATCH;
	/* not every Dovecot takes the same one of them */
	if (log->hdr.indexid != state->hdr.indexid)
		return INDEX_STATE_UNKNOWN;
	*error_r = NULL;
	replay_mended(state, log);
	return INDEX_STATE_OK;
}

/* Returns TRUE if there need not be anything before a log. Older Dovecots
   called the first one the successor of another, in which there was nothing. */
static bool log_is_first(const struct index_log_header *hdr)
{
	return hdr->prev_file_seq == 0 ||
		(hdr->prev_file_seq == 1 && hdr->prev_file_offset == 0);
}

static enum index_state_result
replay_without_index(struct index_state *state, const struct state_logs *logs,
		     bool is_settled, const char **error_r)
{
	const struct state_log *log = &logs->log, *log2 = &logs->log2;
	const bool has_first = log2->error == NULL && log_is_first(&log2->hdr);

	if (log->file.data == NULL)
		*error_r = "there is neither index nor log";
	else if (log->error != NULL)
		*error_r = log->error;
	if (*error_r != NULL)
		return INDEX_STATE_UNKNOWN;
	if (log_is_first(&log->hdr)) {
		replay_anew(state, log);
		return INDEX_STATE_OK;
	}
	if (has_first && logs_follow(logs, log2->hdr.hdr_size)) {
		replay_anew(state, log2);
		(void)replay_continue(state, log);
		return INDEX_STATE_OK;
	}
	*error_r = has_first ? "the logs don't belong together" :
		"the log continues an index that isn't there";
	return has_first && !is_settled ? INDEX_STATE_MISMATCH :
		INDEX_STATE_UNKNOWN;
}

static void state_finish(struct index_state *state, bool was_dirty)
{
	struct index_records *recs = &state->records;

	index_records_compact(recs, true);
	/* the index file's mark lasts as long as there is such a message */
	if (was_dirty && index_records_with(recs, INDEX_FLAG_DIRTY) > 0)
		state->hdr.flags |= INDEX_HEADER_HAVE_DIRTY;
	state->hdr.messages_count = recs->count;
	state->hdr.seen_count = index_records_with(recs, INDEX_FLAG_SEEN);
	state->hdr.deleted_count = index_records_with(recs,
						      INDEX_FLAG_DELETED);
	if (recs->exhausted) {
		index_problem_note(state, state->hdr.log_file_seq, 0,
				   "to know its messages takes too long");
	}
}

enum index_state_result
index_state_read(const struct index_state_input *input,
		 struct index_state *state_r, const char **error_r)
{
	enum index_state_result result;
	struct state_logs logs;
	uint64_t bytes = input->index.size + input->log.size +
		input->log2.size;
	bool was_dirty = false;

	memset(state_r, 0, sizeof(*state_r));
	state_reset(state_r);
	/* two budgets of half a file's steps each */
	cursor_budget_add(&state_r->budget, bytes / 2);
	cursor_budget_add(&state_r->records.budget, bytes / 2);
	state_r->records.max_bytes = bytes;
	state_r->exts.max_bytes = bytes;
	*error_r = NULL;
	log_decode(&input->log, &logs.log);
	log_decode(&input->log2, &logs.log2);

	if (input->index.data == NULL) {
		result = replay_without_index(state_r, &logs,
					      input->is_settled, error_r);
	} else if (index_header_decode(input->index.data, input->index.size,
				       &state_r->hdr, error_r) < 0) {
		state_reset(state_r);
		return INDEX_STATE_UNKNOWN;
	} else {
		was_dirty = (state_r->hdr.flags &
			     INDEX_HEADER_HAVE_DIRTY) != 0;
		state_r->hdr.flags &= ~(uint32_t)INDEX_HEADER_HAVE_DIRTY;
		index_load(state_r, &input->index);
		result = replay_with_index(state_r, &logs, input->is_settled,
					   error_r);
	}
	state_finish(state_r, was_dirty);
	return result;
}

/* Returns the highest modseq of a log: it has the one with which it began. */
static uint64_t log_modseq(const struct state_log *log)
{
	struct index_transaction trans;
	struct index_log_iter iter;
	uint64_t modseq = log->hdr.initial_modseq;

	if (log->error != NULL)
		return 0;
	index_log_iter_init(&iter, log->file.data, log->file.size,
			    log->hdr.hdr_size);
	while (index_log_next(&iter, &trans))
		modseq = index_log_modseq(&trans, modseq,
					  log->hdr.minor_version);
	return modseq;
}

uint64_t index_state_modseq(const struct index_state *state,
			    const struct index_state_input *input)
{
	const struct index_ext_state *ext =
		index_exts_get(&state->exts, "modseq");
	uint64_t modseq, highest = 0;
	struct state_logs logs;

	log_decode(&input->log, &logs.log);
	log_decode(&input->log2, &logs.log2);
	modseq = log_modseq(logs.log.hdr.file_seq == state->hdr.log_file_seq ?
			    &logs.log : &logs.log2);
	/* the extension's header may be newer than an old log */
	if (ext != NULL)
		index_ext_bytes(ext, 0, &highest, sizeof(highest));
	return highest > modseq ? highest : modseq;
}

void index_state_free(struct index_state *state)
{
	index_records_free(&state->records);
	index_exts_free(&state->exts);
}
