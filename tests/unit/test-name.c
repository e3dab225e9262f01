/* Names on disk as clients see them. */

#include <stdlib.h>
#include <string.h>

#include "name.h"
#include "unit.h"

static const struct name_case {
	struct mba_location set;
	char storage_sep;
	const char *storage_name, *vname, *nonprefix;
} cases[] = {
	{ { .prefix = "", .separator = '/' }, '/', "foo/bar", "foo/bar", NULL },
	{ { .prefix = "", .separator = '/' }, '.', "foo.bar", "foo/bar", NULL },
	{ { .prefix = "", .separator = '.' }, '/', "foo/bar", "foo.bar", NULL },
	{ { .prefix = "a/", .separator = '/' }, '/', "foo", "a/foo", "foo" },
	{ { .prefix = "INBOX/", .separator = '/', .inbox = true }, '/',
	  "INBOX", "INBOX", "INBOX" },
	{ { .prefix = "INBOX/", .separator = '/', .inbox = true }, '/',
	  "INBOX/x", "INBOX/INBOX/x", "INBOX/x" },
	{ { .prefix = "p/", .separator = '/' }, '/', "INBOX", "p/INBOX",
	  "INBOX" },
	/* mUTF-7 */
	{ { .prefix = "", .separator = '/' }, '/', "Z&APw-rich/&AOQ-",
	  "Zürich/ä", NULL },
	{ { .prefix = "", .separator = '/' }, '/', "&ZeVnLIqe-", "日本語",
	  NULL },
	{ { .prefix = "", .separator = '/' }, '/', "&2D3eAA-", "😀", NULL },
	{ { .prefix = "", .separator = '/' }, '/', "a&-b", "a&b", NULL },
	{ { .prefix = "", .separator = '/' }, '/', "&AOQ-&-", "ä&", NULL },
	/* a component that doesn't decode stays as it is; others don't */
	{ { .prefix = "", .separator = '/' }, '/', "&/&APw-", "&/ü", NULL },
	{ { .prefix = "", .separator = '/' }, '/', "&AOQ", "&AOQ", NULL },
	{ { .prefix = "", .separator = '/' }, '/', "a&b-", "a&b-", NULL },
	/* "a", encoded though it need not be */
	{ { .prefix = "", .separator = '/' }, '/', "&AGE-", "&AGE-", NULL },
	{ { .prefix = "", .separator = '/' }, '/', "&2D3-", "&2D3-", NULL },
	{ { .prefix = "", .separator = '/' }, '/', "&3gDYPQ-", "&3gDYPQ-",
	  NULL },
	{ { .prefix = "", .separator = '/' }, '/', "&AOQ-&APw-", "&AOQ-&APw-",
	  NULL },
	{ { .prefix = "", .separator = '/' }, '/', "\xe4/\xc3\xa4",
	  "\xe4/\xc3\xa4", NULL },
	{ { .prefix = "", .separator = '/' }, '/', "a\nb", "a\nb", NULL },
	/* UTF-8 on disk */
	{ { .prefix = "", .separator = '/', .utf8 = true }, '/', "ä&APw-",
	  "ä&APw-", NULL },
	/* storage_name_escape_char */
	{ { .prefix = "", .separator = '/', .storage_escape_char = '\\' }, '.',
	  "a\\2eb.c\\2fd", "a.b/c/d", NULL },
	{ { .prefix = "", .separator = '/', .storage_escape_char = '%' }, '/',
	  "a%2Fb%zz%4", "a/b%zz%4", NULL },
	/* vname_escape_char (BROKENCHAR) */
	{ { .prefix = "", .separator = '.', .vname_escape_char = '^' }, '/',
	  "a.b/c", "a^2eb.c", NULL },
	{ { .prefix = "", .separator = '/', .vname_escape_char = '^' }, '/',
	  "a^b", "a^5eb", NULL },
	{ { .prefix = "", .separator = '/', .vname_escape_char = '^' }, '/',
	  "\xe4&x", "^e4^26x", NULL },
	{ { .prefix = "", .separator = '/', .vname_escape_char = '^',
	    .utf8 = true }, '/', "ä^", "ä^5e", NULL },
};
#define CASES_COUNT (int)(sizeof(cases) / sizeof(cases[0]))

START_TEST(a_storage_name_becomes_a_name)
{
	const struct name_case *test = &cases[_i];
	const char *nonprefix;
	char *vname = name_from_storage(&test->set, test->storage_sep,
					test->storage_name, &nonprefix);

	ck_assert_str_eq(vname, test->vname);
	ck_assert_str_eq(nonprefix, test->nonprefix != NULL ?
			 test->nonprefix : test->vname);
	free(vname);
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
	const char *nonprefix;
	char name[6] = "";

	for (size_t i = 0; i < count * count * count * count * count; i++) {
		for (size_t j = 0, rest = i; j < 5; j++, rest /= count)
			name[j] = alphabet[rest % count];
		for (size_t j = 0; j < sizeof(sets) / sizeof(sets[0]); j++)
			free(name_from_storage(&sets[j], '/', name,
					       &nonprefix));
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("name");

	tcase_add_loop_test(tcase, a_storage_name_becomes_a_name, 0,
			    CASES_COUNT);
	tcase_add_test(tcase, no_name_is_too_odd);
	return unit_run(tcase);
}
