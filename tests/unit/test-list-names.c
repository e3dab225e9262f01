/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Names of the mailbox list index that no mailbox has, and no entry; and
   subscriptions. */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index-list.h"
#include "mailbox-audit.h"
#include "unit-clock.h"
#include "unit-list.h"
#include "unit.h"

#define LIST "dovecot.list.index"
/* more than are in flight at once with IN_FLIGHT_JOBS */
#define IN_FLIGHT 40
#define IN_FLIGHT_JOBS 4
#define RULES ".* public_html Dir/ file/ gone/"
#define GUID "00ababababababababababababababab"
#define LONG_NAME \
	"long678901234567890123456789012345678901234567890123456789012345" \
	"long678901234567890123456789012345678901234567890123456789012345" \
	"long678901234567890123456789012345678901234567890123456789012345" \
	"long678901234567890123456789012345678901234567890123456789012345"

struct names_case {
	const char *names[9];
	struct list_box boxes[10];
	struct list_more more;
	/* Maildir in directories, if its driver is NULL */
	struct mba_location location;
	/* "NAME:RULE|" of each; NULL if they can't be told */
	const char *told;
};

#define ONE .boxes = { { 1, 0, 1 } }
#define BELOW .boxes = { { 1, 0, 1 }, { 2, 1, 1 } }
#define MBOX .location.driver = "mbox"
#define MAILDIRPP .location = { .driver = "maildir", .layout = "maildir++" }
#define LISTED .location.layout = "index"

