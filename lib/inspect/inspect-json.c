/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* doc/inspect.schema.json describes what is written here. */

#include "index-list.h"
#include "index-verify.h"
#include "inspect-private.h"
#include "json.h"

/* Returns a number, null if it is none of 63 bits: IMAP has no larger ones, and
   JSON's readers neither. */
static json_t *json_number(uint64_t number)
{
	return number > INT64_MAX ? json_null() :
		json_integer((json_int_t)number);
}

static json_t *json_guid(const unsigned char *guid)
{
	char hex[INDEX_GUID_SIZE * 2 + 1];

	return json_string(inspect_guid(guid, hex));
}

static json_t *json_field(const struct index_ext_state *ext,
			  const struct index_ext_field *field)
{
	unsigned char guid[INDEX_GUID_SIZE];

	if (field->type != INDEX_FIELD_GUID)
		return json_number(index_ext_number(ext, field));
	index_ext_bytes(ext, field->offset, guid, sizeof(guid));
	return json_guid(guid);
}

/* Returns what is known of an extension's header, null if that is nothing. */
static json_t *json_ext_header(const struct index_ext_state *ext)
{
	const struct index_ext_field *field;
	json_t *json;

	if (ext->info == NULL || ext->info->fields->name == NULL ||
	    ext->hdr_size == 0)
		return json_null();
	json = json_new();
	for (field = ext->info->fields; field->name != NULL; field++)
		set(json, field->name, json_field(ext, field));
	return json;
}

/* Returns the name of extension "box-name", null if it is another one. */
static json_t *json_box_name(const struct index_ext_state *ext,
			     bool *escaped_r)
{
	json_t *json;
	char *name;

	if (strcmp(ext->name, "box-name") != 0)
		return json_null();
	name = inspect_box_name(ext);
	json = json_name(name, escaped_r);
	free(name);
	return json;
}

static json_t *json_exts(const struct index_exts *exts)
{
	const struct index_ext_state *ext;
	json_t *array = json_array(), *json;
	bool escaped;

	for (size_t i = 0; i < exts->count; i++) {
		ext = &exts->exts[i];
		escaped = false;
		json = json_new();
		set(json, "name", json_name(ext->name, &escaped));
		set(json, "header_size", json_integer(ext->hdr_size));
		set(json, "record_size", json_integer(ext->record_size));
		set(json, "record_align", json_integer(ext->record_align));
		set(json, "reset_id", json_integer(ext->reset_id));
		set(json, "header", json_ext_header(ext));
		set(json, "box_name", json_box_name(ext, &escaped));
		set_escaped(json, escaped);
		append(array, json);
	}
	return array;
}

static json_t *json_keywords(const struct index_exts *exts, bool *escaped_r)
{
	json_t *array = json_array();

	for (size_t i = 0; i < exts->keywords_count; i++)
		append(array, json_name(exts->keywords[i], escaped_r));
	return array;
}

static json_t *json_state(const struct index_dir *index)
{
	const struct index_state *state = &index->state;
	const struct index_header *hdr = &state->hdr;
	json_t *json = json_new(), *days = json_array();
	bool escaped = false, known = !state->records.exhausted;

	set(json, "index_id", json_integer(hdr->indexid));
	set(json, "uid_validity", json_integer(hdr->uid_validity));
	set(json, "next_uid", json_integer(hdr->next_uid));
	set(json, "messages", json_known(known, hdr->messages_count));
	set(json, "seen", json_known(known, hdr->seen_count));
	set(json, "deleted", json_known(known, hdr->deleted_count));
	set(json, "recent", json_known(known, inspect_recent_count(state)));
	set(json, "first_recent_uid", json_integer(hdr->first_recent_uid));
	set(json, "modseq", json_number(index_dir_modseq(index)));
	set(json, "flags", json_integer(hdr->flags));
	set(json, "is_deleted", json_boolean(state->is_deleted));
	set(json, "log_file_seq", json_integer(hdr->log_file_seq));
	set(json, "log_offset", json_integer(hdr->log_head_offset));
	set(json, "log2_rotate_time",
	    json_time(hdr->log2_rotate_time == INDEX_NO_OLDER_LOG ? 0 :
		      hdr->log2_rotate_time));
	set(json, "last_temp_file_scan",
	    json_time(hdr->last_temp_file_scan));
	set(json, "day_stamp", json_time(hdr->day_stamp));
	for (int i = 0; i < INDEX_DAYS; i++)
		append(days, json_integer(hdr->day_first_uid[i]));
	set(json, "day_first_uid", days);
	set(json, "keywords", json_keywords(&state->exts, &escaped));
	set(json, "extensions", json_exts(&state->exts));
	set_escaped(json, escaped);
	return json;
}

