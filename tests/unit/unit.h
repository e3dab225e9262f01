#ifndef UNIT_H
#define UNIT_H

/* What the unit tests share: a temporary directory, and the end of main(). */

#include <check.h>
#include <stdbool.h>
#include <stddef.h>

/* Returns a path in the temporary directory, made by printf(). Valid until the
   test's end. */
const char *unit_path(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
/* Make a directory, with those above it. */
void unit_mkdir(const char *path);
/* Write a file, with the directories above it. */
void unit_write(const char *path, const void *data, size_t size);

/* Run a test case: its tests find an empty temporary directory. Returns what
   main() returns. */
int unit_run(TCase *tcase);

#endif
