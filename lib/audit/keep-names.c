/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "keep-names.h"
#include "name.h"

struct keep_name {
	char *levels;
	size_t len;
};

struct keep_names {
	struct keep_name *names;
	size_t count;
};

/* Make levels of a name as the configuration has it. */
static void keep_name_init(struct keep_name *name, const char *src,
			   char escape_char)
{
	char *levels, *part, *next;
	size_t len;

	levels = mba_levels_parse(src, &len);
	name->levels = mem_new(len + 1);
	for (part = levels; part <= levels + len; part = next) {
		next = part + strlen(part) + 1;
		if (escape_char != '\0')
			name_unescape(part, escape_char);
		/* with the NUL */
		memcpy(name->levels + name->len, part, strlen(part) + 1);
		name->len += strlen(part) + 1;
	}
	name->len--;
	free(levels);
}

struct keep_names *keep_names_init(const struct mba_location *location)
{
	struct keep_names *names = mem_new(sizeof(*names));
	const char *const *keep = location->keep;
	size_t count = 0;

	while (keep[count] != NULL)
		count++;
	names->count = count;
	names->names = mem_new((count + 1) * sizeof(*names->names));
	for (size_t i = 0; i < count; i++) {
		keep_name_init(&names->names[i], keep[i],
			       location->vname_escape_char);
	}
	return names;
}

void keep_names_free(struct keep_names **_names)
{
	struct keep_names *names = *_names;

	*_names = NULL;
	for (size_t i = 0; i < names->count; i++)
		free(names->names[i].levels);
	free(names->names);
	free(names);
}

bool keep_names_has(const struct keep_names *names, const char *levels,
		    size_t len)
{
	const struct keep_name *name;

	for (size_t i = 0; i < names->count; i++) {
		name = &names->names[i];
		/* a NUL follows each level, the last one too */
		if (name->len >= len && name->levels[len] == '\0' &&
		    memcmp(name->levels, levels, len) == 0)
			return true;
	}
	return false;
}
