/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef RULES_FILE_H
#define RULES_FILE_H

#include <stddef.h>

/* Read a file of up to MBA_MAX_RULES_BYTES. Returns 0 if ok, -1 if it can't be
   read, isn't a file or is larger. The caller frees the data. */
int rules_file_read(const char *path, char **data_r, size_t *size_r,
		    char **error_r);

#endif
