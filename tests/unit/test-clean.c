/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What clean removes of an entry, and what of it keeps it. */

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "unit-clean.h"

START_TEST(bogus_entries_go_with_their_directories)
{
	struct stat st;

	clean_setup();
	make_entry("junk");
	make_entry("../sub/.imap/gone");
	ck_assert(strstr(clean_run(), "removed") != NULL);
	ck_assert_uint_eq(clean.ns.clean.removed.entries, 2);
	ck_assert_uint_eq(clean.ns.clean.removed.inodes, 4);
	/* two .imap, and sub */
	ck_assert_uint_eq(clean.ns.clean.removed_dirs.inodes, 3);
	ck_assert_int_eq(clean.ret, 0);
	ck_assert(exists(unit_path("index")));
	ck_assert(!exists(unit_path("index/.imap")));
	ck_assert(!exists(unit_path("index/sub")));
	/* what was found is what the audit says */
	ck_assert_uint_eq(clean.ns.totals.inodes, 8);
	ck_assert_int_eq(stat(unit_path("index"), &st), 0);
	ck_assert_uint_eq(clean.ns.clean.removed.bytes +
			  clean.ns.clean.removed_dirs.bytes,
			  clean.ns.totals.bytes -
			  (uint64_t)st.st_blocks * 512);
}
END_TEST

START_TEST(a_dry_run_tells_the_same)
{
	uint64_t dirs;
	char *dry;

	clean_setup();
	make_entry("junk");
	make_entry("box");
	clean.set.dry_run = true;
	dry = mem_strdup(clean_run());
	dirs = clean.ns.clean.removed_dirs.inodes;
	ck_assert(exists(unit_path("index/.imap/junk/dovecot.index.log")));
	clean.set.dry_run = false;
	ck_assert_str_eq(clean_run(), dry);
	ck_assert_uint_eq(clean.ns.clean.removed_dirs.inodes, dirs);
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
	{ "dovecot.index.log", NULL, 39, "unknown" },
	{ "dovecot.index.log", NULL, 0, "used" },
	{ "dovecot.index", "x", 1, "unknown" },
	{ "dovecot.index", (const char *)index_header, 120, "used" },
	{ "dovecot.index.cache", "x", 1, "used" },
	{ "dovecot.index.log.2", NULL, 40, "used" },
	{ "dovecot.index.pvt", "x", 1, "files" },
	{ "dovecot.index.search", "x", 1, "files" },
	{ "dovecot.index.log.3", "x", 1, "files" },
	{ "dovecot-uidlist", "x", 1, "files" },
	{ "mine", "x", 1, "files" },
	/* what an NFS client leaves of a file that is still open */
	{ ".nfs00000000000f2b3100000001", "x", 1, "files" },
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
	ck_assert_str_eq(clean_run(), expected);
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
	ck_assert_str_eq(clean_run(), ".imap/junk:files|");
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
	clean_run();
	ck_assert(strstr(clean.told, "linked:files|") != NULL);
	ck_assert(strstr(clean.told, "fifo:unknown|") != NULL);
	ck_assert(strstr(clean.told, "symlink:unknown|") != NULL);
	ck_assert_uint_eq(clean.ns.clean.kept[MBA_KEPT_FILES].entries, 1);
}
END_TEST

START_TEST(mailboxes_and_other_states_are_kept)
{
	clean_setup();
	make_entry("box");
	make_entry("INBOX");
	make_entry("Inbox");
	make_entry("junk");
	clean.states = MBA_STATE_BIT(MBA_STATE_MISSING);
	clean_run();
	ck_assert_uint_eq(clean.ns.clean.removed.entries, 0);
	ck_assert_uint_eq(clean.ns.clean.kept[MBA_KEPT_MAILBOX].entries, 1);
	ck_assert_uint_eq(clean.ns.clean.kept[MBA_KEPT_INBOX].entries, 2);
	ck_assert_uint_eq(clean.ns.clean.kept[MBA_KEPT_STATE].entries, 1);
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
	tcase_add_test(tcase, mailboxes_and_other_states_are_kept);
	return unit_run(tcase);
}
