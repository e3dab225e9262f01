/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <string.h>

#include "index-load.h"
#include "index-problem.h"

static void load_keywords(struct index_state *state,
			  const struct index_ext *ext)
{
	struct index_keyword_iter iter;
	const char *name;
	int ret;

	index_keyword_iter_init(&iter, ext->hdr, ext->hdr_size,
				&state->budget);
	while ((ret = index_keyword_next(&iter, &name)) > 0) {
		if (!cursor_budget_spend(&state->budget,
					 state->exts.keywords_count) ||
		    !index_exts_add_keyword(&state->exts, name, strlen(name)))
			break;
	}
	if (ret != 0) {
		index_problem_note(state, 0, ext->offset,
				   "the keywords' names aren't valid");
	}
}

/* Take a column's records from the index file. */
static void load_column(struct index_state *state, const unsigned char *recs,
			const struct index_ext *ext, enum index_column column)
{
	if (ext->record_size < index_column_size(column) ||
	    ext->record_offset == 0)
		return;
	index_records_set_all(&state->records, column,
			      recs + ext->record_offset,
			      state->hdr.record_size);
}

static void load_ext(struct index_state *state, const unsigned char *recs,
		     const struct index_ext *ext)
{
	struct index_ext_state *ext_state =
		index_exts_add(&state->exts, ext->name, ext->name_len);

	ext_state->hdr_size = ext->hdr_size;
	ext_state->reset_id = ext->reset_id;
	ext_state->record_size = ext->record_size;
	ext_state->record_align = ext->record_align;
	if (ext_state->info == NULL)
		return;
	(void)index_ext_write(&state->exts, ext_state, 0, ext->hdr,
			      ext->hdr_size);
	if (strcmp(ext_state->name, "keywords") == 0)
		load_keywords(state, ext);
	if (ext_state->info->column != INDEX_COLUMN_NONE &&
	    state->records.count > 0)
		load_column(state, recs, ext, ext_state->info->column);
}

/* Dovecot drops those that are broken, or are there already: they get no
   number. */
static void load_exts(struct index_state *state, const unsigned char *data)
{
	const unsigned char *recs = data + state->hdr.header_size;
	struct index_ext_iter iter;
	struct index_ext ext;
	const char *error;
	int ret;

	index_ext_iter_init(&iter, data, &state->hdr, &state->budget);
	while (state->exts.count < INDEX_EXTS_MAX &&
	       (ret = index_ext_next(&iter, &ext, &error)) != 0) {
		if (ret > 0 &&
		    index_exts_find(&state->exts, ext.name, ext.name_len) !=
		    NULL) {
			error = "an extension is there twice";
			ret = -1;
		}
		if (error != NULL)
			index_problem_note(state, 0, ext.offset, error);
		if (ret > 0)
			load_ext(state, recs, &ext);
	}
}

/* Dovecot mends a next_uid that isn't higher than the last message's UID. */
static void load_next_uid(struct index_state *state, uint64_t offset,
			  const unsigned char *rec)
{
	uint32_t uid;

	memcpy(&uid, rec, sizeof(uid));
	if (uid < state->hdr.next_uid || uid == UINT32_MAX)
		return;
	index_problem_contradiction(state, 0, offset, "the last message's UID "
				    "isn't lower than next_uid", uid,
				    state->hdr.next_uid);
	state->hdr.next_uid = uid + 1;
}

void index_load(struct index_state *state, const struct index_state_file *file)
{
	const unsigned char *data = file->data, *rec;
	uint32_t count = index_records_count(&state->hdr, file->size);
	uint32_t uid, last_uid = 0;

	if (count < state->hdr.messages_count) {
		index_problem_contradiction(state, 0,
					    INDEX_OFFSET_MESSAGES_COUNT,
					    "the file is too short for its "
					    "records", count,
					    state->hdr.messages_count);
	}
	if (count > 0) {
		rec = data + state->hdr.header_size +
			(uint64_t)(count - 1) * state->hdr.record_size;
		load_next_uid(state, rec - data, rec);
	}
	for (uint32_t i = 0; i < count; i++) {
		rec = data + state->hdr.header_size +
			(uint64_t)i * state->hdr.record_size;
		memcpy(&uid, rec, sizeof(uid));
		if (uid <= last_uid || uid >= state->hdr.next_uid) {
			index_problem_contradiction(
				state, 0, rec - data, "the records' UIDs don't "
				"ascend to next_uid", uid,
				uid <= last_uid ? last_uid :
				state->hdr.next_uid);
			break;
		}
		index_records_append(&state->records, uid, rec[4]);
		last_uid = uid;
	}
	load_exts(state, data);
}
