/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef MAILBOX_AUDIT_SETTINGS_H
#define MAILBOX_AUDIT_SETTINGS_H

extern const char *mailbox_audit_settings_version;
extern const struct setting_parser_info *mailbox_audit_settings_set_infos[];

#endif
