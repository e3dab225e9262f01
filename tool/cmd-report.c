/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <time.h>

#include "audit-command.h"

static const char help_begin[] =
"Usage: mailbox-audit report --index-root DIR --mail-root DIR [OPTION...]\n"
"\n"
"Shows how many inodes the index directories under the index root take, and\n"
"which belong to no mailbox under the mail root. It changes nothing.\n"
"\n";

static const char help_end[] =
"\n"
"What to show:\n"
"  -e, --entries            a row for each entry, in place of the sums\n"
"  -s, --state LIST         the entries with these states: mailbox,\n"
"                           not-mailbox, missing, unknown; bogus stands for\n"
"                           not-mailbox,missing\n"
"  -H, --hidden             the entries that the rules hide\n"
"  -V, --visible            the entries that the rules don't hide\n"
"  -O, --unused-for TIME    the mailboxes without a proof of use since then,\n"
"                           if their evidence reaches back as far. That isn't\n"
"                           \"unused\": see mailbox-audit(1)\n"
"  -t, --totals             one row for the user: bogus entries, how many of\n"
"                           them the rules hide, errors\n"
"  -j, --json               JSON lines\n"
"  -u, --user NAME          the user's name for the report\n"
"  -J, --jobs N             how many looks at the mail side to make at once,\n"
"                           if it is slow: 1 to 256 (16)\n"
"      --rule WORDS         rules, separated by blanks, as in mailbox_filter\n"
"      --rules FILE         rules, one a line, as in mailbox_filter_file\n"
"  -q, --quiet              don't show progress on a terminal\n"
"  -h, --help               show this\n"
"\n"
"Without --rule and --rules the default rules are used: "
MBA_DEFAULT_RULES "\n"
"Exit status: 0, or 74 if something couldn't be read (it is counted as\n"
"unknown, and the reason is on standard error), or another of sysexits.h.\n";

static const struct option options[] = {
	AUDIT_COMMAND_OPTIONS,
	TOOL_RULES_OPTIONS,
	{ "hidden", no_argument, NULL, 'H' },
	{ "visible", no_argument, NULL, 'V' },
	{ "unused-for", required_argument, NULL, 'O' },
	{ "jobs", required_argument, NULL, 'J' },
	{ NULL, 0, NULL, 0 }
};

static int report_unused_for(struct audit_command *cmd)
{
	int64_t seconds;
	int status = audit_command_time(&seconds);

	if (status == EX_OK)
		cmd->set.unused_since = (int64_t)time(NULL) - seconds;
	return status;
}

static int report_jobs(struct audit_command *cmd)
{
	char *error;

	return mba_jobs_parse(optarg, &cmd->set.jobs, &error) == 0 ? EX_OK :
		tool_usage(error);
}

/* Returns a status, or -1 if help was asked for. */
static int report_option(struct audit_command *cmd, int opt, int idx)
{
	switch (opt) {
	case TOOL_OPT_RULE:
	case TOOL_OPT_RULES:
		return tool_rules_option(cmd->rules, opt, optarg);
	case 'H':
		cmd->set.hidden = true;
		return EX_OK;
	case 'V':
		cmd->set.visible = true;
		return EX_OK;
	case 'O':
		return report_unused_for(cmd);
	case 'J':
		return report_jobs(cmd);
	default:
		return audit_command_option(cmd, opt, options[idx].name);
	}
}

static char *report_check(const struct audit_command *cmd, const char *arg)
{
	if (cmd->set.hidden && cmd->set.visible) {
		return tool_printf("--hidden and --visible are mutually "
				   "exclusive");
	}
	return audit_command_check(cmd, arg);
}

static int report_options(struct audit_command *cmd, int argc, char *argv[])
{
	int opt, idx = 0, status = EX_OK;
	char *error;

	while (status == EX_OK &&
	       (opt = tool_getopt(argc, argv, AUDIT_COMMAND_LETTERS "HVO:J:",
				  options, &idx)) != -1)
		status = report_option(cmd, opt, idx);
	if (status != EX_OK)
		return status;
	if (cmd->set.states != 0 || cmd->set.hidden || cmd->set.visible ||
	    cmd->set.unused_since != 0)
		cmd->entries = true;
	if ((error = report_check(cmd, argv[optind])) != NULL)
		return tool_usage(error);
	return EX_OK;
}

int cmd_report(int argc, char *argv[])
{
	struct audit_command cmd = { .quiet = false };
	int status;

	audit_command_init(&cmd, argc);
	status = report_options(&cmd, argc, argv);
	if (status == -1)
		status = audit_command_help(help_begin, help_end);
	else if (status == EX_OK)
		status = audit_command_run(&cmd);
	audit_command_deinit(&cmd);
	return status;
}
