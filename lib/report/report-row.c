/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <inttypes.h>
#include <stdlib.h>

#include "alloc.h"
#include "report-row.h"

static void row_add(struct report_row *row, char *value)
{
	row->values[row->count++] = value;
}

void report_row_text(struct report_row *row, const char *text)
{
	row_add(row, mem_strdup(text == NULL ? "-" : text));
}

void report_row_name(struct report_row *row, const char *name)
{
	row_add(row, mba_escape(name == NULL ? "-" : name));
}

void report_row_number(struct report_row *row, uint64_t number)
{
	row_add(row, mem_printf("%"PRIu64, number));
}

void report_row_inodes(struct report_row *row, const struct mba_count *count)
{
	report_row_number(row, count->inodes);
	report_row_number(row, count->bytes);
}

void report_row_count(struct report_row *row, const struct mba_count *count)
{
	report_row_number(row, count->entries);
	report_row_inodes(row, count);
}

void report_row_begin(struct report_row *row)
{
	row->count = 0;
	report_row_name(row, row->user);
}

void report_row_begin_ns(struct report_row *row,
			 const struct mba_namespace_report *ns)
{
	const char *prefix = ns->location->prefix;

	report_row_begin(row);
	report_row_name(row, *prefix == '\0' ? NULL : prefix);
}

void report_row_end(struct report_row *row)
{
	row->callback((const char *const *)row->values, row->context);
	while (row->count > 0)
		free(row->values[--row->count]);
}
