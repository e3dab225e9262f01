/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What Dovecot 2.4's config process and doveconf look for in a module of
   MODULEDIR/settings: without it they know none of the plugins' settings. */

#include "lib.h"
#include "settings-compat.h"
#include "imap-mailbox-log-settings.h"
#include "mailbox-audit-settings.h"
#include "mailbox-filter-settings.h"

const char *mailbox_audit_settings_version = DOVECOT_ABI_VERSION;

const struct setting_parser_info *mailbox_audit_settings_set_infos[] = {
	&imap_mailbox_log_setting_parser_info,
	&mailbox_filter_setting_parser_info,
	NULL
};
