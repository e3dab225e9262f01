/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef ACCESS_H
#define ACCESS_H

#include "access-args.h"

struct client;
struct client_command_context;
struct access_command;
struct imap_mailbox_log_user;

/* One command of a client, from its first run until its event is freed. All of
   it is in the event's pool: at the end neither the command nor the client are
   looked at. */
struct access {
	const struct access_command *command;

	/* the command's arguments, once they have been parsed */
	struct access_args args;
	/* untagged LIST or LSUB lines */
	uint64_t listed;
	/* names that mailbox_filter hid */
	uint64_t hidden;
	/* messages that COPY or MOVE committed, and where to */
	uint64_t messages;
	struct mailbox *messages_box;

	bool args_parsed:1;
	bool hidden_set:1;
	/* also SELECT and EXAMINE of INBOX are logged */
	bool log_inbox:1;
};

/* Returns the command that runs, NULL if it isn't logged. */
struct access *access_running(void);
/* Note a mailbox that the command that runs takes messages from. */
void access_running_add_source(const char *name);

/* Begin and end a run of the command's function. A command may need many. */
void access_run_begin(struct client_command_context *cmd,
		      const struct imap_mailbox_log_user *set);
void access_run_end(struct client_command_context *cmd);

void access_init(void);
void access_deinit(void);

#endif
