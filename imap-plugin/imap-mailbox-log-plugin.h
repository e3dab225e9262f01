/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef IMAP_MAILBOX_LOG_PLUGIN_H
#define IMAP_MAILBOX_LOG_PLUGIN_H

struct module;

extern const char *imap_mailbox_log_plugin_version;
extern const char imap_mailbox_log_plugin_binary_dependency[];

void imap_mailbox_log_plugin_init(struct module *module);
void imap_mailbox_log_plugin_deinit(void);

#endif
