/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "location-options.h"
#include "table.h"
#include "tool.h"

static const char help_begin[] =
"Usage: mailbox-audit report --index-root DIR --mail-root DIR [OPTION...]\n"
"\n"
"Shows how many inodes the index directories under the index root take, and\n"
"which belong to no mailbox under the mail root. It changes nothing.\n"
"\n";

static const char help_end[] =
"\n"
"What to show:\n"
"  -e, --entries            a row for each entry, not only the sums\n"
"  -s, --state LIST         of --entries only those with these states:\n"
"                           mailbox, not-mailbox, missing, unknown; bogus\n"
"                           stands for not-mailbox,missing\n"
"  -H, --hidden             of --entries only those that the rules hide\n"
"  -V, --visible            of --entries only those that the rules don't hide\n"
"  -j, --json               JSON lines\n"
"  -u, --user NAME          the user's name for the report\n"
"      --rule WORDS         rules, separated by blanks, as in mailbox_filter\n"
"      --rules FILE         rules, one a line, as in mailbox_filter_file\n"
"  -q, --quiet              don't show progress on a terminal\n"
"  -h, --help               show this\n"
"\n"
"Without --rule and --rules the default rules are used: .* public_html\n"
"Exit status: 0, or 74 if something couldn't be read (it is counted as\n"
"unknown, and the reason is on standard error), or another of sysexits.h.\n";

static const struct option options[] = {
	TOOL_RULES_OPTIONS,
	LOCATION_OPTIONS,
	{ "entries", no_argument, NULL, 'e' },
	{ "state", required_argument, NULL, 's' },
	{ "hidden", no_argument, NULL, 'H' },
	{ "visible", no_argument, NULL, 'V' },
	{ "json", no_argument, NULL, 'j' },
	{ "user", required_argument, NULL, 'u' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

struct report_command {
	struct location_options location;
	struct mba_audit_settings set;
	struct mba_rules *rules;
	enum mba_table table;
	bool entries, json, quiet;

	struct timespec progress_shown;
	bool progress_on_screen;
};

/* Returns a status, or -1 if help was asked for. */
static int report_option(struct report_command *cmd, int opt, int idx)
{
	char *error;

	switch (opt) {
	case TOOL_OPT_RULE:
	case TOOL_OPT_RULES:
		return tool_rules_option(cmd->rules, opt, optarg);
	case LOCATION_OPT:
		return location_options_set(&cmd->location, options[idx].name,
					    optarg);
	case 'e':
		cmd->entries = true;
		cmd->table = MBA_TABLE_ENTRIES;
		return EX_OK;
	case 's':
		if (mba_states_parse(optarg, &cmd->set.states, &error) < 0)
			return tool_usage("report", error);
		return EX_OK;
	case 'H':
		cmd->set.hidden = true;
		return EX_OK;
	case 'V':
		cmd->set.visible = true;
		return EX_OK;
	case 'j':
		cmd->json = true;
		return EX_OK;
	case 'u':
		cmd->set.user = optarg;
		return EX_OK;
	case 'q':
		cmd->quiet = true;
		return EX_OK;
	case 'h':
		return -1;
	default:
		return tool_usage("report", NULL);
	}
}

static char *report_check(const struct report_command *cmd, const char *arg)
{
	if (arg != NULL)
		return tool_printf("report takes options only: %s", arg);
	if (cmd->set.hidden && cmd->set.visible) {
		return tool_printf("--hidden and --visible are mutually "
				   "exclusive");
	}
	return location_options_check(&cmd->location);
}

static int report_options(struct report_command *cmd, int argc, char *argv[])
{
	int opt, idx = 0, status = EX_OK;
	char *error;

	while (status == EX_OK &&
	       (opt = getopt_long(argc, argv, "es:HVju:qh", options,
				  &idx)) != -1)
		status = report_option(cmd, opt, idx);
	if (status != EX_OK)
		return status;
	if ((error = report_check(cmd, argv[optind])) != NULL)
		return tool_usage("report", error);
	return EX_OK;
}

static void progress_clear(struct report_command *cmd)
{
	if (cmd->progress_on_screen)
		fputs("\r\033[K", stderr);
	cmd->progress_on_screen = false;
}

static void report_progress(const struct mba_namespace_report *ns,
			    void *context)
{
	struct report_command *cmd = context;
	struct timespec now;

	/* not more often than an eye can follow */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if ((now.tv_sec - cmd->progress_shown.tv_sec) * 1000 +
	    (now.tv_nsec - cmd->progress_shown.tv_nsec) / 1000000 < 200)
		return;
	cmd->progress_shown = now;
	cmd->progress_on_screen = true;
	fprintf(stderr, "\r%llu inodes, %llu entries\033[K",
		(unsigned long long)ns->totals.inodes,
		(unsigned long long)ns->totals.entries);
}

static void print_line(char *line)
{
	puts(line);
	free(line);
}

static void report_entry(const struct mba_namespace_report *ns,
			 const struct mba_entry *entry, void *context)
{
	struct report_command *cmd = context;

	progress_clear(cmd);
	if (cmd->json)
		print_line(mba_json_entry(&cmd->set, ns, entry));
	else
		mba_row_entry(ns, entry, table_print_row, &cmd->table);
}

static void report_error(const struct mba_error *error, void *context)
{
	struct report_command *cmd = context;
	char *path = mba_escape(error->path);

	progress_clear(cmd);
	fprintf(stderr, "mailbox-audit: %s(%s) failed: %s\n", error->op, path,
		error->error);
	free(path);
}

/* Zeros are the right answer for a user who never logged in, but here the path
   was typed by somebody. */
static void report_warn_missing(const struct report_command *cmd)
{
	const char *path = cmd->location.location.index_root;
	struct stat st;

	if (stat(path, &st) < 0 && errno == ENOENT) {
		(void)tool_fail(EX_OK, tool_printf(
			"Warning: %s doesn't exist: there is nothing to count",
			path));
	}
}

static int report_run(struct report_command *cmd)
{
	const struct mba_report *report;
	struct mba_audit *audit;
	int ret, status;

	report_warn_missing(cmd);
	cmd->set.rules = cmd->rules;
	cmd->set.error = report_error;
	cmd->set.context = cmd;
	if (cmd->entries)
		cmd->set.entry = report_entry;
	if (!cmd->quiet && isatty(STDERR_FILENO))
		cmd->set.progress = report_progress;
	if (!cmd->json)
		table_print_titles(cmd->table);

	audit = mba_audit_init(&cmd->set);
	location_options_add(&cmd->location, audit);
	ret = mba_audit_run(audit, &report);
	progress_clear(cmd);
	if (cmd->json)
		print_line(mba_json_report(report));
	else if (!cmd->entries)
		mba_rows_summary(&report->namespaces[0], table_print_row,
				 &cmd->table);
	mba_audit_deinit(&audit);
	status = tool_flush();
	return status == EX_OK && ret < 0 ? EX_IOERR : status;
}

static int report_help(void)
{
	fputs(help_begin, stdout);
	fputs(location_options_help, stdout);
	fputs(help_end, stdout);
	return tool_flush();
}

int cmd_report(int argc, char *argv[])
{
	struct report_command cmd = {
		.rules = mba_rules_new(), .table = MBA_TABLE_SUMMARY,
	};
	int status;

	location_options_init(&cmd.location, "report", argc);
	status = report_options(&cmd, argc, argv);
	if (status == -1)
		status = report_help();
	else if (status == EX_OK)
		status = report_run(&cmd);
	mba_rules_free(&cmd.rules);
	location_options_deinit(&cmd.location);
	return status;
}
