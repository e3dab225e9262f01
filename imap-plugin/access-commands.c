/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Every command that names a mailbox: of the server itself, and of the plugins
   imap_acl and imap_quota. The setting knows them by
   imap-mailbox-log-commands.c. */

#include "lib.h"
#include "sort.h"
#include "access-commands.h"

#define CMD(_name, _parse, ...) \
	{ .name = _name, .parse = access_parse_##_parse, ##__VA_ARGS__ }
#define LISTS(_reply) .reply = "* " _reply " ("
#define HIDES .flags = ACCESS_COMMAND_HIDES
#define COPIES .flags = ACCESS_COMMAND_SELECTED | ACCESS_COMMAND_MESSAGES
#define APPENDS .flags = ACCESS_COMMAND_CATENATES
#define REPLACES .flags = ACCESS_COMMAND_SELECTED | ACCESS_COMMAND_CATENATES
#define NOISY .flags = ACCESS_COMMAND_INBOX_NOISE
#define DROPS_SEP .flags = ACCESS_COMMAND_DROPS_SEP
#define OWN_PARSER .flags = ACCESS_COMMAND_OWN_PARSER, \
	.parse_flags = IMAP_PARSE_FLAG_STOP_AT_LIST

/* sorted by name */
static const struct access_command access_commands[] = {
	CMD("APPEND", mailbox, APPENDS),
	CMD("COPY", second, COPIES),
	CMD("CREATE", mailbox, DROPS_SEP),
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

static int
access_command_cmp(const char *name, const struct access_command *command)
{
	return strcasecmp(name, command->name);
}

const struct access_command *access_command_find(const char *name)
{
	return i_bsearch(name, access_commands, N_ELEMENTS(access_commands),
			 sizeof(*access_commands), access_command_cmp);
}
