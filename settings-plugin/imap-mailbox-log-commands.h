/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef IMAP_MAILBOX_LOG_COMMANDS_H
#define IMAP_MAILBOX_LOG_COMMANDS_H

/* The names that imap_mailbox_log_commands may hold. The plugin has to know
   them, and so have doveadm and the config process, which check the setting. */

#define IMAP_MAILBOX_LOG_COMMANDS 29

struct imap_mailbox_log_commands {
	bool chosen[IMAP_MAILBOX_LOG_COMMANDS];
};

/* Parse names in any case, separated by blanks; "all" is all of them. Returns 0
   if ok, -1 if one is unknown. */
int imap_mailbox_log_commands_parse(const char *names,
	struct imap_mailbox_log_commands *commands_r, const char **error_r);

/* Returns whether a command is chosen: COPY stands for UID COPY too. */
bool imap_mailbox_log_commands_have(
	const struct imap_mailbox_log_commands *commands, const char *command);

#endif
