/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef PATH_H
#define PATH_H

/* Paths as text. Nothing is looked at. */

#include <stdbool.h>
#include <stddef.h>

/* Returns TRUE if path is dir or below; "" is the root of relative paths. */
bool path_is_below(const char *path, size_t path_len, const char *dir);
/* Returns TRUE for "." and "..", which every directory holds. */
bool path_is_dots(const char *name);
/* Returns where the name at the beginning of a path ends. */
const char *path_name_end(const char *path, const char *end);

#endif
