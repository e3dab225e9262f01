/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef RULES_FILE_H
#define RULES_FILE_H

#include <stddef.h>

/* Read a file of at most max_size bytes. Returns 0 if ok, -1 if it can't be
   read, isn't a file or is larger. */
int rules_file_read(const char *path, size_t max_size, char **data_r,
		    size_t *size_r, char **error_r);

#endif
