/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Bytes as they are printed. */

#include <jansson.h>
#include <stdlib.h>

#include "mailbox-audit.h"
#include "unit.h"

static const struct {
	const char *bytes, *escaped;
} escapes[] = {
	{ "", "" },
	{ "plain \"text\"/", "plain \"text\"/" },
	{ "ä日😀", "ä日😀" },
	/* an escape differs from what looks like one */
	{ "\xff", "\\xff" },
	{ "\\xff", "\\x5cxff" },
	{ "a\\b", "a\\x5cb" },
	/* C0, DEL, C1 */
	{ "\t\n\x1b\x1f ", "\\x09\\x0a\\x1b\\x1f " },
	{ "~\x7f\xc2\x80\xc2\x9f", "~\\x7f\\xc2\\x80\\xc2\\x9f" },
	/* around the first and the last hidden characters */
	{ "\xc2\xa0\xc2\xa1\xc2\xad\xc2\xae",
	  "\\xc2\\xa0\xc2\xa1\\xc2\\xad\xc2\xae" },
	{ "\xf3\x9f\xbf\xbf\xf3\xa0\x80\x80\xf4\x8f\xbf\xbf",
	  "\xf3\x9f\xbf\xbf\\xf3\\xa0\\x80\\x80\\xf4\\x8f\\xbf\\xbf" },
	/* U+202E, U+2066, U+200F, U+061C; U+2010 is a hyphen */
	{ "a\u202egpj\u2066", "a\\xe2\\x80\\xaegpj\\xe2\\x81\\xa6" },
	{ "\u200f\u061c\u2010", "\\xe2\\x80\\x8f\\xd8\\x9c\u2010" },
	{ "\xe4", "\\xe4" },
	{ "\xc3", "\\xc3" },
	{ "\xc3(", "\\xc3(" },
	/* overlong, surrogates, above U+10FFFF */
	{ "\xc0\xaf", "\\xc0\\xaf" },
	{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf" },
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
	{ "\xf0\x9f\x98", "\\xf0\\x9f\\x98" },
};
#define ESCAPES_COUNT (int)(sizeof(escapes) / sizeof(escapes[0]))

START_TEST(bytes_are_escaped)
{
	char *escaped = mba_escape(escapes[_i].bytes);

	ck_assert_str_eq(escaped, escapes[_i].escaped);
	free(escaped);
}
END_TEST

/* Undo the escapes in place. */
static void unescape(char *str)
{
	char *dest = str;
	unsigned int byte;

	while (*str != '\0') {
		if (*str != '\\')
			*dest++ = *str++;
		else {
			ck_assert_int_eq(sscanf(str, "\\x%2x", &byte), 1);
			*dest++ = (char)byte;
			str += 4;
		}
	}
	*dest = '\0';
}

/* Every string of a few bytes that begin, continue or end a character is
   escaped to UTF-8, as jansson sees it, and comes back. */
START_TEST(no_bytes_are_too_odd)
{
	static const char alphabet[] =
		"a\\\n\x7f\x80\x9f\xbf\xc2\xe0\xed\xf4\xff";
	const size_t count = sizeof(alphabet) - 1;
	char bytes[6] = "", *escaped;
	json_t *json;

	for (size_t i = 0; i < count * count * count * count * count; i++) {
		for (size_t j = 0, rest = i; j < 5; j++, rest /= count)
			bytes[j] = alphabet[rest % count];
		escaped = mba_escape(bytes);
		json = json_string(escaped);
		ck_assert_ptr_nonnull(json);
		json_decref(json);
		unescape(escaped);
		ck_assert_str_eq(escaped, bytes);
		free(escaped);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("escape");

	tcase_add_loop_test(tcase, bytes_are_escaped, 0, ESCAPES_COUNT);
	tcase_add_test(tcase, no_bytes_are_too_odd);
	return unit_run(tcase);
}
