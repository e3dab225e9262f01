/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef CLEAN_USED_H
#define CLEAN_USED_H

#include "entry-decide.h"
#include "index-side.h"

/* Returns a sentence if there may be more bogus entries that were used than
   mailboxes that were: then it is likelier that the mails are elsewhere than
   that so many were deleted. Else returns NULL. walk says where the index root
   is; it isn't changed. */
const char *clean_used_doubt(const struct index_side_settings *walk,
			     const struct entry_decide_settings *decide);

#endif
