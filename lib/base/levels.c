/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A level may hold any byte but NUL, a '/' too, but people join levels by '/'.
   They write a byte that would be misunderstood as they see it printed: \xNN,
   a backslash among them. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "hex.h"
#include "mailbox-audit.h"

/* Returns TRUE if an escape begins at p. There is no byte NUL in levels. */
static bool is_escape(const char *p, char *byte_r)
{
	return p[0] == '\\' && p[1] == 'x' && hex_byte(p + 2, byte_r) &&
		*byte_r != '\0';
}

char *mba_levels_parse(const char *name, size_t *len_r)
{
	char *levels = mem_new(strlen(name) + 1), *dest = levels;

	while (*name != '\0') {
		if (is_escape(name, dest)) {
			name += strlen("\\xNN");
		} else {
			*dest = *name == '/' ? '\0' : *name;
			name++;
		}
		dest++;
	}
	*len_r = dest - levels;
	return levels;
}

static char *level_print(char *dest, const char *level)
{
	char *escaped = mba_escape(level);

	for (const char *p = escaped; *p != '\0'; p++) {
		if (*p == '/')
			dest += sprintf(dest, "\\x2f");
		else
			*dest++ = *p;
	}
	free(escaped);
	return dest;
}

char *mba_levels_print(const char *levels, size_t len)
{
	char *copy = mem_new(len + 1), *printed = mem_new(len * 4 + 1);
	char *dest = printed;

	memcpy(copy, levels, len);
	for (const char *level = copy;; level += strlen(level) + 1) {
		dest = level_print(dest, level);
		if (level + strlen(level) == copy + len)
			break;
		*dest++ = '/';
	}
	free(copy);
	return printed;
}
