/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef REPORT_ROW_H
#define REPORT_ROW_H

/* A row for scripts, put together value by value. */

#include "mailbox-audit.h"

#define REPORT_MAX_COLUMNS 16

struct report_row {
	/* the first value of each row, NULL if there is no name */
	const char *user;
	mba_row_callback_t *callback;
	void *context;

	char *values[REPORT_MAX_COLUMNS];
	unsigned int count;
};

/* Add a value. Names are escaped. NULL is "-". */
void report_row_text(struct report_row *row, const char *text);
void report_row_name(struct report_row *row, const char *name);
void report_row_number(struct report_row *row, uint64_t number);
/* Add its inodes and bytes; or its entries, inodes and bytes. */
void report_row_inodes(struct report_row *row, const struct mba_count *count);
void report_row_count(struct report_row *row, const struct mba_count *count);

/* Begin a row, with the user. */
void report_row_begin(struct report_row *row);
/* The same with a namespace after the user. */
void report_row_begin_ns(struct report_row *row,
			 const struct mba_namespace_report *ns);
/* Hand the row to the callback. */
void report_row_end(struct report_row *row);

#endif
