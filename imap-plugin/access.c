/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The life of a logged command. Its end is the end of its event: the hooks run
   around each run of its function, and for many commands the last of them
   comes before the reply, or not at all. At the end all is in the event and in
   struct access; the event may outlive the command. */

#include "imap-common.h"
#include "lib-event-private.h"
#include "mail-storage.h"
#include "imap-commands.h"
#include "imap-mailbox-log-user.h"
#include "mailbox-filter-hidden.h"
#include "access.h"
#include "access-commands.h"
#include "access-compat.h"
#include "access-listed.h"
#include "access-write.h"

#define ACCESS_EVENT_KEY "imap_mailbox_log"

static struct client_command_context *running;

/* Returns what is known of a command, NULL if it isn't logged. */
static struct access *access_find(struct client_command_context *cmd)
{
	return event_get_ptr(cmd->event, ACCESS_EVENT_KEY);
}

struct access *access_running(void)
{
	return running == NULL ? NULL : access_find(running);
}

static struct access *
access_alloc(struct client_command_context *cmd,
	     const struct imap_mailbox_log_user *set)
{
	const struct access_command *command;
	struct access *access;
	pool_t pool = cmd->event->pool;

	command = access_command_find(cmd->name);
	if (command == NULL ||
	    !imap_mailbox_log_commands_have(&set->commands, command->name))
		return NULL;

	access = p_new(pool, struct access, 1);
	access->command = command;
	access->log_inbox = set->inbox;
	access_args_init(&access->args, pool, cmd->client->user->namespaces,
			 COMMAND_NAMES_ARE_UTF8(cmd));
	access->args.drop_sep =
		(command->flags & ACCESS_COMMAND_DROPS_SEP) != 0 ||
		(cmd->client->set->parsed_workarounds &
		 WORKAROUND_TB_EXTRA_MAILBOX_SEP) != 0;
	if ((command->flags & ACCESS_COMMAND_SELECTED) != 0 &&
	    cmd->client->mailbox != NULL) {
		access_args_add_source(&access->args,
			mailbox_get_vname(cmd->client->mailbox));
	}
	event_set_ptr(cmd->event, ACCESS_EVENT_KEY, access);
	return access;
}

static bool access_is_noise(const struct access *access)
{
	return (access->command->flags & ACCESS_COMMAND_INBOX_NOISE) != 0 &&
		!access->log_inbox && access_args_is_inbox(&access->args);
}

static bool
access_event_callback(struct event *event, enum event_callback_type type,
		      struct failure_context *ctx ATTR_UNUSED,
		      const char *fmt ATTR_UNUSED, va_list args ATTR_UNUSED)
{
	struct access *access;

	if (type != EVENT_CALLBACK_TYPE_FREE)
		return TRUE;
	access = event_get_ptr(event, ACCESS_EVENT_KEY);
	if (access != NULL && !access_is_noise(access))
		access_write(access, event);
	return TRUE;
}

/* While names are listed, each of them makes and frees events, but no command
   ends: they needn't be told of. */
static void access_listing_begin(struct access *access, struct ostream *output)
{
	event_unregister_callback(access_event_callback);
	access_listed_begin(output, access->command->reply, &access->listed);
}

static void access_listing_end(void)
{
	access_listed_end();
	event_register_callback(access_event_callback);
}

void access_run_begin(struct client_command_context *cmd,
		      const struct imap_mailbox_log_user *set)
{
	struct access *access = access_find(cmd);

	if (access == NULL)
		access = access_alloc(cmd, set);
	running = cmd;
	if (access != NULL && access->command->reply != NULL)
		access_listing_begin(access, cmd->client->output);
}

/* The parser keeps a command's arguments until the command is freed.
   cmd->args has them too, but not SETMETADATA's, nor the case of "nil". */
static void
access_parse_args(struct access *access, struct client_command_context *cmd)
{
	const struct imap_arg *args;
	bool parsed;

	if (access->args_parsed)
		return;
	if ((access->command->flags & ACCESS_COMMAND_OWN_PARSER) != 0)
		parsed = cmd->context != NULL;
	else
		parsed = cmd->args != NULL;
	if (!parsed || cmd->parser == NULL)
		return;
	/* one argument is there already: nothing is read from the client */
	if (imap_parser_read_args(cmd->parser, 1, access->command->parse_flags,
				  &args) < 0)
		return;
	access->args_parsed = TRUE;
	access->command->parse(&access->args, args);
}

void access_running_add_source(const char *name)
{
	struct access *access = access_find(running);

	/* the arguments come first */
	access_parse_args(access, running);
	access_args_add_source(&access->args, name);
}

static void
access_get_hidden(struct access *access, const struct mail_user *user)
{
	const uint64_t *hidden =
		event_get_ptr(user->event, MAILBOX_FILTER_HIDDEN_KEY);

	access->hidden_set = hidden != NULL;
	if (hidden != NULL)
		access->hidden = *hidden;
}

void access_run_end(struct client_command_context *cmd)
{
	struct access *access = access_find(cmd);

	running = NULL;
	if (access == NULL)
		return;
	if (access->command->reply != NULL)
		access_listing_end();
	T_BEGIN {
		access_parse_args(access, cmd);
	} T_END;
	if ((access->command->flags & ACCESS_COMMAND_HIDES) != 0)
		access_get_hidden(access, cmd->client->user);
}

void access_init(void)
{
	event_register_callback(access_event_callback);
}

void access_deinit(void)
{
	event_unregister_callback(access_event_callback);
}
