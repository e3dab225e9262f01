/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The audit of a user's namespaces, as a program uses it. */

#include <limits.h>
#include <stdio.h>
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
	char name[32];

	/* the subscriptions can't be read: those of two namespaces are one
	   error, since they are the same file */
	unit_write(unit_path("mail/file"), "", 0);
	unit_mkdir(unit_path("mail/.subscriptions"));
	audit = audit_location(&location, &report);
	for (unsigned int i = 1; i <= 100; i++) {
		snprintf(name, sizeof(name), "subscriptions%u", i);
		if (i < 100) {
			unit_mkdir(unit_path("mail/%s", name));
			location.subscriptions = name;
		} else
			location.subscriptions = NULL;
		location.prefix = unit_path("%u/", i);
		location.index_root = unit_path("index%u", i);
		mba_audit_add(audit, &location, true);
	}
	ck_assert_int_eq(mba_audit_run(audit, &report), -1);
	ck_assert_uint_eq(report->errors_count, MBA_MAX_ERRORS);
	ck_assert_uint_eq(report->errors_total, 100);
	/* each is itself */
	for (unsigned int i = 0; i < report->errors_count; i++) {
		snprintf(name, sizeof(name), "%ssubscriptions%.0u",
			 i == 0 ? "." : "", i);
		ck_assert_str_eq(report->errors[i].path,
				 unit_path("mail/%s", name));
		ck_assert_str_eq(report->errors[i].error,
				 "Is a directory");
	}
	mba_audit_deinit(&audit);
}
END_TEST

struct seen {
	/* "MAILBOX:RULE|", in order */
	char text[1024];
};

static void seen_entry(const struct mba_namespace_report *ns,
		       const struct mba_entry *entry, void *context)
{
	struct seen *seen = context;
	size_t len = strlen(seen->text);

	(void)ns;
	snprintf(seen->text + len, sizeof(seen->text) - len, "%s:%s|",
		 entry->mailbox,
		 entry->hidden_by == NULL ? "" : entry->hidden_by->text);
}

/* Returns what a location's entry is hidden by, "" if it is visible. */
static const char *hidden_by(const struct mba_location *location,
			     const char *words)
{
	static struct seen seen;
	struct mba_rules *rules = mba_rules_new();
	const struct mba_audit_settings set = {
		.rules = rules, .entry = seen_entry, .context = &seen,
	};
	const struct mba_report *report;
	struct mba_audit *audit;
	char *error;

	seen.text[0] = '\0';
	ck_assert_int_eq(mba_rules_add_words(rules, words, "test", &error), 0);
	audit = mba_audit_init(&set);
	mba_audit_add(audit, location, true);
	(void)mba_audit_run(audit, &report);
	ck_assert_uint_eq(report->namespaces->totals.entries, 1);
	mba_audit_deinit(&audit);
	mba_rules_free(&rules);
	return seen.text;
}

#define KEEP(...) (const char *const []){ __VA_ARGS__, NULL }

static const struct {
	const char *entry;
	const char *rules;
	const char *const *keep;
	const char *seen;
	char separator, vname_escape_char;
} keep_cases[] = {
	{ ".imap/.sent", ".*", KEEP(NULL), ".sent:.*|", 0, 0 },
	{ ".imap/.sent", ".*", KEEP(".sen", ".sent2", "sent"), ".sent:.*|", 0,
	  0 },
	{ ".imap/.sent", ".*", KEEP("other", ".sent"), ".sent:|", 0, 0 },
	/* its parents, too, but not what is below it or beside it */
	{ ".imap/.a", ".*", KEEP(".a/b"), ".a:|", 0, 0 },
	{ ".a/.imap/b", ".*", KEEP(".a/b"), ".a/b:|", 0, 0 },
	{ ".a/.imap/c", ".*", KEEP(".a/b"), ".a/c:.*|", 0, 0 },
	{ ".a/.imap/c", "/.a", KEEP(".a/b"), ".a/c:/.a|", 0, 0 },
	{ ".a/.imap/.c", ".*", KEEP(".a/b"), ".a/.c:.*|", 0, 0 },
	{ ".a/b/.imap/.c", ".*", KEEP(".a/b"), ".a/b/.c:.*|", 0, 0 },
	{ ".a/b/.imap/c", ".*", KEEP(".a/b"), ".a/b/c:.*|", 0, 0 },
	/* levels are those of the layout */
	{ ".a/.imap/b", ".*", KEEP(".a/b"), ".a.b:|", '.', 0 },
	{ ".imap/.a.b", ".*", KEEP(".a/b"), ".a.b:.*|", '.', 0 },
	{ ".imap/.a.b", ".*", KEEP(".a.b"), ".a.b:|", '.', 0 },
	{ ".imap/.git", ".*", KEEP("^2egit"), "^2egit:|", '.', '^' },
	{ ".imap/.b&AOQ-", ".*", KEEP(".b\xc3\xa4"), ".b\xc3\xa4:|", 0, 0 },
};
#define KEEP_CASES_COUNT (int)(sizeof(keep_cases) / sizeof(keep_cases[0]))

