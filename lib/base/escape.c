/* Names and paths are bytes that anybody may have chosen. What is printed of
   them is UTF-8, and tells every byte. */

#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "escape.h"
#include "mailbox-audit.h"

/* Returns the length of the UTF-8 character at p, 0 if there is none. */
static size_t utf8_char_len(const unsigned char *p)
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
		return i + 1;
	}
	return 0;
}

bool name_is_utf8(const char *bytes)
{
	const unsigned char *p = (const unsigned char *)bytes;
	size_t len;

	for (; *p != '\0'; p += len) {
		if ((len = utf8_char_len(p)) == 0)
			return false;
	}
	return true;
}

/* Returns TRUE for the C0 and C1 control characters. */
static bool is_control(const unsigned char *p)
{
	return *p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0);
}

char *name_escape(const char *bytes, bool controls)
{
	const unsigned char *p = (const unsigned char *)bytes;
	char *escaped = mem_new(strlen(bytes) * 4 + 1), *dest = escaped;
	size_t len;

	while (*p != '\0') {
		len = utf8_char_len(p);
		if (len == 0 || *p == '\\' || (controls && is_control(p))) {
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

char *mba_escape(const char *bytes)
{
	return name_escape(bytes, true);
}
