/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef HIDDEN_CHARS_H
#define HIDDEN_CHARS_H

/* What is escaped wherever names are printed or logged. It needs nothing else
   of the library: a plugin without it says the same. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* sorted */
static const struct hidden_chars {
	uint32_t first, last;
} hidden_chars[] = {
	{ 0x00, 0x1f },		/* C0 */
	{ 0x7f, 0x9f },		/* DEL, C1 */
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

/* Returns true for a character that a terminal obeys instead of showing it, or
   that nobody sees. */
static inline bool char_is_hidden(uint32_t chr)
{
	const size_t count = sizeof(hidden_chars) / sizeof(hidden_chars[0]);

	for (size_t i = 0; i < count; i++) {
		if (chr <= hidden_chars[i].last)
			return chr >= hidden_chars[i].first;
	}
	return true;
}

#endif
