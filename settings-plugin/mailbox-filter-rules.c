/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "mailbox-audit.h"
#include "settings-compat.h"
#include "mailbox-filter-rules.h"
#include "mailbox-filter-settings.h"

static int
mailbox_filter_rules_add(struct mba_rules *rules,
			 const struct mailbox_filter_settings *set,
			 char **error_r)
{
	if (set->mailbox_filter_file[0] != '\0' &&
	    mba_rules_add_file(rules, set->mailbox_filter_file, error_r) < 0)
		return -1;
	if (strcmp(set->mailbox_filter, MAILBOX_FILTER_UNSET) == 0)
		return 0;
	return mba_rules_add_words(rules, set->mailbox_filter,
				   "mailbox_filter", error_r);
}

int mailbox_filter_rules_get(struct mail_user *user, struct mba_rules **rules_r,
			     bool *non_mailboxes_r, const char **error_r)
{
	const struct mailbox_filter_settings *set;
	const void *set_any;
	char *error;
	int ret;

	if (plugin_settings_get(user, &mailbox_filter_setting_parser_info,
				&set_any, error_r) < 0)
		return -1;
	set = set_any;

	*rules_r = mba_rules_new();
	*non_mailboxes_r = set->mailbox_filter_non_mailboxes;
	ret = mailbox_filter_rules_add(*rules_r, set, &error);
	if (ret < 0) {
		*error_r = t_strdup(error);
		free(error);
		mba_rules_free(rules_r);
	}
	settings_free(set);
	return ret;
}
