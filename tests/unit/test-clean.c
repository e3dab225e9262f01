/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What clean removes, and why it keeps the rest. Times are moved by the
   settings' now, since a ctime can't be set. */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "mailbox-audit.h"
#include "unit.h"

#define HOUR (60 * 60)
#define DAY (24 * HOUR)

/* major and minor version, header size; little or big endian alike, where the
   size's bytes are set below */
static unsigned char log_header[40] = { 1, 3 };

static struct mba_location location = {
	.prefix = "", .type = "private", .driver = "mbox",
};
/* all that was told of entries: "PATH:REASON|" */
static char *told;
static struct mba_clean_settings clean;
static unsigned int states;
static struct mba_namespace_report ns_report;
static int run_ret;
static uint64_t errors_total;
/* called once, after the first entry was told */
static void (*change)(void);

static void clean_setup(void)
{
	static char mail_root[PATH_MAX], index_root[PATH_MAX];
	const uint16_t size = sizeof(log_header);

	memcpy(log_header + 2, &size, sizeof(size));
	strcpy(mail_root, unit_path("mail"));
	strcpy(index_root, unit_path("index"));
	location.mail_root = mail_root;
	location.index_root = index_root;
	unit_write(unit_path("mail/box"), "", 0);
	unit_write(unit_path("mail/junk"), "no mbox\n", 8);
	memset(&clean, 0, sizeof(clean));
	clean.min_age = MBA_CLEAN_MIN_AGE;
	clean.used_age = MBA_CLEAN_USED_AGE;
	clean.now = time(NULL) + 2 * HOUR;
	states = 0;
}

static void make_entry(const char *name)
{
	unit_write(unit_path("index/.imap/%s/dovecot.index.log", name),
		   log_header, sizeof(log_header));
}

static void entry_add(const struct mba_namespace_report *ns,
		      const struct mba_entry *entry, void *context)
{
	const char *reason = mba_kept_name(entry->kept);
	char *text;

	(void)ns;
	(void)context;
	text = mem_printf("%s%s:%s|", told, entry->path,
			  reason != NULL ? reason :
			  entry->removed.entries == 1 ? "removed" : "?");
	free(told);
	told = text;
	if (change != NULL)
		change();
	change = NULL;
}

/* Run a clean and return what it told of the entries. */
static const char *run(void)
{
	const struct mba_audit_settings set = {
		.entry = entry_add, .clean = &clean, .states = states,
	};
	struct mba_audit *audit = mba_audit_init(&set);
	const struct mba_report *report;

	free(told);
	told = mem_strdup("");
	mba_audit_add(audit, &location, true);
	run_ret = mba_audit_run(audit, &report);
	ck_assert_uint_eq(report->namespaces_count, 1);
	ns_report = report->namespaces[0];
	errors_total = report->errors_total;
	mba_audit_deinit(&audit);
	return told;
}

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

START_TEST(bogus_entries_go_with_their_directories)
{
	clean_setup();
	make_entry("junk");
	make_entry("../sub/.imap/gone");
	ck_assert(strstr(run(), "removed") != NULL);
	ck_assert_uint_eq(ns_report.clean.removed.entries, 2);
	ck_assert_uint_eq(ns_report.clean.removed.inodes, 4);
	/* two .imap, and sub */
	ck_assert_uint_eq(ns_report.clean.removed_dirs.inodes, 3);
	ck_assert_int_eq(run_ret, 0);
	ck_assert(exists(unit_path("index")));
	ck_assert(!exists(unit_path("index/.imap")));
	ck_assert(!exists(unit_path("index/sub")));
	/* what was found is what the audit says */
	ck_assert_uint_eq(ns_report.totals.inodes, 8);
}
END_TEST

