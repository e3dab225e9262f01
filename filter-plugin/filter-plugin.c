/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "master-service.h"
#include "mail-storage-hooks.h"
#include "filter-plugin.h"
#include "filter-client.h"
#include "filter-command.h"
#include "filter-layout.h"
#include "filter-open.h"
#include "filter-record-hooks.h"
#include "filter-user.h"
#include "filter-warnings.h"

const char *mailbox_filter_plugin_version = DOVECOT_ABI_VERSION;

static struct mail_storage_hooks filter_hooks = {
	.mail_user_created = filter_user_created,
	.mail_namespaces_created = filter_warnings_namespaces_created,
	.mailbox_list_created = filter_client_list_created,
};

/* Internal hooks come after those of all plugins and of the mailbox list
   index: what they replace is what the index calls. */
static struct mail_storage_hooks filter_internal_hooks = {
	.mailbox_list_created = filter_layout_list_created,
	.mailbox_allocated = filter_record_mailbox_allocated,
};

/* In others, doveadm above all, every name has to be seen. */
static const char *const filter_services[] = { "imap", "lmtp", "lda", NULL };

static bool filter_enabled;

void mailbox_filter_plugin_init(struct module *module)
{
	const char *service = master_service_get_name(master_service);

	filter_enabled = str_array_find(filter_services, service);
	if (!filter_enabled)
		return;
	/* deliveries list nothing, and would warn with each mail */
	if (strcmp(service, "imap") != 0)
		filter_hooks.mail_namespaces_created = NULL;
	mail_storage_hooks_add(module, &filter_hooks);
	mail_storage_hooks_add_internal(&filter_internal_hooks);
	filter_command_init(module, filter_open_mailbox_allocated);
}

void mailbox_filter_plugin_deinit(void)
{
	if (!filter_enabled)
		return;
	filter_command_deinit();
	mail_storage_hooks_remove_internal(&filter_internal_hooks);
	mail_storage_hooks_remove(&filter_hooks);
}
