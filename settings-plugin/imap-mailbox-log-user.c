/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "settings-compat.h"
#include "imap-mailbox-log-settings.h"
#include "imap-mailbox-log-user.h"

int imap_mailbox_log_user_get(struct mail_user *user,
			      struct imap_mailbox_log_user *user_r,
			      const char **error_r)
{
	const struct imap_mailbox_log_settings *set;
	const void *set_any;
	int ret;

	if (plugin_settings_get(user, &imap_mailbox_log_setting_parser_info,
				&set_any, error_r) < 0)
		return -1;
	set = set_any;
	user_r->inbox = set->imap_mailbox_log_inbox;
	ret = imap_mailbox_log_commands_parse(set->imap_mailbox_log_commands,
					      &user_r->commands, error_r);
	settings_free(set);
	return ret;
}