START_TEST(a_dry_run_tells_the_same)
{
	uint64_t dirs;
	char *dry;

	clean_setup();
	make_entry("junk");
	make_entry("box");
	clean.dry_run = true;
	dry = mem_strdup(run());
	dirs = ns_report.clean.removed_dirs.inodes;
	ck_assert(exists(unit_path("index/.imap/junk/dovecot.index.log")));
	clean.dry_run = false;
	ck_assert_str_eq(run(), dry);
	ck_assert_uint_eq(ns_report.clean.removed_dirs.inodes, dirs);
	ck_assert(!exists(unit_path("index/.imap/junk")));
	ck_assert(exists(unit_path("index/.imap/box")));
	free(dry);
}
END_TEST

/* Why the entry "junk" is kept, after a file was added to it or changed. */
static const struct {
	const char *file;
	/* NULL for the log's header */
	const char *data;
	size_t size;
	const char *expected;
} file_cases[] = {
	{ "dovecot.index.log", NULL, 39, "used" },
	{ "dovecot.index.log", NULL, 0, "used" },
	{ "dovecot.index", "x", 1, "used" },
	{ "dovecot.index.cache", "x", 1, "used" },
	{ "dovecot.index.log.2", NULL, 40, "used" },
	{ "dovecot.index.pvt", "x", 1, "files" },
	{ "dovecot.index.search", "x", 1, "files" },
	{ "dovecot.index.log.3", "x", 1, "files" },
	{ "dovecot-uidlist", "x", 1, "files" },
	{ "mine", "x", 1, "files" },
	{ "sub/mine", "x", 1, "files" },
	{ "dovecot.index.log.newlock", "x", 1, "files" },
	{ "dovecot.index.log.lock", "x", 1, "files" },
};

START_TEST(files_keep_an_entry)
{
	char *expected;

	clean_setup();
	make_entry("junk");
	unit_write(unit_path("index/.imap/junk/%s", file_cases[_i].file),
		   file_cases[_i].data != NULL ? file_cases[_i].data :
		   (const char *)log_header, file_cases[_i].size);
	expected = mem_printf(".imap/junk:%s|", file_cases[_i].expected);
	ck_assert_str_eq(run(), expected);
	ck_assert(exists(unit_path("index/.imap/junk/dovecot.index.log")));
	free(expected);
}
END_TEST

/* What makes 40 bytes something else than an untouched log: an offset and its
   byte. */
static const struct {
	unsigned int offset, byte;
} header_cases[] = {
	{ 0, 0 }, { 0, 2 }, { 2, 24 }, { 12, 1 }, { 15, 1 }, { 16, 1 },
	{ 19, 1 },
};

START_TEST(other_headers_keep_an_entry)
{
	unsigned char data[sizeof(log_header)];

	clean_setup();
	memcpy(data, log_header, sizeof(data));
	data[header_cases[_i].offset] = header_cases[_i].byte;
	unit_write(unit_path("index/.imap/junk/dovecot.index.log"), data,
		   sizeof(data));
	ck_assert_str_eq(run(), ".imap/junk:files|");
}
END_TEST

START_TEST(logs_that_are_no_files_keep_an_entry)
{
	const char *log;

	clean_setup();
	make_entry("linked");
	ck_assert_int_eq(link(unit_path("index/.imap/linked/dovecot.index.log"),
			      unit_path("mail/link")), 0);
	unit_mkdir(unit_path("index/.imap/fifo"));
	log = unit_path("index/.imap/fifo/dovecot.index.log");
	ck_assert_int_eq(mkfifo(log, 0600), 0);
	unit_mkdir(unit_path("index/.imap/symlink"));
	log = unit_path("index/.imap/symlink/dovecot.index.log");
	ck_assert_int_eq(symlink(unit_path("mail/link"), log), 0);
	run();
	ck_assert(strstr(told, "linked:files|") != NULL);
	ck_assert(strstr(told, "fifo:files|") != NULL);
	ck_assert(strstr(told, "symlink:files|") != NULL);
	ck_assert_uint_eq(ns_report.clean.kept[MBA_KEPT_FILES].entries, 3);
}
END_TEST

