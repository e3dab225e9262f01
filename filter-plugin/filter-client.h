/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_CLIENT_H
#define FILTER_CLIENT_H

struct mailbox_list;

void filter_client_list_created(struct mailbox_list *list);

#endif
