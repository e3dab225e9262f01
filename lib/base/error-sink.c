/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "error-sink.h"

void error_sink_add_below(const struct error_sink *sink, const char *op,
			  const char *root, const char *path, const char *name)
{
	const char *error = strerror(errno);
	char *full;

	full = mem_printf("%s%s%s%s%s", root, *path == '\0' ? "" : "/", path,
			  *name == '\0' ? "" : "/", name);
	error_sink_add(sink, op, full, error);
	free(full);
}