static const struct names_case cases[] = {
	{ .names = { "gone" }, ONE, .told = "gone:gone/|" },
	{ .names = { "none" }, ONE, .told = "none:|" },
	{ .names = { "none", "gone" }, BELOW,
	  .told = "none:|none/gone:gone/|" },
	{ .names = { "none", "gone" }, BELOW, MBOX,
	  .told = "none:|none/gone:|" },
	{ .names = { "none" }, ONE, .more.uids_skipped = 5, .told = "none:|" },
	{ .names = { "box" }, ONE, .told = "" },
	{ .names = { "box", "none", "public_html" },
	  .boxes = { { 1, 0, 1 }, { 2, 1, 1 }, { 3, 2, 1 } },
	  .told = "box/none:|box/none/public_html:public_html|" },
	/* something is there; an entry may be there */
	{ .names = { "junk" }, ONE, .told = "junk:|" },
	{ .names = { "part" }, ONE, .told = "" },
	{ .names = { "entry" }, ONE, .told = "" },
	{ .names = { "link" }, ONE, .told = "" },
	{ .names = { "index-file", "a" }, BELOW, .told = "index-file/a:|" },
	{ .names = { LONG_NAME }, ONE, .told = "" },
	/* its file system may not be mounted */
	{ .names = { "empty", "a" }, BELOW, .told = "empty:|" },
	/* what LIST says is no mailbox */
	{ .names = { "none" }, ONE, .more.box_flags = INDEX_LIST_NOSELECT,
	  .told = "" },
	{ .names = { "none" }, ONE, .more.box_flags = INDEX_LIST_NONEXISTENT,
	  .told = "" },
	{ .names = { "none" }, ONE, .more.box_flags = INDEX_LIST_NOINFERIORS,
	  .told = "none:|" },
	/* it makes no sense */
	{ .names = { "none" }, .boxes = { { 1, 9, 1 } }, .told = "" },
	{ .names = { "none" }, .boxes = { { 9, 0, 1 } }, .told = "" },
	/* what a name on disk can't be, or is another one's */
	{ .names = { "" }, ONE, .told = "" },
	{ .names = { "." }, ONE, .told = "" },
	{ .names = { ".." }, ONE, .told = "" },
	{ .names = { "none", ".." }, BELOW, .told = "none:|" },
	{ .names = { "a/b" }, ONE, .told = "" },
	{ .names = { "a", "b/c" }, BELOW, .told = "a:|" },
	{ .names = { "a.b" }, ONE, .told = "a.b:|" },
	{ .names = { "a^b" }, ONE, .told = "a^b:|" },
	{ .names = { "a^b" }, ONE, .location.storage_escape_char = '^',
	  .told = "" },
	{ .names = { "~a" }, ONE, .told = "~a:|" },
	{ .names = { "~a" }, ONE, .location.storage_escape_char = '^',
	  .told = "" },
	{ .names = { "a~" }, ONE, .location.storage_escape_char = '^',
	  .told = "a~:|" },
	{ .names = { "none" }, ONE, .more.prefix_inbox = 1, .told = "" },
	/* INBOX is there when it is needed */
	{ .names = { "INBOX" }, ONE, .told = "INBOX:|" },
	{ .names = { "INBOX", "a" }, BELOW, .location.inbox = true,
	  .told = "INBOX/a:|" },
	{ .names = { "INBOY" }, ONE, .location.inbox = true,
	  .told = "INBOY:|" },
	{ .names = { "a", "INBOX" }, BELOW, .location.inbox = true,
	  .told = "a:|a/INBOX:|" },

	/* separators: of names on disk, and of those that clients see */
	{ .names = { "x", "y" }, BELOW, .told = "x:|" },
	{ .names = { "x", "y" }, BELOW, MAILDIRPP, .told = "x:|" },
	{ .names = { "x", "z" }, BELOW, MAILDIRPP, .told = "x:|x.z:|" },
	{ .names = { "a.b" }, ONE, MAILDIRPP, .told = "" },
	{ .names = { "a/b" }, ONE, MAILDIRPP, .told = "" },
	{ .names = { "none" }, ONE, .location.separator = '/',
	  .told = "none:|" },
	{ .names = { "none" }, ONE, .location.separator = '.' },
	{ .names = { "none" }, ONE, .location.separator = '.',
	  .location.vname_escape_char = '%', .told = "none:|" },
	{ .names = { "none" }, ONE, .location = {
		.driver = "maildir", .layout = "maildir++", .separator = '/'
	  }, .told = "none:|" },
	{ .names = { "none" }, ONE, .location = {
		.driver = "maildir", .layout = "maildir++", .separator = '.'
	  }, .told = "none:|" },
	{ .names = { "none" }, ONE, .location = {
		.driver = "maildir", .layout = "maildir++", .separator = '%'
	  } },

	/* whether it is a directory */
	{ .names = { "Dir" }, ONE, MBOX, .told = "Dir:Dir/|" },
	{ .names = { "file" }, ONE, MBOX, .told = "file:|" },
	{ .names = { "gone" }, ONE, MBOX, .told = "gone:|" },
	{ .names = { "mbox" }, ONE, MBOX, .told = "" },

	/* a GUID stands for it, whatever the separator is */
	{ .names = { "none" }, ONE,
	  .location = { .layout = "index", .separator = '^' },
	  .told = "none:|" },
	{ .names = { "a/b" }, ONE, LISTED, .told = "a/b:|" },
	{ .names = { "none" }, .boxes = { { 1, 0, 0 } }, LISTED, .told = "" },
	{ .names = { "none" }, .boxes = { { 1, 0, 0xab } }, LISTED,
	  .told = "" },
	{ .names = { "none" }, ONE, .more.box_flags = INDEX_LIST_NOSELECT,
	  LISTED, .told = "none:|" },
	{ .names = { "none" }, .boxes = { { 9, 0, 1 } }, LISTED, .told = "" },
	{ .names = { "a" }, ONE, .more.prefix_inbox = 1,
	  .location = { .layout = "index", .prefix = "p/", .inbox = true },
	  .told = "p/INBOX:|" },
};

/* How often the audit asked whether to go on; when to do what. */
struct asked {
	unsigned int count, at;
	/* NULL to stop */
	void (*change)(void);
};

static bool ask(const struct mba_namespace_report *ns, void *context)
{
	struct asked *asked = context;

	(void)ns;
	/* what a call before left says nothing */
	errno = EIO;
	/* it comes to an end */
	ck_assert_uint_lt(++asked->count, 10000);
	if (asked->count != asked->at)
		return true;
	if (asked->change == NULL)
		return false;
	asked->change();
	return true;
}

static struct mba_location location_get(const struct names_case *test)
{
	static char mail_root[PATH_MAX], index_root[PATH_MAX];
	struct mba_location location = test->location;

	strcpy(mail_root, unit_path("mail"));
	strcpy(index_root, unit_path("index"));
	location.type = "private";
	if (location.prefix == NULL)
		location.prefix = "";
	if (location.driver == NULL) {
		location.driver = "maildir";
		if (location.layout == NULL)
			location.layout = "fs";
	}
	location.mail_root = mail_root;
	location.index_root = index_root;
	return location;
}

