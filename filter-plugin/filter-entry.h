/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_ENTRY_H
#define FILTER_ENTRY_H

#include "mailbox-list-private.h"

struct filter_list;

/* Returns whether the layout would list an entry of a directory. Looks only at
   symbolic links; an entry whose type the file system doesn't tell is listed.
   in_index says that it's in the index directory (ITERINDEX). */
bool filter_entry_is_listed(const struct filter_list *flist, const char *dir,
			    const char *fname, enum mailbox_list_file_type type,
			    bool in_index);

#endif
