/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef ERROR_SINK_H
#define ERROR_SINK_H

/* Where a part of the library puts a system call that failed, so that it can
   go on. */
struct error_sink {
	/* op is the call's name, path is absolute, error a sentence or
	   strerror(). Valid during the call. */
	void (*function)(const char *op, const char *path, const char *error,
			 void *context);
	void *context;
};

static inline void error_sink_add(const struct error_sink *sink, const char *op,
				  const char *path, const char *error)
{
	sink->function(op, path, error, sink->context);
}

/* Add errno's error for a path below a root. path and name may be "". */
void error_sink_add_below(const struct error_sink *sink, const char *op,
			  const char *root, const char *path, const char *name);

#endif
