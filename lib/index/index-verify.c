/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "alloc.h"
#include "index-list.h"
#include "index-log-check.h"
#include "index-verify.h"

struct verify {
	const struct index_dir *dir;
	/* NULL if there is none that can be understood */
	const struct index_log_scan *log, *log2;
	/* the index file's own header, before its log changed it; major version
	   0 if there is none */
	struct index_header hdr;
	/* the index file's extension modseq, 0 if there is none: where in which
	   log the modseqs are those that it has */
	uint64_t modseq_at;
	uint32_t modseq_log_seq, modseq_log_offset;
	struct index_verdicts *verdicts;
};

static void __attribute__((format(printf, 4, 5)))
complain(struct verify *verify, enum index_dir_file_id file, uint64_t offset,
	 const char *format, ...)
{
	struct index_verdicts *verdicts = verify->verdicts;
	struct index_verdict *verdict;
	va_list args;

	if (verdicts->count > INDEX_VERDICTS_MAX)
		return;
	if (verdicts->count == INDEX_VERDICTS_MAX)
		format = "more is violated than is told";
	verdicts->verdicts = mem_grow(verdicts->verdicts, &verdicts->alloc,
				      verdicts->count + 1, sizeof(*verdict));
	verdict = &verdicts->verdicts[verdicts->count++];
	verdict->file = file;
	verdict->offset = offset;
	va_start(args, format);
	verdict->text = mem_vprintf(format, args);
	va_end(args);
}

/* Where fields of a log's header stand, and of a cache's. */
enum {
	OFFSET_LOG_INDEXID = 4,
	OFFSET_LOG_SEQ = 8,
	OFFSET_LOG_PREV = 12,
	OFFSET_CACHE_SEQ = 8,
	OFFSET_CACHE_FIELDS = 28
};

/* A message's UID, or where it would be next. */
static const struct {
	const char *name;
	uint64_t offset;
	size_t field;
} uid_fields[] = {
	{ "first_recent_uid", INDEX_OFFSET_FIRST_RECENT_UID,
	  offsetof(struct index_header, first_recent_uid) },
	{ "first_unseen_uid_lowwater", INDEX_OFFSET_FIRST_UNSEEN_LOWWATER,
	  offsetof(struct index_header, first_unseen_lowwater) },
	{ "first_deleted_uid_lowwater", INDEX_OFFSET_FIRST_DELETED_LOWWATER,
	  offsetof(struct index_header, first_deleted_lowwater) },
};

/* What Dovecot wants of a header, also after a log changed it: then all of it
   is at the log's offset, which isn't 0. */
static void verify_uids(struct verify *verify, const struct index_header *hdr,
			enum index_dir_file_id file, uint64_t offset)
{
	uint32_t uid;

	if (hdr->next_uid == 0) {
		complain(verify, file, offset != 0 ? offset :
			 INDEX_OFFSET_NEXT_UID, "next_uid 0 < 1");
	}
	if (hdr->first_recent_uid == 0) {
		complain(verify, file, offset != 0 ? offset :
			 INDEX_OFFSET_FIRST_RECENT_UID,
			 "first_recent_uid 0 < 1");
	}
	for (size_t i = 0; i < sizeof(uid_fields) / sizeof(uid_fields[0]);
	     i++) {
		memcpy(&uid, (const char *)hdr + uid_fields[i].field,
		       sizeof(uid));
		if (uid > hdr->next_uid) {
			complain(verify, file, offset != 0 ? offset :
				 uid_fields[i].offset, "%s %u > next_uid %u",
				 uid_fields[i].name, uid, hdr->next_uid);
		}
	}
	if (hdr->uid_validity == 0 && hdr->next_uid > 1) {
		complain(verify, file, offset != 0 ? offset :
			 INDEX_OFFSET_UID_VALIDITY,
			 "uid_validity 0, though next_uid is %u",
			 hdr->next_uid);
	}
}

