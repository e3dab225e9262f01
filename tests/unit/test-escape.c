/* Bytes as they are printed. */

#include <stdlib.h>

#include "escape.h"
#include "mailbox-audit.h"
#include "unit.h"

static const struct {
	const char *bytes;
	bool is_utf8;
	const char *escaped, *escaped_controls;
} escapes[] = {
	{ "", true, "", "" },
	{ "plain", true, "plain", "plain" },
	{ "ä日😀", true, "ä日😀", "ä日😀" },
	{ "a\\b", true, "a\\x5cb", "a\\x5cb" },
	{ "\t\n\x1b", true, "\t\n\x1b", "\\x09\\x0a\\x1b" },
	{ "\x7f\xc2\x9b", true, "\x7f\xc2\x9b", "\\x7f\\xc2\\x9b" },
	{ "\xe4", false, "\\xe4", "\\xe4" },
	{ "\xc3", false, "\\xc3", "\\xc3" },
	{ "\xc3(", false, "\\xc3(", "\\xc3(" },
	/* overlong, surrogates, above U+10FFFF */
	{ "\xc0\xaf", false, "\\xc0\\xaf", "\\xc0\\xaf" },
	{ "\xe0\x80\xaf", false, "\\xe0\\x80\\xaf", "\\xe0\\x80\\xaf" },
	{ "\xed\xa0\x80", false, "\\xed\\xa0\\x80", "\\xed\\xa0\\x80" },
	{ "\xf4\x90\x80\x80", false, "\\xf4\\x90\\x80\\x80",
	  "\\xf4\\x90\\x80\\x80" },
	{ "\xf0\x9f\x98", false, "\\xf0\\x9f\\x98", "\\xf0\\x9f\\x98" },
};
#define ESCAPES_COUNT (int)(sizeof(escapes) / sizeof(escapes[0]))

START_TEST(bytes_are_escaped)
{
	char *escaped = name_escape(escapes[_i].bytes, false);

	ck_assert_str_eq(escaped, escapes[_i].escaped);
	free(escaped);
	escaped = mba_escape(escapes[_i].bytes);
	ck_assert_str_eq(escaped, escapes[_i].escaped_controls);
	free(escaped);
	ck_assert_int_eq(name_is_utf8(escapes[_i].bytes),
			 escapes[_i].is_utf8);
}
END_TEST

/* Every string of a few bytes that begin, continue or end a character. */
START_TEST(no_bytes_are_too_odd)
{
	static const char alphabet[] =
		"a\\\n\x7f\x80\x9f\xbf\xc2\xe0\xed\xf4\xff";
	const size_t count = sizeof(alphabet) - 1;
	char bytes[6] = "", *escaped;

	for (size_t i = 0; i < count * count * count * count * count; i++) {
		for (size_t j = 0, rest = i; j < 5; j++, rest /= count)
			bytes[j] = alphabet[rest % count];
		escaped = name_escape(bytes, true);
		ck_assert(name_is_utf8(escaped));
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
