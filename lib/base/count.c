/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "count.h"

void count_add(struct mba_count *count, const struct mba_count *add)
{
	count->entries += add->entries;
	count->inodes += add->inodes;
	count->bytes += add->bytes;
}
