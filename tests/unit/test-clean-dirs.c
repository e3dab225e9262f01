/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Which directories clean removes. */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit-clean.h"

START_TEST(empty_entries_are_leftovers_but_in_place)
{
	clean_setup();
	unit_mkdir(unit_path("index/.imap/junk"));
	ck_assert_str_eq(clean_run(), ".imap/junk:removed|");
	clean.location.index_root = clean.location.mail_root;
	unit_mkdir(unit_path("mail/.imap/gone"));
	ck_assert_str_eq(clean_run(), ".imap/gone:files|");
	unit_write(unit_path("mail/.imap/gone/dovecot.index.log"), log_header,
		   sizeof(log_header));
	ck_assert_str_eq(clean_run(), ".imap/gone:removed|");
	ck_assert(!exists(unit_path("mail/.imap")));
	ck_assert(exists(unit_path("mail/junk")));
}
END_TEST

/* What a clean that was killed leaves among the mails is no stranger's. */
START_TEST(a_directory_that_clean_emptied_is_known)
{
	clean_setup();
	clean.location.index_root = clean.location.mail_root;
	unit_mkdir(unit_path("mail/.imap/gone"));
	ck_assert_int_eq(chmod(unit_path("mail/.imap/gone"), 01700), 0);
	unit_mkdir(unit_path("mail/.imap/own"));
	clean_run();
	ck_assert(!exists(unit_path("mail/.imap/gone")));
	ck_assert(exists(unit_path("mail/.imap/own")));
	/* with something in it, it is like any other */
	unit_write(unit_path("mail/.imap/own/dovecot.index.log"), "?", 1);
	ck_assert_int_eq(chmod(unit_path("mail/.imap/own"), 01700), 0);
	ck_assert_str_eq(clean_run(), ".imap/own:unknown|");
}
END_TEST

/* An entry among the mails, whose directory stays, and its mode. */
static const struct {
	/* a directory that can't be changed, NULL if all can */
	const char *fixed;
	mode_t fixed_mode;
	/* the entry holds a directory; nothing is removed */
	bool has_dir, dry_run;
	const char *told;
	mode_t mode;
} mark_cases[] = {
	{ NULL, 0, false, true, "removed|", 0700 },
	{ NULL, 0, true, false, "removed|", 0700 },
	{ "mail/.imap/gone", 0500, false, false, "error|", 0500 },
	/* it was emptied, and the next run has to know it */
	{ "mail/.imap", 0500, false, false, "error|", 01700 },
};

