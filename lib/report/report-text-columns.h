/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef REPORT_TEXT_COLUMNS_H
#define REPORT_TEXT_COLUMNS_H

#include "mailbox-audit.h"

/* A column as people see it, made of one or two of those for scripts. */
struct text_column {
	const char *title;
	/* other_key may be NULL */
	const char *key, *other_key;
	/* Returns what to show, to be freed. NULL shows the value. */
	char *(*cell)(const char *value, const char *other);
	/* stands on the right */
	bool number:1;
};

/* Returns the columns, the user's name first, ended by a title of NULL. */
const struct text_column *
report_text_columns(const struct mba_audit_settings *set, enum mba_table table);

#endif
