/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef MAILBOX_FILTER_HIDDEN_H
#define MAILBOX_FILTER_HIDDEN_H

/* Where other plugins find the number of names that the client's latest LIST
   didn't show, a uint64_t, in a user's event: not there before the first LIST.
   They need nothing else of mailbox_filter, and work without it. */
#define MAILBOX_FILTER_HIDDEN_KEY "mailbox_filter_hidden"

#endif
