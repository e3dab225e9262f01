/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_OPEN_H
#define FILTER_OPEN_H

struct mailbox;

/* LIST (... RETURN (STATUS ...)) opens mailboxes. What iterates to open one,
   such as a virtual mailbox, isn't the LIST. */
void filter_open_mailbox_allocated(struct mailbox *box);

#endif
