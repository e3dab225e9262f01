/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Where clean removes nothing at all. */

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit-clean.h"

static const struct {
	const char *driver, *layout;
	bool iter_index;
} refused_formats[] = {
	{ "sdbox", NULL, false }, { "mdbox", NULL, false },
	{ "imapc", NULL, false }, { "maildir", "index", false },
	{ "maildir", "fs", true },
};

START_TEST(other_formats_are_refused)
{
	clean_setup();
	clean.location.driver = refused_formats[_i].driver;
	clean.location.layout = refused_formats[_i].layout;
	clean.location.iter_index = refused_formats[_i].iter_index;
	unit_write(unit_path("index/mailboxes/gone/dovecot.index.log"),
		   log_header, sizeof(log_header));
	clean_run();
	ck_assert_ptr_nonnull(clean.ns.clean.refused);
	ck_assert_uint_eq(clean.ns.clean.removed.inodes, 0);
	ck_assert(exists(unit_path("index/mailboxes/gone/dovecot.index.log")));
	ck_assert_int_eq(clean.ret, 0);
}
END_TEST

START_TEST(a_root_that_cannot_be_looked_at_is_refused)
{
	const char *others[] = { unit_path("loop"), NULL };

	clean_setup();
	ck_assert_int_eq(symlink("loop", unit_path("loop")), 0);
	clean.location.other_roots = others;
	/* also if there is no index root */
	ck_assert_str_eq(clean_run(), "");
	ck_assert_ptr_nonnull(clean.ns.clean.refused);
	ck_assert_int_eq(clean.ret, -1);
	make_entry("junk");
	ck_assert_str_eq(clean_run(), ".imap/junk:refused|");
	ck_assert_ptr_nonnull(clean.ns.clean.refused);
	ck_assert_int_eq(clean.ret, -1);
	ck_assert_uint_eq(clean.errors_total, 1);
	clean.location.other_roots = NULL;
}
END_TEST

START_TEST(indexes_beside_the_mails_are_refused)
{
	clean_setup();
	clean.location.driver = "maildir";
	clean.location.index_root = clean.location.mail_root;
	unit_write(unit_path("mail/.gone/dovecot.index.log"), log_header,
		   sizeof(log_header));
	clean_run();
	ck_assert_str_eq(clean.ns.clean.refused,
			 "The indexes are in the directories of the mails");
	ck_assert_int_eq(clean.ret, 0);
}
END_TEST

START_TEST(an_index_root_of_two_namespaces_is_refused)
{
	clean_setup();
	make_entry("junk");
	make_entry("other");
	unit_write(unit_path("other/other"), "", 0);
	clean.other = clean.location;
	clean.other.prefix = "other/";
	clean.other.mail_root = unit_path("other");
	unit_mkdir(unit_path("index/empty"));
	clean_run();
	ck_assert_str_eq(clean.ns.clean.refused, "Another namespace has other "
			 "mails with the same index root");
	ck_assert_uint_eq(clean.ns.clean.removed.inodes, 0);
	ck_assert(exists(unit_path("index/empty")));
	/* that --used has no doubt doesn't outweigh it */
	clean.set.used = true;
	clean_run();
	ck_assert_str_eq(clean.ns.clean.refused, "Another namespace has other "
			 "mails with the same index root");
	ck_assert_uint_eq(clean.ns.clean.removed.inodes, 0);
}
END_TEST

START_TEST(without_an_index_root_nothing_is_wrong)
{
	clean_setup();
	ck_assert_str_eq(clean_run(), "");
	ck_assert_ptr_null(clean.ns.clean.refused);
	ck_assert_int_eq(clean.ret, 0);
}
END_TEST

/* It may be somebody else's by now. */
START_TEST(an_index_root_that_is_replaced_is_refused)
{
	const struct mba_audit_settings set = { .clean = &clean.set };
	struct mba_audit *audit = mba_audit_init(&set);
	const struct mba_report *report;

	clean_setup();
	make_entry("junk");
	mba_audit_add(audit, &clean.location, true);
	ck_assert_int_eq(rename(unit_path("index"), unit_path("away")), 0);
	make_entry("junk");
	ck_assert_int_eq(mba_audit_run(audit, &report), 0);
	ck_assert_str_eq(report->namespaces[0].clean.refused,
			 "The index root is another directory by now");
	ck_assert(exists(unit_path("index/.imap/junk/dovecot.index.log")));
	mba_audit_deinit(&audit);
}
END_TEST

