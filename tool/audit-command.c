/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit-command.h"
#include "interrupt.h"

int audit_command_option(struct audit_command *cmd, int opt, const char *name)
{
	char *error;

	if (opt >= LOCATION_OPT_DIRNAME) {
		return location_options_set(&cmd->location, opt, name,
					    optarg);
	}
	switch (opt) {
	case 'e':
		cmd->entries = true;
		return EX_OK;
	case 't':
		cmd->totals = true;
		return EX_OK;
	case 's':
		if (mba_states_parse(optarg, &cmd->set.states, &error) < 0)
			return tool_usage(error);
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
		return EX_USAGE;
	}
}

int audit_command_help(const char *begin, const char *end)
{
	fputs(begin, stdout);
	fputs(location_options_help, stdout);
	fputs(end, stdout);
	return tool_flush();
}

int audit_command_time(int64_t *seconds_r)
{
	char *error;

	return mba_time_parse(optarg, seconds_r, &error) == 0 ? EX_OK :
		tool_usage(error);
}

char *audit_command_check(const struct audit_command *cmd, const char *arg)
{
	if (arg != NULL) {
		return tool_printf("There are only options, no arguments: %s",
				   arg);
	}
	if (cmd->totals && cmd->entries) {
		return tool_printf("--totals and --entries, or what implies "
				   "it, are mutually exclusive");
	}
	return location_options_check(&cmd->location);
}

void audit_command_init(struct audit_command *cmd, int argc)
{
	location_options_init(&cmd->location, argc);
	cmd->rules = mba_rules_new();
}

void audit_command_deinit(struct audit_command *cmd)
{
	mba_rules_free(&cmd->rules);
	location_options_deinit(&cmd->location);
}

/* A dumb terminal would show what clears the line. */
static bool progress_can_be_shown(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) > 0 &&
		(term == NULL || strcmp(term, "dumb") != 0);
}

static void progress_clear(struct audit_command *cmd)
{
	if (cmd->progress_on_screen)
		fputs("\r\033[K", stderr);
	cmd->progress_on_screen = false;
}

static void progress_show(struct audit_command *cmd,
			  const struct mba_namespace_report *ns)
{
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

static bool command_progress(const struct mba_namespace_report *ns,
			     void *context)
{
	struct audit_command *cmd = context;

	if (!cmd->quiet)
		progress_show(cmd, ns);
	return !interrupt_came();
}

static void print_line(char *line)
{
	tool_print_line(line);
	free(line);
}

static void command_line(const char *line, void *context)
{
	progress_clear(context);
	tool_print_line(line);
}

static void command_row(const char *const *values, void *context)
{
	const struct audit_command *cmd = context;

	mba_text_table_row(cmd->text, values);
}

static void command_entry(const struct mba_namespace_report *ns,
			  const struct mba_entry *entry, void *context)
{
	struct audit_command *cmd = context;

	if (entry->state == MBA_STATE_MISSING && entry->mailbox != NULL &&
	    strcmp(entry->mailbox, "INBOX") == 0)
		cmd->inbox_missing = true;
	if (!cmd->entries)
		return;
	if (!cmd->json) {
		mba_row_entry(&cmd->set, ns, entry, command_row, cmd);
		return;
	}
	progress_clear(cmd);
	print_line(mba_json_entry(&cmd->set, ns, entry));
}

static void command_error(const struct mba_error *error, void *context)
{
	progress_clear(context);
	(void)tool_fail(EX_OK, tool_printf("%s(%s) failed: %s", error->op,
					   error->path, error->error));
}

/* Zeros are the right answer for a user who never logged in, but here the path
   was typed by somebody. */
static void command_warn_missing(const struct audit_command *cmd)
{
	const char *path = cmd->location.location.index_root;
	struct stat st;

	if (stat(path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		(void)tool_fail(EX_OK, tool_printf(
			"Warning: %s doesn't exist: there is nothing to count",
			path));
	}
}

/* INBOX is seldom below the mail root, and then it isn't found there. */
static void command_hint_inbox(const struct audit_command *cmd)
{
	if (cmd->inbox_missing && cmd->location.location.inbox_path == NULL) {
		(void)tool_fail(EX_OK, tool_printf(
			"INBOX is missing: if it isn't below the mail root, "
			"--inbox PATH tells where it is"));
	}
}

static void command_print_report(struct audit_command *cmd,
				 const struct mba_report *report)
{
	const struct mba_namespace_report *ns = &report->namespaces[0];

	if (!cmd->json) {
		mba_rows_report(&cmd->set, cmd->table, report, command_row,
				cmd);
		mba_text_table_deinit(&cmd->text);
	} else if (cmd->totals)
		print_line(mba_json_totals(&cmd->set, report));
	else
		print_line(mba_json_report(report));
	if (ns->clean.refused != NULL) {
		(void)tool_fail(EX_OK, tool_printf("Nothing is removed: %s",
						   ns->clean.refused));
	}
}

int audit_command_run(struct audit_command *cmd)
{
	const struct mba_report *report;
	struct mba_audit *audit;
	int ret, status;

	command_warn_missing(cmd);
	cmd->set.rules = cmd->rules;
	cmd->set.error = command_error;
	cmd->set.context = cmd;
	/* else nobody would hear of a missing INBOX */
	if (cmd->entries || cmd->location.location.inbox_path == NULL)
		cmd->set.entry = command_entry;
	cmd->quiet = cmd->quiet || !progress_can_be_shown();
	cmd->set.progress = command_progress;
	cmd->table = cmd->totals ? MBA_TABLE_TOTALS :
		cmd->entries ? MBA_TABLE_ENTRIES : MBA_TABLE_SUMMARY;
	if (!cmd->json) {
		cmd->text = mba_text_table_init(&cmd->set, cmd->table,
						cmd->totals, true,
						command_line, cmd);
	}

	interrupt_init();
	audit = mba_audit_init(&cmd->set);
	location_options_add(&cmd->location, audit);
	ret = mba_audit_run(audit, &report);
	progress_clear(cmd);
	command_print_report(cmd, report);
	command_hint_inbox(cmd);
	mba_audit_deinit(&audit);
	status = tool_flush();
	interrupt_end();
	return status == EX_OK && ret < 0 ? EX_IOERR : status;
}
