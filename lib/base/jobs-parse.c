/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <ctype.h>
#include <stdlib.h>

#include "alloc.h"
#include "mailbox-audit.h"

int mba_jobs_parse(const char *text, unsigned int *jobs_r, char **error_r)
{
	unsigned long number;
	char *end;

	/* a number that is too large becomes the largest there is */
	number = strtoul(text, &end, 10);
	if (isdigit((unsigned char)*text) && *end == '\0' &&
	    number >= 1 && number <= MBA_MAX_JOBS) {
		*jobs_r = number;
		return 0;
	}
	*error_r = mem_printf("Not a number of jobs: %s (1 to %u)", text,
			      MBA_MAX_JOBS);
	return -1;
}
