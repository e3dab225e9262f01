/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef AUDIT_COMMAND_H
#define AUDIT_COMMAND_H

/* What "report" and "clean" share: an audit of the paths that are given. */

#include <time.h>

#include "location-options.h"

struct audit_command {
	struct location_options location;
	struct mba_audit_settings set;
	struct mba_rules *rules;
	bool entries, totals, json, quiet;

	/* without json: what is printed, and where the rows go */
	enum mba_table table;
	struct mba_text_table *text;

	bool inbox_missing;
	struct timespec progress_shown;
	bool progress_on_screen;
};

/* For tool_getopt(). */
#define AUDIT_COMMAND_LETTERS ":ets:ju:qh"
#define AUDIT_COMMAND_OPTIONS \
	LOCATION_OPTIONS, \
	{ "entries", no_argument, NULL, 'e' }, \
	{ "totals", no_argument, NULL, 't' }, \
	{ "state", required_argument, NULL, 's' }, \
	{ "json", no_argument, NULL, 'j' }, \
	{ "user", required_argument, NULL, 'u' }, \
	{ "quiet", no_argument, NULL, 'q' }, \
	{ "help", no_argument, NULL, 'h' }

/* cmd is zeroed. */
void audit_command_init(struct audit_command *cmd, int argc);
void audit_command_deinit(struct audit_command *cmd);

/* Take one of these options; name is its long name. Returns EX_OK, a status
   whose error was printed, or -1 if help was asked for. */
int audit_command_option(struct audit_command *cmd, int opt, const char *name);

/* Print a command's help, with that of the location's options in between.
   Returns a status. */
int audit_command_help(const char *begin, const char *end);

/* Take the option's argument as a time, in seconds. Returns EX_OK, or a status
   whose error was printed. */
int audit_command_time(int64_t *seconds_r);

/* Returns an error that the caller frees, NULL if the options are fine. arg is
   the first argument that is no option. */
char *audit_command_check(const struct audit_command *cmd, const char *arg);

/* Run the audit and print what it found. Returns a status. */
int audit_command_run(struct audit_command *cmd);

#endif
