/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Files over 2 GiB and times after 2038: on 32 bits stat() fails for both,
   unless all of the library was built for large ones. */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mailbox-audit.h"
#include "unit.h"

#define FILE_SIZE (INT64_C(3) << 30)
/* the year 2100 */
#define FILE_TIME INT64_C(4102444800)
#define LINE "From a@example.org Thu Nov  9 22:33:52 2023\n"

/* Make a file with holes, of FILE_SIZE and FILE_TIME. */
static void make_large(const char *path, const char *data)
{
	const struct timespec times[] = {
		{ .tv_sec = FILE_TIME }, { .tv_sec = FILE_TIME },
	};
	int fd;

	unit_write(path, data, strlen(data));
	fd = open(path, O_WRONLY);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(ftruncate(fd, FILE_SIZE), 0);
	ck_assert_int_eq(futimens(fd, times), 0);
	ck_assert_int_eq(close(fd), 0);
}

static void check_entry(const struct mba_namespace_report *ns,
			const struct mba_entry *entry, void *context)
{
	unsigned int *entries = context;

	(void)ns;
	ck_assert_str_eq(entry->mailbox, "box");
	ck_assert_int_eq(entry->state, MBA_STATE_MAILBOX);
	ck_assert_int_eq(entry->mtime, FILE_TIME);
	ck_assert_uint_eq(entry->count.inodes, 2);
	(*entries)++;
}

START_TEST(large_files_are_files)
{
	unsigned int entries = 0;
	const struct mba_audit_settings set = {
		.entry = check_entry, .context = &entries,
	};
	const struct mba_location location = {
		.prefix = "", .type = "private", .driver = "mbox",
		.mail_root = unit_path("mail"),
		.index_root = unit_path("index"),
	};
	struct mba_audit *audit = mba_audit_init(&set);
	const struct mba_report *report;

	make_large(unit_path("mail/box"), LINE);
	make_large(unit_path("index/.imap/box/dovecot.index.cache"), "x");
	mba_audit_add(audit, &location, true);
	ck_assert_int_eq(mba_audit_run(audit, &report), 0);
	ck_assert_uint_eq(report->errors_count, 0);
	ck_assert_uint_eq(entries, 1);
	mba_audit_deinit(&audit);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("large");

	tcase_add_test(tcase, large_files_are_files);
	return unit_run(tcase);
}
