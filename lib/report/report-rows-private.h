/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef REPORT_ROWS_PRIVATE_H
#define REPORT_ROWS_PRIVATE_H

#include "report-row.h"
#include "report-totals.h"

/* The tables of a command: columns and what fills them. */
struct report_rows {
	/* by enum mba_table; they end with a key of NULL */
	const struct mba_column *columns[MBA_TABLE_COUNT];
	void (*entry)(struct report_row *row,
		      const struct mba_namespace_report *ns,
		      const struct mba_entry *entry);
	void (*summary)(struct report_row *row,
			const struct mba_namespace_report *ns);
	/* fill in a row that was begun */
	void (*totals)(struct report_row *row,
		       const struct mba_audit_settings *set,
		       const struct report_totals *totals);
};

extern const struct report_rows report_audit_rows, report_clean_rows;

#endif
