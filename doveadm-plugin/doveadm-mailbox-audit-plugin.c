/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "module-dir.h"
#include "doveadm.h"
#include "doveadm-mailbox-audit-plugin.h"

const char *doveadm_mailbox_audit_plugin_version = DOVECOT_ABI_VERSION;

void doveadm_mailbox_audit_plugin_init(struct module *module ATTR_UNUSED)
{
	/* the first one whose words all match is taken */
	doveadm_cmd_register_ver2(&doveadm_cmd_mailbox_clean);
	doveadm_cmd_register_ver2(&doveadm_cmd_mailbox_inspect);
	doveadm_cmd_register_ver2(&doveadm_cmd_mailbox_audit);
}

void doveadm_mailbox_audit_plugin_deinit(void)
{
	doveadm_clean_users_unload();
}
