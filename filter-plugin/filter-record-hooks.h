/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_RECORD_HOOKS_H
#define FILTER_RECORD_HOOKS_H

struct mailbox;

/* A hidden mailbox gets its record in the mailbox list index when it's first
   synced, saved to or created, and loses it when it turns out to be gone. Has
   to come below the index's own functions: these then find the record, and
   fill it. */
void filter_record_mailbox_allocated(struct mailbox *box);

#endif
