/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What clean did, as rows. */

#include "count.h"
#include "report-rows-private.h"

static const struct mba_column entry_columns[] = {
	{ "username", false }, { "namespace", false }, { "action", false },
	{ "kept_because", false }, { "state", false }, { "inodes", true },
	{ "bytes", true }, { "mailbox", false }, { "path", false },
	{ NULL, false }
};

static const struct mba_column summary_columns[] = {
	{ "username", false }, { "namespace", false }, { "action", false },
	{ "because", false }, { "entries", true }, { "inodes", true },
	{ "bytes", true }, { NULL, false }
};

static const struct mba_column totals_columns[] = {
	{ "username", false }, { "action", false }, { "entries", true },
	{ "inodes", true }, { "bytes", true }, { "kept_entries", true },
	{ "kept_inodes", true }, { "kept_bytes", true }, { "errors", true },
	{ NULL, false }
};

static void clean_row_entry(struct report_row *row,
			    const struct mba_namespace_report *ns,
			    const struct mba_entry *entry)
{
	report_row_begin_ns(row, ns);
	report_row_text(row, mba_clean_action(ns->clean.set, entry->kept));
	report_row_text(row, mba_kept_name(entry->kept));
	report_row_text(row, mba_state_name(entry->state));
	report_row_inodes(row, entry->kept == MBA_KEPT_NOT ? &entry->removed :
			  &entry->count);
	report_row_name(row, entry->mailbox);
	report_row_name(row, entry->path);
	report_row_end(row);
}

static void row_summary(struct report_row *row,
			const struct mba_namespace_report *ns,
			const char *action, const char *because,
			const struct mba_count *count)
{
	report_row_begin_ns(row, ns);
	report_row_text(row, action);
	report_row_text(row, because);
	report_row_count(row, count);
	report_row_end(row);
}

static void clean_rows_summary(struct report_row *row,
			       const struct mba_namespace_report *ns)
{
	const struct mba_clean_report *clean = &ns->clean;
	const char *action = mba_clean_action(clean->set, MBA_KEPT_NOT);

	for (int i = MBA_KEPT_NOT + 1; i < MBA_KEPT_COUNT; i++) {
		if (clean->kept[i].entries > 0) {
			row_summary(row, ns, mba_clean_action(clean->set, i),
				    mba_kept_name(i), &clean->kept[i]);
		}
	}
	if (clean->removed_dirs.inodes > 0)
		row_summary(row, ns, action, "empty", &clean->removed_dirs);
	row_summary(row, ns, action, "bogus", &clean->removed);
}

static void clean_row_totals(struct report_row *row,
			     const struct mba_audit_settings *set,
			     const struct report_totals *totals)
{
	struct mba_count removed = totals->removed;

	count_add(&removed, &totals->removed_dirs);
	report_row_text(row, mba_clean_action(set->clean, MBA_KEPT_NOT));
	report_row_count(row, &removed);
	report_row_count(row, &totals->kept);
}

const struct report_rows report_clean_rows = {
	.columns = {
		[MBA_TABLE_SUMMARY] = summary_columns,
		[MBA_TABLE_ENTRIES] = entry_columns,
		[MBA_TABLE_TOTALS] = totals_columns,
	},
	.entry = clean_row_entry,
	.summary = clean_rows_summary,
	.totals = clean_row_totals,
};
