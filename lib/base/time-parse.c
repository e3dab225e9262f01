/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "alloc.h"
#include "mailbox-audit.h"

/* lib/str-parse.c, str_parse_get_interval(): a unit may be cut short where it
   stays clear, "min" for "minutes". */
static const struct {
	const char *name;
	size_t min_len;
	int64_t seconds;
} units[] = {
	{ "seconds", 1, 1 },
	{ "minutes", 3, 60 },
	{ "hours", 1, 60 * 60 },
	{ "days", 1, 24 * 60 * 60 },
	{ "weeks", 1, 7 * 24 * 60 * 60 },
};
#define MAX_NUMBER (INT64_MAX / (7 * 24 * 60 * 60))

static bool unit_parse(const char *text, int64_t *seconds_r)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (len >= units[i].min_len && len <= strlen(units[i].name) &&
		    strncasecmp(text, units[i].name, len) == 0) {
			*seconds_r = units[i].seconds;
			return true;
		}
	}
	/* that of "secs" and "mins" isn't cut short */
	*seconds_r = strcasecmp(text, "secs") == 0 ? 1 : 60;
	return strcasecmp(text, "secs") == 0 || strcasecmp(text, "mins") == 0;
}

int mba_time_parse(const char *text, int64_t *seconds_r, char **error_r)
{
	unsigned long long number;
	int64_t unit;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (isdigit((unsigned char)*text) && errno == 0 &&
	    number <= MAX_NUMBER) {
		if (number == 0 && *end == '\0') {
			*seconds_r = 0;
			return 0;
		}
		end += strspn(end, " ");
		if (unit_parse(end, &unit)) {
			*seconds_r = number * unit;
			return 0;
		}
	}
	*error_r = mem_printf("Not a time: %s (a number and a unit are wanted, "
			      "as in 30d, 1h, 15min)", text);
	return -1;
}
