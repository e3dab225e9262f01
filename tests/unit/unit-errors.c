/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <stdio.h>

#include "unit-errors.h"

unsigned int unit_errors_count;
char unit_last_error[2 * PATH_MAX];

static void add_error(const char *op, const char *path, const char *error,
		      void *context)
{
	(void)context;
	(void)snprintf(unit_last_error, sizeof(unit_last_error), "%s: %s: %s",
		       path, op, error);
	unit_errors_count++;
}

const struct error_sink unit_errors = { add_error, NULL };
