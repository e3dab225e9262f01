/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

#define MIN_GROW_COUNT 16

void mem_missing(void)
{
	fputs("Fatal: mailbox-audit: Out of memory\n", stderr);
	abort();
}

void *mem_new(size_t size)
{
	void *mem = calloc(1, size);

	if (mem == NULL)
		mem_missing();
	return mem;
}

void *mem_alloc(size_t size)
{
	void *mem = malloc(size);

	if (mem == NULL)
		mem_missing();
	return mem;
}

void *mem_grow(void *array, size_t *alloc_count, size_t count, size_t size)
{
	size_t new_count = *alloc_count;

	if (count <= new_count)
		return array;
	if (new_count == 0)
		new_count = MIN_GROW_COUNT;
	while (new_count < count)
		new_count *= 2;
	array = reallocarray(array, new_count, size);
	if (array == NULL)
		mem_missing();
	*alloc_count = new_count;
	return array;
}

char *mem_strdup(const char *str)
{
	char *copy;

	if (str == NULL)
		return NULL;
	copy = strdup(str);
	if (copy == NULL)
		mem_missing();
	return copy;
}

char *mem_dup(const char *bytes, size_t len)
{
	char *copy;

	if (bytes == NULL)
		return NULL;
	copy = mem_alloc(len + 1);
	memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}

char *mem_strconcat(const char *str, ...)
{
	const char *part;
	size_t len = 0;
	va_list args;
	char *full, *end;

	va_start(args, str);
	for (part = str; part != NULL; part = va_arg(args, const char *))
		len += strlen(part);
	va_end(args);
	full = end = mem_alloc(len + 1);
	va_start(args, str);
	for (part = str; part != NULL; part = va_arg(args, const char *))
		end = stpcpy(end, part);
	va_end(args);
	*end = '\0';
	return full;
}

char *mem_vprintf(const char *format, va_list args)
{
	char *str;

	if (vasprintf(&str, format, args) < 0)
		mem_missing();
	return str;
}

char *mem_printf(const char *format, ...)
{
	va_list args;
	char *str;

	va_start(args, format);
	str = mem_vprintf(format, args);
	va_end(args);
	return str;
}
