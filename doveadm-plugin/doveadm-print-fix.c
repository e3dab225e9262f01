/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "str.h"
#include "doveadm-print-private.h"
#include "doveadm-mailbox-audit-plugin.h"

/* the value whose pieces are coming in */
static string_t *pending;

static void formatted_print_stream(const unsigned char *value, size_t size)
{
	string_t *whole;

	if (size > 0) {
		if (pending == NULL)
			pending = str_new(default_pool, 1024);
		str_append_data(pending, value, size);
		return;
	}
	/* the end of the value */
	whole = pending;
	pending = NULL;
	doveadm_print_formatted_vfuncs.print(whole == NULL ? "" :
					     str_c(whole));
	str_free(&whole);
}

void doveadm_print_formatted_fix(void)
{
	if (doveadm_print_formatted_vfuncs.print_stream == NULL)
		doveadm_print_formatted_vfuncs.print_stream =
			formatted_print_stream;
}
