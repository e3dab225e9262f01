/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Every command that names a mailbox: of the server itself, and of the plugins
   imap_acl and imap_quota. */

#include "lib.h"
#include "str.h"
#include "access-commands.h"

#define CMD(_name, _parse, ...) \
	{ .name = _name, .parse = access_parse_##_parse, ##__VA_ARGS__ }
#define LISTS(_reply) .reply = "* " _reply " ("
#define HIDES .flags = ACCESS_COMMAND_HIDES
#define COPIES .flags = ACCESS_COMMAND_SELECTED | ACCESS_COMMAND_MESSAGES
#define REPLACES .flags = ACCESS_COMMAND_SELECTED
#define NOISY .flags = ACCESS_COMMAND_INBOX_NOISE
#define OWN_PARSER .flags = ACCESS_COMMAND_OWN_PARSER, \
	.parse_flags = IMAP_PARSE_FLAG_STOP_AT_LIST

/* sorted by name */
static const struct access_command access_commands[] = {
	CMD("APPEND", mailbox),
	CMD("COPY", second, COPIES),
	CMD("CREATE", mailbox),
	CMD("DELETE", mailbox),
	CMD("DELETEACL", mailbox),
	CMD("EXAMINE", mailbox, NOISY),
	CMD("GENURLAUTH", urls),
	CMD("GETACL", mailbox),
	CMD("GETMETADATA", getmetadata),
	CMD("GETQUOTA", quota_root),
	CMD("GETQUOTAROOT", mailbox),
	CMD("LIST", list, HIDES, LISTS("LIST")),
	CMD("LISTRIGHTS", mailbox),
	CMD("LSUB", list, LISTS("LSUB")),
	CMD("MOVE", second, COPIES),
	CMD("MYRIGHTS", mailbox),
	CMD("NOTIFY", notify),
	CMD("RENAME", rename),
	CMD("REPLACE", second, REPLACES),
	CMD("RESETKEY", mailbox),
	CMD("SELECT", mailbox, NOISY),
	CMD("SETACL", mailbox),
	CMD("SETMETADATA", mailbox, OWN_PARSER),
	CMD("SETQUOTA", quota_root),
	CMD("STATUS", mailbox),
	CMD("SUBSCRIBE", mailbox),
	CMD("UID COPY", second, COPIES),
	CMD("UID MOVE", second, COPIES),
	CMD("UID REPLACE", second, REPLACES),
	CMD("UNSUBSCRIBE", mailbox),
	CMD("URLFETCH", urls),
	CMD("XLIST", list, HIDES, LISTS("LIST"))
};

const struct access_command *
access_command_find(const char *name, unsigned int *idx_r)
{
	unsigned int left = 0, right = N_ELEMENTS(access_commands);

	while (left < right) {
		unsigned int idx = (left + right) / 2;
		int ret = strcasecmp(name, access_commands[idx].name);

		if (ret == 0) {
			*idx_r = idx;
			return &access_commands[idx];
		}
		if (ret < 0)
			right = idx;
		else
			left = idx + 1;
	}
	return NULL;
}

/* Returns the name without "UID ", as the setting has it. */
static const char *access_command_setting_name(const char *name)
{
	return strncmp(name, "UID ", 4) == 0 ? name + 4 : name;
}

static bool access_commands_select(bool *commands, const char *name)
{
	bool found = FALSE, all = strcasecmp(name, "all") == 0;

	for (unsigned int i = 0; i < N_ELEMENTS(access_commands); i++) {
		const char *known =
			access_command_setting_name(access_commands[i].name);

		if (all || strcasecmp(name, known) == 0)
			commands[i] = found = TRUE;
	}
	return found;
}

static const char *access_commands_known(void)
{
	string_t *str = t_str_new(256);

	for (unsigned int i = 0; i < N_ELEMENTS(access_commands); i++) {
		const char *name = access_commands[i].name;

		if (access_command_setting_name(name) == name)
			str_printfa(str, " %s", name);
	}
	return str_c(str);
}

int access_commands_parse(pool_t pool, const char *list, bool **commands_r,
			  const char **error_r)
{
	const char *const *names = t_strsplit_spaces(list, " \t\n");

	*commands_r = p_new(pool, bool, N_ELEMENTS(access_commands));
	for (; *names != NULL; names++) {
		if (!access_commands_select(*commands_r, *names)) {
			*error_r = t_strdup_printf(
				"unknown command: %s (known are: all%s)",
				*names, access_commands_known());
			return -1;
		}
	}
	return 0;
}