static void verify_header(struct verify *verify)
{
	const struct index_header *hdr = &verify->hdr;

	verify_uids(verify, hdr, INDEX_DIR_INDEX, 0);
	if (hdr->log_tail_offset > hdr->log_head_offset) {
		complain(verify, INDEX_DIR_INDEX, INDEX_OFFSET_LOG_TAIL,
			 "log_tail_offset %u > log_head_offset %u",
			 hdr->log_tail_offset, hdr->log_head_offset);
	}
	if (hdr->messages_count >= hdr->next_uid) {
		complain(verify, INDEX_DIR_INDEX, INDEX_OFFSET_MESSAGES_COUNT,
			 "messages_count %u >= next_uid %u",
			 hdr->messages_count, hdr->next_uid);
	}
	for (int i = 0; i + 1 < INDEX_DAYS; i++) {
		if (hdr->day_first_uid[i] < hdr->day_first_uid[i + 1]) {
			complain(verify, INDEX_DIR_INDEX,
				 INDEX_OFFSET_DAY_FIRST_UID + i * 4,
				 "day_first_uid[%d] %u < day_first_uid[%d] %u",
				 i, hdr->day_first_uid[i], i + 1,
				 hdr->day_first_uid[i + 1]);
		}
	}
}

static void verify_count(struct verify *verify, const char *name,
			 unsigned int offset, uint32_t count, uint32_t found)
{
	if (count != found) {
		complain(verify, INDEX_DIR_INDEX, offset,
			 "%s %u != %u in the records", name, count, found);
	}
}

/* The file's own records. */
static void verify_records(struct verify *verify)
{
	const struct index_dir_file *file =
		&verify->dir->files[INDEX_DIR_INDEX];
	const struct index_header *hdr = &verify->hdr;
	uint32_t count = index_records_count(hdr, file->size), uid, last = 0;
	uint32_t seen = 0, deleted = 0;
	uint64_t pos = hdr->header_size;

	for (uint32_t i = 0; i < count; i++, pos += hdr->record_size) {
		memcpy(&uid, file->data + pos, sizeof(uid));
		if (uid <= last) {
			complain(verify, INDEX_DIR_INDEX, pos,
				 "uid %u <= uid %u before it", uid, last);
		}
		if (uid >= hdr->next_uid) {
			complain(verify, INDEX_DIR_INDEX, pos,
				 "uid %u >= next_uid %u", uid, hdr->next_uid);
		}
		last = uid;
		if ((file->data[pos + 4] & INDEX_FLAG_SEEN) != 0)
			seen++;
		if ((file->data[pos + 4] & INDEX_FLAG_DELETED) != 0)
			deleted++;
	}
	verify_count(verify, "messages_count", INDEX_OFFSET_MESSAGES_COUNT,
		     hdr->messages_count, count);
	verify_count(verify, "seen_messages_count", INDEX_OFFSET_SEEN_COUNT,
		     hdr->seen_count, seen);
	verify_count(verify, "deleted_messages_count",
		     INDEX_OFFSET_DELETED_COUNT, hdr->deleted_count, deleted);
}

/* Where the records' fields of an extension are. */
static void verify_ext_record(struct verify *verify,
			      const struct index_ext *ext)
{
	const uint32_t record_size = verify->hdr.record_size;

	if (ext->record_size == 0)
		return;
	if ((uint32_t)ext->record_offset + ext->record_size > record_size) {
		complain(verify, INDEX_DIR_INDEX, ext->offset,
			 "extension %.*s: record_offset %u + record_size %u > "
			 "the index' record_size %u", (int)ext->name_len,
			 ext->name, ext->record_offset, ext->record_size,
			 record_size);
	} else if (ext->record_offset % ext->record_align != 0) {
		complain(verify, INDEX_DIR_INDEX, ext->offset,
			 "extension %.*s: record_offset %u isn't a multiple of "
			 "record_align %u", (int)ext->name_len, ext->name,
			 ext->record_offset, ext->record_align);
	} else if (record_size % ext->record_align != 0) {
		complain(verify, INDEX_DIR_INDEX, ext->offset,
			 "extension %.*s: the index' record_size %u isn't a "
			 "multiple of record_align %u", (int)ext->name_len,
			 ext->name, record_size, ext->record_align);
	}
}

