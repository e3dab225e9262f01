/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* LIST runs several times if it has to wait for its output. Dovecot calls the
   hooks around each run. */

#include "imap-common.h"
#include "imap-arg.h"
#include "imap-commands.h"
#include "imap-parser.h"
#include "mail-storage-hooks.h"
#include "filter-command.h"
#include "filter-user.h"

/* only the imap process has them */
extern __typeof__(command_hook_register) command_hook_register
	__attribute__((weak));
extern __typeof__(command_hook_unregister) command_hook_unregister
	__attribute__((weak));

static struct {
	/* NULL if neither LIST nor XLIST runs */
	struct client_command_context *cmd;
	/* NULL if NOTIFY doesn't run */
	struct client_command_context *notify_cmd;
	/* what its arguments say, once they have been parsed */
	bool parsed, selects_subscribed, opens_mailboxes;
} running;

static struct mail_storage_hooks filter_mailbox_hooks;
static void (*filter_mailbox_allocated)(struct mailbox *box);

static bool
filter_arg_has_option(const struct imap_arg *arg, const char *option)
{
	const struct imap_arg *list;

	if (!imap_arg_get_list(arg, &list))
		return FALSE;
	for (; !IMAP_ARG_IS_EOL(list); list++) {
		if (imap_arg_atom_equals(list, option))
			return TRUE;
	}
	return FALSE;
}

/* Returns whether one of the options has a value: STATUS (MESSAGES). */
static bool filter_arg_has_value(const struct imap_arg *arg)
{
	const struct imap_arg *list;

	if (!imap_arg_get_list(arg, &list))
		return FALSE;
	for (; !IMAP_ARG_IS_EOL(list); list++) {
		if (list->type == IMAP_ARG_LIST)
			return TRUE;
	}
	return FALSE;
}

/* [(<selection options>)] <reference> <pattern>|(<pattern list>)
   [RETURN (<return options>)] */
static void filter_command_parse_args(const struct imap_arg *args)
{
	if (args->type == IMAP_ARG_LIST) {
		running.selects_subscribed =
			filter_arg_has_option(args, "SUBSCRIBED");
		args++;
	}
	for (unsigned int i = 0; i < 2 && !IMAP_ARG_IS_EOL(args); i++)
		args++;
	running.opens_mailboxes = imap_arg_atom_equals(args, "RETURN") &&
		filter_arg_has_value(&args[1]);
}

static void filter_command_parse(void)
{
	const struct imap_arg *args;

	running.parsed = TRUE;
	/* the parser keeps them: nothing is read from the client */
	if (imap_parser_read_args(running.cmd->parser, 1, 0, &args) > 0)
		filter_command_parse_args(args);
	if (!running.opens_mailboxes)
		filter_mailbox_hooks.mailbox_allocated = NULL;
}

/* Returns whether the user's client runs LIST with arguments that could be
   parsed. */
static bool filter_command_runs(const struct mail_user *user)
{
	if (running.cmd == NULL || running.cmd->args == NULL ||
	    running.cmd->client->user != user)
		return FALSE;
	if (!running.parsed)
		filter_command_parse();
	return TRUE;
}

bool filter_command_is_list(const struct mail_user *user)
{
	return filter_command_runs(user) && !running.selects_subscribed;
}

bool filter_command_opens_mailboxes(const struct mail_user *user)
{
	return filter_command_runs(user) && running.opens_mailboxes;
}

bool filter_command_lists_only(const struct mail_user *user)
{
	return filter_command_runs(user) && !running.opens_mailboxes;
}

const struct imap_arg *
filter_command_get_notify_args(const struct mail_user *user)
{
	struct client_command_context *cmd = running.notify_cmd;
	const struct imap_arg *args;

	if (cmd == NULL || cmd->args == NULL || cmd->client->user != user ||
	    imap_parser_read_args(cmd->parser, 1, 0, &args) <= 0)
		return NULL;
	return args;
}

static void filter_command_pre(struct client_command_context *cmd)
{
	i_zero(&running);
	if (strcasecmp(cmd->name, "NOTIFY") == 0)
		running.notify_cmd = cmd;
	if (strcasecmp(cmd->name, "LIST") != 0 &&
	    strcasecmp(cmd->name, "XLIST") != 0)
		return;
	running.cmd = cmd;
	filter_mailbox_hooks.mailbox_allocated = filter_mailbox_allocated;
	/* the first of its runs */
	if (cmd->context == NULL)
		filter_user_list_begin(cmd->client->user);
}

static void filter_command_post(struct client_command_context *cmd ATTR_UNUSED)
{
	running.cmd = NULL;
	running.notify_cmd = NULL;
	filter_mailbox_hooks.mailbox_allocated = NULL;
}

void filter_command_init(struct module *module,
			 void (*mailbox_allocated)(struct mailbox *box))
{
	if (command_hook_register == NULL)
		return;
	filter_mailbox_allocated = mailbox_allocated;
	command_hook_register(filter_command_pre, filter_command_post);
	mail_storage_hooks_add(module, &filter_mailbox_hooks);
}

void filter_command_deinit(void)
{
	if (command_hook_unregister == NULL)
		return;
	mail_storage_hooks_remove(&filter_mailbox_hooks);
	command_hook_unregister(filter_command_pre, filter_command_post);
}