static json_t *json_problem(const struct index_state *state)
{
	json_t *json;

	if (state->problem == NULL)
		return json_null();
	json = json_new();
	set(json, "text", json_string(state->problem));
	set(json, "log_file_seq", json_integer(state->problem_seq));
	set(json, "offset", json_number(state->problem_offset));
	return json;
}

static json_t *json_transactions(const struct index_log_scan *log)
{
	json_t *array = json_array(), *json;

	for (int i = 0; i < INDEX_LOG_TYPE_COUNT; i++) {
		const struct index_log_count *count = &log->counts[i];

		if (count->internal == 0 && count->external == 0)
			continue;
		json = json_new();
		set(json, "type", json_string(index_log_type_name(i)));
		if (i == INDEX_LOG_UNKNOWN)
			set(json, "code", json_integer(log->unknown_code));
		set(json, "internal", json_integer(count->internal));
		set(json, "external", json_integer(count->external));
		set(json, "dsync", json_integer(count->dsync));
		append(array, json);
	}
	return array;
}

/* Add what a log says to its file. */
static void set_log(json_t *json, const struct index_log_scan *log)
{
	set(json, "index_id", json_integer(log->hdr.indexid));
	set(json, "file_seq", json_integer(log->hdr.file_seq));
	set(json, "prev_file_seq", json_integer(log->hdr.prev_file_seq));
	set(json, "prev_file_offset",
	    json_integer(log->hdr.prev_file_offset));
	set(json, "created", json_time(log->hdr.create_stamp));
	set(json, "initial_modseq", json_number(log->hdr.initial_modseq));
	set(json, "end", json_number(log->end));
	set(json, "transactions", json_transactions(log));
}

static json_t *json_cache_fields(const struct index_cache *cache)
{
	json_t *array = json_array(), *json;

	for (unsigned int i = 0; i < cache->fields_count; i++) {
		const struct index_cache_field *field = &cache->fields[i];
		bool escaped = false;

		json = json_new();
		set(json, "name", json_name(field->name, &escaped));
		set(json, "type",
		    json_string(index_cache_type_name(field->type)));
		set(json, "size", field->size == INDEX_CACHE_VARIABLE_SIZE ?
		    json_null() : json_integer(field->size));
		set(json, "decision", json_string(
			    index_cache_decision_name(field->decision)));
		set(json, "forced",
		    json_boolean((field->decision &
				  INDEX_CACHE_DECISION_FORCED) != 0));
		set(json, "last_used", json_time(field->last_used));
		set_escaped(json, escaped);
		append(array, json);
	}
	return array;
}

static void set_cache(json_t *json, const struct index_cache *cache)
{
	set(json, "index_id", json_integer(cache->indexid));
	set(json, "file_seq", json_integer(cache->file_seq));
	set(json, "records", json_integer(cache->records));
	set(json, "continued_records", json_integer(cache->continued));
	set(json, "deleted_records", json_integer(cache->deleted));
	set(json, "fields", json_cache_fields(cache));
}

static json_t *json_file(const struct inspection *inspection,
			 enum index_dir_file_id id)
{
	const struct index_dir_file *file = &inspection->index->files[id];
	char *error = inspect_file_error(inspection, id);
	json_t *json = json_new();
	bool escaped = false;

	set(json, "size", json_integer(file->st.st_size));
	set(json, "mtime", json_time(file->st.st_mtime));
	set(json, "error", json_name(error, &escaped));
	if (error == NULL && (id == INDEX_DIR_LOG || id == INDEX_DIR_LOG2))
		set_log(json, &inspection->index->logs[id - INDEX_DIR_LOG]);
	if (error == NULL && id == INDEX_DIR_CACHE)
		set_cache(json, &inspection->index->cache);
	set_escaped(json, escaped);
	free(error);
	return json;
}

/* Files by their names without the index'. */
static json_t *json_files(const struct inspection *inspection)
{
	static const char *const keys[INDEX_DIR_FILES] = {
		"index", "log", "log2", "cache", "thread"
	};
	json_t *json = json_new();

	for (int id = 0; id < INDEX_DIR_FILES; id++) {
		set(json, keys[id], inspection->index->files[id].exists ?
		    json_file(inspection, id) : json_null());
	}
	return json;
}

static json_t *json_list_flags(uint8_t flags)
{
	json_t *array = json_array();

	for (int bit = 0; bit < 8; bit++) {
		if ((flags & 1 << bit) != 0) {
			append(array, json_string(
				       inspect_list_flag_name(bit)));
		}
	}
	return array;
}