START_TEST(young_entries_are_kept)
{
	const struct timespec future[2] = {
		{ .tv_sec = time(NULL) + DAY }, { .tv_sec = time(NULL) + DAY }
	};

	clean_setup();
	make_entry("junk");
	clean.now = time(NULL);
	ck_assert_str_eq(run(), ".imap/junk:recent|");
	/* a lock of a moment ago */
	unit_write(unit_path("index/.imap/junk/dovecot.index.log.lock"), "", 0);
	ck_assert_str_eq(run(), ".imap/junk:locked|");
	ck_assert_int_eq(unlink(unit_path("index/.imap/junk/"
					  "dovecot.index.log.lock")), 0);
	clean.now = time(NULL) + 2 * HOUR;
	ck_assert_int_eq(utimensat(AT_FDCWD, unit_path("index/.imap/junk"),
				   future, 0), 0);
	ck_assert_str_eq(run(), ".imap/junk:recent|");
}
END_TEST

/* Of which inode of the entry an age is taken, and which of its times. */
static const struct {
	const char *name;
	/* mtime in seconds from clean's now */
	int mtime;
	const char *expected;
} age_cases[] = {
	{ "", 0, "recent" },
	{ "", DAY, "recent" },
	{ "/dovecot.index.log", 0, "recent" },
	{ "/dovecot.index.log", DAY, "recent" },
	{ "/dovecot.index.log", -DAY, "removed" },
};

START_TEST(each_time_of_an_entry_counts)
{
	struct timespec times[2] = { { 0, 0 }, { 0, 0 } };
	char *expected;

	clean_setup();
	make_entry("junk");
	times[0].tv_sec = times[1].tv_sec = clean.now + age_cases[_i].mtime;
	ck_assert_int_eq(utimensat(AT_FDCWD,
				   unit_path("index/.imap/junk%s",
					     age_cases[_i].name), times, 0), 0);
	expected = mem_printf(".imap/junk:%s|", age_cases[_i].expected);
	ck_assert_str_eq(run(), expected);
	free(expected);
}
END_TEST

/* Wait until files get another time than those made before. */
static void wait_a_second(void)
{
	const time_t begin = time(NULL);

	while (time(NULL) <= begin + 1)
		(void)usleep(50000);
}

/* A ctime can't be set: one second decides. */
START_TEST(each_ctime_of_an_entry_counts)
{
	const struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	struct stat st;

	clean_setup();
	make_entry("junk");
	ck_assert_int_eq(utimensat(AT_FDCWD, unit_path("index/.imap/junk"), old,
				   0), 0);
	ck_assert_int_eq(stat(unit_path("index/.imap/junk"), &st), 0);
	clean.now = st.st_ctime + clean.min_age;
	wait_a_second();
	ck_assert_int_eq(utimensat(AT_FDCWD,
				   unit_path("index/.imap/junk/"
					     "dovecot.index.log"), old, 0), 0);
	/* the directory is old enough, the log isn't */
	ck_assert_str_eq(run(), ".imap/junk:recent|");
	ck_assert_int_eq(chmod(unit_path("index/.imap/junk"), 0755), 0);
	ck_assert_int_eq(stat(unit_path("index/.imap/junk/dovecot.index.log"),
			      &st), 0);
	clean.now = st.st_ctime + clean.min_age - 1;
	ck_assert_str_eq(run(), ".imap/junk:recent|");
	clean.now = time(NULL) + clean.min_age;
	ck_assert_str_eq(run(), ".imap/junk:removed|");
}
END_TEST

START_TEST(open_logs_are_kept)
{
	int fd;

	clean_setup();
	make_entry("junk");
	fd = open(unit_path("index/.imap/junk/dovecot.index.log"), O_RDONLY);
	ck_assert_int_ne(fd, -1);
	ck_assert_str_eq(run(), ".imap/junk:open|");
	ck_assert_int_eq(close(fd), 0);
	ck_assert_str_eq(run(), ".imap/junk:removed|");
}
END_TEST

