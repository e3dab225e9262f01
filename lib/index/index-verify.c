/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "index-list.h"
#include "index-verify-private.h"

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
		verdict_add(verify, file, offset != 0 ? offset :
			    INDEX_OFFSET_NEXT_UID, "next_uid 0 < 1");
	}
	if (hdr->first_recent_uid == 0) {
		verdict_add(verify, file, offset != 0 ? offset :
			    INDEX_OFFSET_FIRST_RECENT_UID,
			    "first_recent_uid 0 < 1");
	}
	for (size_t i = 0; i < sizeof(uid_fields) / sizeof(uid_fields[0]);
	     i++) {
		memcpy(&uid, (const char *)hdr + uid_fields[i].field,
		       sizeof(uid));
		if (uid > hdr->next_uid) {
			verdict_add(verify, file, offset != 0 ? offset :
				    uid_fields[i].offset, "%s %u > next_uid %u",
				    uid_fields[i].name, uid, hdr->next_uid);
		}
	}
	if (hdr->uid_validity == 0 && hdr->next_uid > 1) {
		verdict_add(verify, file, offset != 0 ? offset :
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
		verdict_add(verify, INDEX_DIR_INDEX, INDEX_OFFSET_LOG_TAIL,
			    "log_tail_offset %u > log_head_offset %u",
			    hdr->log_tail_offset, hdr->log_head_offset);
	}
	if (hdr->messages_count >= hdr->next_uid) {
		verdict_add(verify, INDEX_DIR_INDEX,
			    INDEX_OFFSET_MESSAGES_COUNT,
			    "messages_count %u >= next_uid %u",
			    hdr->messages_count, hdr->next_uid);
	}
	for (int i = 0; i + 1 < INDEX_DAYS; i++) {
		if (hdr->day_first_uid[i] < hdr->day_first_uid[i + 1]) {
			verdict_add(verify, INDEX_DIR_INDEX,
				    INDEX_OFFSET_DAY_FIRST_UID + i * 4,
				    "day_first_uid[%d] %u < "
				    "day_first_uid[%d] %u", i,
				    hdr->day_first_uid[i], i + 1,
				    hdr->day_first_uid[i + 1]);
		}
	}
}

static void verify_count(struct verify *verify, const char *name,
			 unsigned int offset, uint32_t count, uint32_t found)
{
	if (count != found) {
		verdict_add(verify, INDEX_DIR_INDEX, offset,
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
			verdict_add(verify, INDEX_DIR_INDEX, pos,
				    "uid %u <= uid %u before it", uid, last);
		}
		if (uid >= hdr->next_uid) {
			verdict_add(verify, INDEX_DIR_INDEX, pos,
				    "uid %u >= next_uid %u", uid,
				    hdr->next_uid);
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

/* What is wrong with an extension, whatever Dovecot makes of it. */
static void verify_ext(struct verify *verify, const struct index_ext *ext,
		       const char *error)
{
	const struct index_header *hdr = &verify->hdr;

	if (ext->name == NULL) {
		verdict_add(verify, INDEX_DIR_INDEX, ext->offset, "%s: its "
			    "name, the index' header_size %u", error,
			    hdr->header_size);
		return;
	}
	verdict_add(verify, INDEX_DIR_INDEX, ext->offset, "%s: extension %.*s, "
		    "hdr_size %u, record_offset %u, record_size %u, "
		    "record_align %u, the index' header_size %u, "
		    "record_size %u", error, (int)ext->name_len, ext->name,
		    ext->hdr_size, ext->record_offset, ext->record_size,
		    ext->record_align, hdr->header_size, hdr->record_size);
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
	while (index_ext_next(&iter, &other, &error) != 0 &&
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
	const char *error;
	uint64_t offset;
	int ret;

	index_ext_iter_init(&iter, file->data, &verify->hdr, NULL);
	for (unsigned int count = 0;
	     (ret = index_ext_next(&iter, &ext, &error)) != 0; count++) {
		/* Dovecot takes 0 for none, and reads what else is there */
		if (error == NULL && ext.record_size > 0 &&
		    ext.record_offset < INDEX_RECORD_EXTS_AT)
			error = "an extension's records have no place of "
				"their own";
		if (error != NULL)
			verify_ext(verify, &ext, error);
		if (ret < 0)
			continue;
		verify_ext_modseq(verify, &ext);
		/* all of them are compared */
		if (count < INDEX_EXTS_MAX &&
		    ext_find_same(verify, &ext, &offset)) {
			verdict_add(verify, INDEX_DIR_INDEX, ext.offset,
				    "extension %.*s: there is another one at %"
				    PRIu64, (int)ext.name_len, ext.name,
				    offset);
		}
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
		verdict_add(verify, INDEX_DIR_INDEX, 0, "%s: major_version %u, "
			    "base_header_size %u, header_size %u, "
			    "record_size %u, the file has %" PRIu64 " bytes",
			    error, verify->hdr.major_version,
			    verify->hdr.base_header_size,
			    verify->hdr.header_size, verify->hdr.record_size,
			    file->size);
		memset(&verify->hdr, 0, sizeof(verify->hdr));
		return;
	}
	verify_header(verify);
	verify_records(verify);
	verify_exts(verify);
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
		verdict_add(verify, file, 0, "%s", index_list_problem(list));
	}
	for (uint32_t i = 0; i < index_list_count(list); i++) {
		index_list_get(list, i, &mailbox);
		index_list_get_record(list, i, &record);
		if (record.level == NULL && index_list_problem(list) == NULL) {
			verdict_add(verify, file, 0, "mailbox %u: there is no "
				    "name %u", mailbox.uid, record.name_id);
		}
		if (mailbox.is_lost) {
			verdict_add(verify, file, 0,
				    "mailbox %u: its parent %u leads to no "
				    "root", mailbox.uid, mailbox.parent_uid);
		}
	}
	index_list_free(&list);
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
	if (verdict_exists(verify, file, state->problem_offset))
		return;
	if (values[0] == 0 && values[1] == 0) {
		verdict_add(verify, file, state->problem_offset, "%s",
			    state->problem);
	} else {
		verdict_add(verify, file, state->problem_offset, "%s: %" PRIu64
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
		verdict_add(verify, INDEX_DIR_LOG, INDEX_LOG_OFFSET_PREV, "%s: "
			    "the log continues %u:%u, the index ends at %u:%u",
			    dir->error, log->hdr.prev_file_seq,
			    log->hdr.prev_file_offset, verify->hdr.log_file_seq,
			    verify->hdr.log_head_offset);
		return;
	}
	if (dir->result != INDEX_STATE_OK) {
		file = state_error_file(dir);
		if (!verdict_exists(verify, file, 0))
			verdict_add(verify, file, 0, "%s", dir->error);
		return;
	}
	if (dir->state.problem != NULL)
		verify_problem(verify);
	verify_state_header(verify);
	index_verify_cache(verify);
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
	index_verify_logs(&verify);
	verify_state(&verify);
}
