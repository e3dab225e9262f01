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

/* Arguments of LIST-EXTENDED begin with a list of what to select. */
static bool filter_args_select_subscribed(const char *args)
{
	const char *end;
	bool ret;

	if (args == NULL || args[0] != '(' ||
	    (end = strchr(args, ')')) == NULL)
		return FALSE;
	T_BEGIN {
		ret = str_array_icase_find(
			t_strsplit_spaces(t_strdup_until(args + 1, end), " "),
			"SUBSCRIBED");
	} T_END;
	return ret;
}

bool filter_command_is_list(const struct mail_user *user)
{
	return filter_running_list != NULL &&
		filter_running_list->client->user == user &&
		!filter_args_select_subscribed(filter_running_list->args);
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
