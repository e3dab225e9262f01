/* LIST runs several times if it has to wait for its output. Dovecot calls the
   hooks around each run. */

#include "imap-common.h"
#include "imap-commands.h"
#include "mail-storage-hooks.h"
#include "filter-command.h"
#include "filter-scope.h"

/* only the imap process has them */
extern __typeof__(command_hook_register) command_hook_register
	__attribute__((weak));
extern __typeof__(command_hook_unregister) command_hook_unregister
	__attribute__((weak));

static struct {
	/* NULL if neither LIST nor XLIST runs */
	struct client_command_context *cmd;
	/* what its arguments say, once they have been parsed */
	bool parsed, selects_all, has_status;
} running;

/* Dovecot calls a hook for each name of a LIST: there is one only as long as
   LIST may open mailboxes. */
static struct mail_storage_hooks filter_mailbox_hooks;

/* LIST-EXTENDED begins with a list of what to select. Returns TRUE unless that
   is what is subscribed. */
static bool filter_args_select_all(const char *args)
{
	const char *end;

	if (args[0] != '(' || (end = strchr(args, ')')) == NULL)
		return TRUE;
	return !str_array_icase_find(
		t_strsplit_spaces(t_strdup_until(args + 1, end), " "),
		"SUBSCRIBED");
}

/* Returns whether the user's client runs LIST with arguments that could be
   parsed. */
static bool filter_command_runs(const struct mail_user *user)
{
	if (running.cmd == NULL || running.cmd->args == NULL ||
	    running.cmd->client->user != user)
		return FALSE;
	if (!running.parsed) T_BEGIN {
		running.parsed = TRUE;
		running.selects_all = filter_args_select_all(running.cmd->args);
		/* it may also be in a pattern */
		running.has_status = strstr(t_str_ucase(running.cmd->args),
					    "STATUS") != NULL;
		if (!running.has_status)
			filter_mailbox_hooks.mailbox_allocated = NULL;
	} T_END;
	return TRUE;
}

bool filter_command_is_list(const struct mail_user *user)
{
	return filter_command_runs(user) && running.selects_all;
}

bool filter_command_opens_mailboxes(const struct mail_user *user)
{
	return filter_command_runs(user) && running.has_status;
}

static void filter_command_pre(struct client_command_context *cmd)
{
	i_zero(&running);
	if (strcasecmp(cmd->name, "LIST") != 0 &&
	    strcasecmp(cmd->name, "XLIST") != 0)
		return;
	running.cmd = cmd;
	filter_mailbox_hooks.mailbox_allocated = filter_scope_mailbox_allocated;
}

static void filter_command_post(struct client_command_context *cmd ATTR_UNUSED)
{
	running.cmd = NULL;
	filter_mailbox_hooks.mailbox_allocated = NULL;
}

void filter_command_init(struct module *module)
{
	if (command_hook_register == NULL)
		return;
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
