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

/* Teaches doveadm's "formatted" printer to take a value in pieces, as it
   arrives from doveadm-server: stock doveadm crashes there. */
void doveadm_print_formatted_fix(void);

void doveadm_mailbox_audit_plugin_init(struct module *module);
void doveadm_mailbox_audit_plugin_deinit(void);

#endif
