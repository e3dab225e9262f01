/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_COMMAND_H
#define FILTER_COMMAND_H

struct imap_arg;
struct mail_user;
struct mailbox;
struct module;

/* Returns whether the user's client runs LIST or XLIST, and not for what it
   has subscribed to. */
bool filter_command_is_list(const struct mail_user *user);
/* Returns whether such a command may open mailboxes: RETURN (STATUS (...)). */
bool filter_command_opens_mailboxes(const struct mail_user *user);
/* Returns whether the user's client runs LIST or XLIST, and it opens none. */
bool filter_command_lists_only(const struct mail_user *user);
/* Returns the arguments of the NOTIFY that the user's client runs, or NULL. */
const struct imap_arg *
filter_command_get_notify_args(const struct mail_user *user);

/* mailbox_allocated is called for each mailbox as long as LIST may open some:
   only then, for Dovecot allocates one for each name that is listed. */
void filter_command_init(struct module *module,
			 void (*mailbox_allocated)(struct mailbox *box));
void filter_command_deinit(void);

#endif
