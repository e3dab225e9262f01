/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Rows for scripts and tables for people, of reports that no tree gives. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox-audit.h"
#include "unit.h"

static const struct mba_location location = {
	.prefix = "", .type = "private", .driver = "mbox",
};
static const struct mba_namespace_report ns_report = { .location = &location };
static const struct mba_audit_settings audit_set = { .user = "ann" };
static const struct mba_clean_settings clean = { .dry_run = true };
static const struct mba_audit_settings clean_set = {
	.user = "ann", .clean = &clean,
};

/* Lines or rows, each with a newline; the values of a row with blanks. */
struct text {
	char data[20000];
	size_t len;
};

static void text_append(struct text *text, const char *str)
{
	size_t len = strlen(str);

	ck_assert_uint_lt(text->len + len, sizeof(text->data));
	memcpy(text->data + text->len, str, len + 1);
	text->len += len;
}

static void add_line(const char *line, void *context)
{
	ck_assert_ptr_null(strpbrk(line, "\n\r\t\x1b"));
	text_append(context, line);
	text_append(context, "\n");
}

/* The columns whose values to add. */
struct rows {
	const struct mba_audit_settings *set;
	enum mba_table table;
	struct text text;
};

static void add_row(const char *const *values, void *context)
{
	struct rows *rows = context;
	unsigned int i = 0;

	for (; mba_column(rows->set, rows->table, i) != NULL; i++) {
		ck_assert(*values[i] != '\0');
		ck_assert_ptr_null(strpbrk(values[i], "\n\r\t\x1b"));
		text_append(&rows->text, i == 0 ? "" : " ");
		text_append(&rows->text, values[i]);
	}
	text_append(&rows->text, "\n");
}

static void add_table_row(const char *const *values, void *context)
{
	mba_text_table_row(context, values);
}

START_TEST(a_row_is_one_line)
{
	const struct mba_audit_settings odd_set = { .user = "\n\x1b" };
	const struct mba_audit_settings odd_clean_set = {
		.user = "\n\x1b", .clean = &clean,
	};
	const struct mba_namespace_report ns = {
		.location = &location, .clean = { .set = &clean },
	};
	const struct mba_entry entry = {
		.path = "\n\x1b[31m\xff", .mailbox = "a\tb\r",
		.mtime = INT64_MAX,
	};
	struct rows rows = { .set = &odd_set, .table = MBA_TABLE_ENTRIES };

	mba_row_entry(&odd_set, &ns_report, &entry, add_row, &rows);
	ck_assert_str_eq(rows.text.data, "\\x0a\\x1b - mailbox - no 0 0 - "
			 "unknown - - a\\x09b\\x0d \\x0a\\x1b[31m\\xff\n");
	memset(&rows, 0, sizeof(rows));
	rows.set = &odd_clean_set;
	rows.table = MBA_TABLE_ENTRIES;
	mba_row_entry(&odd_clean_set, &ns, &entry, add_row, &rows);
	ck_assert_str_eq(rows.text.data, "\\x0a\\x1b - would-remove - mailbox "
			 "0 0 a\\x09b\\x0d \\x0a\\x1b[31m\\xff\n");
}
END_TEST

START_TEST(a_report_without_namespaces_has_totals)
{
	const struct mba_report report = { .user = "bob", .errors_total = 3 };
	struct rows rows = { .set = &audit_set, .table = MBA_TABLE_TOTALS };

	for (int table = 0; table < MBA_TABLE_COUNT; table++) {
		mba_rows_report(&audit_set, table, &report, add_row, &rows);
		rows.set = &clean_set;
		mba_rows_report(&clean_set, table, &report, add_row, &rows);
		rows.set = &audit_set;
	}
	ck_assert_str_eq(rows.text.data, "bob 0 0 0 0 0 0 3\n"
			 "bob would-remove 0 0 0 0 0 0 3\n");
}
END_TEST

START_TEST(totals_are_sums_of_namespaces)
{
	const struct mba_namespace_report namespaces[] = { {
		.location = &location,
		.states = { [MBA_STATE_MAILBOX] = { 9, 9, 9 },
			    [MBA_STATE_MISSING] = { 1, 2, 3 } },
		.states_hidden = { [MBA_STATE_MAILBOX] = { 8, 8, 8 },
				   [MBA_STATE_MISSING] = { 1, 1, 1 } },
		.clean = { .set = &clean, .removed = { 1, 2, 3 },
			   .removed_dirs = { 0, 4, 5 },
			   .kept = { [MBA_KEPT_OPEN] = { 1, 1, 2 },
				     [MBA_KEPT_MAILBOX] = { 7, 7, 7 } } },
	}, {
		.location = &location,
		.states = { [MBA_STATE_UNKNOWN] = { 9, 9, 9 },
			    [MBA_STATE_NOT_MAILBOX] = { 10, 20, 30 } },
		.clean = { .set = &clean, .removed = { 10, 20, 30 },
			   .kept = { [MBA_KEPT_UNKNOWN] = { 7, 7, 7 },
				     [MBA_KEPT_USED] = { 2, 3, 4 } } },
	} };
	const struct mba_report report = {
		.user = "ann", .namespaces = namespaces, .namespaces_count = 2,
	};
	struct rows rows = { .set = &audit_set, .table = MBA_TABLE_TOTALS };

	mba_rows_report(&audit_set, MBA_TABLE_TOTALS, &report, add_row, &rows);
	rows.set = &clean_set;
	mba_rows_report(&clean_set, MBA_TABLE_TOTALS, &report, add_row, &rows);
	ck_assert_str_eq(rows.text.data, "ann 11 22 33 1 1 1 0\n"
			 "ann would-remove 11 26 38 3 4 6 0\n");
}
END_TEST

