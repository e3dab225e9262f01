/* mailbox-audit: the audit of libmailboxaudit from the command line, without
   Dovecot. The map of the house:

   main.c        finds the subcommand
   cmd-report.c  "report": the audit of the paths that are given
   cmd-match.c   "match": which rule hides a name */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

static const struct {
	const char *name;
	tool_command_t *run;
	const char *help;
} commands[] = {
	{ "report", cmd_report,
	  "show which index directories are no mailboxes'" },
	{ "match", cmd_match,
	  "show which names the rules hide, and why" },
};
#define COMMANDS_COUNT (sizeof(commands) / sizeof(commands[0]))

char *tool_printf(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	return text;
}

int tool_fail(int status, char *error)
{
	for (char *p = error; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	}
	fprintf(stderr, "mailbox-audit: %s\n", error);
	free(error);
	return status;
}

int tool_usage(const char *command, char *error)
{
	if (error != NULL)
		(void)tool_fail(EX_USAGE, error);
	fprintf(stderr, "mailbox-audit %s --help shows how it is used.\n",
		command);
	return EX_USAGE;
}

int tool_rules_option(struct mba_rules **rules, int opt, const char *value)
{
	char *error;

	if (*rules == NULL)
		*rules = mba_rules_new();
	if (opt == TOOL_OPT_RULES ?
	    mba_rules_add_file(*rules, value, &error) < 0 :
	    mba_rules_add_words(*rules, value, "--rule", &error) < 0)
		return tool_fail(EX_CONFIG, error);
	return EX_OK;
}

void tool_rules_finish(struct mba_rules **rules)
{
	if (*rules != NULL)
		return;
	*rules = mba_rules_new();
	mba_rules_add_default(*rules);
}

int tool_flush(void)
{
	/* the reason of an earlier write isn't known any more */
	errno = EIO;
	if (fflush(stdout) == 0 && !ferror(stdout) &&
	    (fclose(stdout) == 0 || errno == EBADF))
		return EX_OK;
	return tool_fail(EX_IOERR, tool_printf("write(stdout) failed: %s",
					       strerror(errno)));
}

static void help(FILE *output)
{
	fputs("Usage: mailbox-audit COMMAND [OPTION...]\n\n"
	      "Finds index directories of Dovecot that belong to no mailbox.\n"
	      "It only reads. Commands:\n\n", output);
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
