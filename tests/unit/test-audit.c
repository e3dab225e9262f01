/* The audit of a user's namespaces, as a program uses it. */

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox-audit.h"
#include "unit.h"

static const char log_header[40] = "";

/* mbox, with its mails in mail/ and its indexes in index/. */
static struct mba_location location_get(void)
{
	static char mail_root[PATH_MAX], index_root[PATH_MAX];
	const struct mba_location location = {
		.prefix = "", .type = "private", .driver = "mbox",
		.mail_root = mail_root, .index_root = index_root,
	};

	strcpy(mail_root, unit_path("mail"));
	strcpy(index_root, unit_path("index"));
	return location;
}

/* Make an entry; the mail root exists, too. */
static void make_entry(const char *path)
{
	unit_write(unit_path("mail/file"), "", 0);
	unit_write(unit_path("index/%s/dovecot.index.log", path), log_header,
		   sizeof(log_header));
}

/* Run a new audit of one location. */
static struct mba_audit *
audit_location(const struct mba_location *location,
	       const struct mba_report **report_r)
{
	const struct mba_audit_settings set = { .states = 0 };
	struct mba_audit *audit = mba_audit_init(&set);

	mba_audit_add(audit, location, true);
	(void)mba_audit_run(audit, report_r);
	ck_assert_uint_eq((*report_r)->namespaces_count, 1);
	return audit;
}

START_TEST(an_audit_runs_again)
{
	struct mba_location location = location_get();
	const struct mba_report *report;
	struct mba_audit *audit;
	char *first, *second;

	make_entry(".imap/box");
	unit_write(unit_path("mail/.subscriptions"), "gone\n", 5);
	audit = audit_location(&location, &report);
	ck_assert_uint_eq(report->namespaces->totals.entries, 1);
	ck_assert_str_eq(report->namespaces->subscriptions[0], "gone");
	first = mba_json_report(report);
	(void)mba_audit_run(audit, &report);
	second = mba_json_report(report);
	ck_assert_str_eq(first, second);
	free(second);
	free(first);

	/* it sees what was made meanwhile, also a namespace */
	make_entry(".imap/box2");
	location.prefix = "other/";
	location.index_root = unit_path("index2");
	mba_audit_add(audit, &location, true);
	(void)mba_audit_run(audit, &report);
	ck_assert_uint_eq(report->namespaces_count, 2);
	ck_assert_uint_eq(report->namespaces->totals.entries, 2);
	mba_audit_deinit(&audit);
}
END_TEST

START_TEST(errors_are_counted)
{
	struct mba_location location = location_get();
	const struct mba_report *report;
	struct mba_audit *audit;

	/* the subscriptions can't be read, for each namespace */
	unit_write(unit_path("mail/file"), "", 0);
	unit_mkdir(unit_path("mail/.subscriptions"));
	audit = audit_location(&location, &report);
	for (unsigned int i = 1; i < 100; i++) {
		location.prefix = unit_path("%u/", i);
		location.index_root = unit_path("index%u", i);
		mba_audit_add(audit, &location, true);
	}
	ck_assert_int_eq(mba_audit_run(audit, &report), -1);
	ck_assert_uint_eq(report->errors_count, MBA_MAX_ERRORS);
	ck_assert_uint_eq(report->errors_total, 100);
	/* each is itself */
	for (unsigned int i = 0; i < report->errors_count; i++) {
		ck_assert_str_eq(report->errors[i].path,
				 unit_path("mail/.subscriptions"));
		ck_assert_str_eq(report->errors[i].error,
				 "Invalid argument");
	}
	mba_audit_deinit(&audit);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("audit");

	tcase_add_test(tcase, an_audit_runs_again);
	tcase_add_test(tcase, errors_are_counted);
	return unit_run(tcase);
}
