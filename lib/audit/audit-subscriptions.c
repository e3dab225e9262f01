/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "audit-subscriptions.h"
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

static void subscriptions_bogus(const void *mailbox, bool is_dir,
				void *context)
{
	struct audit_subscriptions *subscriptions = context;

	(void)is_dir;
	subscriptions->names =
		mem_grow(subscriptions->names, &subscriptions->alloc,
			 subscriptions->count + 2,
			 sizeof(*subscriptions->names));
	subscriptions->names[subscriptions->count++] = mem_strdup(mailbox);
	subscriptions->names[subscriptions->count] = NULL;
}

static void subscriptions_name(const char *storage_name, void *context)
{
	struct audit_subscriptions *subscriptions = context;
	const struct location *location = subscriptions->location;
	char *mailbox;

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
	if (name_is_below(subscriptions, mailbox))
		free(mailbox);
	else
		bogus_names_add(subscriptions->bogus, storage_name, mailbox);
}

void audit_subscriptions_find(struct audit_subscriptions *subscriptions)
{
	const struct bogus_names_settings set = {
		.location = subscriptions->location,
		.side = subscriptions->side, .errors = subscriptions->errors,
		.jobs = subscriptions->jobs,
		/* the last mailbox that was deleted leaves one behind; one that
		   isn't mounted has left entries */
		.empty_dirs = true,
		.bogus = subscriptions_bogus, .context = subscriptions,
	};

	subscriptions->stopped = false;
	subscriptions->bogus = bogus_names_init(&set);
	subscriptions_read(subscriptions->location, subscriptions_name,
			   subscriptions, subscriptions->errors);
	bogus_names_flush(subscriptions->bogus);
	bogus_names_deinit(&subscriptions->bogus);
}

void audit_subscriptions_clear(struct audit_subscriptions *subscriptions)
{
	for (size_t i = 0; i < subscriptions->count; i++)
		free((char *)subscriptions->names[i]);
	free(subscriptions->names);
	subscriptions->names = NULL;
	subscriptions->count = subscriptions->alloc = 0;
}
