/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The definitions, without anything that needs a mail user: Dovecot 2.4's
   config process and doveconf load them with the settings module. They call
   check_func for each block of the configuration that sets one. */

#include "lib.h"
#include "settings-compat.h"
#include "mailbox-filter-check.h"
#include "mailbox-filter-settings.h"

#undef DEF
#define DEF(type, name) \
	PLUGIN_SETTING(type, name, struct mailbox_filter_settings)

static const struct setting_define mailbox_filter_setting_defines[] = {
	DEF(STR, mailbox_filter),
	DEF(STR, mailbox_filter_file),
	DEF(BOOL, mailbox_filter_non_mailboxes),

	SETTING_DEFINE_LIST_END
};

static const struct mailbox_filter_settings mailbox_filter_default_settings = {
	.mailbox_filter = MAILBOX_FILTER_UNSET,
	.mailbox_filter_file = "",
	.mailbox_filter_non_mailboxes = FALSE,
};

static bool mailbox_filter_settings_check(void *set, pool_t pool ATTR_UNUSED,
					  const char **error_r)
{
	return mailbox_filter_check(set, error_r) == 0;
}

const struct setting_parser_info mailbox_filter_setting_parser_info = {
	PLUGIN_SETTINGS_INFO("mailbox_filter", struct mailbox_filter_settings),

	.defines = mailbox_filter_setting_defines,
	.defaults = &mailbox_filter_default_settings,
	.check_func = mailbox_filter_settings_check,

	.struct_size = sizeof(struct mailbox_filter_settings),
};
