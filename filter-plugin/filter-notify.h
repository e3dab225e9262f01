/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_NOTIFY_H
#define FILTER_NOTIFY_H

#include "mailbox-list-notify.h"

/* NOTIFY hears only of mailboxes that have a record in the mailbox list index:
   hidden ones that it names, or that are subscribed if it asks for these, get
   theirs before it begins. */
int filter_notify_init(struct mailbox_list *list,
		       enum mailbox_list_notify_event mask,
		       struct mailbox_list_notify **notify_r);

#endif
