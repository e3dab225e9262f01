/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Names on disk are modified UTF-7 (RFC 3501, 5.1.3) unless the location says
   UTF-8, and some of their characters may stand escaped. A component that
   doesn't decode is shown as it is: clients can't open it, but people have to
   find it. */

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "hex.h"
#include "mutf7.h"
#include "name.h"

/* a byte becomes at most an escape character and two digits */
#define MAX_GROWTH 3

struct name_writer {
	const struct mba_location *location;
	/* vname_escape_char, '\0' for none */
	char escape_char;
	char *dest;
};

void name_unescape(char *part, char escape_char)
{
	char *dest = part;

	for (const char *p = part; *p != '\0'; p++, dest++) {
		if (*p == escape_char && hex_byte(p + 1, dest))
			p += 2;
		else
			*dest = *p;
	}
	*dest = '\0';
}

static void write_escaped(struct name_writer *writer, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";

	*writer->dest++ = writer->escape_char;
	*writer->dest++ = digits[c >> 4];
	*writer->dest++ = digits[c & 0x0f];
}

static bool needs_escape(const struct name_writer *writer, char c)
{
	return writer->escape_char != '\0' &&
		(c == writer->escape_char || c == writer->location->separator);
}

/* Returns FALSE if the part isn't mUTF-7 and there is no character to escape
   with. */
static bool write_utf7(struct name_writer *writer, const char *part)
{
	bool can_escape = writer->escape_char != '\0';

	while (*part != '\0') {
		if (needs_escape(writer, *part)) {
			write_escaped(writer, *part++);
		} else if ((unsigned char)*part < 0x20 ||
			   (unsigned char)*part >= 0x7f) {
			if (!can_escape)
				return false;
			write_escaped(writer, *part++);
		} else if (*part != '&') {
			*writer->dest++ = *part++;
		} else if (*++part == '-') {
			*writer->dest++ = '&';
			part++;
		} else if (!mutf7_decode_shifted(&part, &writer->dest)) {
			if (!can_escape)
				return false;
			write_escaped(writer, '&');
		}
	}
	return true;
}

static void write_part(struct name_writer *writer, char *part)
{
	const struct mba_location *location = writer->location;
	char *start = writer->dest;

	if (location->storage_escape_char != '\0')
		name_unescape(part, location->storage_escape_char);
	if (location->utf8) {
		for (; *part != '\0'; part++) {
			if (needs_escape(writer, *part))
				write_escaped(writer, *part);
			else
				*writer->dest++ = *part;
		}
	} else if (!write_utf7(writer, part)) {
		writer->dest = start;
		while (*part != '\0')
			*writer->dest++ = *part++;
	}
}

/* Writes the levels of a storage name with sep between them. */
static void write_parts(struct name_writer *writer, const char *storage_name,
			char storage_sep, char sep)
{
	char *copy = mem_strdup(storage_name), *part, *next;

	for (part = copy; part != NULL; part = next) {
		next = strchr(part, storage_sep);
		if (next != NULL)
			*next++ = '\0';
		write_part(writer, part);
		if (next != NULL)
			*writer->dest++ = sep;
	}
	free(copy);
}

char *name_from_storage(const struct mba_location *location, char storage_sep,
			const char *storage_name)
{
	struct name_writer writer = {
		.location = location,
		.escape_char = location->vname_escape_char,
	};
	bool is_inbox = location->inbox && strcmp(storage_name, "INBOX") == 0;
	size_t prefix_len = is_inbox ? 0 : strlen(location->prefix);
	char *vname;

	vname = mem_new(prefix_len + strlen(storage_name) * MAX_GROWTH + 1);
	memcpy(vname, location->prefix, prefix_len);
	writer.dest = vname + prefix_len;
	write_parts(&writer, storage_name, storage_sep, location->separator);
	*writer.dest = '\0';
	return vname;
}

char *name_levels(const struct mba_location *location, char storage_sep,
		  const char *storage_name, size_t *len_r)
{
	struct name_writer writer = { .location = location };
	char *levels = mem_new(strlen(storage_name) * MAX_GROWTH + 1);

	writer.dest = levels;
	write_parts(&writer, storage_name, storage_sep, '\0');
	*writer.dest = '\0';
	*len_r = writer.dest - levels;
	return levels;
}
