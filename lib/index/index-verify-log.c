/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <inttypes.h>

#include "index-log-check.h"
#include "index-verify-private.h"

/* An offset from which Dovecot reads a log on: a transaction has to begin
   there, or it reads bytes that are none. */
static void verify_offset(struct verify *verify, const char *name,
			  uint32_t offset, enum index_dir_file_id log_id,
			  enum index_dir_file_id file, uint64_t at)
{
	const struct index_log_scan *log = index_dir_log(verify->dir, log_id);
	struct index_log_iter iter;

	if (offset < log->hdr.hdr_size) {
		verdict_add(verify, file, at, "%s %u < hdr_size %u of the log",
			    name, offset, log->hdr.hdr_size);
		return;
	}
	index_log_iter_init(&iter, verify->dir->files[log_id].data, log->end,
			    log->hdr.hdr_size);
	if (offset <= log->end && !index_log_iter_reach(&iter, offset)) {
		verdict_add(verify, file, at, "%s %u is within the transaction "
			    "that ends at %" PRIu64, name, offset, iter.offset);
	}
}

/* Where the index goes on in its log: 0 is the log's start. */
static void verify_index_offsets(struct verify *verify,
				 enum index_dir_file_id id)
{
	const struct index_log_scan *log = index_dir_log(verify->dir, id);
	const struct index_header *hdr = &verify->hdr;

	if (hdr->log_head_offset > log->end) {
		verdict_add(verify, INDEX_DIR_INDEX, INDEX_OFFSET_LOG_HEAD,
			    "log_head_offset %u > end of the log %" PRIu64,
			    hdr->log_head_offset, log->end);
	}
	if (hdr->log_tail_offset != 0 &&
	    hdr->log_tail_offset <= hdr->log_head_offset) {
		verify_offset(verify, "log_tail_offset", hdr->log_tail_offset,
			      id, INDEX_DIR_INDEX, INDEX_OFFSET_LOG_TAIL);
	}
	if (hdr->log_head_offset != 0) {
		verify_offset(verify, "log_head_offset", hdr->log_head_offset,
			      id, INDEX_DIR_INDEX, INDEX_OFFSET_LOG_HEAD);
	}
	/* it counts only together with the head */
	if (verify->modseq_at == 0 || hdr->log_head_offset == 0 ||
	    verify->modseq_log_seq != log->hdr.file_seq)
		return;
	if (verify->modseq_log_offset > hdr->log_head_offset) {
		verdict_add(verify, INDEX_DIR_INDEX, verify->modseq_at,
			    "extension modseq: log_offset %u > "
			    "log_head_offset %u",
			    verify->modseq_log_offset, hdr->log_head_offset);
		return;
	}
	verify_offset(verify, "extension modseq: log_offset",
		      verify->modseq_log_offset, id, INDEX_DIR_INDEX,
		      verify->modseq_at);
}

/* Returns what there is to say of a transaction that Dovecot has read already:
   it doesn't look into it again, unless the index file is lost. It does look at
   what the mails don't have yet, which begins at the tail. */
static const char *read_already(const struct verify *verify,
				const struct index_log_header *log,
				uint64_t offset)
{
	const struct index_header *hdr = &verify->hdr;
	const uint32_t from = hdr->log_tail_offset < hdr->log_head_offset ?
		hdr->log_tail_offset : hdr->log_head_offset;

	if (hdr->major_version == 0 || log->indexid != hdr->indexid ||
	    log->file_seq > hdr->log_file_seq ||
	    (log->file_seq == hdr->log_file_seq && offset >= from))
		return "";
	return " (Dovecot reads this again only if the index file is lost)";
}

/* Where in which log the index ends. */
static void verify_log_position(struct verify *verify,
				enum index_dir_file_id id)
{
	const struct index_log_scan *log = index_dir_log(verify->dir, id);
	const struct index_header *hdr = &verify->hdr;
	const uint64_t size = verify->dir->files[id].size;

	if (log == NULL)
		return;
	if (log->error != NULL) {
		verdict_add(verify, id, log->end, "%s: size %u < 8", log->error,
			    log->error_size);
	} else if (id == INDEX_DIR_LOG && log->end < size) {
		/* newer Dovecots leave it so in the older log */
		verdict_add(verify, id, log->end, "the last whole transaction "
			    "ends at %" PRIu64 ", the log at %" PRIu64,
			    log->end, size);
	}
	/* 0 Dovecot takes for none, of the other one there is no next */
	if (log->hdr.file_seq == 0 || log->hdr.file_seq == UINT32_MAX) {
		verdict_add(verify, id, INDEX_LOG_OFFSET_SEQ, "file_seq %u "
			    "isn't between 0 and %u", log->hdr.file_seq,
			    UINT32_MAX);
	}
	if (hdr->major_version == 0)
		return;
	if (log->hdr.indexid != hdr->indexid) {
		verdict_add(verify, id, INDEX_LOG_OFFSET_INDEXID,
			    "indexid %u != indexid %u of the index",
			    log->hdr.indexid, hdr->indexid);
	}
	if (log->hdr.file_seq == hdr->log_file_seq)
		verify_index_offsets(verify, id);
}

