/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "settings-compat.h"
#include "imap-mailbox-log-commands.h"
#include "imap-mailbox-log-settings.h"

#undef DEF
#define DEF(type, name) \
	PLUGIN_SETTING(type, name, struct imap_mailbox_log_settings)

static const struct setting_define imap_mailbox_log_setting_defines[] = {
	DEF(STR, imap_mailbox_log_commands),
	DEF(BOOL, imap_mailbox_log_inbox),

	SETTING_DEFINE_LIST_END
};

static const struct imap_mailbox_log_settings
imap_mailbox_log_default_settings = {
	.imap_mailbox_log_commands = "all",
	.imap_mailbox_log_inbox = FALSE,
};

static bool
imap_mailbox_log_settings_check(void *_set, pool_t pool ATTR_UNUSED,
				const char **error_r)
{
	const struct imap_mailbox_log_settings *set = _set;
	struct imap_mailbox_log_commands commands;

	return SETTING_IS_UNKNOWN(set->imap_mailbox_log_commands) ||
		imap_mailbox_log_commands_parse(set->imap_mailbox_log_commands,
						&commands, error_r) == 0;
}

const struct setting_parser_info imap_mailbox_log_setting_parser_info = {
	PLUGIN_SETTINGS_INFO("imap_mailbox_log",
			     struct imap_mailbox_log_settings),

	.defines = imap_mailbox_log_setting_defines,
	.defaults = &imap_mailbox_log_default_settings,
	.check_func = imap_mailbox_log_settings_check,

	.struct_size = sizeof(struct imap_mailbox_log_settings),
};
