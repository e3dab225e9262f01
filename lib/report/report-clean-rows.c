/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What clean did, as rows of a table. */

#include <stdlib.h>

#include "report-rows-private.h"

static const struct mba_column entry_columns[] = {
	{ "namespace", "namespace", 10, false },
	{ "action", "action", 12, false },
	{ "kept_because", "because", 8, false },
	{ "state", "state", 11, false },
	{ "inodes", "inodes", 9, true },
	{ "bytes", "bytes", 13, true },
	{ "mailbox", "mailbox", 20, false },
	{ "path", "path", 20, false },
};

static const struct mba_column summary_columns[] = {
	{ "namespace", "namespace", 10, false },
	{ "action", "action", 12, false },
	{ "kept_because", "because", 11, false },
	{ "entries", "entries", 9, true },
	{ "inodes", "inodes", 9, true },
	{ "bytes", "bytes", 13, true },
};
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

const struct mba_column *report_clean_column(enum mba_table table,
					     unsigned int idx)
{
	if (table == MBA_TABLE_CLEAN_ENTRIES)
		return idx < COUNT_OF(entry_columns) ? &entry_columns[idx] :
			NULL;
	return idx < COUNT_OF(summary_columns) ? &summary_columns[idx] : NULL;
}

void report_clean_row_entry(const struct mba_namespace_report *ns,
			    const struct mba_entry *entry,
			    mba_row_callback_t *callback, void *context)
{
	const struct mba_count *count = entry->kept == MBA_KEPT_NOT ?
		&entry->removed : &entry->count;
	const char *reason = mba_kept_name(entry->kept);
	char inodes[NUMBER_SIZE], bytes[NUMBER_SIZE];
	char *prefix = report_prefix(ns), *path = mba_escape(entry->path);
	char *mailbox = mba_escape(entry->mailbox == NULL ? "-" :
				   entry->mailbox);
	const char *const values[COUNT_OF(entry_columns)] = {
		prefix, mba_clean_action(ns->clean.set, entry->kept),
		reason == NULL ? "-" : reason, mba_state_name(entry->state),
		report_number(inodes, count->inodes),
		report_number(bytes, count->bytes), mailbox, path,
	};

	callback(values, context);
	free(prefix);
	free(mailbox);
	free(path);
}

static void row_summary(const char *prefix, const char *action,
			const char *because, const struct mba_count *count,
			mba_row_callback_t *callback, void *context)
{
	char entries[NUMBER_SIZE], inodes[NUMBER_SIZE], bytes[NUMBER_SIZE];
	const char *const values[COUNT_OF(summary_columns)] = {
		prefix, action, because,
		report_number(entries, count->entries),
		report_number(inodes, count->inodes),
		report_number(bytes, count->bytes),
	};

	callback(values, context);
}

void report_clean_rows_summary(const struct mba_namespace_report *ns,
			       mba_row_callback_t *callback, void *context)
{
	const struct mba_clean_report *clean = &ns->clean;
	const char *action = mba_clean_action(clean->set, MBA_KEPT_NOT);
	char *prefix = report_prefix(ns);

	for (int i = MBA_KEPT_NOT + 1; i < MBA_KEPT_COUNT; i++) {
		if (clean->kept[i].entries == 0)
			continue;
		row_summary(prefix, mba_clean_action(clean->set, i),
			    mba_kept_name(i), &clean->kept[i], callback,
			    context);
	}
	row_summary(prefix, action, "bogus", &clean->removed, callback,
		    context);
	row_summary(prefix, action, "empty", &clean->removed_dirs, callback,
		    context);
	free(prefix);
}
