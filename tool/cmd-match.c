/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <stdio.h>
#include <stdlib.h>

#include "tool.h"

static const char help[] =
"Usage: mailbox-audit match [OPTION...] NAME...\n"
"\n"
"Prints those of the names that the rules hide, as git check-ignore does for\n"
"files. The levels of a name are joined by '/', whatever the server's\n"
"separator is, and the namespace's prefix is no part of it. A name that ends\n"
"in '/' is one that holds others. What can't be seen, backslashes and bytes\n"
"that aren't UTF-8 are printed as \\xNN, and may be given so; \\x2f is a '/'\n"
"within a level.\n"
"\n"
"  -v, --verbose       print the rule that decides, SOURCE:LINE:COLUMN:RULE,\n"
"                      and a tab before the name; also for names that a '!'\n"
"                      rule shows\n"
"  -n, --non-matching  with -v print also the names that no rule matches,\n"
"                      after three colons and a tab\n"
"      --rule WORDS    rules, separated by blanks, as in mailbox_filter\n"
"      --rules FILE    rules, one a line, as in mailbox_filter_file\n"
"  -h, --help          show this\n"
"\n"
"Without --rule and --rules the default rules are used: "
MBA_DEFAULT_RULES "\n"
"Exit status: 0 if a name is hidden, 1 if none is, else an error.\n";

static const struct option options[] = {
	TOOL_RULES_OPTIONS,
	{ "verbose", no_argument, NULL, 'v' },
	{ "non-matching", no_argument, NULL, 'n' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

struct match_command {
	struct mba_rules *rules;
	bool verbose, non_matching;
};

static void match_print_rule(const struct mba_rule *rule)
{
	char *source = mba_escape(rule->source);
	char *text = mba_escape(rule->text);

	printf("%s:%u:%u:%s\t", source, rule->line, rule->column, text);
	free(source);
	free(text);
}

/* rule is NULL if none matches. */
static void match_print(const struct match_command *cmd,
			const struct mba_rule *rule, const char *levels,
			size_t len)
{
	char *name = mba_levels_print(levels, len);

	if (rule == NULL)
		fputs(":::\t", stdout);
	else if (cmd->verbose)
		match_print_rule(rule);
	tool_print_line(name);
	free(name);
}

/* Returns TRUE if the name is hidden. */
static bool match_name(const struct match_command *cmd, const char *name)
{
	const struct mba_rule *rule;
	size_t len;
	char *levels = mba_levels_parse(name, &len);
	/* it ends in a '/' */
	bool is_dir = len > 1 && levels[len - 1] == '\0', hidden;

	hidden = mba_rules_match(cmd->rules, levels, is_dir ? len - 1 : len, 0,
				 is_dir ? MBA_DIR_YES : MBA_DIR_NO, NULL,
				 &rule) == MBA_MATCH_HIDDEN;
	if (hidden || (cmd->verbose && rule != NULL) ||
	    (cmd->non_matching && rule == NULL))
		match_print(cmd, rule, levels, len);
	free(levels);
	return hidden;
}

/* Returns EX_OK, a status whose error was printed, or -1 if help was asked
   for. */
static int match_options(struct match_command *cmd, int argc, char *argv[])
{
	int opt, status = EX_OK;

	while (status == EX_OK &&
	       (opt = tool_getopt(argc, argv, ":vnh", options,
				   NULL)) != -1) {
		switch (opt) {
		case TOOL_OPT_RULE:
		case TOOL_OPT_RULES:
			status = tool_rules_option(cmd->rules, opt, optarg);
			break;
		case 'v':
			cmd->verbose = true;
			break;
		case 'n':
			cmd->non_matching = true;
			break;
		case 'h':
			return -1;
		default:
			return EX_USAGE;
		}
	}
	if (status != EX_OK)
		return status;
	if (cmd->non_matching && !cmd->verbose) {
		return tool_usage(tool_printf("--non-matching needs "
					      "--verbose"));
	}
	if (optind == argc)
		return tool_usage(tool_printf("No name is given"));
	return EX_OK;
}

int cmd_match(int argc, char *argv[])
{
	struct match_command cmd = { .rules = mba_rules_new() };
	bool hidden = false;
	int status;

	status = match_options(&cmd, argc, argv);
	if (status == -1) {
		fputs(help, stdout);
		status = tool_flush();
	} else if (status == EX_OK) {
		for (; optind < argc; optind++) {
			if (match_name(&cmd, argv[optind]))
				hidden = true;
		}
		status = tool_flush();
		if (status == EX_OK && !hidden)
			status = 1;
	}
	mba_rules_free(&cmd.rules);
	return status;
}
