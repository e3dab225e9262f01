/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_ENTRY_H
#define FILTER_ENTRY_H

#include "mailbox-list-private.h"

struct filter_list;

/* Returns whether the layout would list a directory entry, as far as that can
   be told without looking at it. in_index says that it's in the index directory
   (ITERINDEX). */
bool filter_entry_is_listed(const struct filter_list *flist, const char *fname,
			    enum mailbox_list_file_type type, bool in_index);

#endif
