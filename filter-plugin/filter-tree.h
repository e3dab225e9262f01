/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_TREE_H
#define FILTER_TREE_H

#include "mailbox-list-private.h"

struct filter_list;

/* The mailbox list index has no hidden names: they need not be looked for until
   its names change. */
void filter_tree_set_all_visible(struct filter_list *flist);
/* Give the mailbox list index's iterator a copy of its names without the hidden
   ones. Dropping names as they come out would be too late: they have been
   opened and counted as children by then. */
void filter_tree_iter_init(struct filter_list *flist,
			   struct mailbox_list_iterate_context *iter);
/* Returns the next name of an iterator from above the index. */
const struct mailbox_info *
filter_tree_iter_next(struct mailbox_list_iterate_context *iter);

#endif
