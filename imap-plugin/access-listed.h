/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef ACCESS_LISTED_H
#define ACCESS_LISTED_H

struct ostream;

/* Count the lines that begin with reply ("* LIST (") and are written to the
   stream, until access_listed_end(). Both strings and the counter have to
   stay until then. */
void access_listed_begin(struct ostream *output, const char *reply,
			 uint64_t *count);
void access_listed_end(void);

#endif
