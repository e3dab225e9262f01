/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <string.h>

#include "path.h"

bool path_is_below(const char *path, size_t path_len, const char *dir)
{
	size_t len = strlen(dir);

	return path_len >= len && memcmp(path, dir, len) == 0 &&
		(path_len == len || len == 0 || path[len] == '/');
}

bool path_is_dots(const char *name)
{
	return name[0] == '.' &&
		(name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

const char *path_name_end(const char *path, const char *end)
{
	const char *slash = memchr(path, '/', end - path);

	return slash == NULL ? end : slash;
}