/* Roots of namespaces that the audit isn't told of, by what is in them. */
static const struct {
	const char *driver, *layout, *mark, *entry, *kept;
} unknown_roots[] = {
	{ "mbox", NULL, "other/.imap/dovecot.list.index.log",
	  "other/work/.imap/plan", "other/work/.imap/plan:unknown|" },
	{ "maildir", "fs", "other/dovecot.list.index.log",
	  "other/work/plan", "other/work/plan:unknown|" },
	{ "maildir", "fs", "other/.imap/dovecot.list.index.log",
	  "other/work/.imap/plan", "other/work/.imap/plan:unknown|" },
	{ "maildir", "fs", "other/storage/dovecot.map.index.log",
	  "other/mailboxes/plan", "other/mailboxes/plan:unknown|" },
	/* entries, of files of such a name */
	{ "mbox", NULL, "other/.imap/dovecot.list.index.log/dovecot.index.log",
	  "other/work/.imap/plan", "other/work/.imap/plan:removed|" },
	{ "maildir", "fs", "other/dovecot.list.index.log/dovecot.index.log",
	  "other/work/plan", "other/work/plan:removed|" },
	/* their own root's */
	{ "mbox", NULL, ".imap/dovecot.list.index.log",
	  "other/work/.imap/plan", "other/work/.imap/plan:removed|" },
	{ "maildir", "fs", "dovecot.list.index.log",
	  "other/work/plan", "other/work/plan:removed|" },
};

START_TEST(a_root_that_nobody_told_of_is_left_alone)
{
	clean_setup();
	clean.location.driver = unknown_roots[_i].driver;
	clean.location.layout = unknown_roots[_i].layout;
	clean.set.now += 2 * MBA_CLEAN_USED_AGE;
	clean.set.used = clean.set.force = true;
	unit_write(unit_path("index/%s", unknown_roots[_i].mark), "", 0);
	unit_write(unit_path("index/%s/dovecot.index.log",
			     unknown_roots[_i].entry),
		   log_header, sizeof(log_header));
	make_index(unknown_roots[_i].entry);
	unit_mkdir(unit_path("index/other/empty"));
	ck_assert(strstr(clean_run(), unknown_roots[_i].kept) != NULL);
	ck_assert_int_eq(exists(unit_path("index/other/empty")),
			 strstr(unknown_roots[_i].kept, "unknown") != NULL);
	ck_assert_int_eq(clean.ret, 0);
}
END_TEST

static const char *const tops[] = { "/", "//", "/..", "link" };

/* It isn't even walked. */
START_TEST(the_root_of_the_file_system_is_refused)
{
	char root[PATH_MAX];

	clean_setup();
	ck_assert_int_eq(symlink("/", unit_path("link")), 0);
	strcpy(root, tops[_i][0] == '/' ? tops[_i] : unit_path("link"));
	clean.location.index_root = root;
	ck_assert_str_eq(clean_run(), "");
	ck_assert_str_eq(clean.ns.clean.refused, "The index root is the root "
			 "of the file system");
	ck_assert_uint_eq(clean.ns.totals.inodes, 0);
	ck_assert_int_eq(clean.ret, 0);
}
END_TEST

START_TEST(an_index_in_memory_is_cleaned_of_nothing)
{
	clean_setup();
	clean.location.index_root = "";
	ck_assert_str_eq(clean_run(), "");
	ck_assert_ptr_eq(clean.ns.clean.set, &clean.set);
	ck_assert_uint_eq(clean.ns.totals.inodes, 0);
	ck_assert_int_eq(clean.ret, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("clean-scope");

	tcase_add_loop_test(tcase, other_formats_are_refused, 0,
			    sizeof(refused_formats) /
			    sizeof(refused_formats[0]));
	tcase_add_test(tcase, a_root_that_cannot_be_looked_at_is_refused);
	tcase_add_test(tcase, indexes_beside_the_mails_are_refused);
	tcase_add_test(tcase, an_index_root_of_two_namespaces_is_refused);
	tcase_add_loop_test(tcase, a_root_that_nobody_told_of_is_left_alone, 0,
			    sizeof(unknown_roots) / sizeof(unknown_roots[0]));
	tcase_add_test(tcase, without_an_index_root_nothing_is_wrong);
	tcase_add_test(tcase, an_index_root_that_is_replaced_is_refused);
	tcase_add_loop_test(tcase, the_root_of_the_file_system_is_refused, 0,
			    sizeof(tops) / sizeof(tops[0]));
	tcase_add_test(tcase, an_index_in_memory_is_cleaned_of_nothing);
	return unit_run(tcase);
}
