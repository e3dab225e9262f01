/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The report as rows of a table, with what a person needs first. */

#include <stdlib.h>
#include <time.h>

#include "count.h"
#include "report-rows-private.h"

static const struct mba_column entry_columns[] = {
	{ "namespace", "namespace", 10, false },
	{ "state", "state", 11, false },
	{ "reason", "reason", 11, false },
	{ "untouched", "untouched", 9, false },
	{ "inodes", "inodes", 9, true },
	{ "bytes", "bytes", 13, true },
	{ "mtime", "mtime", 20, false },
	{ "hidden_by", "hidden by", 14, false },
	{ "mailbox", "mailbox", 20, false },
	{ "path", "path", 20, false },
};

static const struct mba_column summary_columns[] = {
	{ "namespace", "namespace", 10, false },
	{ "state", "state", 11, false },
	{ "entries", "entries", 9, true },
	{ "inodes", "inodes", 9, true },
	{ "bytes", "bytes", 13, true },
	{ "hidden_entries", "hidden entries", 14, true },
	{ "hidden_inodes", "hidden inodes", 13, true },
	{ "hidden_bytes", "hidden bytes", 13, true },
};
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

const struct mba_column *mba_column(enum mba_table table, unsigned int idx)
{
	if (table == MBA_TABLE_CLEAN_ENTRIES ||
	    table == MBA_TABLE_CLEAN_SUMMARY)
		return report_clean_column(table, idx);
	if (table == MBA_TABLE_ENTRIES)
		return idx < COUNT_OF(entry_columns) ? &entry_columns[idx] :
			NULL;
	return idx < COUNT_OF(summary_columns) ? &summary_columns[idx] : NULL;
}

/* Returns a time as ISO 8601 in UTC. */
static const char *time_format(char *buffer, int64_t epoch)
{
	time_t stamp = epoch;
	struct tm tm;

	if (gmtime_r(&stamp, &tm) == NULL ||
	    strftime(buffer, NUMBER_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return "-";
	return buffer;
}

static void row_entry(const struct mba_namespace_report *ns,
		      const struct mba_entry *entry,
		      mba_row_callback_t *callback, void *context)
{
	char inodes[NUMBER_SIZE], bytes[NUMBER_SIZE], mtime[NUMBER_SIZE];
	const char *reason = mba_reason_name(entry->reason);
	char *prefix = report_prefix(ns);
	char *rule = mba_escape(entry->hidden_by == NULL ? "-" :
				entry->hidden_by->text);
	char *mailbox = mba_escape(entry->mailbox == NULL ? "-" :
				   entry->mailbox);
	char *path = mba_escape(entry->path);
	const char *const values[COUNT_OF(entry_columns)] = {
		prefix, mba_state_name(entry->state),
		reason == NULL ? "-" : reason,
		entry->untouched ? "yes" : "no",
		report_number(inodes, entry->count.inodes),
		report_number(bytes, entry->count.bytes),
		time_format(mtime, entry->mtime), rule, mailbox, path,
	};

	callback(values, context);
	free(prefix);
	free(rule);
	free(mailbox);
	free(path);
}

void mba_row_entry(const struct mba_namespace_report *ns,
		   const struct mba_entry *entry,
		   mba_row_callback_t *callback, void *context)
{
	if (ns->clean.set != NULL)
		report_clean_row_entry(ns, entry, callback, context);
	else
		row_entry(ns, entry, callback, context);
}

/* Writes a row of the summary. hidden is NULL for what has no names. */
static void row_summary(const char *prefix, const char *state,
			const struct mba_count *count,
			const struct mba_count *hidden,
			mba_row_callback_t *callback, void *context)
{
	static const struct mba_count none = { 0, 0, 0 };
	char numbers[COUNT_OF(summary_columns)][NUMBER_SIZE];
	const char *values[COUNT_OF(summary_columns)] = { prefix, state };
	unsigned int i = 2;

	if (hidden == NULL)
		hidden = &none;
	for (int part = 0; part < 2; part++) {
		const struct mba_count *src = part == 0 ? count : hidden;

		values[i] = report_number(numbers[i], src->entries), i++;
		values[i] = report_number(numbers[i], src->inodes), i++;
		values[i] = report_number(numbers[i], src->bytes), i++;
	}
	callback(values, context);
}

static void rows_summary(const struct mba_namespace_report *ns,
			 mba_row_callback_t *callback, void *context)
{
	char *prefix = report_prefix(ns);
	struct mba_count hidden = { 0, 0, 0 };

	for (int state = 0; state < MBA_STATE_COUNT; state++) {
		count_add(&hidden, &ns->states_hidden[state]);
		row_summary(prefix, mba_state_name(state), &ns->states[state],
			    &ns->states_hidden[state], callback, context);
	}
	for (int other = 0; other < MBA_OTHER_COUNT; other++) {
		row_summary(prefix, mba_other_name(other), &ns->other[other],
			    NULL, callback, context);
	}
	row_summary(prefix, "total", &ns->totals, &hidden, callback, context);
	free(prefix);
}

void mba_rows_summary(const struct mba_namespace_report *ns,
		      mba_row_callback_t *callback, void *context)
{
	if (ns->clean.set != NULL)
		report_clean_rows_summary(ns, callback, context);
	else
		rows_summary(ns, callback, context);
}
