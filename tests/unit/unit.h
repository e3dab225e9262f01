/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef UNIT_H
#define UNIT_H

/* What the unit tests share: a temporary directory, cases that are files, the
   threads and descriptors that there are, and the end of main(). */

#include <check.h>
#include <dirent.h>
#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Dovecot's files have numbers as the machine has them. So do those that tests
   make: these are constants, which can stand in tables. */
#define IS_LITTLE_ENDIAN (BYTE_ORDER == LITTLE_ENDIAN)
/* what compat_flags are on this machine */
#define COMPAT_FLAGS (IS_LITTLE_ENDIAN ? 1 : 0)
/* 32 bits that are two numbers of 16 bits in a file, the first one first */
#define PAIR(first, second) \
	((uint32_t)(first) << (IS_LITTLE_ENDIAN ? 0 : 16) | \
	 (uint32_t)(second) << (IS_LITTLE_ENDIAN ? 16 : 0))
/* 32 bits that are these bytes in a file, up to four; others are 0 */
#define OCTETS(...) OCTETS4(__VA_ARGS__, 0, 0, 0, 0)
#define OCTETS4(a, b, c, d, ...) \
	((uint32_t)(a) << (IS_LITTLE_ENDIAN ? 0 : 24) | \
	 (uint32_t)(b) << (IS_LITTLE_ENDIAN ? 8 : 16) | \
	 (uint32_t)(c) << (IS_LITTLE_ENDIAN ? 16 : 8) | \
	 (uint32_t)(d) << (IS_LITTLE_ENDIAN ? 24 : 0))
/* a number of 32 bits within a string: U32("\1") is 1 */
#if BYTE_ORDER == LITTLE_ENDIAN
#define U32(byte) byte "\0\0\0"
#else
#define U32(byte) "\0\0\0" byte
#endif

/* Returns a path in the temporary directory, made by printf(). Valid for the
   next seven calls. */
const char *unit_path(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
/* Make a directory, with those above it. */
void unit_mkdir(const char *path);
/* Write a file, with the directories above it. */
void unit_write(const char *path, const void *data, size_t size);
/* Make a directory, with directories "d" one below the other in it, and a file
   "f" in the last. */
void unit_make_deep(const char *root, unsigned int levels);

/* Stop being root, if that's who runs the test, so that permissions count. The
   temporary directory is given to the user who remains, but for directories of
   mode 0555: these stay root's. */
void unit_become_nobody(void);

/* Returns the number of cases in a folder, each a file; there have to be some.
   unit_cases_free() them. */
int unit_cases_find(const char *dir, struct dirent ***cases_r);
void unit_cases_free(struct dirent **cases, int count);

/* Returns how many threads the process has now. */
unsigned int unit_threads_count(void);
/* Expect so many, but for one that ThreadSanitizer makes for itself. */
void unit_threads_check(unsigned int found, unsigned int expected);
/* Wait until there are so many, with the same exception: a thread that was
   joined is still there for a moment. */
void unit_threads_wait(unsigned int expected);

/* Returns a number that rises with each descriptor that is open. */
unsigned int unit_descriptors_count(void);
/* Returns how many descriptors another program would have. */
unsigned int unit_inherited_count(void);

/* Run a test case: its tests find an empty temporary directory. Returns what
   main() returns. */
int unit_run(TCase *tcase);

#endif
