/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef CLEAN_SCOPE_H
#define CLEAN_SCOPE_H

#include "audit-roots.h"
#include "error-sink.h"

/* Where clean removes something, and where it doesn't. */

/* What clean has to know of a namespace before it begins. */
struct clean_scope_settings {
	const struct location *location;
	const struct audit_roots *roots;
	const struct error_sink *errors;
	/* why other users keep it from being cleaned, NULL if they don't */
	const char *users_refusal;
	/* the index root is the mail root */
	bool in_place:1;
	/* another namespace with other mails has the same index root */
	bool is_shared:1;
	/* a root of the user's couldn't be looked at: it may be this one, or
	   below; that was reported */
	bool root_failed:1;
};

/* Open the index root so that no other clean works on it; the lock goes away
   with the descriptor. Returns it, or -1 if nothing is to be removed:
   *refused_r is why, a sentence. An error was reported. */
int clean_scope_open(const struct clean_scope_settings *set,
		     const char **refused_r);

#endif
