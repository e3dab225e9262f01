/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_RENAME_H
#define FILTER_RENAME_H

struct filter_list;

/* A mailbox was renamed, and all that is below it; the lists differ if it went
   to another namespace. If a refresh may not see something of that, move the
   mailbox list index's records, all in one sync of each index: NOTIFY finds the
   old name then. */
void filter_rename_records(struct filter_list *from, const char *oldname,
			   struct filter_list *to, const char *newname);

#endif
