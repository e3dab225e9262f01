/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef TABLE_H
#define TABLE_H

#include "mailbox-audit.h"

/* Print a table's titles, before its rows. */
void table_print_titles(enum mba_table table);
/* Print a row: a mba_row_callback_t. context is the enum mba_table. */
void table_print_row(const char *const *values, void *context);

#endif