static void verify_ext_modseq(struct verify *verify,
			      const struct index_ext *ext)
{
	static const char name[] = "modseq";

	/* of another size Dovecot takes it for none */
	if (ext->name_len != strlen(name) ||
	    memcmp(ext->name, name, ext->name_len) != 0 || ext->hdr_size != 16)
		return;
	verify->modseq_at = ext->offset;
	memcpy(&verify->modseq_log_seq, ext->hdr + 8, 4);
	memcpy(&verify->modseq_log_offset, ext->hdr + 12, 4);
}

/* Returns TRUE if one of those before an extension has its name. */
static bool ext_find_same(const struct verify *verify,
			  const struct index_ext *ext, uint64_t *offset_r)
{
	const unsigned char *data = verify->dir->files[INDEX_DIR_INDEX].data;
	struct index_ext_iter iter;
	struct index_ext other;
	const char *error;

	index_ext_iter_init(&iter, data, &verify->hdr, NULL);
	while (index_ext_next(&iter, &other, &error) > 0 &&
	       other.offset < ext->offset) {
		if (other.name_len == ext->name_len &&
		    memcmp(other.name, ext->name, ext->name_len) == 0) {
			*offset_r = other.offset;
			return true;
		}
	}
	return false;
}

static void verify_exts(struct verify *verify)
{
	const struct index_dir_file *file =
		&verify->dir->files[INDEX_DIR_INDEX];
	struct index_ext_iter iter;
	struct index_ext ext;
	const char *error = NULL;
	uint64_t offset;

	index_ext_iter_init(&iter, file->data, &verify->hdr, NULL);
	for (unsigned int count = 0; index_ext_next(&iter, &ext, &error) > 0;
	     count++) {
		verify_ext_record(verify, &ext);
		verify_ext_modseq(verify, &ext);
		/* all of them are compared */
		if (count < INDEX_EXTS_MAX &&
		    ext_find_same(verify, &ext, &offset)) {
			complain(verify, INDEX_DIR_INDEX, ext.offset,
				 "extension %.*s: there is another one at %"
				 PRIu64, (int)ext.name_len, ext.name, offset);
		}
	}
	if (error != NULL) {
		complain(verify, INDEX_DIR_INDEX, ext.offset,
			 "%s: header_size %u", error,
			 verify->hdr.header_size);
	}
}

static void verify_index(struct verify *verify)
{
	const struct index_dir_file *file =
		&verify->dir->files[INDEX_DIR_INDEX];
	const char *error;

	if (file->data == NULL)
		return;
	if (index_header_decode(file->data, file->size, &verify->hdr,
				&error) < 0) {
		complain(verify, INDEX_DIR_INDEX, 0, "%s: major_version %u, "
			 "base_header_size %u, header_size %u, record_size %u, "
			 "the file has %" PRIu64 " bytes", error,
			 verify->hdr.major_version,
			 verify->hdr.base_header_size, verify->hdr.header_size,
			 verify->hdr.record_size, file->size);
		memset(&verify->hdr, 0, sizeof(verify->hdr));
		return;
	}
	verify_header(verify);
	verify_records(verify);
	verify_exts(verify);
}

/* An offset from which Dovecot reads a log on: a transaction has to begin
   there, or it reads bytes that are none. */
static void verify_offset(struct verify *verify, const char *name,
			  uint32_t offset, enum index_dir_file_id log_id,
			  enum index_dir_file_id file, uint64_t at)
{
	const struct index_log_scan *log = index_dir_log(verify->dir, log_id);
	struct index_log_iter iter;

