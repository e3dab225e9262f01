/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "sort.h"
#include "str.h"
#include "str-sanitize.h"
#include "imap-mailbox-log-commands.h"

/* of a wrong name in an error message */
#define MAX_NAME_LEN 200

/* sorted; UID forms have none of their own */
static const char *const command_names[IMAP_MAILBOX_LOG_COMMANDS] = {
	"APPEND", "COPY", "CREATE", "DELETE", "DELETEACL", "EXAMINE",
	"GENURLAUTH", "GETACL", "GETMETADATA", "GETQUOTA", "GETQUOTAROOT",
	"LIST", "LISTRIGHTS", "LSUB", "MOVE", "MYRIGHTS", "NOTIFY", "RENAME",
	"REPLACE", "RESETKEY", "SELECT", "SETACL", "SETMETADATA", "SETQUOTA",
	"STATUS", "SUBSCRIBE", "UNSUBSCRIBE", "URLFETCH", "XLIST"
};

static bool
commands_choose(struct imap_mailbox_log_commands *commands, const char *name)
{
	bool found = FALSE, all = strcasecmp(name, "all") == 0;

	for (unsigned int i = 0; i < IMAP_MAILBOX_LOG_COMMANDS; i++) {
		if (all || strcasecmp(name, command_names[i]) == 0)
			commands->chosen[i] = found = TRUE;
	}
	return found;
}

/* Returns what to say of a name that isn't known. */
static const char *unknown_command(const char *name)
{
	string_t *str = t_str_new(512);

	str_printfa(str, "imap_mailbox_log_commands: unknown command: %s "
		    "(known are: all", str_sanitize_utf8(name, MAX_NAME_LEN));
	for (unsigned int i = 0; i < IMAP_MAILBOX_LOG_COMMANDS; i++)
		str_printfa(str, " %s", command_names[i]);
	str_append(str, "; blanks separate them)");
	return str_c(str);
}

int imap_mailbox_log_commands_parse(const char *names,
	struct imap_mailbox_log_commands *commands_r, const char **error_r)
{
	const char *const *name = t_strsplit_spaces(names, " \t\r\n");

	i_zero(commands_r);
	for (; *name != NULL; name++) {
		if (!commands_choose(commands_r, *name)) {
			*error_r = unknown_command(*name);
			return -1;
		}
	}
	return 0;
}

static int command_name_cmp(const char *command, const char *const *name)
{
	return strcasecmp(command, *name);
}

bool imap_mailbox_log_commands_have(
	const struct imap_mailbox_log_commands *commands, const char *command)
{
	const char *const *name;

	if (strncasecmp(command, "UID ", 4) == 0)
		command += 4;
	name = i_bsearch(command, command_names, IMAP_MAILBOX_LOG_COMMANDS,
			 sizeof(*command_names), command_name_cmp);
	return name != NULL && commands->chosen[name - command_names];
}