static void verify_log_header(struct verify *verify,
			      enum index_dir_file_id id)
{
	const struct index_dir_file *file = &verify->dir->files[id];
	const struct index_log_header *hdr =
		&verify->dir->logs[id - INDEX_DIR_LOG].hdr;

	if (file->data == NULL || file->error == NULL)
		return;
	verdict_add(verify, id, 0, "%s: major_version %u, hdr_size %u, the "
		    "file has %" PRIu64 " bytes", file->error,
		    hdr->major_version, hdr->hdr_size, file->size);
}

/* The tails that a log sets one after the other. */
struct verify_tails {
	enum index_dir_file_id id;
	uint32_t hdr_size, last;
	/* it goes on to where they are */
	struct index_log_iter iter;
};

/* Dovecot looks at the first update of those that are done, and at no tail that
   is lower than the one before it. */
static void verify_tail(struct verify *verify, struct verify_tails *tails,
			const struct index_transaction *trans)
{
	struct index_header_update update;
	struct cursor c;
	uint32_t tail;

	cursor_init(&c, trans->data, trans->data_size, NULL);
	if (trans->type != INDEX_LOG_HEADER_UPDATE || !trans->external ||
	    index_header_update_next(&c, &update) <= 0 ||
	    !index_header_update_tail(&update, &tail) || tail <= tails->last ||
	    tail > trans->offset + trans->size)
		return;
	tails->last = tail;
	if (tail < tails->hdr_size) {
		verdict_add(verify, tails->id, trans->offset,
			    "log_file_tail_offset %u < hdr_size %u", tail,
			    tails->hdr_size);
	} else if (!index_log_iter_reach(&tails->iter, tail)) {
		verdict_add(verify, tails->id, trans->offset,
			    "log_file_tail_offset %u is within the transaction "
			    "that ends at %" PRIu64, tail, tails->iter.offset);
	}
}

/* Each transaction by itself, whether the index needs it or not. */
static void verify_transactions(struct verify *verify,
				enum index_dir_file_id id)
{
	const struct index_dir_file *file = &verify->dir->files[id];
	const struct index_log_scan *log = index_dir_log(verify->dir, id);
	char violated[INDEX_LOG_VIOLATED_SIZE];
	struct verify_tails tails = { .id = id };
	struct index_transaction trans;
	struct index_log_iter iter;

	if (log == NULL)
		return;
	tails.hdr_size = log->hdr.hdr_size;
	index_log_iter_init(&iter, file->data, file->size, log->hdr.hdr_size);
	tails.iter = iter;
	while (index_log_next(&iter, &trans)) {
		if (index_log_check(&trans, violated) < 0) {
			verdict_add(verify, id, trans.offset, "%s%s", violated,
				    read_already(verify, &log->hdr,
						 trans.offset));
		}
		verify_tail(verify, &tails, &trans);
	}
}

void index_verify_logs(struct verify *verify)
{
	const struct index_log_scan *log = verify->log, *log2 = verify->log2;

	for (int id = INDEX_DIR_LOG; id <= INDEX_DIR_LOG2; id++) {
		verify_log_header(verify, id);
		verify_log_position(verify, id);
		verify_transactions(verify, id);
	}
	if (log != NULL && verify->hdr.log_file_seq > log->hdr.file_seq) {
		verdict_add(verify, INDEX_DIR_INDEX, INDEX_OFFSET_LOG_SEQ,
			    "log_file_seq %u > file_seq %u of the log",
			    verify->hdr.log_file_seq, log->hdr.file_seq);
	}
	if (log == NULL || log2 == NULL ||
	    log->hdr.prev_file_seq != log2->hdr.file_seq)
		return;
	if (log->hdr.prev_file_offset != log2->end) {
		verdict_add(verify, INDEX_DIR_LOG, INDEX_LOG_OFFSET_PREV + 4,
			    "prev_file_offset %u != end of the older log "
			    "%" PRIu64,
			    log->hdr.prev_file_offset, log2->end);
	}
}
