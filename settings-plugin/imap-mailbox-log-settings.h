/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef IMAP_MAILBOX_LOG_SETTINGS_H
#define IMAP_MAILBOX_LOG_SETTINGS_H

struct imap_mailbox_log_settings {
	pool_t pool;

	/* names of the commands to log, separated by blanks; or "all" */
	const char *imap_mailbox_log_commands;
	/* also log SELECT and EXAMINE of INBOX */
	bool imap_mailbox_log_inbox;
};

extern const struct setting_parser_info imap_mailbox_log_setting_parser_info;

#endif
