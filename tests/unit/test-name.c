/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Names on disk as clients see them, and as the rules match them. */

#include <stdlib.h>

#include "name.h"
#include "unit.h"

static const struct name_case {
	struct mba_location set;
	char storage_sep;
	/* levels has '|' where a level ends */
	const char *storage_name, *vname, *levels;
} cases[] = {
	{ { .prefix = "", .separator = '/' }, '/', "foo/bar", "foo/bar",
	  "foo|bar" },
	{ { .prefix = "", .separator = '/' }, '.', "foo.bar", "foo/bar",
	  "foo|bar" },
	{ { .prefix = "", .separator = '.' }, '/', "foo/bar", "foo.bar",
	  "foo|bar" },
	{ { .prefix = "a/", .separator = '/' }, '/', "foo", "a/foo", "foo" },
	{ { .prefix = "INBOX/", .separator = '/', .inbox = true }, '/',
	  "INBOX", "INBOX", "INBOX" },
	{ { .prefix = "INBOX/", .separator = '/', .inbox = true }, '/',
	  "INBOX/x", "INBOX/INBOX/x", "INBOX|x" },
	{ { .prefix = "p/", .separator = '/' }, '/', "INBOX", "p/INBOX",
	  "INBOX" },
	{ { .prefix = "p/u/", .separator = '/', .inbox_is_prefix = true }, '/',
	  "INBOX", "p/u", "INBOX" },
	{ { .prefix = "p/u/", .separator = '/', .inbox_is_prefix = true }, '/',
	  "INBOX/x", "p/u/INBOX/x", "INBOX|x" },
	/* a separator that the layout doesn't know is no level's end */
	{ { .prefix = "", .separator = '.' }, '/', ".git", ".git", ".git" },
	{ { .prefix = "", .separator = '.' }, '/', "a/.git/x.y", "a..git.x.y",
	  "a|.git|x.y" },
	{ { .prefix = "", .separator = '~' }, '.', "a.b~c/", "a~b~c/",
	  "a|b~c/" },
	/* Maildir++ has empty ones */
	{ { .prefix = "", .separator = '/' }, '.', "..git.", "//git/",
	  "||git|" },
	{ { .prefix = "", .separator = '/' }, '/', "", "", "" },
	/* mUTF-7 */
	{ { .prefix = "", .separator = '/' }, '/', "Z&APw-rich/&AOQ-",
	  "Zürich/ä", "Zürich|ä" },
	{ { .prefix = "", .separator = '/' }, '/', "&ZeVnLIqe-", "日本語",
	  "日本語" },
	{ { .prefix = "", .separator = '/' }, '/', "&2D3eAA-", "😀", "😀" },
	{ { .prefix = "", .separator = '/' }, '/', "a&-b", "a&b", "a&b" },
	{ { .prefix = "", .separator = '/' }, '/', "&AOQ-&-", "ä&", "ä&" },
	/* a level that doesn't decode stays as it is; others don't */
	{ { .prefix = "", .separator = '/' }, '/', "&/&APw-", "&/ü", "&|ü" },
	{ { .prefix = "", .separator = '/' }, '/', "&AOQ", "&AOQ", "&AOQ" },
	{ { .prefix = "", .separator = '/' }, '/', "a&b-", "a&b-", "a&b-" },
	/* "a", encoded though it need not be */
	{ { .prefix = "", .separator = '/' }, '/', "&AGE-", "&AGE-", "&AGE-" },
	{ { .prefix = "", .separator = '/' }, '/', "&2D3-", "&2D3-", "&2D3-" },
	{ { .prefix = "", .separator = '/' }, '/', "&3gDYPQ-", "&3gDYPQ-",
	  "&3gDYPQ-" },
	{ { .prefix = "", .separator = '/' }, '/', "&AOQ-&APw-", "&AOQ-&APw-",
	  "&AOQ-&APw-" },
	{ { .prefix = "", .separator = '/' }, '/', "\xe4/\xc3\xa4",
	  "\xe4/\xc3\xa4", "\xe4|\xc3\xa4" },
	{ { .prefix = "", .separator = '/' }, '/', "a\nb", "a\nb", "a\nb" },
	/* an encoded separator stays within its level */
	{ { .prefix = "", .separator = '/' }, '/', "a&AC8-b", "a&AC8-b",
	  "a&AC8-b" },
	/* UTF-8 on disk */
	{ { .prefix = "", .separator = '/', .utf8 = true }, '/', "ä&APw-",
	  "ä&APw-", "ä&APw-" },
	/* storage_name_escape_char */
	{ { .prefix = "", .separator = '/', .storage_escape_char = '\\' }, '.',
	  "a\\2eb.c\\2fd", "a.b/c/d", "a.b|c/d" },
	{ { .prefix = "", .separator = '/', .storage_escape_char = '%' }, '/',
	  "a%2Fb%zz%4", "a/b%zz%4", "a/b%zz%4" },
	{ { .prefix = "", .separator = '/', .storage_escape_char = '%' }, '.',
	  "%2egit.%26AOQ-", ".git/ä", ".git|ä" },
	/* vname_escape_char (BROKENCHAR) */
	{ { .prefix = "", .separator = '.', .vname_escape_char = '^' }, '/',
	  "a.b/c", "a^2eb.c", "a.b|c" },
	{ { .prefix = "", .separator = '/', .vname_escape_char = '^' }, '/',
	  "a^b", "a^5eb", "a^b" },
	{ { .prefix = "", .separator = '/', .vname_escape_char = '^' }, '/',
	  "\xe4&x", "^e4^26x", "\xe4&x" },
	{ { .prefix = "", .separator = '/', .vname_escape_char = '^' }, '/',
	  "&AOQ-&x/&AOQ-", "^26AOQ-^26x/ä", "&AOQ-&x|ä" },
	{ { .prefix = "", .separator = '/', .vname_escape_char = '^',
	    .utf8 = true }, '/', "ä^", "ä^5e", "ä^" },
};
#define CASES_COUNT (int)(sizeof(cases) / sizeof(cases[0]))

