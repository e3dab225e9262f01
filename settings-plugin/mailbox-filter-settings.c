/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The definitions alone, without anything that needs a mail user: the config
   process and doveconf load them with the settings module. */

#include "lib.h"
#include "settings-compat.h"
#include "mailbox-filter-settings.h"

#undef DEF
#define DEF(type, name) \
	SETTING_DEFINE_STRUCT_##type(#name, name, \
				     struct mailbox_filter_settings)

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

const struct setting_parser_info mailbox_filter_setting_parser_info = {
	PLUGIN_SETTINGS_INFO("mailbox_filter", struct mailbox_filter_settings),

	.defines = mailbox_filter_setting_defines,
	.defaults = &mailbox_filter_default_settings,

	.struct_size = sizeof(struct mailbox_filter_settings),
};
