/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer calls it with each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the library has to hold to: libFuzzer reports the input otherwise. */
#define FUZZ_ASSERT(condition) \
	do { \
		if (!(condition)) \
			abort(); \
	} while (0)

/* Returns the bytes up to the first NUL, as a string that the caller frees;
   *data and *size are moved after it. A buffer of its own lets
   AddressSanitizer see what is read past its end. */
static inline char *fuzz_string(const uint8_t **data, size_t *size)
{
	char *string = strndup((const char *)*data, *size);
	size_t len = strlen(string);

	if (len < *size)
		len++;
	*data += len;
	*size -= len;
	return string;
}

#endif
