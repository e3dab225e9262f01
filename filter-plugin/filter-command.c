/* LIST runs several times if it has to wait for its output. Dovecot calls the
   hooks around each run. */

#include "imap-common.h"
#include "imap-commands.h"
#include "filter-command.h"

/* only the imap process has them */
extern __typeof__(command_hook_register) command_hook_register
	__attribute__((weak));
extern __typeof__(command_hook_unregister) command_hook_unregister
	__attribute__((weak));

static struct client_command_context *filter_running_list;

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

/* It may also be in a pattern. */
static bool filter_args_have_status(const char *args)
{
	return strstr(t_str_ucase(args), "STATUS") != NULL;
}

/* Returns whether the user's client runs LIST with such arguments. Arguments
   that couldn't be parsed are NULL. */
static bool
filter_command_check(const struct mail_user *user,
		     bool (*check)(const char *args))
{
	bool ret;

	if (filter_running_list == NULL || filter_running_list->args == NULL ||
	    filter_running_list->client->user != user)
		return FALSE;
	T_BEGIN {
		ret = check(filter_running_list->args);
	} T_END;
	return ret;
}

bool filter_command_is_list(const struct mail_user *user)
{
	return filter_command_check(user, filter_args_select_all);
}

bool filter_command_opens_mailboxes(const struct mail_user *user)
{
	return filter_command_check(user, filter_args_have_status);
}

static void filter_command_pre(struct client_command_context *cmd)
{
	if (strcasecmp(cmd->name, "LIST") == 0 ||
	    strcasecmp(cmd->name, "XLIST") == 0)
		filter_running_list = cmd;
}

static void filter_command_post(struct client_command_context *cmd ATTR_UNUSED)
{
	filter_running_list = NULL;
}

void filter_command_init(void)
{
	if (command_hook_register != NULL)
		command_hook_register(filter_command_pre, filter_command_post);
}

void filter_command_deinit(void)
{
	if (command_hook_unregister != NULL) {
		command_hook_unregister(filter_command_pre,
					filter_command_post);
	}
}