START_TEST(mailboxes_and_other_states_are_kept)
{
	clean_setup();
	make_entry("box");
	make_entry("INBOX");
	make_entry("junk");
	states = MBA_STATE_BIT(MBA_STATE_MISSING);
	run();
	ck_assert_uint_eq(ns_report.clean.removed.entries, 0);
	ck_assert_uint_eq(ns_report.clean.kept[MBA_KEPT_MAILBOX].entries, 1);
	ck_assert_uint_eq(ns_report.clean.kept[MBA_KEPT_INBOX].entries, 1);
	ck_assert_uint_eq(ns_report.clean.kept[MBA_KEPT_STATE].entries, 1);
}
END_TEST

START_TEST(used_entries_go_if_asked_for)
{
	clean_setup();
	make_entry("box");
	unit_write(unit_path("index/.imap/box/dovecot.index"), "x", 1);
	make_entry("junk");
	unit_write(unit_path("index/.imap/junk/dovecot.index"), "x", 1);
	unit_write(unit_path("index/.imap/junk/dovecot.index.log.2"), "x", 1);
	clean.used = true;
	run();
	ck_assert_uint_eq(ns_report.clean.kept[MBA_KEPT_RECENT].entries, 1);
	/* min_age is for these, too */
	clean.used_age = 0;
	clean.now = time(NULL);
	run();
	ck_assert_uint_eq(ns_report.clean.kept[MBA_KEPT_RECENT].entries, 1);
	clean.used_age = MBA_CLEAN_USED_AGE;
	clean.now += 31 * DAY;
	run();
	ck_assert_uint_eq(ns_report.clean.removed.entries, 1);
	ck_assert_uint_eq(ns_report.clean.removed.inodes, 4);
	ck_assert(!exists(unit_path("index/.imap/junk")));
	ck_assert(exists(unit_path("index/.imap/box/dovecot.index")));
}
END_TEST

START_TEST(most_used_entries_bogus_is_doubtful)
{
	clean_setup();
	for (unsigned int i = 0; i < 2; i++) {
		make_entry(i == 0 ? "junk" : "gone");
		unit_write(unit_path("index/.imap/%s/dovecot.index",
				     i == 0 ? "junk" : "gone"), "x", 1);
	}
	make_entry("box");
	unit_write(unit_path("index/.imap/box/dovecot.index"), "x", 1);
	clean.used = true;
	clean.now += 31 * DAY;
	run();
	ck_assert_ptr_nonnull(ns_report.clean.refused);
	ck_assert_uint_eq(ns_report.clean.removed.entries, 0);
	ck_assert_uint_eq(ns_report.clean.kept[MBA_KEPT_REFUSED].entries, 2);
	clean.force = true;
	run();
	ck_assert_ptr_null(ns_report.clean.refused);
	ck_assert_uint_eq(ns_report.clean.removed.entries, 2);
}
END_TEST

START_TEST(empty_entries_are_leftovers_but_in_place)
{
	clean_setup();
	unit_mkdir(unit_path("index/.imap/junk"));
	ck_assert_str_eq(run(), ".imap/junk:removed|");
	location.index_root = location.mail_root;
	unit_mkdir(unit_path("mail/.imap/gone"));
	ck_assert_str_eq(run(), ".imap/gone:files|");
	unit_write(unit_path("mail/.imap/gone/dovecot.index.log"), log_header,
		   sizeof(log_header));
	ck_assert_str_eq(run(), ".imap/gone:removed|");
	ck_assert(!exists(unit_path("mail/.imap")));
	ck_assert(exists(unit_path("mail/junk")));
}
END_TEST

