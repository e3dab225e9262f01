/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_NOSELECT_H
#define FILTER_NOSELECT_H

#include "mailbox-list-private.h"

struct filter_list;

/* Returns an iterator's next name. Directories that hold nothing but hidden
   names aren't taken for empty ones, which listing may remove (NO-NOSELECT). */
const struct mailbox_info *
filter_noselect_iter_next(struct filter_list *flist,
			  struct mailbox_list_iterate_context *iter,
			  const struct mailbox_info *
			  (*next)(struct mailbox_list_iterate_context *iter));

#endif
