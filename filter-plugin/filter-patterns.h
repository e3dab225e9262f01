/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_PATTERNS_H
#define FILTER_PATTERNS_H

struct filter_list;

/* Returns the patterns of a LIST that can match a visible name: where the part
   before the first wildcard is below a hidden name, nothing is read. */
const char *const *
filter_patterns_get_visible(struct filter_list *flist,
			    const char *const *patterns);

#endif
