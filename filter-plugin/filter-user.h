/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_USER_H
#define FILTER_USER_H

#include "mail-user.h"
#include "mailbox-audit.h"

struct filter_user {
	union mail_user_module_context module_ctx;

	struct mba_rules *rules;
	enum mba_probe_flags probe_flags;
	/* see mailbox-filter-hidden.h */
	uint64_t hidden;
	/* mailboxes that the client's LIST is opening */
	unsigned int open_depth;
	/* hide files that aren't mailboxes */
	bool non_mailboxes:1;
};

/* Returns NULL if the user has no mailbox_filter. */
struct filter_user *filter_user_get(struct mail_user *user);

/* The client's LIST begins: it may end without a walk. */
void filter_user_list_begin(struct mail_user *user);
/* It didn't show further names. */
void filter_user_list_add_hidden(struct mail_user *user, unsigned int count);

void filter_user_created(struct mail_user *user);

#endif
