/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* mailbox-audit: the audit of libmailboxaudit from the command line, without
   Dovecot. The map of the house:

   main.c              finds the subcommand
   cmd-report.c        "report": the audit of the paths that are given
   cmd-clean.c         "clean": the same, and removes what is bogus
   audit-command.c     what these two share
   location-options.c  options for the paths, and of what namespace they are
   table.c             rows of the report, aligned
   cmd-match.c         "match": which rule hides a name
   tool.c              what the subcommands share: errors, rules, the output */

#include <stdio.h>
#include <string.h>

#include "tool.h"

static const struct {
	const char *name;
	tool_command_t *run;
	const char *help;
} commands[] = {
	{ "report", cmd_report,
	  "show which index directories belong to no mailbox" },
	{ "clean", cmd_clean,
	  "remove index directories that belong to no mailbox" },
	{ "match", cmd_match,
	  "show which names the rules hide, and why" },
};
#define COMMANDS_COUNT (sizeof(commands) / sizeof(commands[0]))

static void help(FILE *output)
{
	fputs("Usage: mailbox-audit COMMAND [OPTION...]\n\n"
	      "Finds index directories of Dovecot that belong to no mailbox.\n"
	      "Only clean removes something. Commands:\n\n", output);
	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		fprintf(output, "  %-8s %s\n", commands[i].name,
			commands[i].help);
	}
	fputs("\nmailbox-audit COMMAND --help shows a command's options.\n",
	      output);
}

int main(int argc, char *argv[])
{
	const char *name = argc < 2 ? "" : argv[1];

	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
		help(stdout);
		return tool_flush();
	}
	if (strcmp(name, "--version") == 0) {
		puts(PACKAGE_STRING);
		return tool_flush();
	}
	if (*name != '\0')
		(void)tool_fail(EX_USAGE, tool_printf("Unknown command: %s",
						      name));
	help(stderr);
	return EX_USAGE;
}