static void make_mails(void)
{
	unit_mkdir(unit_path("mail/box/tmp"));
	unit_mkdir(unit_path("mail/x/y/tmp"));
	unit_mkdir(unit_path("mail/.x.y/tmp"));
	unit_mkdir(unit_path("mail/part/cur"));
	unit_mkdir(unit_path("mail/empty"));
	unit_mkdir(unit_path("mail/Dir/x"));
	unit_write(unit_path("mail/junk/file"), "x", 1);
	unit_write(unit_path("mail/file"), "x", 1);
	unit_write(unit_path("mail/mbox"), "", 0);
	unit_mkdir(unit_path("index/entry"));
	unit_mkdir(unit_path("index/" GUID));
	unit_write(unit_path("index/index-file"), "x", 1);
	ck_assert_int_eq(symlink("nowhere", unit_path("index/link")), 0);
}

static void write_list(const struct names_case *test)
{
	const char *driver = test->location.driver;

	(void)list_write(driver != NULL && strcmp(driver, "mbox") == 0 ?
			 "index/.imap/" LIST : "index/" LIST, test->names,
			 test->boxes, &test->more);
}

/* Returns the names that a report has, in the form of a case. */
static const char *told_get(const struct mba_namespace_report *ns)
{
	static char told[1024];
	const struct mba_list_name *name;
	size_t len = 0, hidden = 0;

	told[0] = '\0';
	for (size_t i = 0; i < ns->list_names_count; i++) {
		name = &ns->list_names[i];
		if (name->hidden_by != NULL)
			hidden++;
		len += snprintf(told + len, sizeof(told) - len, "%s:%s|",
				name->mailbox, name->hidden_by == NULL ? "" :
				name->hidden_by->text);
		ck_assert_uint_lt(len, sizeof(told));
	}
	ck_assert_uint_eq(ns->list_names_total, ns->list_names_count);
	ck_assert_uint_eq(ns->list_names_hidden, hidden);
	ck_assert(!ns->list_names_unknown || told[0] == '\0');
	return ns->list_names_unknown ? NULL : told;
}

static struct mba_audit *audit_init(const struct names_case *test,
				    struct mba_audit_settings *set)
{
	const struct mba_location location = location_get(test);
	struct mba_rules *rules = mba_rules_new();
	struct mba_audit *audit;
	char *error;

	ck_assert_int_eq(mba_rules_add_words(rules, RULES, "R", &error), 0);
	set->rules = rules;
	audit = mba_audit_init(set);
	mba_audit_add(audit, &location, true);
	return audit;
}

static void audit_deinit(struct mba_audit **audit,
			 const struct mba_audit_settings *set)
{
	struct mba_rules *rules = (struct mba_rules *)set->rules;

	mba_audit_deinit(audit);
	mba_rules_free(&rules);
}

START_TEST(names_are_told)
{
	const struct names_case *test = &cases[_i];
	struct asked asked = { 0, 0, NULL };
	struct mba_audit_settings set = { .progress = ask, .context = &asked };
	const struct mba_report *report;
	struct mba_audit *audit;

	make_mails();
	write_list(test);
	audit = audit_init(test, &set);
	/* the second time tells nothing else */
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(mba_audit_run(audit, &report), 0);
		ck_assert_pstr_eq(told_get(report->namespaces), test->told);
	}
	audit_deinit(&audit, &set);
}
END_TEST

static const struct names_case none = { .names = { "none" }, ONE };

static void list_box(void)
{
	static const struct names_case box = { .names = { "box" }, ONE };

	write_list(&box);
}

static void list_nothing(void)
{
	unit_write(unit_path("index/" LIST), "x", 1);
}

/* What comes when the last name is about to be looked up. */
static const struct {
	void (*change)(void);
	const char *told;
	int ret;
} changes[] = {
	/* it is called otherwise now */
	{ list_box, "", 0 },
	/* the list can't be understood any more */
	{ list_nothing, NULL, 0 },
	{ NULL, "", -1 },
};

