/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef TOOL_H
#define TOOL_H

#include <getopt.h>
#include <sysexits.h>

#include "mailbox-audit.h"

/* A subcommand. Returns an exit status of sysexits.h. */
typedef int tool_command_t(int argc, char *argv[]);

/* The name of the one that runs, NULL if none does. */
extern const char *tool_command;

tool_command_t cmd_report;
tool_command_t cmd_clean;
tool_command_t cmd_match;
tool_command_t cmd_inspect;

/* Print "mailbox-audit: COMMAND: error" and free it. It is escaped by
   mba_escape(): what it quotes may come from anywhere. Returns the status, so
   that a command can end with it. */
int tool_fail(int status, char *error);

/* The same for a command line that isn't understood: point to the help of the
   command. Returns EX_USAGE. */
int tool_usage(char *error);

/* getopt_long(), whose messages would quote the command line as it stands.
   letters begin with ':'. For '?' and ':' the error was printed. */
int tool_getopt(int argc, char *argv[], const char *letters,
		const struct option *options, int *idx_r);

/* Returns the formatted string; the caller frees it. */
char *tool_printf(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* Options that give rules, for tool_getopt(). */
enum {
	TOOL_OPT_RULE = 0x1000,
	TOOL_OPT_RULES
};
#define TOOL_RULES_OPTIONS \
	{ "rule", required_argument, NULL, TOOL_OPT_RULE }, \
	{ "rules", required_argument, NULL, TOOL_OPT_RULES }

/* Add the rules of such an option. Returns EX_OK, or a status whose error was
   printed. */
int tool_rules_option(struct mba_rules *rules, int opt, const char *value);

/* Print a line to standard output. Why that failed tool_flush() tells. */
void tool_print_line(const char *line);

/* Returns EX_OK, or EX_IOERR if not all of standard output could be written;
   that was printed. */
int tool_flush(void);

#endif
