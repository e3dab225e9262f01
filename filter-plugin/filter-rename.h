/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_RENAME_H
#define FILTER_RENAME_H

struct filter_list;

/* A mailbox was renamed within its list, and all that is below it. If something
   of that is hidden, move the mailbox list index's records, all in one sync:
   NOTIFY finds the old name then. Otherwise the next refresh does it. */
void filter_rename_records(struct filter_list *flist, const char *oldname,
			   const char *newname);

#endif
