/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "str.h"
#include "unichar.h"
#include "access-args.h"
#include "access-escape.h"
#include "hidden-chars.h"

static void
escape_bytes(string_t *dest, const unsigned char *data, unsigned int size)
{
	static const char hex[] = "0123456789abcdef";

	for (unsigned int i = 0; i < size; i++) {
		str_append(dest, "\\x");
		str_append_c(dest, hex[data[i] >> 4]);
		str_append_c(dest, hex[data[i] & 0x0f]);
	}
}

static void escape_ascii(string_t *dest, unsigned char chr, bool invalid)
{
	if (chr < 0x20 || chr == 0x7f || (invalid && chr == '&')) {
		escape_bytes(dest, &chr, 1);
	} else {
		if (chr == '"' || chr == '\\')
			str_append_c(dest, '\\');
		str_append_c(dest, chr);
	}
}

/* Append the first character. Returns its size in the name. */
static unsigned int
escape_char(string_t *dest, const unsigned char *data, size_t size,
	    bool invalid)
{
	unichar_t chr;
	int len;

	if (data[0] < 0x80) {
		escape_ascii(dest, data[0], invalid);
		return 1;
	}
	len = invalid ? 0 : uni_utf8_get_char_n(data, size, &chr);
	if (len <= 0) {
		escape_bytes(dest, data, 1);
		return 1;
	}
	if (chr < 0xa0 || !uni_is_valid_ucs4(chr))
		escape_bytes(dest, data, len);
	else if (char_is_hidden(chr))
		str_printfa(dest, "\\u{%x}", chr);
	else
		str_append_data(dest, data, len);
	return len;
}

bool access_escape(string_t *dest, const struct access_name *name, size_t max)
{
	const unsigned char *data = (const unsigned char *)name->name;
	size_t size = strlen(name->name), pos = 0;
	size_t start = str_len(dest), prev = start;

	while (pos < size && str_len(dest) - start <= max) {
		prev = str_len(dest);
		pos += escape_char(dest, data + pos, size - pos,
				   name->invalid);
	}
	if (str_len(dest) - start <= max)
		return TRUE;
	str_truncate(dest, prev);
	return FALSE;
}