START_TEST(a_storage_name_becomes_a_name)
{
	const struct name_case *test = &cases[_i];
	char *vname = name_from_storage(&test->set, test->storage_sep,
					test->storage_name);

	ck_assert_str_eq(vname, test->vname);
	free(vname);
}
END_TEST

START_TEST(a_storage_name_becomes_levels)
{
	const struct name_case *test = &cases[_i];
	size_t len;
	char *levels = name_levels(&test->set, test->storage_sep,
				   test->storage_name, &len);

	ck_assert_int_eq(levels[len], '\0');
	for (size_t i = 0; i < len; i++) {
		if (levels[i] == '\0')
			levels[i] = '|';
	}
	ck_assert_str_eq(levels, test->levels);
	free(levels);
}
END_TEST

/* Every string of a few characters that mean something. */
START_TEST(no_name_is_too_odd)
{
	static const char alphabet[] = "&-aA2/\\^\xc3\xa4\n";
	static const struct mba_location sets[] = {
		{ .prefix = "p/", .separator = '/' },
		{ .prefix = "", .separator = '.', .storage_escape_char = '\\',
		  .vname_escape_char = '^' },
		{ .prefix = "", .separator = '/', .vname_escape_char = '^',
		  .utf8 = true },
	};
	const size_t count = sizeof(alphabet) - 1;
	char name[6] = "";
	size_t len;

	for (size_t i = 0; i < count * count * count * count * count; i++) {
		for (size_t j = 0, rest = i; j < 5; j++, rest /= count)
			name[j] = alphabet[rest % count];
		for (size_t j = 0; j < sizeof(sets) / sizeof(sets[0]); j++) {
			free(name_from_storage(&sets[j], '/', name));
			free(name_levels(&sets[j], '/', name, &len));
		}
	}
}
END_TEST

/* Levels of the list index: nothing in them is escaped, and what separates
   levels elsewhere is a byte like others. */
START_TEST(a_raw_name_becomes_a_name)
{
	static const char raw[] = "a/b\0^2e.x\0&AOQ-";
	static const char levels[] = "a/b\0^2e.x\0\xc3\xa4";
	const struct mba_location set = {
		.prefix = "p.", .separator = '.', .storage_escape_char = '^',
		.inbox = true,
	};
	const struct mba_location escaped = {
		.prefix = "", .separator = '.', .storage_escape_char = '^',
		.vname_escape_char = '%',
	};
	char *name = name_from_raw(&set, raw, sizeof(raw) - 1, false);
	size_t len;

	ck_assert_str_eq(name, "p.a/b.^2e.x.\xc3\xa4");
	free(name);
	name = name_from_raw(&escaped, raw, sizeof(raw) - 1, false);
	ck_assert_str_eq(name, "a/b.^2e%2ex.\xc3\xa4");
	free(name);
	name = name_levels_from_raw(&set, raw, sizeof(raw) - 1, &len);
	ck_assert_uint_eq(len, sizeof(levels) - 1);
	ck_assert_mem_eq(name, levels, len);
	free(name);
	name = name_from_raw(&set, "INBOX", 5, false);
	ck_assert_str_eq(name, "INBOX");
	free(name);
	/* another one */
	name = name_from_raw(&set, "INBOX", 5, true);
	ck_assert_str_eq(name, "p.INBOX");
	free(name);
	/* a level of it */
	name = name_from_raw(&set, "INBOX\0x", 7, false);
	ck_assert_str_eq(name, "p.INBOX.x");
	free(name);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("name");

	tcase_add_loop_test(tcase, a_storage_name_becomes_a_name, 0,
			    CASES_COUNT);
	tcase_add_loop_test(tcase, a_storage_name_becomes_levels, 0,
			    CASES_COUNT);
	tcase_add_test(tcase, a_raw_name_becomes_a_name);
	tcase_add_test(tcase, no_name_is_too_odd);
	return unit_run(tcase);
}
