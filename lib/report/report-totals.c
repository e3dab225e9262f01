/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <string.h>

#include "count.h"
#include "report-totals.h"

struct mba_count
report_sum_states(const struct mba_count *counts, unsigned int states)
{
	struct mba_count sum = { 0, 0, 0 };

	for (int state = 0; state < MBA_STATE_COUNT; state++) {
		if ((states & MBA_STATE_BIT(state)) != 0)
			count_add(&sum, &counts[state]);
	}
	return sum;
}

static void add_clean(struct report_totals *totals,
		      const struct mba_clean_report *clean)
{
	count_add(&totals->removed, &clean->removed);
	count_add(&totals->removed_dirs, &clean->removed_dirs);
	for (int i = MBA_KEPT_NOT + 1; i < MBA_KEPT_COUNT; i++) {
		/* nobody wants these to go */
		if (i != MBA_KEPT_MAILBOX && i != MBA_KEPT_UNKNOWN)
			count_add(&totals->kept, &clean->kept[i]);
	}
}

void report_totals_get(const struct mba_report *report,
		       struct report_totals *totals_r)
{
	const struct mba_namespace_report *ns = report->namespaces;
	struct mba_count sum;

	memset(totals_r, 0, sizeof(*totals_r));
	for (unsigned int i = 0; i < report->namespaces_count; i++, ns++) {
		sum = report_sum_states(ns->states, MBA_STATES_BOGUS);
		count_add(&totals_r->bogus, &sum);
		sum = report_sum_states(ns->states_hidden, MBA_STATES_BOGUS);
		count_add(&totals_r->hidden, &sum);
		add_clean(totals_r, &ns->clean);
	}
}
