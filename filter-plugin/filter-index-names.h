/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_INDEX_NAMES_H
#define FILTER_INDEX_NAMES_H

struct mailbox_list_index_sync_context;

/* Write the names that were added in this sync after those that the mailbox
   list index has, if there is room: otherwise the end of the sync writes all of
   them anew, and makes room. */
void filter_index_names_append(struct mailbox_list_index_sync_context *sync);

#endif
