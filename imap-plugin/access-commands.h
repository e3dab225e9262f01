/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef ACCESS_COMMANDS_H
#define ACCESS_COMMANDS_H

#include "imap-parser.h"
#include "access-args.h"

enum access_command_flags {
	/* takes messages from the selected mailbox */
	ACCESS_COMMAND_SELECTED		= 0x01,
	/* count the messages that it commits */
	ACCESS_COMMAND_MESSAGES		= 0x02,
	/* mailbox_filter hides names from it */
	ACCESS_COMMAND_HIDES		= 0x04,
	/* not worth a line for INBOX */
	ACCESS_COMMAND_INBOX_NOISE	= 0x08,
	/* parses its arguments without setting cmd->args; sets cmd->context
	   when it has them */
	ACCESS_COMMAND_OWN_PARSER	= 0x10,
	/* a separator at the name's end is no part of it */
	ACCESS_COMMAND_DROPS_SEP	= 0x20,
	/* may take parts of its message from other mailboxes, by URLs */
	ACCESS_COMMAND_CATENATES	= 0x40
};

struct access_command {
	/* in upper case */
	const char *name;
	access_parse_func_t *parse;
	enum access_command_flags flags;
	/* how its untagged lines begin, if they are counted */
	const char *reply;
	enum imap_parser_flags parse_flags;
};

/* Returns a command by its name, in any case, NULL if it names no mailbox. */
const struct access_command *access_command_find(const char *name);

#endif
