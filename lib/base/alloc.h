/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef ALLOC_H
#define ALLOC_H

#include <stdarg.h>
#include <stddef.h>

/* Allocations that don't fail: as in Dovecot, running out of memory ends the
   process. */

/* Tell that there is no memory, and end the process. */
void mem_missing(void) __attribute__((noreturn));

/* Returns zeroed memory. */
void *mem_new(size_t size);
/* Returns memory to be written. */
void *mem_alloc(size_t size);
/* Returns the array, moved if necessary, with room for at least count elements
   of a size. *alloc_count is how many it has room for; new ones aren't
   zeroed. NULL is an array without any. */
void *mem_grow(void *array, size_t *alloc_count, size_t count, size_t size);
/* Returns a copy, NULL for NULL. */
char *mem_strdup(const char *str);
/* Returns a copy of len bytes, which a NUL follows; NULL for NULL. */
char *mem_dup(const char *bytes, size_t len);
/* Returns strings put together; NULL ends them. */
char *mem_strconcat(const char *str, ...) __attribute__((sentinel));
/* For whatever isn't done for each entry: it takes ten times as long. */
char *mem_printf(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
char *mem_vprintf(const char *format, va_list args)
	__attribute__((format(printf, 1, 0)));

#endif
