/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef USER_ROOTS_H
#define USER_ROOTS_H

#include "audit-roots.h"

/* Returns a sentence if other users keep an index root of a user's from being
   cleaned, NULL if they don't. The caller frees it. */
char *user_roots_refusal(const struct mba_user_roots *users, const char *user,
			 const struct audit_root *index_root);

#endif
