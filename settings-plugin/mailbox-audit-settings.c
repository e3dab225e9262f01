/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What Dovecot 2.4's config process and doveconf look for in a module of
   MODULEDIR/settings: without it they know none of the plugins' settings. The
   map of the folder, of which each plugin links what it needs:

   settings-compat.h            what differs between the Dovecot versions
   configured-mailboxes.h       mailboxes that the configuration names
   mailbox-audit-settings.c     the module
   mailbox-filter-settings.c    mailbox_filter's settings
   mailbox-filter-check.c       what is wrong with them
   mailbox-filter-rules.c       the rules of a user
   imap-mailbox-log-settings.c  imap_mailbox_log's settings
   imap-mailbox-log-commands.c  the commands that they may name
   imap-mailbox-log-user.c      what a user's ask for */

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
