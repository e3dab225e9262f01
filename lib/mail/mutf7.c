/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Modified UTF-7 (RFC 3501, 5.1.3), as strict as Dovecot's
   lib-imap/imap-utf7.c: clients can't open a name that it doesn't decode. */

#include <stdint.h>
#include <string.h>

#include "mutf7.h"

/* Writes a code point as UTF-8. Returns the bytes written. */
static size_t utf8_write(char *dest, uint32_t chr)
{
	if (chr < 0x80) {
		dest[0] = chr;
		return 1;
	}
	if (chr < 0x800) {
		dest[0] = 0xc0 | chr >> 6;
		dest[1] = 0x80 | (chr & 0x3f);
		return 2;
	}
	if (chr < 0x10000) {
		dest[0] = 0xe0 | chr >> 12;
		dest[1] = 0x80 | (chr >> 6 & 0x3f);
		dest[2] = 0x80 | (chr & 0x3f);
		return 3;
	}
	dest[0] = 0xf0 | chr >> 18;
	dest[1] = 0x80 | (chr >> 12 & 0x3f);
	dest[2] = 0x80 | (chr >> 6 & 0x3f);
	dest[3] = 0x80 | (chr & 0x3f);
	return 4;
}

static int base64_value(char c)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789+,";
	const char *p = c == '\0' ? NULL : strchr(alphabet, c);

	return p == NULL ? -1 : (int)(p - alphabet);
}

/* Returns FALSE for what mUTF-7 must not encode, or Dovecot doesn't take. */
static bool utf16_is_valid(uint32_t chr)
{
	return chr >= 0x80 || (chr != 0 && (chr < 0x20 || chr == 0x7f));
}

bool mutf7_decode_shifted(const char **src, char **dest)
{
	const char *p = *src;
	uint32_t bits = 0, unit, high = 0;
	unsigned int bits_count = 0;
	char *out = *dest;
	int value;

	for (; *p != '-'; p++) {
		if ((value = base64_value(*p)) < 0)
			return false;
		bits = bits << 6 | value;
		bits_count += 6;
		if (bits_count < 16)
			continue;
		bits_count -= 16;
		unit = bits >> bits_count & 0xffff;
		if (high != 0) {
			if (unit < 0xdc00 || unit > 0xdfff)
				return false;
			out += utf8_write(out, 0x10000 + ((high & 0x3ff) << 10 |
							  (unit & 0x3ff)));
			high = 0;
		} else if (unit >= 0xd800 && unit <= 0xdbff) {
			high = unit;
		} else if ((unit >= 0xdc00 && unit <= 0xdfff) ||
			   !utf16_is_valid(unit)) {
			return false;
		} else {
			out += utf8_write(out, unit);
		}
	}
	/* a character is cut, or another shift follows without need */
	if (high != 0 || bits_count >= 6 || (p[1] == '&' && p[2] != '-'))
		return false;
	*src = p + 1;
	*dest = out;
	return true;
}