static const struct {
	uint64_t bytes;
	const char *size;
} sizes[] = {
	{ 0, "0 B" }, { 1, "1 B" }, { 999, "999 B" }, { 1000, "1.0 kB" },
	{ 1049, "1.0 kB" }, { 1050, "1.1 kB" }, { 4096, "4.1 kB" },
	{ 999949, "999.9 kB" }, { 999950, "1.0 MB" }, { 10100000, "10.1 MB" },
	{ 999949999, "999.9 MB" }, { 999950000, "1.0 GB" },
	{ UINT64_C(1) << 40, "1.1 TB" }, { UINT64_C(999950000000), "1.0 TB" },
	{ UINT64_C(999950000000000), "1.0 PB" }, { UINT64_MAX, "18.4 EB" },
};

START_TEST(sizes_are_rounded)
{
	const struct mba_entry entry = {
		.path = "x", .count = { .bytes = sizes[_i].bytes },
	};
	struct text text = { .len = 0 };
	struct mba_text_table *table;
	char expected[100];

	(void)snprintf(expected, sizeof(expected), "%s yes 1970-01-01 - x\n",
		       sizes[_i].size);
	table = mba_text_table_init(&audit_set, MBA_TABLE_ENTRIES, false, false,
				    add_line, &text);
	mba_row_entry(&audit_set, &ns_report, &entry, add_table_row, table);
	mba_text_table_deinit(&table);
	ck_assert_ptr_null(table);
	ck_assert_str_eq(strchr(text.data, ' ') + 1, expected);
}
END_TEST

static void add_named(struct mba_text_table *table, const char *rule_text,
		      const char *name)
{
	const struct mba_rule rule = { .text = rule_text };
	const struct mba_entry entry = {
		.path = name, .state = MBA_STATE_UNKNOWN,
		.reason = MBA_REASON_ATIME, .hidden_by = &rule,
		.count = { 1, 2, 8192 }, .untouched = true,
	};

	mba_row_entry(&audit_set, &ns_report, &entry, add_table_row, table);
}

#define ANN "ann      unknown (atime) 8.2 kB no   1970-01-01 "

START_TEST(columns_are_aligned_as_a_terminal_shows_them)
{
	struct text text = { .len = 0 };
	struct mba_text_table *table;

	table = mba_text_table_init(&audit_set, MBA_TABLE_ENTRIES, true, true,
				    add_line, &text);
	add_named(table, "日本", "wide");
	add_named(table, "e\u0301", "combining");
	add_named(table, "longer than the title", "long");
	ck_assert_uint_eq(text.len, 0);
	mba_text_table_deinit(&table);
	ck_assert_str_eq(text.data,
		"Username state             size used changed    "
		"hidden by             mailbox\n"
		ANN "日本                  wide\n"
		ANN "e\u0301                     combining\n"
		ANN "longer than the title long\n");
}
END_TEST

/* The first rows tell the widths, the others are written as they come. */
START_TEST(a_table_is_written_as_it_grows)
{
	struct text text = { .len = 0 };
	struct mba_text_table *table;
	size_t len;

	table = mba_text_table_init(&audit_set, MBA_TABLE_ENTRIES, false, true,
				    add_line, &text);
	for (int i = 0; i < 99; i++)
		add_named(table, "x", "y");
	ck_assert_uint_eq(text.len, 0);
	add_named(table, "x", "y");
	ck_assert_uint_gt(text.len, 0);
	len = text.len;
	add_named(table, "wider than those before", "y");
	ck_assert_uint_gt(text.len, len);
	ck_assert_ptr_nonnull(strstr(text.data + len,
				     " wider than those before y\n"));
	len = text.len;
	mba_text_table_deinit(&table);
	ck_assert_uint_eq(text.len, len);
}
END_TEST

/* All that a number can be still fits, but for names. */
START_TEST(the_widest_summaries_fit_80_columns)
{
	const struct mba_count most = {
		UINT32_MAX, UINT32_MAX, UINT64_C(999949999999999)
	};
	struct mba_namespace_report ns = {
		.location = &location, .totals = most,
		.states = { most, most, most, most },
		.states_hidden = { most, most },
		.other = { most, most, most, most, most },
		.clean = { .set = &clean, .removed = most,
			   .removed_dirs = most },
	};
	const struct mba_report report = {
		.user = "ann@example", .namespaces = &ns, .namespaces_count = 1,
	};
	static const enum mba_table tables[] = {
		MBA_TABLE_SUMMARY, MBA_TABLE_TOTALS
	};
	const struct mba_audit_settings *set = _i % 2 == 0 ? &audit_set :
		&clean_set;
	struct text text = { .len = 0 };
	struct mba_text_table *table;

	for (int i = 0; i < MBA_KEPT_COUNT; i++)
		ns.clean.kept[i] = most;
	table = mba_text_table_init(set, tables[_i / 2], true, true, add_line,
				    &text);
	mba_rows_report(set, tables[_i / 2], &report, add_table_row, table);
	mba_text_table_deinit(&table);
	for (char *line = strtok(text.data, "\n"); line != NULL;
	     line = strtok(NULL, "\n"))
		ck_assert_uint_le(strlen(line), 80);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("tables");

	tcase_add_test(tcase, a_row_is_one_line);
	tcase_add_test(tcase, a_report_without_namespaces_has_totals);
	tcase_add_test(tcase, totals_are_sums_of_namespaces);
	tcase_add_loop_test(tcase, sizes_are_rounded, 0,
			    sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_test(tcase, columns_are_aligned_as_a_terminal_shows_them);
	tcase_add_test(tcase, a_table_is_written_as_it_grows);
	tcase_add_loop_test(tcase, the_widest_summaries_fit_80_columns, 0, 4);
	return unit_run(tcase);
}