START_TEST(names_of_the_configuration_are_kept)
{
	struct mba_location location = location_get();

	make_entry(keep_cases[_i].entry);
	location.keep = keep_cases[_i].keep;
	location.separator = keep_cases[_i].separator;
	location.vname_escape_char = keep_cases[_i].vname_escape_char;
	ck_assert_str_eq(hidden_by(&location, keep_cases[_i].rules),
			 keep_cases[_i].seen);
}
END_TEST

static struct mba_location *control_set(struct mba_location *location,
					const char *path)
{
	location->control_root = path;
	return location;
}

static struct mba_location *mail_set(struct mba_location *location,
				     const char *path)
{
	location->mail_root = path;
	return location;
}

static struct mba_location *other_set(struct mba_location *location,
				      const char *path)
{
	static const char *others[3];

	others[0] = location->index_root;
	others[1] = path;
	location->other_roots = others;
	return location;
}

static struct mba_location *(*const root_setters[])(struct mba_location *,
						    const char *) = {
	control_set, mail_set, other_set
};

START_TEST(own_roots_below_the_index_root_are_nested)
{
	struct mba_location location = location_get();
	const struct mba_report *report;
	char root[PATH_MAX];
	struct mba_audit *audit;

	make_entry(".imap/box");
	make_entry("below/.imap/box");
	strcpy(root, unit_path("index/below"));
	audit = audit_location(root_setters[_i](&location, root), &report);
	ck_assert_uint_eq(report->namespaces->totals.entries, 1);
	/* three directories and a log */
	ck_assert_uint_eq(report->namespaces->other[MBA_OTHER_NESTED].inodes,
			  4);
	mba_audit_deinit(&audit);
}
END_TEST

START_TEST(a_root_that_is_the_index_root_is_not_nested)
{
	struct mba_location location = location_get();
	const char *const others[] = { location.index_root, NULL };
	const struct mba_report *report;
	struct mba_audit *audit;

	make_entry(".imap/box");
	location.other_roots = others;
	location.control_root = location.index_root;
	audit = audit_location(&location, &report);
	ck_assert_uint_eq(report->namespaces->totals.entries, 1);
	ck_assert_uint_eq(report->namespaces->other[MBA_OTHER_NESTED].inodes,
			  0);
	mba_audit_deinit(&audit);
}
END_TEST

/* What is missing for one namespace may be there for the other. */
START_TEST(names_are_not_told_where_indexes_are_shared)
{
	struct mba_location location = location_get(), other = location;
	const struct mba_report *report;
	struct mba_audit *audit;

	make_entry(".imap/box");
	unit_write(unit_path("mail/.subscriptions"), "gone\n", 5);
	audit = audit_location(&location, &report);
	ck_assert_str_eq(report->namespaces->subscriptions[0], "gone");
	other.prefix = "other/";
	other.mail_root = unit_path("other");
	mba_audit_add(audit, &other, true);
	(void)mba_audit_run(audit, &report);
	ck_assert_ptr_null(report->namespaces->subscriptions[0]);
	mba_audit_deinit(&audit);
}
END_TEST

/* after how many entries to stop, once */
struct stop {
	unsigned int entries, after;
	bool stopped;
};

static void stop_entry(const struct mba_namespace_report *ns,
		       const struct mba_entry *entry, void *context)
{
	struct stop *stop = context;

	(void)ns;
	(void)entry;
	stop->entries++;
}

static bool stop_progress(const struct mba_namespace_report *ns, void *context)
{
	struct stop *stop = context;

	(void)ns;
	/* what is asked after "no" would be a "yes" */
	if (stop->entries != stop->after || stop->stopped)
		return true;
	stop->stopped = true;
	return false;
}

/* Each entry is asked about; there are more of them than are on their way
   between the walk and the decisions. */
