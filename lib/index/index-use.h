/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_USE_H
#define INDEX_USE_H

#include "mailbox-audit.h"
#include "walk.h"

/* Read what an entry's index files prove of its mailbox's use. What can't be
   read is told, below the index root; its use is unknown then. */
void index_use_read(const struct walk_place *place, const char *root,
		    const struct error_sink *errors, struct mba_use *use_r);

#endif
