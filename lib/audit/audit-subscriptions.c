/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "audit-subscriptions.h"
#include "bogus-name.h"
#include "name.h"
#include "subscriptions.h"

/* Returns TRUE if a name belongs to a namespace below. */
static bool name_is_below(const struct audit_subscriptions *subscriptions,
			  const char *mailbox)
{
	const char *const *prefix = subscriptions->prefixes_below;

	for (; *prefix != NULL; prefix++) {
		if (strncmp(mailbox, *prefix, strlen(*prefix)) == 0)
			return true;
	}
	return false;
}

static void subscriptions_name(const char *storage_name, void *context)
{
	struct audit_subscriptions *subscriptions = context;
	const struct location *location = subscriptions->location;
	const struct bogus_name_settings set = {
		.location = location, .side = subscriptions->side,
		.errors = subscriptions->errors,
	};
	char *mailbox;
	bool is_dir;

	/* the user's INBOX is there when it is needed */
	if (location->set.inbox && strcmp(storage_name, "INBOX") == 0)
		return;
	if (!subscriptions->stopped) {
		subscriptions->stopped =
			!subscriptions->progress(subscriptions->context);
	}
	if (subscriptions->stopped)
		return;
	mailbox = name_from_storage(&location->set, location->storage_sep,
				    storage_name);
	/* the last mailbox that was deleted leaves an empty directory behind;
	   one that isn't mounted has left entries */
	if (name_is_below(subscriptions, mailbox) ||
	    !bogus_name_check(&set, storage_name, true, &is_dir)) {
		free(mailbox);
		return;
	}
	subscriptions->names =
		mem_grow(subscriptions->names, &subscriptions->alloc,
			 subscriptions->count + 2,
			 sizeof(*subscriptions->names));
	subscriptions->names[subscriptions->count++] = mailbox;
	subscriptions->names[subscriptions->count] = NULL;
}

void audit_subscriptions_find(struct audit_subscriptions *subscriptions)
{
	subscriptions->stopped = false;
	subscriptions_read(subscriptions->location, subscriptions_name,
			   subscriptions, subscriptions->errors);
}

void audit_subscriptions_clear(struct audit_subscriptions *subscriptions)
{
	for (size_t i = 0; i < subscriptions->count; i++)
		free((char *)subscriptions->names[i]);
	free(subscriptions->names);
	subscriptions->names = NULL;
	subscriptions->count = subscriptions->alloc = 0;
}
