/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* For the tests: tells the imap process's table of commands in the log, and
   adds a command of its own to it, as any plugin might. */

#include "imap-common.h"
#include "array.h"
#include "imap-commands.h"

struct module;

const char *command_table_plugin_version = DOVECOT_ABI_VERSION;
const char command_table_plugin_binary_dependency[] = "imap";

void command_table_plugin_init(struct module *module);
void command_table_plugin_deinit(void);

static imap_client_created_func_t *next_hook_client_created;

static bool cmd_xnames(struct client_command_context *cmd)
{
	const char *mailbox;

	if (!client_read_string_args(cmd, 1, &mailbox))
		return FALSE;
	client_send_tagline(cmd, "OK Done.");
	return TRUE;
}

static void command_table_client_created(struct client **client)
{
	const struct command *cmd;

	array_foreach(&imap_commands, cmd)
		i_info("command_table: %s", cmd->name);
	if (next_hook_client_created != NULL)
		next_hook_client_created(client);
}

void command_table_plugin_init(struct module *module ATTR_UNUSED)
{
	command_register("XNAMES", cmd_xnames, 0);
	next_hook_client_created =
		imap_client_created_hook_set(command_table_client_created);
}

void command_table_plugin_deinit(void)
{
	imap_client_created_hook_set(next_hook_client_created);
	command_unregister("XNAMES");
}
