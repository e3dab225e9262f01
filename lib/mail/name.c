/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Names on disk are modified UTF-7 (RFC 3501, 5.1.3) unless the location says
   UTF-8, and some of their characters may stand escaped. A component that
   doesn't decode is shown as it is: clients can't open it, but people have to
   find it. */

#include <string.h>

#include "alloc.h"
#include "hex.h"
#include "mutf7.h"
#include "name.h"

/* a byte becomes at most an escape character and two digits */
#define MAX_GROWTH 3

struct name_writer {
	const struct mba_location *location;
	/* of the name on disk: what separates its levels, and what some of
	   their characters are escaped with, '\0' for none */
	char storage_sep, storage_escape_char;
	/* a copy, whose levels are cut and unescaped in place */
	char *name;
	size_t len;
	/* what is written: the same, with vname_escape_char */
	char sep, escape_char;
	char *dest;
};

/* Begin to write a name of len bytes, after a start that is there already.
   Returns what is written, with room for all that the name may become, and for
   its copy. */
static char *writer_init(struct name_writer *writer, const char *start,
			 size_t start_len, const char *name, size_t len)
{
	size_t room = start_len + len * MAX_GROWTH + 1;
	char *dest = mem_alloc(room + len + 1);

	memcpy(dest, start, start_len);
	writer->dest = dest + start_len;
	writer->name = dest + room;
	writer->len = len;
	memcpy(writer->name, name, len);
	writer->name[len] = '\0';
	return dest;
}

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

/* Write what stands for itself, whatever is escaped. Returns what is left. */
static const char *write_plain(struct name_writer *writer, const char *part)
{
	const char escape = writer->escape_char == '\0' ? '&' :
		writer->escape_char;
	const char sep = writer->escape_char == '\0' ? '&' :
		writer->location->separator;
	char *dest = writer->dest;

	while (*part >= 0x20 && *part < 0x7f && *part != '&' &&
	       *part != escape && *part != sep)
		*dest++ = *part++;
	writer->dest = dest;
	return part;
}

/* Returns FALSE if the part isn't mUTF-7 and there is no character to escape
   with. */
static bool write_utf7(struct name_writer *writer, const char *part)
{
	bool can_escape = writer->escape_char != '\0';

	while (*(part = write_plain(writer, part)) != '\0') {
		if (*part != '&' || needs_escape(writer, '&')) {
			if (!can_escape)
				return false;
			write_escaped(writer, *part++);
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

	if (writer->storage_escape_char != '\0')
		name_unescape(part, writer->storage_escape_char);
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

/* Writes the levels of the name on disk. */
static void write_parts(struct name_writer *writer)
{
	char *part = writer->name, *end = part + writer->len, *next;

	for (; part != NULL; part = next) {
		next = memchr(part, writer->storage_sep, end - part);
		if (next != NULL)
			*next++ = '\0';
		write_part(writer, part);
		if (next != NULL)
			*writer->dest++ = writer->sep;
	}
	*writer->dest = '\0';
}

/* Returns the name that clients see. */
static char *write_vname(struct name_writer *writer, const char *name,
			 size_t len, bool is_prefix_inbox)
{
	const struct mba_location *location = writer->location;
	bool is_inbox =
		len == strlen("INBOX") && memcmp(name, "INBOX", len) == 0;
	size_t prefix_len = strlen(location->prefix);
	char *vname;

	if (is_inbox && location->inbox_is_prefix && prefix_len > 0)
		return mem_dup(location->prefix, prefix_len - 1);
	/* the mail root itself */
	if (len == 0 && prefix_len > 0)
		return mem_dup(location->prefix, prefix_len - 1);
	if (is_inbox && location->inbox && !is_prefix_inbox)
		prefix_len = 0;
	vname = writer_init(writer, location->prefix, prefix_len, name, len);
	writer->sep = location->separator;
	writer->escape_char = location->vname_escape_char;
	write_parts(writer);
	return vname;
}

/* Returns the levels as the rules match them. */
static char *write_levels(struct name_writer *writer, const char *name,
			  size_t len, size_t *len_r)
{
	char *levels = writer_init(writer, "", 0, name, len);

	write_parts(writer);
	*len_r = writer->dest - levels;
	return levels;
}

char *name_from_storage(const struct mba_location *location, char storage_sep,
			const char *storage_name)
{
	struct name_writer writer = {
		.location = location, .storage_sep = storage_sep,
		.storage_escape_char = location->storage_escape_char,
	};

	return write_vname(&writer, storage_name, strlen(storage_name), false);
}

char *name_from_raw(const struct mba_location *location, const char *raw,
		    size_t len, bool is_prefix_inbox)
{
	struct name_writer writer = { .location = location };

	return write_vname(&writer, raw, len, is_prefix_inbox);
}

char *name_levels(const struct mba_location *location, char storage_sep,
		  const char *storage_name, size_t *len_r)
{
	struct name_writer writer = {
		.location = location, .storage_sep = storage_sep,
		.storage_escape_char = location->storage_escape_char,
	};

	return write_levels(&writer, storage_name, strlen(storage_name),
			    len_r);
}

char *name_levels_from_raw(const struct mba_location *location,
			   const char *raw, size_t len, size_t *len_r)
{
	struct name_writer writer = { .location = location };

	return write_levels(&writer, raw, len, len_r);
}
