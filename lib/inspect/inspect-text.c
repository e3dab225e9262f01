/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A screen for an ordinary mailbox: what it is asked most comes first, and what
   isn't there isn't mentioned. A time is told in words, with the date and the
   number after that. */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "alloc.h"
#include "index-list.h"
#include "index-verify.h"
#include "inspect-private.h"

#define LABEL_WIDTH 18
#define LINE_WIDTH 80
#define TIME_SIZE 80

struct text {
	const struct inspection *inspection;
	mba_line_callback_t *callback;
	void *context;
};

/* A line of words that is broken before it gets too long. */
struct words {
	const struct text *text;
	const char *label;
	char *line;
	size_t alloc, len;
};

static const struct {
	const char *name;
	unsigned int seconds;
} units[] = {
	{ "day", 24 * 60 * 60 },
	{ "hour", 60 * 60 },
	{ "minute", 60 },
	{ "second", 1 },
};

/* Writes "3 days ago (2026-11-22T00:00:00Z, 1795305600)". */
static const char *time_text(const struct text *text, int64_t stamp,
			     char buffer[TIME_SIZE])
{
	const int64_t now = text->inspection->now;
	/* a file's time may be any number */
	uint64_t ago = stamp > now ? (uint64_t)stamp - (uint64_t)now :
		(uint64_t)now - (uint64_t)stamp, count;
	const char *direction = stamp > now ? "ahead" : "ago";
	char date[32] = "-";
	time_t epoch = stamp;
	struct tm tm;
	unsigned int i = 0;

	while (units[i].seconds > 1 && ago < 2 * units[i].seconds)
		i++;
	count = ago / units[i].seconds;
	if (gmtime_r(&epoch, &tm) != NULL)
		(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	(void)snprintf(buffer, TIME_SIZE, "%" PRIu64 " %s%s %s (%s, %" PRId64
		       ")", count, units[i].name, count == 1 ? "" : "s",
		       direction, date, stamp);
	return buffer;
}

static void __attribute__((format(printf, 3, 4)))
line(const struct text *text, const char *label, const char *format, ...)
{
	char *value, *full, *escaped;
	va_list args;

	va_start(args, format);
	value = mem_vprintf(format, args);
	va_end(args);
	full = mem_printf("%-*s%s", LABEL_WIDTH, label, value);
	/* names may come from anywhere */
	escaped = mba_escape(full);
	text->callback(escaped, text->context);
	free(escaped);
	free(full);
	free(value);
}

static void words_end(struct words *words)
{
	if (words->len > 0)
		line(words->text, words->label, "%s", words->line);
	words->len = 0;
	words->label = "";
}

static void words_add(struct words *words, const char *word)
{
	size_t len = strlen(word);

	if (words->len > 0 && LABEL_WIDTH + words->len + 1 + len > LINE_WIDTH)
		words_end(words);
	words->line = mem_grow(words->line, &words->alloc,
			       words->len + len + 2, 1);
	if (words->len > 0)
		words->line[words->len++] = ' ';
	memcpy(words->line + words->len, word, len + 1);
	words->len += len;
}

static void __attribute__((format(printf, 2, 3)))
words_addf(struct words *words, const char *format, ...)
{
	va_list args;
	char *word;

	va_start(args, format);
	word = mem_vprintf(format, args);
	va_end(args);
	words_add(words, word);
	free(word);
}

static void words_free(struct words *words)
{
	words_end(words);
	free(words->line);
}

static void time_line(const struct text *text, const char *label, int64_t stamp)
{
	char buffer[TIME_SIZE];

	if (stamp != 0)
		line(text, label, "%s", time_text(text, stamp, buffer));
}

static const char *level_text(enum mba_evidence level)
{
	static const char *const texts[MBA_EVIDENCE_COUNT] = {
		[MBA_EVIDENCE_UNKNOWN] = "it can't be told",
		[MBA_EVIDENCE_UNTOUCHED] =
			"nothing is in it but what LIST leaves",
		[MBA_EVIDENCE_EMPTY] =
			"it never had a message, so that use leaves no trace",
		[MBA_EVIDENCE_NEVER_OPENED] =
			"no proof that somebody selected it",
		[MBA_EVIDENCE_OPENED] = "somebody selected it",
		[MBA_EVIDENCE_CHANGED] =
			"somebody changed flags or expunged messages",
		[MBA_EVIDENCE_READ] = "somebody read messages",
	};

	return texts[level];
}

static void text_evidence(const struct text *text)
{
	const struct index_evidence *evidence =
		&text->inspection->index->evidence;
	struct words words = { .text = text, .label = "  then or later" };
	char buffer[TIME_SIZE];

	line(text, "use", "%s (%s)", level_text(evidence->level),
	     mba_evidence_name(evidence->level));
	if (evidence->last_used != 0)
		words_add(&words, time_text(text, evidence->last_used, buffer));
	if (evidence->proof != NULL) {
		words_addf(&words, "by %s%s%s", evidence->proof,
			   evidence->proof_name == NULL ? "" : " ",
			   evidence->proof_name == NULL ? "" :
			   evidence->proof_name);
	}
	words_free(&words);
	time_line(text, "  unopened since", evidence->not_opened_since);
	time_line(text, "  nothing before", evidence->since);
}

static void text_messages(const struct text *text,
			  const struct index_state *state)
{
	const struct index_header *hdr = &state->hdr;

	if (state->records.exhausted) {
		line(text, "messages", "unknown");
		return;
	}
	line(text, "messages", "%u: %u seen, %u deleted, %u recent",
	     hdr->messages_count, hdr->seen_count, hdr->deleted_count,
	     inspect_recent_count(state));
}

static void text_keywords(const struct text *text,
			  const struct index_exts *exts)
{
	struct words words = { .text = text, .label = "keywords" };

	for (size_t i = 0; i < exts->keywords_count; i++)
		words_add(&words, exts->keywords[i]);
	words_free(&words);
	words = (struct words) { .text = text, .label = "extensions" };
	for (size_t i = 0; i < exts->count; i++)
		words_add(&words, exts->exts[i].name);
	words_free(&words);
}

/* A mailbox's GUID, and with LAYOUT=index its name. */
static void text_identity(const struct text *text,
			  const struct index_exts *exts)
{
	const struct index_ext_state *ext;
	const struct index_ext_field *field;
	unsigned char guid[INDEX_GUID_SIZE];
	char hex[INDEX_GUID_SIZE * 2 + 1];
	struct words words = { .text = text, .label = "stored name" };

	for (size_t i = 0; i < exts->count; i++) {
		ext = &exts->exts[i];
		field = ext->info == NULL ? NULL : ext->info->fields;
		for (; field != NULL && field->name != NULL; field++) {
			if (field->type != INDEX_FIELD_GUID ||
			    ext->hdr_size == 0)
				continue;
			index_ext_bytes(ext, field->offset, guid,
					sizeof(guid));
			line(text, "GUID", "%s", inspect_guid(guid, hex));
		}
	}
	ext = index_exts_get(exts, "box-name");
	if (ext != NULL && ext->hdr_len > 0) {
		char *name = inspect_box_name(ext);

		words_add(&words, name);
		free(name);
	}
	words_free(&words);
}

static void text_uids(const struct text *text)
{
	const struct index_dir *index = text->inspection->index;
	const struct index_header *hdr = &index->state.hdr;
	struct words words = { .text = text, .label = "next UID" };
	uint64_t modseq = index_dir_modseq(index);

	words_addf(&words, "%u, first recent %u,", hdr->next_uid,
		   hdr->first_recent_uid);
	words_addf(&words, "UID validity %u%s", hdr->uid_validity,
		   modseq == 0 ? "" : ",");
	if (modseq > 0)
		words_addf(&words, "modseq %" PRIu64, modseq);
	words_free(&words);
}

static void text_problem(const struct text *text,
			 const struct index_state *state)
{
	if (state->problem_seq != 0) {
		line(text, "problem", "%s (log %u, offset %" PRIu64 ")",
		     state->problem, state->problem_seq,
		     state->problem_offset);
	} else if (state->problem_offset != 0) {
		line(text, "problem", "%s (index file, offset %" PRIu64 ")",
		     state->problem, state->problem_offset);
	} else {
		line(text, "problem", "%s", state->problem);
	}
}

static void text_state(const struct text *text)
{
	const struct index_dir *index = text->inspection->index;
	const struct index_state *state = &index->state;
	const struct index_header *hdr = &state->hdr;

	if (state->is_deleted)
		line(text, "deleted", "Dovecot has deleted this mailbox");
	if (strcmp(text->inspection->prefix, INDEX_NAME_LIST) != 0) {
		text_messages(text, state);
		time_line(text, "  newest came on", hdr->day_stamp);
		text_uids(text);
	}
	text_identity(text, &state->exts);
	text_keywords(text, &state->exts);
	if (state->problem != NULL)
		text_problem(text, state);
}

/* The fields that Dovecot keeps, by its decision. */
static void text_decision(const struct text *text, uint8_t decision,
			  const char *label)
{
	const struct index_cache *cache = &text->inspection->index->cache;
	struct words words = { .text = text, .label = label };

	for (unsigned int i = 0; i < cache->fields_count; i++) {
		if ((cache->fields[i].decision & INDEX_CACHE_DECISION_MASK) ==
		    decision)
			words_add(&words, cache->fields[i].name);
	}
	words_free(&words);
}

static void text_cache(const struct text *text)
{
	const struct index_dir *index = text->inspection->index;
	const struct index_dir_file *file = &index->files[INDEX_DIR_CACHE];
	const struct index_cache *cache = &index->cache;
	const struct index_cache_field *newest = NULL;
	struct words words = { .text = text, .label = "cache" };
	char buffer[TIME_SIZE];

	words_addf(&words, "%" PRId64 " bytes, %u fields, %u records,",
		   (int64_t)file->st.st_size, cache->fields_count,
		   cache->records);
	words_addf(&words, "%u continued,", cache->continued);
	words_addf(&words, "%u deleted", cache->deleted);
	words_free(&words);
	text_decision(text, INDEX_CACHE_DECISION_YES, "  keeps");
	text_decision(text, INDEX_CACHE_DECISION_TEMP, "  keeps a while");
	for (unsigned int i = 0; i < cache->fields_count; i++) {
		if (newest == NULL ||
		    cache->fields[i].last_used > newest->last_used)
			newest = &cache->fields[i];
	}
	words = (struct words) { .text = text, .label = "  last used" };
	if (newest != NULL && newest->last_used != 0) {
		words_add(&words, newest->name);
		words_add(&words, time_text(text, newest->last_used, buffer));
		words_free(&words);
	}
}

/* What happens to messages is told by type. Of the others, which are how
   Dovecot keeps its own numbers, the sum. */
static bool is_of_messages(enum index_log_type type)
{
	switch (type) {
	case INDEX_LOG_EXPUNGE:
	case INDEX_LOG_EXPUNGE_GUID:
	case INDEX_LOG_APPEND:
	case INDEX_LOG_FLAG_UPDATE:
	case INDEX_LOG_KEYWORD_UPDATE:
	case INDEX_LOG_KEYWORD_RESET:
	case INDEX_LOG_INDEX_DELETED:
	case INDEX_LOG_INDEX_UNDELETED:
	case INDEX_LOG_UNKNOWN:
		return true;
	default:
		return false;
	}
}

static void words_add_count(struct words *words, const char *name,
			    const struct index_log_count *count)
{
	if (count->internal > 0 || count->external > 0) {
		words_addf(words, "%s:%u+%u", name, count->internal,
			   count->external);
	}
}

static void text_transactions(const struct text *text,
			      const struct index_log_scan *log)
{
	struct words words = { .text = text, .label = "  wished+done" };
	struct index_log_count others = { 0, 0, 0 };
	uint32_t dsync = 0;

	for (int i = 0; i < INDEX_LOG_TYPE_COUNT; i++) {
		const struct index_log_count *count = &log->counts[i];

		dsync += count->dsync;
		if (is_of_messages(i)) {
			words_add_count(&words, index_log_type_name(i), count);
		} else {
			others.internal += count->internal;
			others.external += count->external;
		}
	}
	words_add_count(&words, "bookkeeping", &others);
	if (log->changes > 0)
		words_addf(&words, "by-clients:%u", log->changes);
	if (dsync > 0)
		words_addf(&words, "by-dsync:%u", dsync);
	words_free(&words);
}

static void text_file_line(const struct text *text, enum index_dir_file_id id,
			   const char *label)
{
	const struct index_dir_file *file = &text->inspection->index->files[id];
	char buffer[TIME_SIZE];

	line(text, label, "%" PRId64 " bytes, %s",
	     (int64_t)file->st.st_size,
	     time_text(text, file->st.st_mtime, buffer));
}

static void text_log(const struct text *text, enum index_dir_file_id id)
{
	const struct index_dir *index = text->inspection->index;
	const struct index_log_scan *log = &index->logs[id - INDEX_DIR_LOG];
	const struct index_log_header *hdr = &log->hdr;
	struct words words = {
		.text = text,
		.label = id == INDEX_DIR_LOG ? "log made" : "older log made"
	};
	char buffer[TIME_SIZE];

	words_addf(&words, "%s,", time_text(text, hdr->create_stamp, buffer));
	words_addf(&words, "number %u", hdr->file_seq);
	/* mostly it is the one before it */
	if (hdr->prev_file_seq != 0 && hdr->prev_file_seq + 1 != hdr->file_seq)
		words_addf(&words, "after %u", hdr->prev_file_seq);
	words_free(&words);
	text_file_line(text, id, "  written");
	text_transactions(text, log);
}

static void text_file(const struct text *text, enum index_dir_file_id id)
{
	char *error = inspect_file_error(text->inspection, id);

	if (error != NULL) {
		line(text, "error", "%s", error);
		free(error);
		return;
	}
	if (id == INDEX_DIR_LOG || id == INDEX_DIR_LOG2)
		text_log(text, id);
	else if (id == INDEX_DIR_CACHE)
		text_cache(text);
	else
		text_file_line(text, id, id == INDEX_DIR_INDEX ?
			       "index file" : "threads");
}

static void text_mailbox(const struct text *text,
			 const struct index_list_mailbox *mailbox)
{
	struct words words = { .text = text, .label = "" };
	char hex[INDEX_GUID_SIZE * 2 + 1];

	line(text, "mailbox", "%s", mailbox->name);
	if (mailbox->has_counts) {
		line(text, "", "%u messages, %u unseen, %u recent, next UID %u",
		     mailbox->messages, mailbox->unseen, mailbox->recent,
		     mailbox->next_uid);
	} else {
		line(text, "", "messages unknown");
	}
	words_add(&words, inspect_guid(mailbox->guid, hex));
	words_addf(&words, "%u", mailbox->uid_validity);
	for (int bit = 0; bit < 8; bit++) {
		if ((mailbox->flags & 1 << bit) != 0)
			words_add(&words, inspect_list_flag_name(bit));
	}
	words_free(&words);
}

static void text_mailboxes(const struct text *text)
{
	struct index_list *list =
		index_list_new(&text->inspection->index->state, '/');
	struct index_list_mailbox mailbox;

	if (list == NULL)
		return;
	line(text, "mailboxes", "%u, each with GUID, UID validity and flags",
	     index_list_count(list));
	for (uint32_t i = 0; i < index_list_count(list); i++) {
		index_list_get(list, i, &mailbox);
		text_mailbox(text, &mailbox);
	}
	index_list_free(&list);
}

static void text_verdicts(const struct text *text)
{
	const struct index_verdicts *verdicts = text->inspection->verdicts;

	if (verdicts->count == 0)
		line(text, "verified", "nothing contradicts itself");
	for (size_t i = 0; i < verdicts->count; i++) {
		const struct index_verdict *verdict = &verdicts->verdicts[i];
		char *name = inspect_file_name(text->inspection,
					       verdict->file);

		line(text, "violated", "%s at %" PRIu64 ": %s", name,
		     verdict->offset, verdict->text);
		free(name);
	}
}

void inspect_text(const struct inspection *inspection,
		  mba_line_callback_t *callback, void *context)
{
	const struct index_dir *index = inspection->index;
	struct text text = { inspection, callback, context };
	char *path = mem_printf("%s/%s", inspection->dir, inspection->prefix);

	line(&text, "index", "%s", path);
	free(path);
	if (strcmp(inspection->prefix, INDEX_NAME_MAILBOX) == 0)
		text_evidence(&text);
	if (index->result == INDEX_STATE_OK)
		text_state(&text);
	else
		line(&text, inspect_result_name(index->result), "%s",
		     index->error);
	for (int id = 0; id < INDEX_DIR_FILES; id++) {
		if (index->files[id].exists)
			text_file(&text, id);
	}
	if (index->result == INDEX_STATE_OK)
		text_mailboxes(&text);
	if (inspection->verdicts != NULL)
		text_verdicts(&text);
}
