/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What an audit found, as rows. */

#include <time.h>

#include "count.h"
#include "report-rows-private.h"

static const struct mba_column entry_columns[] = {
	{ "username", false }, { "namespace", false }, { "state", false },
	{ "reason", false }, { "untouched", false }, { "inodes", true },
	{ "bytes", true }, { "mtime", false }, { "evidence", false },
	{ "last_used", false }, { "hidden_by", false }, { "mailbox", false },
	{ "path", false }, { NULL, false }
};

static const struct mba_column summary_columns[] = {
	{ "username", false }, { "namespace", false }, { "state", false },
	{ "entries", true }, { "inodes", true }, { "bytes", true },
	{ "hidden_entries", true }, { "hidden_inodes", true },
	{ "hidden_bytes", true }, { "messages", false }, { NULL, false }
};

static const struct mba_column totals_columns[] = {
	{ "username", false }, { "bogus_entries", true },
	{ "bogus_inodes", true }, { "bogus_bytes", true },
	{ "hidden_entries", true }, { "hidden_inodes", true },
	{ "hidden_bytes", true }, { "errors", true }, { NULL, false }
};

/* Add a time as ISO 8601 in UTC. */
static void row_time(struct report_row *row, int64_t epoch)
{
	time_t stamp = epoch;
	char text[32];
	struct tm tm;

	if (gmtime_r(&stamp, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		report_row_text(row, NULL);
	else
		report_row_text(row, text);
}

static void audit_row_entry(struct report_row *row,
			    const struct mba_namespace_report *ns,
			    const struct mba_entry *entry)
{
	report_row_begin_ns(row, ns);
	report_row_text(row, mba_state_name(entry->state));
	report_row_text(row, mba_reason_name(entry->reason));
	report_row_text(row, entry->untouched ? "yes" : "no");
	report_row_inodes(row, &entry->count);
	row_time(row, entry->mtime);
	report_row_text(row, mba_evidence_name(entry->use.evidence));
	if (entry->use.last_used == 0)
		report_row_text(row, NULL);
	else
		row_time(row, entry->use.last_used);
	report_row_name(row, entry->hidden_by == NULL ? NULL :
			entry->hidden_by->text);
	report_row_name(row, entry->mailbox);
	report_row_name(row, entry->path);
	report_row_end(row);
}

static void row_summary(struct report_row *row,
			const struct mba_namespace_report *ns,
			const char *state, const struct mba_count *count,
			const struct mba_count *hidden)
{
	report_row_begin_ns(row, ns);
	report_row_text(row, state);
	report_row_count(row, count);
	report_row_count(row, hidden);
	/* they are counted for that row alone */
	if (count == &ns->unproven)
		report_row_number(row, ns->unproven_messages);
	else
		report_row_text(row, NULL);
	report_row_end(row);
}

/* Names without an entry take nothing. */
static void audit_row_listed(struct report_row *row,
			     const struct mba_namespace_report *ns)
{
	const struct mba_count listed = { .entries = ns->list_names_total };
	const struct mba_count hidden = { .entries = ns->list_names_hidden };

	if (ns->list_names_total > 0)
		row_summary(row, ns, "listed", &listed, &hidden);
}

static void audit_rows_summary(struct report_row *row,
			       const struct mba_namespace_report *ns)
{
	static const struct mba_count none = { 0, 0, 0 };
	struct mba_count hidden = none;

	for (int state = 0; state < MBA_STATE_COUNT; state++) {
		count_add(&hidden, &ns->states_hidden[state]);
		if (ns->states[state].entries > 0) {
			row_summary(row, ns, mba_state_name(state),
				    &ns->states[state],
				    &ns->states_hidden[state]);
		}
	}
	for (int other = 0; other < MBA_OTHER_COUNT; other++) {
		if (ns->other[other].inodes > 0) {
			row_summary(row, ns, mba_other_name(other),
				    &ns->other[other], &none);
		}
	}
	row_summary(row, ns, "total", &ns->totals, &hidden);
	if (ns->unproven.entries > 0) {
		row_summary(row, ns, "unproven", &ns->unproven,
			    &ns->unproven_hidden);
	}
	audit_row_listed(row, ns);
}

static void audit_row_totals(struct report_row *row,
			     const struct mba_audit_settings *set,
			     const struct report_totals *totals)
{
	(void)set;
	report_row_count(row, &totals->bogus);
	report_row_count(row, &totals->hidden);
}

const struct report_rows report_audit_rows = {
	.columns = {
		[MBA_TABLE_SUMMARY] = summary_columns,
		[MBA_TABLE_ENTRIES] = entry_columns,
		[MBA_TABLE_TOTALS] = totals_columns,
	},
	.entry = audit_row_entry,
	.summary = audit_rows_summary,
	.totals = audit_row_totals,
};
