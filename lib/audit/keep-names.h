/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef KEEP_NAMES_H
#define KEEP_NAMES_H

#include "mailbox-audit.h"

/* Names that the configuration keeps visible, by their levels. */
struct keep_names;

/* Returns the names of a location's copy of its settings. */
struct keep_names *keep_names_init(const struct mba_location *location);
void keep_names_free(struct keep_names **names);

/* Returns whether a name, which consists of levels joined by NUL, is one of
   the names or a parent of one. What else is below a parent isn't kept. */
bool keep_names_has(const struct keep_names *names, const char *levels,
		    size_t len);

#endif
