/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_CONFIGURED_H
#define FILTER_CONFIGURED_H

/* Mailboxes that the configuration names (auto, special_use) stay visible, and
   their parents, but not what is beside or below them. */

struct filter_list;
struct filter_configured;

/* Returns these mailboxes. */
const struct filter_configured *
filter_configured_get(struct filter_list *flist, unsigned int *count_r);
/* Returns whether a name is one of them or a parent of one. */
bool filter_configured_has(struct filter_list *flist, const char *levels,
			   size_t len);

#endif