	if (offset < log->hdr.hdr_size) {
		complain(verify, file, at, "%s %u < hdr_size %u of the log",
			 name, offset, log->hdr.hdr_size);
		return;
	}
	index_log_iter_init(&iter, verify->dir->files[log_id].data, log->end,
			    log->hdr.hdr_size);
	if (offset <= log->end && !index_log_iter_reach(&iter, offset)) {
		complain(verify, file, at, "%s %u is within the transaction "
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
		complain(verify, INDEX_DIR_INDEX, INDEX_OFFSET_LOG_HEAD,
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
		complain(verify, INDEX_DIR_INDEX, verify->modseq_at,
			 "extension modseq: log_offset %u > log_head_offset %u",
			 verify->modseq_log_offset, hdr->log_head_offset);
		return;
	}
	verify_offset(verify, "extension modseq: log_offset",
		      verify->modseq_log_offset, id, INDEX_DIR_INDEX,
		      verify->modseq_at);
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
		complain(verify, id, log->end, "%s: size %u < 8", log->error,
			 log->error_size);
	} else if (id == INDEX_DIR_LOG && log->end < size) {
		/* newer Dovecots leave it so in the older log */
		complain(verify, id, log->end, "the last whole transaction "
			 "ends at %" PRIu64 ", the log at %" PRIu64, log->end,
			 size);
	}
	/* 0 Dovecot takes for none, of the other one there is no next */
	if (log->hdr.file_seq == 0 || log->hdr.file_seq == UINT32_MAX) {
		complain(verify, id, OFFSET_LOG_SEQ, "file_seq %u isn't "
			 "between 0 and %u", log->hdr.file_seq, UINT32_MAX);
	}
	if (hdr->major_version == 0)
		return;
	if (log->hdr.indexid != hdr->indexid) {
		complain(verify, id, OFFSET_LOG_INDEXID,
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
	complain(verify, id, 0, "%s: major_version %u, hdr_size %u, the file "
		 "has %" PRIu64 " bytes", file->error, hdr->major_version,
		 hdr->hdr_size, file->size);
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
		complain(verify, tails->id, trans->offset,
			 "log_file_tail_offset %u < hdr_size %u", tail,
			 tails->hdr_size);
	} else if (!index_log_iter_reach(&tails->iter, tail)) {
		complain(verify, tails->id, trans->offset,
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
		if (index_log_check(&trans, violated) < 0)
			complain(verify, id, trans.offset, "%s", violated);
		verify_tail(verify, &tails, &trans);
	}
}

static void verify_logs(struct verify *verify)
{
	const struct index_log_scan *log = verify->log, *log2 = verify->log2;

	for (int id = INDEX_DIR_LOG; id <= INDEX_DIR_LOG2; id++) {
		verify_log_header(verify, id);
		verify_log_position(verify, id);
		verify_transactions(verify, id);
	}
	if (log != NULL && verify->hdr.log_file_seq > log->hdr.file_seq) {
		complain(verify, INDEX_DIR_INDEX, INDEX_OFFSET_LOG_SEQ,
			 "log_file_seq %u > file_seq %u of the log",
			 verify->hdr.log_file_seq, log->hdr.file_seq);
	}
	if (log == NULL || log2 == NULL ||
	    log->hdr.prev_file_seq != log2->hdr.file_seq)
		return;
	if (log->hdr.prev_file_offset != log2->end) {
		complain(verify, INDEX_DIR_LOG, OFFSET_LOG_PREV + 4,
			 "prev_file_offset %u != end of the older log %" PRIu64,
			 log->hdr.prev_file_offset, log2->end);
	}
}

/* By name, whose case doesn't matter; then in their order. */
static int field_compare(const void *p1, const void *p2)
{
	const struct index_cache_field *field1 =
		*(const struct index_cache_field *const *)p1;
	const struct index_cache_field *field2 =
		*(const struct index_cache_field *const *)p2;
	int ret = strcasecmp(field1->name, field2->name);

	return ret != 0 ? ret : field1 < field2 ? -1 : 1;
}

static void verify_cache_names(struct verify *verify)
{
	const struct index_cache *cache = &verify->dir->cache;
	const unsigned int count = cache->fields_count;
	const struct index_cache_field **fields =
		mem_new(((size_t)count + 1) * sizeof(*fields));

	for (unsigned int i = 0; i < count; i++)
		fields[i] = &cache->fields[i];
	qsort(fields, count, sizeof(*fields), field_compare);
	for (unsigned int i = 1; i < count; i++) {
		if (strcasecmp(fields[i - 1]->name, fields[i]->name) == 0) {
			complain(verify, INDEX_DIR_CACHE, cache->want_offset,
				 "field %s: field %td has its name",
				 fields[i]->name, fields[i - 1] -
				 cache->fields);
		}
	}
	free(fields);
}

/* Of others Dovecot says that the cache is corrupt. */
static void verify_cache_fields(struct verify *verify)
{
	const struct index_cache *cache = &verify->dir->cache;
	const struct index_cache_field *field;
	unsigned int decision;

	if (cache->want_offset == 0) {
		complain(verify, INDEX_DIR_CACHE, OFFSET_CACHE_FIELDS,
			 "there is no list of fields");
	}
	for (unsigned int i = 0; i < cache->fields_count; i++) {
		field = &cache->fields[i];
		decision = field->decision & INDEX_CACHE_DECISION_MASK;
		if (field->type > INDEX_CACHE_HEADER) {
			complain(verify, INDEX_DIR_CACHE, cache->want_offset,
				 "field %s: type %u > %d", field->name,
				 field->type, INDEX_CACHE_HEADER);
		}
		if (decision > INDEX_CACHE_DECISION_YES) {
			complain(verify, INDEX_DIR_CACHE, cache->want_offset,
				 "field %s: decision %u > %d", field->name,
				 decision, INDEX_CACHE_DECISION_YES);
		}
	}
	verify_cache_names(verify);
}

/* What the cache has of each message that is there. */
static void verify_cache_records(struct verify *verify)
{
	const struct index_dir *dir = verify->dir;
	const struct index_records *recs = &dir->state.records;
	const void *record;
	struct index_cache_chain chain;
	uint32_t offset;

	index_dir_cache_chain(dir, &chain);
	for (uint32_t i = 0; i < recs->count &&
	     !index_cache_chain_is_exhausted(&chain); i++) {
		record = index_records_get(recs, INDEX_COLUMN_CACHE, i);
		if (record == NULL)
			continue;
		memcpy(&offset, record, sizeof(offset));
		if (offset != 0 &&
		    index_cache_chain_check(&chain, offset) < 0) {
			complain(verify, INDEX_DIR_CACHE, chain.offset,
				 "uid %u: %s", recs->rows[i].uid,
				 chain.violated);
		}
	}
}

static void verify_cache(struct verify *verify)
{
	const struct index_dir *dir = verify->dir;
	const struct index_dir_file *file = &dir->files[INDEX_DIR_CACHE];
	const struct index_ext_state *ext;

	if (!file->exists || file->failed != NULL)
		return;
	if (file->error != NULL) {
		complain(verify, INDEX_DIR_CACHE, dir->cache.want_offset,
			 "%s: %" PRIu64 ", %" PRIu64, file->error,
			 dir->cache.wrong, dir->cache.limit);
		return;
	}
	if (dir->cache.indexid != dir->state.hdr.indexid) {
		complain(verify, INDEX_DIR_CACHE, OFFSET_LOG_INDEXID,
			 "indexid %u != indexid %u of the index",
			 dir->cache.indexid, dir->state.hdr.indexid);
		return;
	}
	if (dir->cache.file_seq == 0) {
		complain(verify, INDEX_DIR_CACHE, OFFSET_CACHE_SEQ,
			 "file_seq 0 < 1");
	}
	verify_cache_fields(verify);
	ext = index_exts_get(&dir->state.exts, "cache");
	if (ext != NULL && ext->reset_id != dir->cache.file_seq) {
		complain(verify, INDEX_DIR_CACHE, OFFSET_CACHE_SEQ,
			 "file_seq %u != reset_id %u of extension cache",
			 dir->cache.file_seq, ext->reset_id);
	} else {
		verify_cache_records(verify);
	}
}

/* Whether the index has it from its file or from the log isn't known. */
static void verify_list(struct verify *verify)
{
	const enum index_dir_file_id file =
		verify->dir->files[INDEX_DIR_INDEX].exists ? INDEX_DIR_INDEX :
		INDEX_DIR_LOG;
	struct index_list *list = index_list_new(&verify->dir->state, '/');
	struct index_list_mailbox mailbox;
	struct index_list_record record;

	if (list == NULL)
		return;
	if (index_list_problem(list) != NULL) {
		complain(verify, file, 0, "%s", index_list_problem(list));
	}
	for (uint32_t i = 0; i < index_list_count(list); i++) {
		index_list_get(list, i, &mailbox);
		index_list_get_record(list, i, &record);
		if (record.level == NULL && index_list_problem(list) == NULL) {
			complain(verify, file, 0, "mailbox %u: there is no "
				 "name %u", mailbox.uid, record.name_id);
		}
		if (mailbox.is_lost) {
			complain(verify, file, 0,
				 "mailbox %u: its parent %u leads to no root",
				 mailbox.uid, mailbox.parent_uid);
		}
	}
	index_list_free(&list);
}

/* Returns TRUE if something was found there already. */
static bool is_told(const struct index_verdicts *verdicts,
		    enum index_dir_file_id file, uint64_t offset)
{
	for (size_t i = 0; i < verdicts->count; i++) {
		if (verdicts->verdicts[i].file == file &&
		    verdicts->verdicts[i].offset == offset)
			return true;
	}
	return false;
}

/* What replay found. */
static void verify_problem(struct verify *verify)
{
	const struct index_state *state = &verify->dir->state;
	const struct index_log_scan *log2 = verify->log2;
	enum index_dir_file_id file = INDEX_DIR_LOG;
	const uint64_t *values = state->problem_values;

	if (state->problem_seq == 0)
		file = INDEX_DIR_INDEX;
	else if (log2 != NULL && log2->hdr.file_seq == state->problem_seq)
		file = INDEX_DIR_LOG2;
	if (is_told(verify->verdicts, file, state->problem_offset))
		return;
	if (values[0] == 0 && values[1] == 0) {
		complain(verify, file, state->problem_offset, "%s",
			 state->problem);
	} else {
		complain(verify, file, state->problem_offset, "%s: %" PRIu64
			 ", %" PRIu64, state->problem, values[0], values[1]);
	}
}

/* Returns the file because of which there is no state. */
static enum index_dir_file_id state_error_file(const struct index_dir *dir)
{
	const struct index_dir_file *file;

	for (int id = INDEX_DIR_INDEX; id <= INDEX_DIR_LOG2; id++) {
		file = &dir->files[id];
		if (file->failed != NULL || (file->error != NULL &&
					     strcmp(file->error, dir->error) ==
					     0))
			return id;
	}
	return INDEX_DIR_LOG;
}

/* What the log makes of a header that isn't wrong before. */
static void verify_state_header(struct verify *verify)
{
	const struct index_header *hdr = &verify->dir->state.hdr;
	const struct index_log_scan *log = verify->log;
	bool newer = log != NULL && log->hdr.file_seq == hdr->log_file_seq;

	if (verify->verdicts->count == 0) {
		verify_uids(verify, hdr, newer ? INDEX_DIR_LOG :
			    INDEX_DIR_LOG2, hdr->log_head_offset);
	}
}

static void verify_state(struct verify *verify)
{
	const struct index_dir *dir = verify->dir;
	enum index_dir_file_id file;
	const struct index_log_scan *log = verify->log;

	if (dir->result == INDEX_STATE_MISMATCH && log != NULL &&
	    verify->hdr.major_version != 0) {
		complain(verify, INDEX_DIR_LOG, OFFSET_LOG_PREV, "%s: the log "
			 "continues %u:%u, the index ends at %u:%u", dir->error,
			 log->hdr.prev_file_seq, log->hdr.prev_file_offset,
			 verify->hdr.log_file_seq, verify->hdr.log_head_offset);
		return;
	}
	if (dir->result != INDEX_STATE_OK) {
		file = state_error_file(dir);
		if (!is_told(verify->verdicts, file, 0))
			complain(verify, file, 0, "%s", dir->error);
		return;
	}
	if (dir->state.problem != NULL)
		verify_problem(verify);
	verify_state_header(verify);
	verify_cache(verify);
	verify_list(verify);
}

void index_verify(const struct index_dir *dir,
		  struct index_verdicts *verdicts_r)
{
	struct verify verify = {
		.dir = dir, .verdicts = verdicts_r,
		.log = index_dir_log(dir, INDEX_DIR_LOG),
		.log2 = index_dir_log(dir, INDEX_DIR_LOG2),
	};

	memset(verdicts_r, 0, sizeof(*verdicts_r));
	verify_index(&verify);
	verify_logs(&verify);
	verify_state(&verify);
}

void index_verdicts_free(struct index_verdicts *verdicts)
{
	for (size_t i = 0; i < verdicts->count; i++)
		free(verdicts->verdicts[i].text);
	free(verdicts->verdicts);
}