START_TEST(a_list_may_change)
{
	struct asked asked = { 0, 0, changes[_i].change };
	struct mba_audit_settings set = { .progress = ask, .context = &asked };
	const struct mba_report *report;
	struct mba_audit *audit;

	unit_mkdir(unit_path("mail/box/tmp"));
	write_list(&none);
	audit = audit_init(&none, &set);
	ck_assert_int_eq(mba_audit_run(audit, &report), 0);
	ck_assert_str_eq(told_get(report->namespaces), "none:|");
	asked.at = asked.count;
	asked.count = 0;
	ck_assert_int_eq(mba_audit_run(audit, &report), changes[_i].ret);
	ck_assert_pstr_eq(told_get(report->namespaces), changes[_i].told);
	audit_deinit(&audit, &set);
}
END_TEST

/* The list needn't be where the indexes are. */
START_TEST(a_list_may_be_elsewhere)
{
	struct names_case elsewhere = { .names = { "none" }, ONE };
	struct mba_audit_settings set = { .rules = NULL };
	const struct mba_report *report;
	struct mba_audit *audit;

	unit_mkdir(unit_path("mail/box/tmp"));
	(void)list_write("lists/" LIST, elsewhere.names, elsewhere.boxes,
			 NULL);
	elsewhere.location.list_index = unit_path("lists/" LIST);
	audit = audit_init(&elsewhere, &set);
	ck_assert_int_eq(mba_audit_run(audit, &report), 0);
	ck_assert_str_eq(told_get(report->namespaces), "none:|");
	audit_deinit(&audit, &set);
}
END_TEST

START_TEST(the_first_names_are_told)
{
	static struct list_box boxes[MBA_MAX_LIST_NAMES + 2];
	static char names[MBA_MAX_LIST_NAMES + 1][8];
	const char *pointers[MBA_MAX_LIST_NAMES + 2] = { NULL };
	struct mba_audit_settings set = { .rules = NULL };
	const struct mba_report *report;
	struct mba_audit *audit;

	unit_mkdir(unit_path("mail/box/tmp"));
	for (unsigned int i = 0; i <= MBA_MAX_LIST_NAMES; i++) {
		(void)snprintf(names[i], sizeof(names[i]), ".%u", i);
		pointers[i] = names[i];
		boxes[i].name_id = i + 1;
	}
	(void)list_write("index/" LIST, pointers, boxes, NULL);
	audit = audit_init(&none, &set);
	ck_assert_int_eq(mba_audit_run(audit, &report), 0);
	ck_assert_uint_eq(report->namespaces->list_names_count,
			  MBA_MAX_LIST_NAMES);
	ck_assert_uint_eq(report->namespaces->list_names_total,
			  MBA_MAX_LIST_NAMES + 1);
	ck_assert_uint_eq(report->namespaces->list_names_hidden,
			  MBA_MAX_LIST_NAMES + 1);
	audit_deinit(&audit, &set);
}
END_TEST

/* Write a list of names that begin with something. */
static void list_numbered(const char *begin)
{
	struct list_box boxes[IN_FLIGHT + 1] = { { 0, 0, 0 } };
	char names[IN_FLIGHT][8];
	const char *pointers[IN_FLIGHT + 1] = { NULL };

	for (unsigned int i = 0; i < IN_FLIGHT; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "%s%u", begin, i);
		pointers[i] = names[i];
		boxes[i].name_id = i + 1;
	}
	(void)list_write("index/" LIST, pointers, boxes, NULL);
}

static void list_others(void)
{
	list_numbered("other");
}

/* All names are called otherwise when half of them were asked for: those in
   flight are asked for again, and those before were told. */
START_TEST(a_list_may_change_while_names_are_in_flight)
{
	struct asked asked = { 0, 0, list_others };
	struct mba_audit_settings set = {
		.progress = ask, .context = &asked, .jobs = IN_FLIGHT_JOBS,
	};
	const struct mba_namespace_report *ns;
	const struct mba_report *report;
	struct mba_audit *audit;
	unsigned int others = 0;
	char name[16];

	unit_mkdir(unit_path("mail/box/tmp"));
	list_numbered("name");
	audit = audit_init(&none, &set);
	unit_clock_step = SLOW;
	ck_assert_int_eq(mba_audit_run(audit, &report), 0);
	asked.at = asked.count - IN_FLIGHT / 2;
	asked.count = 0;
	ck_assert_int_eq(mba_audit_run(audit, &report), 0);
	ns = report->namespaces;
	ck_assert_uint_eq(ns->list_names_count, IN_FLIGHT);
	for (unsigned int i = 0; i < IN_FLIGHT; i++) {
		if (ns->list_names[i].mailbox[0] == 'o')
			others++;
		(void)snprintf(name, sizeof(name), "%s%u",
			       others > 0 ? "other" : "name", i);
		ck_assert_str_eq(ns->list_names[i].mailbox, name);
	}
	/* the one that is asked for, and all that can be in flight */
	ck_assert_uint_eq(others, IN_FLIGHT / 2 + 1 + 2 * IN_FLIGHT_JOBS);
	audit_deinit(&audit, &set);
}
END_TEST

