#ifndef ALLOC_H
#define ALLOC_H

#include <stddef.h>

/* Memory that is there: as in Dovecot, running out of it ends the process. */

/* Returns zeroed memory. */
void *mem_new(size_t size);
/* Grow an array to hold at least count elements of a size. *alloc_count is
   their number so far; new ones aren't zeroed. */
void mem_grow(void **data, size_t *alloc_count, size_t count, size_t size);
/* Returns a copy, NULL for NULL. */
char *mem_strdup(const char *str);
char *mem_printf(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

#endif