/* With INDEX=~ and the mails in ~/mail, the home isn't Dovecot's. */
START_TEST(directories_beside_the_mails_are_kept)
{
	char index_root[PATH_MAX];

	clean_setup();
	strcpy(index_root, unit_path("home"));
	location.index_root = index_root;
	location.mail_root = unit_path("home/mail");
	unit_write(unit_path("home/mail/box"), "", 0);
	unit_mkdir(unit_path("home/Desktop"));
	unit_mkdir(unit_path("home/sub/.imap"));
	unit_write(unit_path("home/.imap/gone/dovecot.index.log"), log_header,
		   sizeof(log_header));
	ck_assert_str_eq(run(), ".imap/gone:removed|");
	ck_assert(!exists(unit_path("home/.imap")));
	ck_assert(!exists(unit_path("home/sub/.imap")));
	ck_assert(exists(unit_path("home/sub")));
	ck_assert(exists(unit_path("home/Desktop")));
	/* what isn't there may be anywhere */
	location.mail_root = unit_path("none");
	run();
	ck_assert(exists(unit_path("home/Desktop")));
	location.mail_root = unit_path("mail");
	/* the mails stand elsewhere, but somebody lives there */
	location.home = unit_path("home/..//home/.");
	run();
	ck_assert(exists(unit_path("home/Desktop")));
	location.home = unit_path("home/sub");
	run();
	ck_assert(exists(unit_path("home/Desktop")));
	location.home = NULL;
	run();
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
	const struct mba_audit_settings set = { .clean = &clean };
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
	mba_audit_add(audit, &location, true);
	mba_audit_add(audit, &other, false);
	ck_assert_int_eq(mba_audit_run(audit, &report), 0);
	ck_assert_uint_eq(report->namespaces[0].clean.removed.entries, 2);
	ck_assert(!exists(unit_path("index/.imap")));
	ck_assert(exists(unit_path("%s", other_mails[_i].dir)));
	mba_audit_deinit(&audit);
}
END_TEST

START_TEST(empty_directories_go_when_they_are_old)
{
	clean_setup();
	unit_mkdir(unit_path("index/sub/.imap"));
	unit_mkdir(unit_path("index/other"));
	clean.dry_run = true;
	run();
	ck_assert_uint_eq(ns_report.clean.removed_dirs.inodes, 3);
	ck_assert(exists(unit_path("index/sub/.imap")));
	ck_assert(exists(unit_path("index/other")));
	clean.dry_run = false;
	clean.now = time(NULL);
	run();
	ck_assert_uint_eq(ns_report.clean.removed_dirs.inodes, 0);
	ck_assert(exists(unit_path("index/sub/.imap")));
	clean.now += 2 * HOUR;
	run();
	ck_assert_uint_eq(ns_report.clean.removed_dirs.inodes, 3);
	ck_assert(!exists(unit_path("index/sub")));
	ck_assert(!exists(unit_path("index/other")));
}
END_TEST

/* The directory of an entry may hold those of others. */
START_TEST(entries_that_hold_directories)
{
	const struct timespec future[2] = {
		{ .tv_sec = time(NULL) + DAY }, { .tv_sec = time(NULL) + DAY }
	};

	clean_setup();
	unit_mkdir(unit_path("index/.imap/junk/young"));
	ck_assert_int_eq(utimensat(AT_FDCWD,
				   unit_path("index/.imap/junk/young"),
				   future, 0), 0);
	ck_assert_str_eq(run(), ".imap/junk:files|");
	location.driver = "maildir";
	location.layout = "fs";
	location.mail_root = unit_path("Maildir");
	location.index_root = unit_path("index2");
	unit_mkdir(unit_path("Maildir/Work/plan/tmp"));
	unit_mkdir(unit_path("Maildir/Work/plan/cur"));
	unit_write(unit_path("index2/Work/dovecot.index.log"), log_header,
		   sizeof(log_header));
	unit_write(unit_path("index2/Work/plan/dovecot.index.log"), log_header,
		   sizeof(log_header));
	run();
	location.driver = "mbox";
	location.layout = NULL;
	ck_assert_str_eq(told, "Work/plan:mailbox|Work:removed|");
	ck_assert(exists(unit_path("index2/Work/plan/dovecot.index.log")));
	ck_assert(!exists(unit_path("index2/Work/dovecot.index.log")));
}
END_TEST

