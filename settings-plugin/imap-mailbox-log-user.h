/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef IMAP_MAILBOX_LOG_USER_H
#define IMAP_MAILBOX_LOG_USER_H

#include "imap-mailbox-log-commands.h"

struct mail_user;

/* What a user's settings ask for. */
struct imap_mailbox_log_user {
	struct imap_mailbox_log_commands commands;
	/* also log SELECT and EXAMINE of INBOX */
	bool inbox;
};

/* Get a user's settings. Returns 0 if ok, -1 if one is invalid: *error_r names
   it. */
int imap_mailbox_log_user_get(struct mail_user *user,
			      struct imap_mailbox_log_user *user_r,
			      const char **error_r);

#endif
