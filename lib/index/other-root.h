/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef OTHER_ROOT_H
#define OTHER_ROOT_H

#include <stdbool.h>

/* Returns 1 if a directory is the root of a namespace whose indexes could be
   taken for those of another one that has its root above, 0 if it isn't, -1
   with errno if it can't be told: *name_r is what was looked for. in_imap says
   that those of the one above are in .imap directories. */
int other_root_find(int dir_fd, bool in_imap, const char **name_r);

#endif
