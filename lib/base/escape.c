/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Names and paths are bytes that anybody may have chosen. What is printed of
   them is UTF-8, holds nothing that a terminal obeys, and tells every byte: a
   backslash is escaped too, so that \xNN is always an escape. */

#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "mailbox-audit.h"

/* Characters above 0x9f that a terminal obeys instead of showing them, or that
   nobody sees: those that the access log escapes. Sorted. */
static const struct {
	uint32_t first, last;
} hidden_chars[] = {
	{ 0xa0, 0xa0 },		/* no-break space */
	{ 0xad, 0xad },		/* soft hyphen */
	{ 0x34f, 0x34f },	/* combining grapheme joiner */
	{ 0x61c, 0x61c },	/* Arabic letter mark */
	{ 0x115f, 0x1160 },	/* Hangul fillers */
	{ 0x17b4, 0x17b5 },	/* Khmer inherent vowels */
	{ 0x180b, 0x180f },	/* Mongolian selectors, vowel separator */
	{ 0x2000, 0x200f },	/* spaces, zero width, directional marks */
	{ 0x2028, 0x202f },	/* line separators, directional controls */
	{ 0x205f, 0x206f },	/* space, joiners, directional isolates */
	{ 0x3000, 0x3000 },	/* ideographic space */
	{ 0x3164, 0x3164 },	/* Hangul filler */
	{ 0xe000, 0xf8ff },	/* private use */
	{ 0xfe00, 0xfe0f },	/* variation selectors */
	{ 0xfeff, 0xfeff },	/* byte order mark */
	{ 0xffa0, 0xffa0 },	/* Hangul filler */
	{ 0xfff0, 0xffff },	/* specials */
	{ 0x1d173, 0x1d17a },	/* musical format controls */
	{ 0xe0000, 0x10ffff }	/* tags, selectors, private use */
};
#define HIDDEN_CHARS_COUNT (sizeof(hidden_chars) / sizeof(hidden_chars[0]))

static bool is_hidden(uint32_t chr)
{
	/* C0, DEL and C1 */
	if (chr < 0x20 || (chr >= 0x7f && chr < 0xa0))
		return true;
	for (size_t i = 0; i < HIDDEN_CHARS_COUNT; i++) {
		if (chr <= hidden_chars[i].last)
			return chr >= hidden_chars[i].first;
	}
	return false;
}

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
		if (len == 0 || *p == '\\' || is_hidden(chr)) {
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
