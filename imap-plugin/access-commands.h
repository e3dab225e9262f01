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
	ACCESS_COMMAND_OWN_PARSER	= 0x10
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

/* Returns a command by its name, in any case, NULL if it names no mailbox.
   *idx_r is set to its index in the table. */
const struct access_command *
access_command_find(const char *name, unsigned int *idx_r);

/* Parse a list of commands, separated by blanks; "all" is all of them, COPY is
   UID COPY too. *commands_r is set to an array of bools by the commands'
   indexes. Returns 0 if ok, -1 if a command is unknown. */
int access_commands_parse(pool_t pool, const char *list, bool **commands_r,
			  const char **error_r);

#endif
