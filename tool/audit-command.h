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
	bool entries, json, quiet;

	struct timespec progress_shown;
	bool progress_on_screen;
};

/* For getopt_long(). */
#define AUDIT_COMMAND_OPTIONS \
	LOCATION_OPTIONS, \
	{ "entries", no_argument, NULL, 'e' }, \
	{ "state", required_argument, NULL, 's' }, \
	{ "json", no_argument, NULL, 'j' }, \
	{ "user", required_argument, NULL, 'u' }, \
	{ "quiet", no_argument, NULL, 'q' }, \
	{ "help", no_argument, NULL, 'h' }

/* cmd is zeroed. */
void audit_command_init(struct audit_command *cmd, const char *name, int argc);
void audit_command_deinit(struct audit_command *cmd);

/* Take one of these options; name is its long name, for LOCATION_OPT. Returns
   EX_OK, a status whose error was printed, or -1 if help was asked for. */
int audit_command_option(struct audit_command *cmd, int opt, const char *name);

/* Run the audit and print what it found. Returns a status. */
int audit_command_run(struct audit_command *cmd);

#endif