/* Where an index would be can't be looked at, nor a mailbox before it. */
START_TEST(errors_are_told_once)
{
	static const struct names_case closed = {
		.names = { "closed", "a", "loop", "w", "x", "y", "z",
			   "denied" },
		.boxes = { { 1, 0, 1 }, { 2, 1, 1 }, { 3, 0, 1 },
			   { 4, 0, 1 }, { 5, 0, 1 }, { 6, 0, 1 }, { 7, 0, 1 },
			   /* it is looked up while the next one is asked for */
			   { 8, 0, 1 }, { 2, 3, 1 } },
	};
	struct mba_audit_settings set = { .rules = NULL };
	const struct mba_report *report;
	struct mba_audit *audit;

	unit_mkdir(unit_path("mail/box/tmp"));
	write_list(&closed);
	unit_mkdir(unit_path("index/closed"));
	ck_assert_int_eq(symlink("loop", unit_path("index/loop")), 0);
	ck_assert_int_eq(chmod(unit_path("index/closed"), 0), 0);
	unit_mkdir(unit_path("mail/denied"));
	ck_assert_int_eq(chmod(unit_path("mail/denied"), 0), 0);
	unit_become_nobody();
	unit_clock_step = SLOW;
	audit = audit_init(&closed, &set);
	ck_assert_int_eq(mba_audit_run(audit, &report), -1);
	ck_assert_str_eq(told_get(report->namespaces), "w:|x:|y:|z:|");
	ck_assert_uint_eq(report->errors_total, 3);
	/* the walk's */
	ck_assert_str_eq(report->errors[0].path, unit_path("index/closed"));
	ck_assert_str_eq(report->errors[1].path, unit_path("mail/denied"));
	ck_assert_str_eq(report->errors[2].path, unit_path("index/loop/a"));
	ck_assert_str_eq(report->errors[2].op, "lstat");
	ck_assert_str_eq(report->errors[2].error, strerror(ELOOP));
	audit_deinit(&audit, &set);
	ck_assert_int_eq(chmod(unit_path("index/closed"), 0700), 0);
	ck_assert_int_eq(chmod(unit_path("mail/denied"), 0700), 0);
}
END_TEST

/* Of a subscription that is in an empty directory, too. */
START_TEST(subscriptions_are_told)
{
	static const char names[] = "empty/a\npart\nnone\nbox\n";
	struct mba_audit_settings set = { .rules = NULL };
	const struct mba_report *report;
	struct mba_audit *audit;

	make_mails();
	unit_write(unit_path("mail/subscriptions"), names, strlen(names));
	audit = audit_init(&none, &set);
	ck_assert_int_eq(mba_audit_run(audit, &report), 0);
	ck_assert_str_eq(report->namespaces->subscriptions[0], "empty/a");
	ck_assert_str_eq(report->namespaces->subscriptions[1], "none");
	ck_assert_ptr_null(report->namespaces->subscriptions[2]);
	audit_deinit(&audit, &set);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("list-names");

	tcase_add_loop_test(tcase, names_are_told, 0,
			    sizeof(cases) / sizeof(cases[0]));
	tcase_add_loop_test(tcase, a_list_may_change, 0,
			    sizeof(changes) / sizeof(changes[0]));
	tcase_add_test(tcase, a_list_may_be_elsewhere);
	tcase_add_test(tcase, the_first_names_are_told);
	tcase_add_test(tcase, a_list_may_change_while_names_are_in_flight);
	tcase_add_test(tcase, errors_are_told_once);
	tcase_add_test(tcase, subscriptions_are_told);
	return unit_run(tcase);
}
