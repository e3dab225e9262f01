/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The settings of the plugins, which need not be loaded here: wrong ones would
   end the user's sessions, so that an administrator asks doveadm first. */

#include "lib.h"
#include "str.h"
#include "mail-user.h"
#include "imap-mailbox-log-user.h"
#include "mailbox-filter-rules.h"
#include "doveadm-mailbox-audit.h"

/* Log what is wrong, and add it to what was wrong before. */
static void
settings_error(string_t *errors, struct mail_user *user, const char *error)
{
	e_error(user->event, "%s", error);
	if (str_len(errors) > 0)
		str_append(errors, "; ");
	str_append(errors, error);
}

int doveadm_audit_settings(struct mail_user *user, struct mba_rules **rules_r,
			   const char **errors_r)
{
	struct imap_mailbox_log_user log_user;
	string_t *errors = t_str_new(128);
	const char *error;
	bool non_mailboxes;

	*rules_r = NULL;
	if (mailbox_filter_rules_get(user, rules_r, &non_mailboxes,
				     &error) < 0)
		settings_error(errors, user, error);
	if (imap_mailbox_log_user_get(user, &log_user, &error) < 0)
		settings_error(errors, user, error);
	if (str_len(errors) == 0)
		return 0;
	*errors_r = str_c(errors);
	mba_rules_free(rules_r);
	return -1;
}
