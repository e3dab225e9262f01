/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef ACCESS_CATENATE_H
#define ACCESS_CATENATE_H

struct mailbox;

/* mail_storage_hooks.mailbox_opened: note when the running command takes a
   message from the mailbox by a URL. */
void access_catenate_mailbox_opened(struct mailbox *box);

#endif
