/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef ACCESS_WRITE_H
#define ACCESS_WRITE_H

struct access;
struct event;

/* Write the line of a finished command, and send its event once more, as
   "imap_mailbox_access": all of its fields are there, and some are added. The
   event is the one that is being freed: called by its FREE callback. */
void access_write(const struct access *access, struct event *event);

#endif
