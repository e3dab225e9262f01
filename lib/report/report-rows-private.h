/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef REPORT_ROWS_PRIVATE_H
#define REPORT_ROWS_PRIVATE_H

#include <inttypes.h>
#include <stdio.h>

#include "mailbox-audit.h"

#define NUMBER_SIZE 24

/* Writes a number into a buffer of NUMBER_SIZE, and returns that. */
static inline const char *report_number(char *buffer, uint64_t number)
{
	(void)snprintf(buffer, NUMBER_SIZE, "%"PRIu64, number);
	return buffer;
}

/* Returns the namespace's prefix as something that can be seen; the caller
   frees it. */
static inline char *report_prefix(const struct mba_namespace_report *ns)
{
	const char *prefix = ns->location->prefix;

	return mba_escape(*prefix == '\0' ? "-" : prefix);
}

/* The tables of clean, as mba_column(), mba_row_entry() and mba_rows_summary()
   have them. */
const struct mba_column *report_clean_column(enum mba_table table,
					     unsigned int idx);
void report_clean_row_entry(const struct mba_namespace_report *ns,
			    const struct mba_entry *entry,
			    mba_row_callback_t *callback, void *context);
void report_clean_rows_summary(const struct mba_namespace_report *ns,
			       mba_row_callback_t *callback, void *context);

#endif
