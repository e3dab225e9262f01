/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "mailbox-audit.h"
#include "settings-compat.h"
#include "mailbox-filter-check.h"
#include "mailbox-filter-rules.h"
#include "mailbox-filter-settings.h"

int mailbox_filter_rules_get(struct mail_user *user, struct mba_rules **rules_r,
			     bool *non_mailboxes_r, const char **error_r)
{
	const struct mailbox_filter_settings *set;
	const void *set_any;
	int ret;

	if (plugin_settings_get(user, &mailbox_filter_setting_parser_info,
				&set_any, error_r) < 0)
		return -1;
	set = set_any;

	*rules_r = mba_rules_new();
	*non_mailboxes_r = set->mailbox_filter_non_mailboxes;
	ret = mailbox_filter_add_file(*rules_r, set, user->username, error_r);
	if (ret == 0)
		ret = mailbox_filter_add_inline(*rules_r, set, error_r);
	if (ret < 0)
		mba_rules_free(rules_r);
	settings_free(set);
	return ret;
}
