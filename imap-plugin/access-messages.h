/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef ACCESS_MESSAGES_H
#define ACCESS_MESSAGES_H

struct mailbox;

/* mail_storage_hooks.mailbox_opened: count the messages that the running
   command commits to a mailbox. */
void access_messages_mailbox_opened(struct mailbox *box);

#endif
