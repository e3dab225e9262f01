/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef JSON_H
#define JSON_H

/* JSON is Unicode while names are bytes, and what a terminal obeys is better
   not printed: every string that comes from elsewhere is escaped, always in the
   same way. So a name is the same string wherever it stands, and different
   names are different strings. */

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "mailbox-audit.h"

#define REPORT_VERSION 1

/* Set an object's field. The strings are all UTF-8: where jansson gives or
   takes NULL, and here it would end, memory is missing. */
static inline void set(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		mem_missing();
}

static inline void append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) < 0)
		mem_missing();
}

/* Returns a JSON string, null for NULL. *escaped_r is set if the string isn't
   the name. */
static inline json_t *json_name(const char *name, bool *escaped_r)
{
	char *escaped;
	json_t *json;

	if (name == NULL)
		return json_null();
	escaped = mba_escape(name);
	json = json_string(escaped);
	if (strcmp(escaped, name) != 0)
		*escaped_r = true;
	free(escaped);
	return json;
}

/* Returns an object without fields. */
static inline json_t *json_new(void)
{
	json_t *json = json_object();

	if (json == NULL)
		mem_missing();
	return json;
}

static inline void set_escaped(json_t *object, bool escaped)
{
	if (escaped)
		set(object, "escaped", json_true());
}

/* Returns the line and frees the JSON. */
static inline char *json_line(json_t *json)
{
	char *line = json_dumps(json, JSON_COMPACT);

	if (line == NULL)
		mem_missing();
	json_decref(json);
	return line;
}

static inline json_t *json_or_null(const char *text)
{
	return text == NULL ? json_null() : json_string(text);
}

/* Returns a number, null if it isn't known. */
static inline json_t *json_known(bool known, uint32_t number)
{
	return known ? json_integer(number) : json_null();
}

/* Returns a time, null for 0. */
static inline json_t *json_time(int64_t stamp)
{
	return stamp == 0 ? json_null() : json_integer(stamp);
}

#endif
