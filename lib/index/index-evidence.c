/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What LIST, STATUS, deliveries, backups, quota and doveadm leave must not be
   taken for use: that a log is long proves nothing. Left are:

   - a cache field that only clients ask for, used a day or more after the cache
     was made: Dovecot notes it at most once in a day. Where the index is newer
     than the note, the cache was inherited: from INBOX at CREATE, from the
     source of a dsync.
   - a change of flags or keywords or an expunge that is internal: somebody
     wants it. Only the log's own times tell when.
   - first_recent_uid: SELECT sets it to next_uid when there is new mail. Of the
     last eight days on which messages came the index has the first UID.
   - what SORT and THREAD keep. */

#include <string.h>
#include <strings.h>

#include "index-evidence.h"

#define DAY (24 * 60 * 60)

/* What deliveries, backups, quota and doveadm ask for too. */
static const char *const common_fields[] = {
	"hdr.from", "hdr.subject", "hdr.message-id", "date.received",
	"date.save", "guid", "mime.parts",
};

static bool is_common_field(const char *name)
{
	for (size_t i = 0; i < sizeof(common_fields) /
	     sizeof(common_fields[0]); i++) {
		if (strcasecmp(name, common_fields[i]) == 0)
			return true;
	}
	return strncasecmp(name, "size.", 5) == 0;
}

/* Take a proof: the strongest one tells the level, the newest one the time. */
static void evidence_add(struct index_evidence *evidence,
			 enum mba_evidence level, const char *proof,
			 const char *name, int64_t last_used)
{
	if (level > evidence->level)
		evidence->level = level;
	/* without a time it was when the index was made, or later */
	if (last_used < evidence->since)
		last_used = evidence->since;
	if (evidence->proof == NULL || last_used > evidence->last_used) {
		evidence->proof = proof;
		evidence->proof_name = name;
		evidence->last_used = last_used;
	}
}

static void evidence_cache(struct index_evidence *evidence,
			   const struct index_cache *cache,
			   const struct index_header *hdr)
{
	const struct index_cache_field *field, *newest = NULL;
	int64_t made = cache->file_seq;

	if (hdr->indexid > made)
		made = hdr->indexid;
	for (unsigned int i = 0; i < cache->fields_count; i++) {
		field = &cache->fields[i];
		if (field->last_used <= made + DAY ||
		    is_common_field(field->name))
			continue;
		if (newest == NULL || field->last_used > newest->last_used)
			newest = field;
	}
	if (newest != NULL) {
		evidence_add(evidence, MBA_EVIDENCE_READ, "cache-field",
			     newest->name, newest->last_used);
	}
}

static void evidence_log(struct index_evidence *evidence,
			 const struct index_log_scan *log, int64_t mtime)
{
	if (log == NULL || log->changes == 0)
		return;
	evidence_add(evidence, MBA_EVIDENCE_CHANGED, "change", NULL,
		     log->ends_with_change ? mtime :
		     (int64_t)log->last_change);
}

/* Returns when a message was saved, as mdbox has it; 0 if that isn't known. */
static uint32_t mdbox_save_date(const struct index_state *state, uint32_t uid)
{
	const unsigned char *record;
	uint32_t idx, date;

	if (!index_records_find(&state->records, uid, &idx))
		return 0;
	record = index_records_get(&state->records, INDEX_COLUMN_MDBOX, idx);
	if (record == NULL)
		return 0;
	memcpy(&date, record + 4, sizeof(date));
	return date;
}

/* Returns how many days before day_stamp a message came: days on which none
   came have the first UID of the one before. INDEX_DAYS: it came earlier, or it
   isn't known. */
static unsigned int uid_day(const struct index_header *hdr, uint32_t uid)
{
	unsigned int day = 0;

	while (day < INDEX_DAYS && (hdr->day_first_uid[day] == 0 ||
				    hdr->day_first_uid[day] > uid))
		day++;
	while (day + 1 < INDEX_DAYS &&
	       hdr->day_first_uid[day] == hdr->day_first_uid[day + 1])
		day++;
	return hdr->day_stamp == 0 || day >= INDEX_DAYS - 1 ? INDEX_DAYS : day;
}

/* The messages before first_recent_uid were there when it was selected. */
static void evidence_recent(struct index_evidence *evidence,
			    const struct index_state *state)
{
	const struct index_header *hdr = &state->hdr;
	uint32_t uid = hdr->first_recent_uid - 1;
	int64_t last_used = mdbox_save_date(state, uid);
	unsigned int day = uid_day(hdr, uid);

	if (last_used == 0 && day < INDEX_DAYS)
		last_used = (int64_t)hdr->day_stamp - (int64_t)day * DAY;
	evidence_add(evidence, MBA_EVIDENCE_OPENED, "first-recent-uid", NULL,
		     last_used);
}

/* The message first_recent_uid came after it was last selected. */
static int64_t not_opened_since(const struct index_state *state,
				int64_t newest_mtime)
{
	const struct index_header *hdr = &state->hdr;
	int64_t since = mdbox_save_date(state, hdr->first_recent_uid);
	unsigned int day = uid_day(hdr, hdr->first_recent_uid);

	if (hdr->first_recent_uid >= hdr->next_uid)
		return 0;
	if (since != 0)
		return since;
	if (day == INDEX_DAYS)
		return 0;
	/* at the end of its day it was there; today it was when the log was
	   written */
	since = (int64_t)hdr->day_stamp - (int64_t)day * DAY + DAY;
	return newest_mtime != 0 && newest_mtime < since ? newest_mtime :
		since;
}

static void evidence_sort(struct index_evidence *evidence,
			  const struct index_exts *exts)
{
	for (size_t i = 0; i < exts->count; i++) {
		if (strncmp(exts->exts[i].name, "sort-", 5) == 0) {
			evidence_add(evidence, MBA_EVIDENCE_OPENED, "sort",
				     exts->exts[i].name, 0);
			return;
		}
	}
}

void index_evidence_find(const struct index_evidence_input *input,
			 struct index_evidence *evidence_r)
{
	const struct index_state *state = input->state;

	memset(evidence_r, 0, sizeof(*evidence_r));
	if (state == NULL) {
		evidence_r->level = input->untouched ?
			MBA_EVIDENCE_UNTOUCHED : MBA_EVIDENCE_UNKNOWN;
		return;
	}
	evidence_r->since = state->hdr.indexid;
	if (input->untouched)
		evidence_r->level = MBA_EVIDENCE_UNTOUCHED;
	else if (state->hdr.next_uid <= 1)
		evidence_r->level = MBA_EVIDENCE_EMPTY;
	else
		evidence_r->level = MBA_EVIDENCE_NEVER_OPENED;
	if (input->cache != NULL)
		evidence_cache(evidence_r, input->cache, &state->hdr);
	evidence_log(evidence_r, input->log, input->log_mtime);
	evidence_log(evidence_r, input->log2, input->log2_mtime);
	if (state->hdr.first_recent_uid > 1)
		evidence_recent(evidence_r, state);
	if (input->has_thread) {
		evidence_add(evidence_r, MBA_EVIDENCE_OPENED, "thread", NULL,
			     input->thread_mtime);
	}
	evidence_sort(evidence_r, &state->exts);
	if (!input->partial) {
		evidence_r->not_opened_since =
			not_opened_since(state, input->log_mtime);
	} else if (evidence_r->proof == NULL) {
		evidence_r->level = MBA_EVIDENCE_UNKNOWN;
	}
}