static json_t *json_mailbox(const struct index_list_mailbox *mailbox)
{
	json_t *json = json_new();
	bool escaped = false, known = mailbox->has_counts;

	set(json, "name", json_name(mailbox->name, &escaped));
	set(json, "guid", json_guid(mailbox->guid));
	set(json, "uid_validity", json_integer(mailbox->uid_validity));
	set(json, "flags", json_list_flags(mailbox->flags));
	set(json, "messages", json_known(known, mailbox->messages));
	set(json, "unseen", json_known(known, mailbox->unseen));
	set(json, "recent", json_known(known, mailbox->recent));
	set(json, "next_uid", json_known(known, mailbox->next_uid));
	set_escaped(json, escaped);
	return json;
}

/* A line that is put together. */
struct json_text {
	char *text;
	size_t len, alloc;
};

static void text_add(struct json_text *text, const char *part, size_t len)
{
	text->text = mem_grow(text->text, &text->alloc, text->len + len + 1, 1);
	memcpy(text->text + text->len, part, len);
	text->len += len;
	text->text[text->len] = '\0';
}

/* Add an object, without as many bytes of its start and its end, and free
   it. */
static void text_add_json(struct json_text *text, json_t *json, size_t start,
			  size_t end)
{
	char *line = json_line(json);

	text_add(text, line + start, strlen(line) - start - end);
	free(line);
}

/* Add the mailboxes of a list, null if it is none. Each is written by itself:
   as JSON it takes a hundred times as much memory as in the files. */
static void text_add_mailboxes(struct json_text *text,
			       const struct index_dir *index)
{
	struct index_list *list = index->result != INDEX_STATE_OK ? NULL :
		index_list_new(&index->state, '/');
	struct index_list_mailbox mailbox;

	if (list == NULL) {
		text_add(text, "null", 4);
		return;
	}
	text_add(text, "[", 1);
	for (uint32_t i = 0; i < index_list_count(list); i++) {
		if (i > 0)
			text_add(text, ",", 1);
		index_list_get(list, i, &mailbox);
		text_add_json(text, json_mailbox(&mailbox), 0, 0);
	}
	text_add(text, "]", 1);
	index_list_free(&list);
}

static json_t *json_evidence(const struct index_evidence *evidence)
{
	json_t *json = json_new();
	bool escaped = false;

	set(json, "level", json_string(mba_evidence_name(evidence->level)));
	set(json, "last_used", json_time(evidence->last_used));
	set(json, "proof", json_or_null(evidence->proof));
	set(json, "proof_name", json_name(evidence->proof_name, &escaped));
	set(json, "since", json_time(evidence->since));
	set(json, "not_opened_since", json_time(evidence->not_opened_since));
	set_escaped(json, escaped);
	return json;
}

static json_t *json_verdicts(const struct inspection *inspection)
{
	const struct index_verdicts *verdicts = inspection->verdicts;
	json_t *array = json_array(), *json;

	for (size_t i = 0; i < verdicts->count; i++) {
		const struct index_verdict *verdict = &verdicts->verdicts[i];
		char *name = inspect_file_name(inspection, verdict->file);
		bool escaped = false;

		json = json_new();
		set(json, "file", json_name(name, &escaped));
		set(json, "offset", json_number(verdict->offset));
		set(json, "violated", json_name(verdict->text, &escaped));
		set_escaped(json, escaped);
		append(array, json);
		free(name);
	}
	return array;
}

char *inspect_json(const struct inspection *inspection)
{
	static const char mailboxes[] = ",\"mailboxes\":";
	const struct index_dir *index = inspection->index;
	bool is_ok = index->result == INDEX_STATE_OK, escaped = false;
	struct json_text text = { .text = NULL };
	json_t *json = json_new();

	set(json, "version", json_integer(REPORT_VERSION));
	set(json, "directory", json_name(inspection->dir, &escaped));
	set(json, "index", json_name(inspection->prefix, &escaped));
	set(json, "result", json_string(inspect_result_name(index->result)));
	set(json, "error", json_or_null(index->error));
	set(json, "problem", json_problem(&index->state));
	set(json, "state", is_ok ? json_state(index) : json_null());
	set(json, "files", json_files(inspection));
	text_add_json(&text, json, 0, 1);
	text_add(&text, mailboxes, strlen(mailboxes));
	text_add_mailboxes(&text, index);
	text_add(&text, ",", 1);
	json = json_new();
	/* a list's own use isn't a mailbox's */
	set(json, "evidence",
	    strcmp(inspection->prefix, INDEX_NAME_MAILBOX) == 0 ?
	    json_evidence(&index->evidence) : json_null());
	if (inspection->verdicts != NULL)
		set(json, "violations", json_verdicts(inspection));
	set_escaped(json, escaped);
	text_add_json(&text, json, 1, 0);
	return text.text;
}