static const char *const refused_drivers[] = { "sdbox", "mdbox", "imapc" };

START_TEST(other_formats_are_refused)
{
	clean_setup();
	location.driver = refused_drivers[_i];
	unit_write(unit_path("index/mailboxes/gone/dovecot.index.log"),
		   log_header, sizeof(log_header));
	run();
	location.driver = "mbox";
	ck_assert_ptr_nonnull(ns_report.clean.refused);
	ck_assert_uint_eq(ns_report.clean.removed.inodes, 0);
	ck_assert(exists(unit_path("index/mailboxes/gone/dovecot.index.log")));
	ck_assert_int_eq(run_ret, 0);
}
END_TEST

static void move_mailboxes(void)
{
	ck_assert_int_eq(rename(unit_path("mail/old"), unit_path("mail/new")),
			 0);
	ck_assert_int_eq(rename(unit_path("index/old"), unit_path("index/new")),
			 0);
}

START_TEST(entries_that_were_moved_are_kept)
{
	clean_setup();
	for (unsigned int i = 0; i < 2; i++) {
		unit_write(unit_path("mail/old/box%u", i), "", 0);
		unit_write(unit_path("index/old/.imap/box%u/dovecot.index.log",
				     i), log_header, sizeof(log_header));
	}
	change = move_mailboxes;
	run();
	ck_assert_uint_eq(ns_report.clean.kept[MBA_KEPT_MAILBOX].entries, 1);
	ck_assert_uint_eq(ns_report.clean.kept[MBA_KEPT_CHANGED].entries, 1);
	for (unsigned int i = 0; i < 2; i++) {
		ck_assert(exists(unit_path("index/new/.imap/box%u/"
					   "dovecot.index.log", i)));
	}
	ck_assert_int_eq(run_ret, 0);
}
END_TEST

/* The mail side as it is remembered from the first entry says that the second
   one's mailbox is missing. */

static void make_directory(void)
{
	unit_write(unit_path("mail/late/box0"), "", 0);
	unit_write(unit_path("mail/late/box1"), "", 0);
}

static void replace_directory(void)
{
	ck_assert_int_eq(rename(unit_path("mail/dir"), unit_path("mail/away")),
			 0);
	unit_write(unit_path("mail/dir/box0"), "", 0);
	unit_write(unit_path("mail/dir/box1"), "", 0);
}

static const struct {
	const char *dir;
	void (*change)(void);
} fresh_cases[] = {
	{ "late", make_directory },
	{ "dir", replace_directory },
};

START_TEST(what_is_remembered_does_not_decide)
{
	clean_setup();
	unit_write(unit_path("mail/dir/other"), "", 0);
	for (unsigned int i = 0; i < 2; i++) {
		unit_write(unit_path("index/%s/.imap/box%u/dovecot.index.log",
				     fresh_cases[_i].dir, i),
			   log_header, sizeof(log_header));
	}
	change = fresh_cases[_i].change;
	run();
	ck_assert_uint_eq(ns_report.clean.removed.entries, 1);
	ck_assert_uint_eq(ns_report.clean.kept[MBA_KEPT_MAILBOX].entries, 1);
	ck_assert_int_eq(run_ret, 0);
}
END_TEST

static void remove_imap(void)
{
	ck_assert_int_eq(rmdir(unit_path("index/.imap")), 0);
}

START_TEST(what_others_remove_is_not_counted)
{
	clean_setup();
	make_entry("junk");
	change = remove_imap;
	ck_assert_str_eq(run(), ".imap/junk:removed|");
	ck_assert_uint_eq(ns_report.clean.removed_dirs.inodes, 0);
	ck_assert_int_eq(run_ret, 0);
}
END_TEST

static void replace_mail_root(void)
{
	ck_assert_int_eq(rename(unit_path("mail"), unit_path("elsewhere")), 0);
	unit_write(unit_path("mail/other"), "", 0);
}

