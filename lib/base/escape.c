/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Names and paths are bytes that anybody may have chosen. What is printed of
   them is UTF-8, holds nothing that a terminal obeys, and tells every byte: a
   backslash is escaped too, so that \xNN is always an escape. */

#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "hidden-chars.h"
#include "mailbox-audit.h"

/* Returns the length of the UTF-8 character at p, 0 if there is none. */
static size_t utf8_char_len(const unsigned char *p, uint32_t *chr_r)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t min;
	} forms[] = {
		{ 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 },
		{ 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 },
	};
	uint32_t chr;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if ((*p & forms[i].mask) != forms[i].lead)
			continue;
		chr = *p & (unsigned char)~forms[i].mask;
		for (size_t j = 1; j <= i; j++) {
			if ((p[j] & 0xc0) != 0x80)
				return 0;
			chr = chr << 6 | (p[j] & 0x3f);
		}
		if (chr < forms[i].min || chr > 0x10ffff ||
		    (chr >= 0xd800 && chr <= 0xdfff))
			return 0;
		*chr_r = chr;
		return i + 1;
	}
	return 0;
}

char *mba_escape(const char *bytes)
{
	const unsigned char *p = (const unsigned char *)bytes;
	char *escaped = mem_new(strlen(bytes) * 4 + 1), *dest = escaped;
	uint32_t chr;
	size_t len;

	while (*p != '\0') {
		len = utf8_char_len(p, &chr);
		if (len == 0 || *p == '\\' || char_is_hidden(chr)) {
			for (len = len == 0 ? 1 : len; len > 0; len--)
				dest += sprintf(dest, "\\x%02x", *p++);
		} else {
			while (len-- > 0)
				*dest++ = *p++;
		}
	}
	*dest = '\0';
	return escaped;
}
