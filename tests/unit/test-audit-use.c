/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What the audit makes of evidence: whom it selects, and what it sums. */

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mailbox-audit.h"
#include "unit-index-log.h"
#include "unit.h"

#define USED_TIME (INDEXID + 1000)

static void make_index_file(const char *name, const char *file,
			    const void *data, size_t size, time_t mtime)
{
	const char *path = unit_path("index/.imap/%s/%s", name, file);
	const struct timespec times[2] = { { mtime, 0 }, { mtime, 0 } };

	unit_write(path, data, size);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Make entries, and where they belong: with two messages and without a proof of
   use; with one; of which nobody knows; with a bare log, which tells no more
   than its time; of no mailbox; and of what can't be told. */
#define BOX 1u
#define USED 2u
#define ODD 4u
#define BARE 8u
#define JUNK 16u
#define LOOP 32u
#define ALL 63u
static const char *const names[] = {
	"box", "used", "odd", "bare", "junk", "loop"
};
#define NAMES_COUNT (sizeof(names) / sizeof(names[0]))

static void make_entries(void)
{
	for (unsigned int i = 0; i < NAMES_COUNT; i++) {
		if ((LOOP & (1u << i)) == 0)
			unit_write(unit_path("mail/%s", names[i]), "junk\n",
				   (JUNK & (1u << i)) != 0 ? 5 : 0);
		log_begin(&newer, 1, 0, 0);
		if ((BARE & (1u << i)) == 0)
			log_append(&newer, 1, 2);
		make_index_file(names[i], "dovecot.index.log", newer.data,
				(ODD & (1u << i)) != 0 ? 4 : newer.size,
				USED_TIME - 1);
	}
	make_index_file("used", "dovecot.index.thread", "", 0, USED_TIME);
	ck_assert_int_eq(symlink("loop", unit_path("mail/loop")), 0);
}

/* those that were selected */
struct seen {
	unsigned int names, count;
};

static void seen_entry(const struct mba_namespace_report *ns,
		       const struct mba_entry *entry, void *context)
{
	struct seen *seen = context;
	unsigned int name = 0;

	(void)ns;
	for (unsigned int i = 0; i < NAMES_COUNT; i++) {
		if (strcmp(entry->mailbox, names[i]) == 0)
			name = 1u << i;
	}
	seen->count++;
	seen->names |= name;
	ck_assert_int_eq(entry->mtime,
			 name == USED ? USED_TIME : USED_TIME - 1);
	ck_assert_int_eq(entry->untouched, name == BARE);
	ck_assert_int_eq(entry->reason, name == LOOP ? MBA_REASON_SYMLINK :
			 MBA_REASON_NONE);
}

/* Run an audit with a rule that hides "box". */
static struct mba_audit *run(struct mba_audit_settings *set, struct seen *seen,
			     const struct mba_report **report_r)
{
	static char mail_root[PATH_MAX], index_root[PATH_MAX];
	struct mba_rules *rules = mba_rules_new();
	const struct mba_location location = {
		.prefix = "", .type = "private", .driver = "mbox",
		.mail_root = mail_root, .index_root = index_root,
	};
	struct mba_audit *audit;
	char *error;

	strcpy(mail_root, unit_path("mail"));
	strcpy(index_root, unit_path("index"));
	make_entries();
	ck_assert_int_eq(mba_rules_add_words(rules, "box", "test", &error), 0);
	memset(seen, 0, sizeof(*seen));
	set->rules = rules;
	set->entry = seen_entry;
	set->context = seen;
	audit = mba_audit_init(set);
	mba_audit_add(audit, &location, true);
	(void)mba_audit_run(audit, report_r);
	mba_rules_free(&rules);
	set->rules = NULL;
	return audit;
}

static const struct {
	int64_t since;
	bool hidden, visible;
	unsigned int states, names, count;
} cases[] = {
	{ 0, false, false, 0, ALL, 6 },
	/* the evidence begins later */
	{ INDEXID - 1, false, false, 0, 0, 0 },
	{ INDEXID, false, false, 0, BOX, 1 },
	{ USED_TIME - 2, false, false, 0, BOX, 1 },
	{ USED_TIME - 1, false, false, 0, BOX | BARE, 2 },
	/* it was used then */
	{ USED_TIME, false, false, 0, BOX | BARE, 2 },
	{ USED_TIME + 1, false, false, 0, BOX | BARE | USED, 3 },
	{ USED_TIME + 1, true, false, 0, BOX, 1 },
	{ USED_TIME + 1, false, true, 0, BARE | USED, 2 },
	{ 0, true, false, 0, BOX, 1 },
	{ 0, false, true, MBA_STATE_BIT(MBA_STATE_NOT_MAILBOX), JUNK, 1 },
};

START_TEST(entries_are_selected)
{
	struct mba_audit_settings set = {
		.unused_since = cases[_i].since, .states = cases[_i].states,
		.hidden = cases[_i].hidden, .visible = cases[_i].visible,
	};
	const struct mba_report *report;
	struct mba_audit *audit;
	struct seen seen;

	audit = run(&set, &seen, &report);
	ck_assert_uint_eq(seen.names, cases[_i].names);
	ck_assert_uint_eq(seen.count, cases[_i].count);
	mba_audit_deinit(&audit);
}
END_TEST

START_TEST(what_is_not_proven_is_summed)
{
	struct mba_audit_settings set = { .unused_since = 0 };
	const struct mba_namespace_report *ns;
	const struct mba_report *report;
	struct mba_audit *audit;
	struct seen seen;

	audit = run(&set, &seen, &report);
	ns = report->namespaces;
	/* box, odd, bare */
	ck_assert_uint_eq(ns->unproven.entries, 3);
	ck_assert_uint_eq(ns->unproven.inodes, 6);
	ck_assert_uint_eq(ns->unproven_hidden.entries, 1);
	ck_assert_uint_eq(ns->unproven_messages, 2);
	ck_assert_uint_eq(ns->states[MBA_STATE_MAILBOX].entries, 4);
	ck_assert_uint_eq(ns->states[MBA_STATE_NOT_MAILBOX].entries, 1);
	ck_assert_uint_eq(ns->states[MBA_STATE_UNKNOWN].entries, 1);
	ck_assert_uint_eq(ns->states_hidden[MBA_STATE_MAILBOX].entries, 1);
	mba_audit_deinit(&audit);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("audit-use");

	tcase_add_loop_test(tcase, entries_are_selected, 0,
			    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, what_is_not_proven_is_summed);
	return unit_run(tcase);
}
