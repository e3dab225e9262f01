/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef COUNT_H
#define COUNT_H

#include "mailbox-audit.h"

/* Add one count to another. */
void count_add(struct mba_count *count, const struct mba_count *add);

#endif