START_TEST(a_mail_root_that_is_replaced_is_reported_once)
{
	clean_setup();
	for (unsigned int i = 0; i < 5; i++) {
		unit_write(unit_path("index/.imap/gone%u/dovecot.index.log", i),
			   log_header, sizeof(log_header));
	}
	change = replace_mail_root;
	run();
	ck_assert_uint_eq(ns_report.clean.removed.entries, 1);
	ck_assert_uint_eq(ns_report.clean.kept[MBA_KEPT_UNKNOWN].entries, 4);
	ck_assert_int_eq(run_ret, -1);
	ck_assert_uint_eq(errors_total, 1);
}
END_TEST

START_TEST(a_root_that_cannot_be_looked_at_is_refused)
{
	const char *others[] = { unit_path("loop"), NULL };

	clean_setup();
	make_entry("junk");
	ck_assert_int_eq(symlink("loop", unit_path("loop")), 0);
	location.other_roots = others;
	ck_assert_str_eq(run(), ".imap/junk:refused|");
	ck_assert_ptr_nonnull(ns_report.clean.refused);
	ck_assert_int_eq(run_ret, -1);
	ck_assert_uint_eq(errors_total, 1);
	location.other_roots = NULL;
}
END_TEST

/* Another user's roots, below the test's directory. */
static const struct {
	const char *index_root, *mail_root;
	/* why neither is cleaned; NULL if both are */
	const char *own, *others;
} user_cases[] = {
	{ "other", "mail", NULL, NULL },
	{ "index", "mail", "The index root is also a root of user bob",
	  "The index root is also a root of user ann" },
	{ "link", "mail", "The index root is also a root of user bob",
	  "The index root is also a root of user ann" },
	{ "index/sub", "mail", "Below the index root is a root of user bob",
	  "The index root is below that of user ann" },
	{ "other", "index/sub", "Below the index root is a root of user bob",
	  NULL },
	{ "", "mail", "The index root is below that of user bob",
	  "Below the index root is a root of user ann" },
	/* many a service's account has it for a home */
	{ "/", "/", NULL, NULL },
};

static void check_user(const struct mba_user_roots *users, const char *user,
		       const struct mba_location *roots, const char *expected)
{
	const struct mba_audit_settings set = {
		.clean = &clean, .user = user, .user_roots = users,
	};
	struct mba_audit *audit = mba_audit_init(&set);
	const struct mba_report *report;

	mba_audit_add(audit, roots, true);
	(void)mba_audit_run(audit, &report);
	ck_assert_pstr_eq(report->namespaces[0].clean.refused, expected);
	mba_audit_deinit(&audit);
}

START_TEST(an_index_root_of_two_users_is_cleaned_for_neither)
{
	struct mba_user_roots *users = mba_user_roots_init();
	char index_root[PATH_MAX], mail_root[PATH_MAX];
	struct mba_location others = location;

	clean_setup();
	make_entry("junk");
	unit_mkdir(unit_path("index/sub"));
	unit_mkdir(unit_path("other"));
	ck_assert_int_eq(symlink("index", unit_path("link")), 0);
	strcpy(index_root, user_cases[_i].index_root);
	strcpy(mail_root, user_cases[_i].mail_root);
	if (index_root[0] != '/') {
		strcpy(index_root, unit_path("%s", user_cases[_i].index_root));
		strcpy(mail_root, unit_path("%s", user_cases[_i].mail_root));
	}
	others.index_root = index_root;
	others.mail_root = mail_root;
	mba_user_roots_add(users, "ann", &location);
	mba_user_roots_add(users, "bob", &others);
	/* some more, who share nothing but the mails with them */
	others.index_root = unit_path("none");
	mba_user_roots_add(users, "carol", &others);
	others.index_root = index_root;

	clean.dry_run = true;
	check_user(users, "ann", &location, user_cases[_i].own);
	if (index_root[1] != '\0')
		check_user(users, "bob", &others, user_cases[_i].others);
	mba_user_roots_deinit(&users);
}
END_TEST

