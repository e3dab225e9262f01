/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "str.h"
#include "unichar.h"
#include "access-args.h"
#include "access-escape.h"

struct unichar_range {
	unichar_t first, last;
};

/* Characters above 0x9f that a terminal obeys instead of showing them, or
   that nobody sees. Sorted. */
static const struct unichar_range unichar_hidden[] = {
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

static bool unichar_is_hidden(unichar_t chr)
{
	for (unsigned int i = 0; i < N_ELEMENTS(unichar_hidden); i++) {
		if (chr <= unichar_hidden[i].last)
			return chr >= unichar_hidden[i].first;
	}
	return TRUE;
}

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
	else if (unichar_is_hidden(chr))
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
