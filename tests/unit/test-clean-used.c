/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What --used takes. */

#include <string.h>
#include <unistd.h>

#include "unit-clean.h"

START_TEST(used_entries_go_if_asked_for)
{
	clean_setup();
	make_entry("box");
	make_index(".imap/box");
	make_entry("junk");
	make_index(".imap/junk");
	unit_write(unit_path("index/.imap/junk/dovecot.index.log.2"),
		   log_header, sizeof(log_header));
	clean.set.used = true;
	clean_run();
	ck_assert_uint_eq(clean.ns.clean.kept[MBA_KEPT_RECENT].entries, 1);
	ck_assert_uint_eq(clean.ns.unproven.entries, 0);
	/* min_age is for these, too */
	clean.set.used_age = 0;
	clean.set.now = mba_file_time();
	clean_run();
	ck_assert_uint_eq(clean.ns.clean.kept[MBA_KEPT_RECENT].entries, 1);
	clean.set.used_age = MBA_CLEAN_USED_AGE;
	clean.set.now += 31 * DAY;
	clean_run();
	ck_assert_uint_eq(clean.ns.clean.removed.entries, 1);
	ck_assert_uint_eq(clean.ns.clean.removed.inodes, 4);
	ck_assert(!exists(unit_path("index/.imap/junk")));
	ck_assert(exists(unit_path("index/.imap/box/dovecot.index")));
}
END_TEST

START_TEST(most_used_entries_bogus_is_doubtful)
{
	clean_setup();
	for (unsigned int i = 0; i < 2; i++) {
		make_entry(i == 0 ? "junk" : "gone");
		make_index(i == 0 ? ".imap/junk" : ".imap/gone");
	}
	make_entry("box");
	make_index(".imap/box");
	unit_mkdir(unit_path("index/empty"));
	clean.set.used = true;
	clean.set.now += 31 * DAY;
	clean_run();
	ck_assert_ptr_nonnull(clean.ns.clean.refused);
	ck_assert_uint_eq(clean.ns.clean.removed.entries, 0);
	ck_assert_uint_eq(clean.ns.clean.kept[MBA_KEPT_REFUSED].entries, 2);
	ck_assert(exists(unit_path("index/empty")));
	/* what was asked for wasn't done */
	ck_assert_int_eq(clean.ret, -1);
	ck_assert_uint_eq(clean.errors_total, 1);
	ck_assert_ptr_nonnull(strstr(clean.error, clean.ns.clean.refused));
	/* unless it was nothing */
	clean.states = MBA_STATE_BIT(MBA_STATE_UNKNOWN);
	clean_run();
	ck_assert_ptr_nonnull(clean.ns.clean.refused);
	ck_assert_uint_eq(clean.ns.clean.kept[MBA_KEPT_REFUSED].entries, 0);
	ck_assert_int_eq(clean.ret, 0);
	clean.states = 0;
	clean.set.force = true;
	clean_run();
	ck_assert_ptr_null(clean.ns.clean.refused);
	ck_assert_uint_eq(clean.ns.clean.removed.entries, 2);
	ck_assert(!exists(unit_path("index/empty")));
	ck_assert_int_eq(clean.ret, 0);
}
END_TEST

/* Entries that were never used say nothing of whose mails these are; and a used
   one needn't have a log. */
START_TEST(untouched_entries_are_no_doubt)
{
	clean_setup();
	for (unsigned int i = 0; i < 3; i++) {
		unit_write(unit_path("index/.imap/gone%u/dovecot.index.log", i),
			   log_header, sizeof(log_header));
	}
	make_index(".imap/junk");
	make_index(".imap/box");
	clean.set.used = true;
	clean.set.now += 31 * DAY;
	clean_run();
	ck_assert_ptr_null(clean.ns.clean.refused);
	ck_assert_uint_eq(clean.ns.clean.removed.entries, 4);
	ck_assert_uint_eq(clean.ns.clean.kept[MBA_KEPT_MAILBOX].entries, 1);
}
END_TEST

/* What can't be told for another reason than an error says nothing of it. */
START_TEST(what_cannot_be_told_is_no_doubt)
{
	clean_setup();
	ck_assert_int_eq(symlink("nowhere", unit_path("mail/link")), 0);
	for (unsigned int i = 0; i < 3; i++) {
		make_index(i == 0 ? ".imap/junk" : i == 1 ? ".imap/box" :
			   ".imap/link");
	}
	clean.set.used = true;
	clean.set.now += 31 * DAY;
	clean_run();
	ck_assert_ptr_null(clean.ns.clean.refused);
	ck_assert_uint_eq(clean.ns.clean.removed.entries, 1);
	ck_assert_uint_eq(clean.ns.clean.kept[MBA_KEPT_UNKNOWN].entries, 1);
}
END_TEST

/* Who can't be told from an index may keep it, but doesn't make these the right
   mails. */
START_TEST(whose_an_index_is_is_no_answer)
{
	clean_setup();
	make_index(".imap/box");
	unit_write(unit_path("index/.imap/junk/dovecot.index"), "?", 1);
	unit_write(unit_path("index/.imap/gone/dovecot.index"), "?", 1);
	clean.set.used = true;
	clean.set.now += 31 * DAY;
	clean_run();
	ck_assert_ptr_nonnull(clean.ns.clean.refused);
	clean.set.force = true;
	clean_run();
	ck_assert_uint_eq(clean.ns.clean.kept[MBA_KEPT_UNKNOWN].entries, 2);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("clean-used");

	tcase_add_test(tcase, used_entries_go_if_asked_for);
	tcase_add_test(tcase, most_used_entries_bogus_is_doubtful);
	tcase_add_test(tcase, untouched_entries_are_no_doubt);
	tcase_add_test(tcase, what_cannot_be_told_is_no_doubt);
	tcase_add_test(tcase, whose_an_index_is_is_no_answer);
	return unit_run(tcase);
}
