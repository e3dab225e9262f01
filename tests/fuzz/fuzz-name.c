/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* SEPARATOR STORAGE-SEPARATOR FLAGS PREFIX \0 NAME: a name on disk as clients
   see it, as levels, and as it is printed. */

#include <stdio.h>

#include "fuzz.h"
#include "mailbox-audit.h"
#include "name.h"

#define FLAG_UTF8 0x01
#define FLAG_INBOX 0x02
#define FLAG_STORAGE_ESCAPE 0x04
#define FLAG_VNAME_ESCAPE 0x08

/* Undo mba_escape(): what it tells is the bytes themselves. */
static char *unescape(const char *escaped)
{
	char *bytes = malloc(strlen(escaped) + 1), *dest = bytes;
	unsigned int byte;

	for (; *escaped != '\0'; escaped++) {
		FUZZ_ASSERT((unsigned char)*escaped >= ' ' && *escaped != 0x7f);
		if (*escaped != '\\') {
			*dest++ = *escaped;
			continue;
		}
		FUZZ_ASSERT(sscanf(escaped, "\\x%2x", &byte) == 1);
		*dest++ = byte;
		escaped += 3;
	}
	*dest = '\0';
	return bytes;
}

static void check_escape(const char *name)
{
	char *escaped = mba_escape(name), *bytes = unescape(escaped);

	FUZZ_ASSERT(strcmp(bytes, name) == 0);
	free(bytes);
	free(escaped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mba_location set = { .type = "private", .driver = "mbox" };
	char *prefix, *name, *vname, *levels, storage_sep;
	size_t len;

	if (size < 3 || data[0] == '\0' || data[1] == '\0')
		return 0;
	set.separator = data[0];
	storage_sep = data[1];
	set.utf8 = (data[2] & FLAG_UTF8) != 0;
	set.inbox = (data[2] & FLAG_INBOX) != 0;
	set.storage_escape_char = (data[2] & FLAG_STORAGE_ESCAPE) ? '%' : '\0';
	set.vname_escape_char = (data[2] & FLAG_VNAME_ESCAPE) ? '^' : '\0';
	data += 3;
	size -= 3;
	prefix = fuzz_string(&data, &size);
	set.prefix = prefix;
	name = fuzz_string(&data, &size);

	vname = name_from_storage(&set, storage_sep, name);
	check_escape(vname);
	levels = name_levels(&set, storage_sep, name, &len);
	/* no decoding makes it longer than three bytes for two */
	FUZZ_ASSERT(len <= strlen(name) * 3 / 2);
	check_escape(name);

	free(levels);
	free(vname);
	free(name);
	free(prefix);
	return 0;
}
