/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* mailbox-audit: the audit of libmailboxaudit from the command line, without
   Dovecot. The map of the house:

   main.c              finds the subcommand
   cmd-report.c        "report": the audit of the paths that are given
   cmd-clean.c         "clean": the same, and removes what is bogus
   audit-command.c     what these two share
   interrupt.c         ^C while they run
   location-options.c  options for the paths, and of what namespace they are
   cmd-match.c         "match": which rule hides a name
   cmd-inspect.c       "inspect": what is in index files
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
	{ "inspect", cmd_inspect,
	  "show what is in index files, and when they were last used" },
};
#define COMMANDS_COUNT (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *output)
{
	fputs("Usage: mailbox-audit COMMAND [OPTION...]\n\n"
	      "Finds index directories of Dovecot that belong to no mailbox.\n"
	      "Only clean removes something. Commands:\n\n", output);
	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		fprintf(output, "  %-8s %s\n", commands[i].name,
			commands[i].help);
	}
	fputs("\nmailbox-audit help COMMAND, or COMMAND --help, shows a "
	      "command's options.\n"
	      "mailbox-audit --version shows which version this is.\n",
	      output);
}

static int unknown_command(const char *name)
{
	if (*name != '\0') {
		(void)tool_fail(EX_USAGE, tool_printf("Unknown command: %s",
						      name));
	}
	print_help(stderr);
	return EX_USAGE;
}

static int run(const char *name, int argc, char *argv[])
{
	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		if (strcmp(name, commands[i].name) != 0)
			continue;
		tool_command = commands[i].name;
		return commands[i].run(argc, argv);
	}
	return unknown_command(name);
}

/* "help", "help COMMAND"; names are those of the arguments. */
static int help(char *const names[])
{
	char option[] = "--help";
	char *argv[] = { NULL, option, NULL };

	if (names[0] != NULL && strcmp(names[0], "help") != 0)
		return run(names[0], 2, argv);
	print_help(stdout);
	return tool_flush();
}

int main(int argc, char *argv[])
{
	const char *name = argc < 2 ? "" : argv[1];

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
	    strcmp(name, "help") == 0)
		return help(argv + 2);
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		puts(PACKAGE_STRING);
		return tool_flush();
	}
	return run(name, argc - 1, argv + 1);
}