START_TEST(only_a_directory_that_clean_emptied_is_marked)
{
	struct stat st;

	clean_setup();
	clean.location.index_root = clean.location.mail_root;
	clean.set.dry_run = mark_cases[_i].dry_run;
	make_entry("../../mail/.imap/gone");
	if (mark_cases[_i].has_dir)
		unit_mkdir(unit_path("mail/.imap/gone/own"));
	unit_become_nobody();
	ck_assert_int_eq(chmod(unit_path("mail/.imap/gone"), 0700), 0);
	if (mark_cases[_i].fixed != NULL) {
		ck_assert_int_eq(chmod(unit_path("%s", mark_cases[_i].fixed),
				       mark_cases[_i].fixed_mode), 0);
	}
	ck_assert(strstr(clean_run(), mark_cases[_i].told) != NULL);
	ck_assert_int_eq(stat(unit_path("mail/.imap/gone"), &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, mark_cases[_i].mode);
	ck_assert_int_eq(chmod(unit_path("mail/.imap"), 0700), 0);
	ck_assert_int_eq(chmod(unit_path("mail/.imap/gone"), 0700), 0);
}
END_TEST

/* In place, all but .imap is the user's. */
START_TEST(directories_of_mails_are_kept)
{
	clean_setup();
	clean.location.index_root = clean.location.mail_root;
	unit_mkdir(unit_path("mail/Desktop"));
	unit_mkdir(unit_path("mail/Work/.imap"));
	make_entry("../../mail/.imap/gone");
	ck_assert_str_eq(clean_run(), ".imap/gone:removed|");
	ck_assert(exists(unit_path("mail/Desktop")));
	ck_assert(exists(unit_path("mail/Work")));
	ck_assert(!exists(unit_path("mail/Work/.imap")));
	ck_assert_uint_eq(clean.ns.clean.removed_dirs.inodes, 2);
}
END_TEST

/* With INDEX=~ and the mails in ~/mail, the home isn't Dovecot's. */
START_TEST(directories_beside_the_mails_are_kept)
{
	char index_root[PATH_MAX];

	clean_setup();
	strcpy(index_root, unit_path("home"));
	clean.location.index_root = index_root;
	clean.location.mail_root = unit_path("home/mail");
	unit_write(unit_path("home/mail/box"), "", 0);
	unit_mkdir(unit_path("home/Desktop"));
	unit_mkdir(unit_path("home/sub/.imap"));
	unit_write(unit_path("home/.imap/gone/dovecot.index.log"), log_header,
		   sizeof(log_header));
	ck_assert_str_eq(clean_run(), ".imap/gone:removed|");
	ck_assert(!exists(unit_path("home/.imap")));
	ck_assert(!exists(unit_path("home/sub/.imap")));
	ck_assert(exists(unit_path("home/sub")));
	ck_assert(exists(unit_path("home/Desktop")));
	/* what isn't there may be anywhere */
	clean.location.mail_root = unit_path("none");
	clean_run();
	ck_assert(exists(unit_path("home/Desktop")));
	clean.location.mail_root = unit_path("mail");
	/* the mails stand elsewhere, but somebody lives there */
	clean.location.home = unit_path("home/..//home/.");
	clean_run();
	ck_assert(exists(unit_path("home/Desktop")));
	clean.location.home = unit_path("home/sub");
	clean_run();
	ck_assert(exists(unit_path("home/Desktop")));
	clean.location.home = NULL;
	clean_run();
	ck_assert(!exists(unit_path("home/Desktop")));
}
END_TEST

/* Another namespace's mails, in the index root or below: an empty directory of
   a Maildir is a part of a mailbox. */
static const struct {
	const char *mail_root, *dir;
} other_mails[] = {
	{ "index", "index/.box/new" },
	{ "index/link/..", "index/.box/new" },
	{ "index/sub/mail", "index/sub/new" },
};

START_TEST(directories_beside_other_mails_are_kept)
{
	const struct mba_audit_settings set = { .clean = &clean.set };
	struct mba_location other = { .prefix = "B/", .type = "private",
				      .driver = "maildir" };
	struct mba_audit *audit = mba_audit_init(&set);
	const struct mba_report *report;
	char mail_root[PATH_MAX], index_root[PATH_MAX];

	clean_setup();
	make_entry("junk");
	make_entry("gone");
	unit_mkdir(unit_path("%s", other_mails[_i].dir));
	unit_mkdir(unit_path("index/sub/mail"));
	ck_assert_int_eq(symlink("sub", unit_path("index/link")), 0);
	strcpy(mail_root, unit_path("%s", other_mails[_i].mail_root));
	strcpy(index_root, unit_path("other"));
	other.mail_root = mail_root;
	other.index_root = index_root;
	mba_audit_add(audit, &clean.location, true);
	mba_audit_add(audit, &other, false);
	ck_assert_int_eq(mba_audit_run(audit, &report), 0);
	ck_assert_uint_eq(report->namespaces[0].clean.removed.entries, 2);
	ck_assert(!exists(unit_path("index/.imap")));
	ck_assert(exists(unit_path("%s", other_mails[_i].dir)));
	mba_audit_deinit(&audit);
}
END_TEST

/* An INBOX= in the index root or below: if it is a Maildir, its empty
   directories are mail, and a file may be about to be made. */
static const struct {
	const char *driver, *inbox, *dir;
	/* it is another namespace's */
	bool other;
	bool kept;
} inboxes[] = {
	{ "maildir", "index/in", "index/in/sub", false, true },
	{ "maildir", "index/in", "index/in/sub", true, true },
	{ "maildir", "index/link", "index/in/sub", false, true },
	{ "maildir", "index", "index/sub", false, true },
	{ "mbox", "index/in/inbox", "index/in", false, true },
	{ "mbox", "index/in/inbox", "index/in", true, true },
	{ "maildir", "in", "index/sub", false, false },
	{ "mbox", "in/inbox", "index/sub", false, false },
	{ "mbox", "/inbox", "index/sub", false, false },
	{ "mbox", "", "index/sub", false, false },
};

START_TEST(directories_of_an_inbox_are_kept)
{
	char inbox[PATH_MAX];
	struct mba_location *location;

	clean_setup();
	unit_mkdir(unit_path("in"));
	unit_mkdir(unit_path("index"));
	unit_mkdir(unit_path("%s", inboxes[_i].dir));
	ck_assert_int_eq(symlink("in", unit_path("index/link")), 0);
	clean.location.driver = inboxes[_i].driver;
	strcpy(inbox, inboxes[_i].inbox);
	if (inbox[0] != '\0' && inbox[0] != '/')
		strcpy(inbox, unit_path("%s", inboxes[_i].inbox));
	if (inboxes[_i].other) {
		clean.other = clean.location;
		clean.other.mail_root = unit_path("other");
		clean.other.index_root = unit_path("other");
	}
	location = inboxes[_i].other ? &clean.other : &clean.location;
	location->inbox_path = inbox;
	clean_run();
	ck_assert_int_eq(exists(unit_path("%s", inboxes[_i].dir)),
			 inboxes[_i].kept);
	clean.location.driver = "mbox";
	clean.location.inbox_path = clean.other.mail_root = NULL;
}
END_TEST

/* A Maildir++ mailbox may have the index root's name: then new mails are below
   the index root. */
static const struct {
	const char *driver;
	/* own: the namespace's own mails, else another one's */
	bool own, kept;
} mails_around[] = {
	{ "maildir", true, true },
	{ "maildir", false, true },
	{ "sdbox", false, true },
	{ "mbox", false, false },
};

START_TEST(directories_among_mails_are_kept)
{
	char index_root[PATH_MAX], mail_root[PATH_MAX];

	clean_setup();
	strcpy(index_root, unit_path("Maildir/.index"));
	strcpy(mail_root, unit_path("Maildir"));
	clean.location.driver = "maildir";
	clean.location.index_root = index_root;
	if (mails_around[_i].own)
		clean.location.mail_root = mail_root;
	else {
		clean.other = clean.location;
		clean.other.driver = mails_around[_i].driver;
		clean.other.mail_root = mail_root;
		clean.other.index_root = unit_path("other");
	}
	unit_mkdir(unit_path("Maildir/.index/sub"));
	unit_write(unit_path("Maildir/.index/.gone/dovecot.index.log"),
		   log_header, sizeof(log_header));
	ck_assert_str_eq(clean_run(), ".gone:removed|");
	ck_assert_int_eq(exists(unit_path("Maildir/.index/sub")),
			 mails_around[_i].kept);
	ck_assert(!exists(unit_path("Maildir/.index/.gone")));
}
END_TEST

START_TEST(empty_directories_go_when_they_are_old)
{
	clean_setup();
	unit_mkdir(unit_path("index/sub/.imap"));
	unit_mkdir(unit_path("index/other"));
	clean.set.dry_run = true;
	clean_run();
	ck_assert_uint_eq(clean.ns.clean.removed_dirs.inodes, 3);
	ck_assert(exists(unit_path("index/sub/.imap")));
	ck_assert(exists(unit_path("index/other")));
	clean.set.dry_run = false;
	clean.set.now = mba_file_time();
	clean_run();
	ck_assert_uint_eq(clean.ns.clean.removed_dirs.inodes, 0);
	ck_assert(exists(unit_path("index/sub/.imap")));
	clean.set.now += 2 * HOUR;
	clean_run();
	ck_assert_uint_eq(clean.ns.clean.removed_dirs.inodes, 3);
	ck_assert(!exists(unit_path("index/sub")));
	ck_assert(!exists(unit_path("index/other")));
}
END_TEST

START_TEST(what_fsck_wants_to_find_is_kept)
{
	clean_setup();
	unit_mkdir(unit_path("index/lost+found"));
	unit_mkdir(unit_path("index/sub/lost+found"));
	clean_run();
	ck_assert_uint_eq(clean.ns.clean.removed_dirs.inodes, 2);
	ck_assert(exists(unit_path("index/lost+found")));
	ck_assert(!exists(unit_path("index/sub")));
}
END_TEST

/* A Maildir has empty directories, and the mails may lead to it. Those that
   mirror one, where a LIST walked through it, go. */
START_TEST(directories_of_a_maildir_are_kept)
{
	clean_setup();
	unit_mkdir(unit_path("index/store/cur"));
	unit_mkdir(unit_path("index/store/new"));
	unit_mkdir(unit_path("index/store/tmp/other"));
	make_entry("../Maildir/cur/.imap/file");
	make_entry("../Maildir/tmp/.imap/file");
	clean_run();
	ck_assert(exists(unit_path("index/store/cur")));
	ck_assert(exists(unit_path("index/store/new")));
	ck_assert(!exists(unit_path("index/store/tmp")));
	ck_assert(!exists(unit_path("index/Maildir")));
}
END_TEST

/* The directory of an entry may hold those of others. */
START_TEST(entries_that_hold_directories)
{
	const struct timespec future[2] = {
		{ .tv_sec = mba_file_time() + DAY },
		{ .tv_sec = mba_file_time() + DAY }
	};

	clean_setup();
	unit_mkdir(unit_path("index/.imap/junk/young"));
	ck_assert_int_eq(utimensat(AT_FDCWD,
				   unit_path("index/.imap/junk/young"),
				   future, 0), 0);
	ck_assert_str_eq(clean_run(), ".imap/junk:files|");
	clean.location.driver = "maildir";
	clean.location.layout = "fs";
	clean.location.mail_root = unit_path("Maildir");
	clean.location.index_root = unit_path("index2");
	unit_mkdir(unit_path("Maildir/Work/plan/tmp"));
	unit_mkdir(unit_path("Maildir/Work/plan/cur"));
	unit_write(unit_path("index2/Work/dovecot.index.log"), log_header,
		   sizeof(log_header));
	unit_write(unit_path("index2/Work/plan/dovecot.index.log"), log_header,
		   sizeof(log_header));
	clean_run();
	clean.location.driver = "mbox";
	clean.location.layout = NULL;
	ck_assert_str_eq(clean.told, "Work/plan:mailbox|Work:removed|");
	ck_assert(exists(unit_path("index2/Work/plan/dovecot.index.log")));
	ck_assert(!exists(unit_path("index2/Work/dovecot.index.log")));
}
END_TEST

/* After the one above was closed, so deep is it walked. */
static void move_away(void)
{
	ck_assert_int_eq(rename(unit_path("index/d/d"), unit_path("moved")),
			 0);
}

START_TEST(a_directory_that_was_moved_is_kept)
{
	char path[] = "d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d";

	clean_setup();
	unit_write(unit_path("index/%s/.imap/gone/dovecot.index.log", path),
		   log_header, sizeof(log_header));
	clean.change = move_away;
	clean_run();
	ck_assert_uint_eq(clean.ns.clean.removed.entries, 1);
	/* but for the first two */
	ck_assert_uint_eq(clean.ns.clean.removed_dirs.inodes,
			  strlen(path) / 2 + 1 - 2 + 1);
	ck_assert(exists(unit_path("moved")));
	ck_assert(exists(unit_path("index/d")));
	ck_assert_int_eq(clean.ret, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("clean-dirs");

	tcase_add_test(tcase, empty_entries_are_leftovers_but_in_place);
	tcase_add_test(tcase, a_directory_that_clean_emptied_is_known);
	tcase_add_loop_test(tcase,
			    only_a_directory_that_clean_emptied_is_marked, 0,
			    sizeof(mark_cases) / sizeof(mark_cases[0]));
	tcase_add_test(tcase, directories_of_mails_are_kept);
	tcase_add_test(tcase, directories_beside_the_mails_are_kept);
	tcase_add_loop_test(tcase, directories_beside_other_mails_are_kept, 0,
			    sizeof(other_mails) / sizeof(other_mails[0]));
	tcase_add_loop_test(tcase, directories_of_an_inbox_are_kept, 0,
			    sizeof(inboxes) / sizeof(inboxes[0]));
	tcase_add_loop_test(tcase, directories_among_mails_are_kept, 0,
			    sizeof(mails_around) / sizeof(mails_around[0]));
	tcase_add_test(tcase, empty_directories_go_when_they_are_old);
	tcase_add_test(tcase, what_fsck_wants_to_find_is_kept);
	tcase_add_test(tcase, directories_of_a_maildir_are_kept);
	tcase_add_test(tcase, entries_that_hold_directories);
	tcase_add_test(tcase, a_directory_that_was_moved_is_kept);
	return unit_run(tcase);
}