START_TEST(an_audit_stops_at_the_next_entry)
{
	struct mba_location location = location_get(), second = location;
	struct stop stop = { 0, 2000, false };
	const struct mba_audit_settings set = {
		.entry = stop_entry, .progress = stop_progress,
		.context = &stop,
	};
	const struct mba_report *report;
	struct mba_audit *audit = mba_audit_init(&set);

	for (unsigned int i = 0; i < 4000; i++)
		unit_mkdir(unit_path("index/.imap/box%u", i));
	unit_write(unit_path("mail/file"), "", 0);
	second.prefix = "second/";
	second.mail_root = second.index_root = unit_path("mail");
	mba_audit_add(audit, &location, true);
	mba_audit_add(audit, &second, true);
	ck_assert_int_eq(mba_audit_run(audit, &report), -1);
	ck_assert_uint_eq(stop.entries, 2000);
	ck_assert_uint_eq(report->namespaces_count, 1);
	ck_assert_uint_eq(report->namespaces->totals.entries, 2000);
	ck_assert_uint_eq(report->namespaces->totals.inodes, 2000);
	ck_assert_uint_eq(report->errors_total, 1);
	ck_assert_str_eq(report->errors->path, location.index_root);

	/* and begins anew */
	ck_assert_int_eq(mba_audit_run(audit, &report), 0);
	ck_assert_uint_eq(stop.entries, 6000);
	ck_assert_uint_eq(report->namespaces_count, 2);
	mba_audit_deinit(&audit);
}
END_TEST

static bool few_progress(const struct mba_namespace_report *ns, void *context)
{
	unsigned int *left = context;

	(void)ns;
	if (*left > 0)
		(*left)--;
	return *left > 0;
}

/* Whoever writes the file decides how many names are looked up. */
START_TEST(an_audit_stops_at_the_next_subscription)
{
	static const char names[] = "a\nb\nc\nd\ne\nf\ng\nh\n";
	struct mba_location location = location_get();
	unsigned int left = 4;
	const struct mba_audit_settings set = {
		.progress = few_progress, .context = &left,
	};
	const struct mba_report *report;
	struct mba_audit *audit = mba_audit_init(&set);

	make_entry(".imap/box");
	unit_write(unit_path("mail/.subscriptions"), names, strlen(names));
	mba_audit_add(audit, &location, true);
	ck_assert_int_eq(mba_audit_run(audit, &report), -1);
	/* one was asked before the entry */
	ck_assert_str_eq(report->namespaces->subscriptions[1], "b");
	ck_assert_ptr_null(report->namespaces->subscriptions[2]);
	ck_assert_uint_eq(report->namespaces->totals.entries, 1);
	ck_assert_uint_eq(report->errors_total, 1);
	ck_assert_str_eq(report->errors->error, "Stopped before its end");
	left = UINT_MAX;
	ck_assert_int_eq(mba_audit_run(audit, &report), 0);
	ck_assert_str_eq(report->namespaces->subscriptions[7], "h");
	mba_audit_deinit(&audit);
}
END_TEST

/* What was decided about and what is no entry is never more than all. */
static bool parts_progress(const struct mba_namespace_report *ns, void *context)
{
	uint64_t *calls = context, inodes = 0;

	for (unsigned int i = 0; i < MBA_STATE_COUNT; i++)
		inodes += ns->states[i].inodes;
	for (unsigned int i = 0; i < MBA_OTHER_COUNT; i++)
		inodes += ns->other[i].inodes;
	ck_assert_uint_le(inodes, ns->totals.inodes);
	(*calls)++;
	return true;
}

/* The walk is ahead of the entries. */
START_TEST(counts_belong_together_while_they_grow)
{
	struct mba_location location = location_get();
	uint64_t calls = 0;
	const struct mba_audit_settings set = {
		.progress = parts_progress, .context = &calls,
	};
	const struct mba_report *report;
	struct mba_audit *audit = mba_audit_init(&set);

	make_entry(".imap/box");
	for (unsigned int i = 0; i < 2000; i++) {
		unit_mkdir(unit_path("index/a%u/.imap/box", i));
		unit_write(unit_path("index/a%u/file", i), "", 0);
	}
	mba_audit_add(audit, &location, true);
	ck_assert_int_eq(mba_audit_run(audit, &report), 0);
	ck_assert_uint_eq(report->namespaces->other[MBA_OTHER_FOREIGN].inodes,
			  2000);
	ck_assert_uint_gt(calls, 2000);
	mba_audit_deinit(&audit);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("audit");

	tcase_add_test(tcase, an_audit_runs_again);
	tcase_add_test(tcase, errors_are_counted);
	tcase_add_loop_test(tcase, names_of_the_configuration_are_kept, 0,
			    KEEP_CASES_COUNT);
	tcase_add_loop_test(tcase, own_roots_below_the_index_root_are_nested,
			    0, 3);
	tcase_add_test(tcase, a_root_that_is_the_index_root_is_not_nested);
	tcase_add_test(tcase, names_are_not_told_where_indexes_are_shared);
	tcase_add_test(tcase, an_audit_stops_at_the_next_entry);
	tcase_add_test(tcase, an_audit_stops_at_the_next_subscription);
	tcase_add_test(tcase, counts_belong_together_while_they_grow);
	return unit_run(tcase);
}