START_TEST(an_index_root_that_came_later_is_not_cleaned)
{
	struct mba_user_roots *users = mba_user_roots_init();
	struct mba_location others = location;

	clean_setup();
	mba_user_roots_add(users, "ann", &location);
	make_entry("junk");
	check_user(users, "ann", &location, "The index root was another "
		   "directory when the users' roots were looked at");
	ck_assert(exists(unit_path("index/.imap/junk")));
	/* two names in turns are two users */
	others.index_root = others.mail_root = unit_path("none");
	mba_user_roots_add(users, "ann", &location);
	mba_user_roots_add(users, "bob", &others);
	mba_user_roots_add(users, "ann", &location);
	mba_user_roots_add(users, "bob", &location);
	check_user(users, "bob", &location,
		   "The index root is also a root of user ann");
	check_user(users, "ann", &location,
		   "The index root is also a root of user bob");
	mba_user_roots_deinit(&users);
	/* one name twice is one user */
	users = mba_user_roots_init();
	mba_user_roots_add(users, "ann", &location);
	mba_user_roots_add(users, "ann", &location);
	check_user(users, "ann", &location, NULL);
	ck_assert(!exists(unit_path("index/.imap/junk")));
	mba_user_roots_deinit(&users);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("clean");

	tcase_add_test(tcase, bogus_entries_go_with_their_directories);
	tcase_add_test(tcase, a_dry_run_tells_the_same);
	tcase_add_loop_test(tcase, files_keep_an_entry, 0,
			    sizeof(file_cases) / sizeof(file_cases[0]));
	tcase_add_loop_test(tcase, other_headers_keep_an_entry, 0,
			    sizeof(header_cases) / sizeof(header_cases[0]));
	tcase_add_test(tcase, logs_that_are_no_files_keep_an_entry);
	tcase_add_test(tcase, young_entries_are_kept);
	tcase_add_loop_test(tcase, each_time_of_an_entry_counts, 0,
			    sizeof(age_cases) / sizeof(age_cases[0]));
	tcase_add_test(tcase, each_ctime_of_an_entry_counts);
	tcase_add_test(tcase, open_logs_are_kept);
	tcase_add_test(tcase, mailboxes_and_other_states_are_kept);
	tcase_add_test(tcase, used_entries_go_if_asked_for);
	tcase_add_test(tcase, most_used_entries_bogus_is_doubtful);
	tcase_add_test(tcase, empty_entries_are_leftovers_but_in_place);
	tcase_add_test(tcase, directories_beside_the_mails_are_kept);
	tcase_add_loop_test(tcase, directories_beside_other_mails_are_kept, 0,
			    sizeof(other_mails) / sizeof(other_mails[0]));
	tcase_add_test(tcase, empty_directories_go_when_they_are_old);
	tcase_add_test(tcase, entries_that_hold_directories);
	tcase_add_test(tcase, entries_that_were_moved_are_kept);
	tcase_add_test(tcase, a_root_that_cannot_be_looked_at_is_refused);
	tcase_add_loop_test(tcase,
			    an_index_root_of_two_users_is_cleaned_for_neither,
			    0, sizeof(user_cases) / sizeof(user_cases[0]));
	tcase_add_test(tcase, an_index_root_that_came_later_is_not_cleaned);
	tcase_add_loop_test(tcase, what_is_remembered_does_not_decide, 0,
			    sizeof(fresh_cases) / sizeof(fresh_cases[0]));
	tcase_add_test(tcase, what_others_remove_is_not_counted);
	tcase_add_test(tcase, a_mail_root_that_is_replaced_is_reported_once);
	tcase_add_loop_test(tcase, other_formats_are_refused, 0,
			    sizeof(refused_drivers) /
			    sizeof(refused_drivers[0]));
	return unit_run(tcase);
}
