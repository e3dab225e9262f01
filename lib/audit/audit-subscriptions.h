/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef AUDIT_SUBSCRIPTIONS_H
#define AUDIT_SUBSCRIPTIONS_H

#include "bogus-names.h"

/* Subscribed names that no mailbox has, nor an entry. */
struct audit_subscriptions {
	const struct location *location;
	/* Prefixes of namespaces below this one's: their subscriptions may
	   stand in its file. Ends with NULL. */
	const char *const *prefixes_below;
	struct mail_side *side;
	const struct error_sink *errors;
	/* at the most so many looks are made at once */
	unsigned int jobs;
	/* Called before each name that is looked up. Returns whether to go on:
	   if not, it isn't called any more. */
	bool (*progress)(void *context);
	void *context;

	/* As clients see them; owned. Ends with NULL, and is NULL itself if
	   there are none. */
	const char **names;
	size_t count, alloc;
	bool stopped;

	/* only while it looks */
	struct bogus_names *bogus;
};

/* Find the names; the caller has set what is above them. */
void audit_subscriptions_find(struct audit_subscriptions *subscriptions);
/* Forget the names. */
void audit_subscriptions_clear(struct audit_subscriptions *subscriptions);

#endif
