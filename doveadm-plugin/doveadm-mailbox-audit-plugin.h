/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef DOVEADM_MAILBOX_AUDIT_PLUGIN_H
#define DOVEADM_MAILBOX_AUDIT_PLUGIN_H

struct mail_namespace;
struct mba_location;
struct doveadm_cmd_ver2;
struct module;

extern const char *doveadm_mailbox_audit_plugin_version;
extern struct doveadm_cmd_ver2 doveadm_cmd_mailbox_audit;
extern struct doveadm_cmd_ver2 doveadm_cmd_mailbox_clean;

/* Sets location_r to where a namespace's mails and indexes are. Strings belong
   to the namespace or the data stack. */
void doveadm_location_get(struct mail_namespace *ns,
			  struct mba_location *location_r);

void doveadm_mailbox_audit_plugin_init(struct module *module);
void doveadm_mailbox_audit_plugin_deinit(void);

#endif
