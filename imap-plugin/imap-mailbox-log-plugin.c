/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Registers with imap: the settings of a user and the hooks around commands.

   access.c           the life of a command, from its first run to its end
   access-commands.c  the table of commands
   access-args.c      the names in a command's arguments
   access-catenate.c  the mailboxes of a CATENATE's URLs
   access-listed.c    counts a LIST's lines
   access-messages.c  counts a COPY's messages
   access-write.c     writes line and event
   access-escape.c    a name in a line */

#include "imap-common.h"
#include "mail-storage-hooks.h"
#include "mail-user.h"
#include "module-context.h"
#include "imap-mailbox-log-user.h"
#include "imap-commands.h"
#include "access.h"
#include "access-catenate.h"
#include "access-messages.h"
#include "imap-mailbox-log-plugin.h"

#define MAILBOX_LOG_USER_CONTEXT(obj) \
	MODULE_CONTEXT(obj, mailbox_log_user_module)

struct mailbox_log_user {
	union mail_user_module_context module_ctx;
	struct imap_mailbox_log_user set;
};

const char *imap_mailbox_log_plugin_version = DOVECOT_ABI_VERSION;
const char imap_mailbox_log_plugin_binary_dependency[] = "imap";

static MODULE_CONTEXT_DEFINE_INIT(mailbox_log_user_module,
				  &mail_user_module_register);

static void mailbox_log_user_created(struct mail_user *user)
{
	struct mailbox_log_user *muser;
	const char *error;

	if (user->autocreated) {
		/* the owner of a shared mailbox: not who is logged in */
		return;
	}
	muser = p_new(user->pool, struct mailbox_log_user, 1);
	if (imap_mailbox_log_user_get(user, &muser->set, &error) < 0) {
		/* imap logs it without the user's name */
		user->error = p_strdup_printf(user->pool,
			"User %s: imap_mailbox_log: %s", user->username, error);
		return;
	}
	MODULE_CONTEXT_SET(user, mailbox_log_user_module, muser);
}

static void mailbox_log_mailbox_opened(struct mailbox *box)
{
	access_messages_mailbox_opened(box);
	access_catenate_mailbox_opened(box);
}

static struct mail_storage_hooks mailbox_log_storage_hooks = {
	.mail_user_created = mailbox_log_user_created,
	.mailbox_opened = mailbox_log_mailbox_opened,
};

static void mailbox_log_command_pre(struct client_command_context *cmd)
{
	struct mailbox_log_user *muser =
		MAILBOX_LOG_USER_CONTEXT(cmd->client->user);

	if (muser != NULL)
		access_run_begin(cmd, &muser->set);
}

void imap_mailbox_log_plugin_init(struct module *module)
{
	mail_storage_hooks_add(module, &mailbox_log_storage_hooks);
	access_init();
	command_hook_register(mailbox_log_command_pre, access_run_end);
}

void imap_mailbox_log_plugin_deinit(void)
{
	command_hook_unregister(mailbox_log_command_pre, access_run_end);
	access_deinit();
	mail_storage_hooks_remove(&mailbox_log_storage_hooks);
}
