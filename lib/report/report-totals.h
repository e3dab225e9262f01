/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef REPORT_TOTALS_H
#define REPORT_TOTALS_H

#include "mailbox-audit.h"

/* All of a user's namespaces in one. */
struct report_totals {
	/* bogus entries, and those of them whose names a rule hides */
	struct mba_count bogus, hidden;
	/* what clean removed: entries; directories that held nothing */
	struct mba_count removed, removed_dirs;
	/* bogus entries that clean kept */
	struct mba_count kept;
};

void report_totals_get(const struct mba_report *report,
		       struct report_totals *totals_r);

/* Returns the sum of some states' counts. */
struct mba_count
report_sum_states(const struct mba_count *counts, unsigned int states);

#endif
