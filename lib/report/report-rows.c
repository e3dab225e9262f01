/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The report as rows for scripts. */

#include "report-rows-private.h"

static const struct report_rows *
rows_of(const struct mba_audit_settings *set)
{
	return set->clean != NULL ? &report_clean_rows : &report_audit_rows;
}

const struct mba_column *
mba_column(const struct mba_audit_settings *set, enum mba_table table,
	   unsigned int idx)
{
	const struct mba_column *columns = rows_of(set)->columns[table];
	unsigned int i = 0;

	while (i < idx && columns[i].key != NULL)
		i++;
	return columns[i].key == NULL ? NULL : &columns[i];
}

void mba_row_entry(const struct mba_audit_settings *set,
		   const struct mba_namespace_report *ns,
		   const struct mba_entry *entry,
		   mba_row_callback_t *callback, void *context)
{
	struct report_row row = {
		.user = set->user, .callback = callback, .context = context,
	};

	rows_of(set)->entry(&row, ns, entry);
}

static void row_totals(const struct mba_audit_settings *set,
		       const struct mba_report *report, struct report_row *row)
{
	struct report_totals totals;

	report_totals_get(report, &totals);
	report_row_begin(row);
	rows_of(set)->totals(row, set, &totals);
	report_row_number(row, report->errors_total);
	report_row_end(row);
}

void mba_rows_report(const struct mba_audit_settings *set, enum mba_table table,
		     const struct mba_report *report,
		     mba_row_callback_t *callback, void *context)
{
	struct report_row row = {
		.user = report->user, .callback = callback, .context = context,
	};

	switch (table) {
	case MBA_TABLE_SUMMARY:
		for (unsigned int i = 0; i < report->namespaces_count; i++)
			rows_of(set)->summary(&row, &report->namespaces[i]);
		break;
	case MBA_TABLE_TOTALS:
		row_totals(set, report, &row);
		break;
	case MBA_TABLE_ENTRIES:
	case MBA_TABLE_COUNT:
		break;
	}
}
