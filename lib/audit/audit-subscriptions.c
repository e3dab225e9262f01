/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "audit-subscriptions.h"
#include "name.h"
#include "subscriptions.h"

/* Returns TRUE if a name has an entry, or may have one. */
static bool name_has_entry(const struct audit_subscriptions *subscriptions,
			   const char *storage_name)
{
	const struct location *location = subscriptions->location;
	char *index_path, *path;
	struct stat st;
	bool found;

	index_path = location_get_index_path(location, storage_name);
	path = mem_printf("%s/%s", location->index_root, index_path);
	found = lstat(path, &st) == 0;
	/* a name that is too long for a file is nobody's */
	if (!found && errno != ENOENT && errno != ENOTDIR) {
		if (errno != ENAMETOOLONG) {
			error_sink_add(subscriptions->errors, "lstat", path,
				       strerror(errno));
		}
		found = true;
	}
	free(index_path);
	free(path);
	return found;
}

static bool name_is_bogus(const struct audit_subscriptions *subscriptions,
			  const char *storage_name)
{
	struct location_path path;
	enum mba_reason reason;
	enum mba_state state;
	bool is_dir;

	location_from_storage_name(subscriptions->location, storage_name,
				   &path);
	state = mail_side_look(subscriptions->side, &path, &reason, &is_dir);
	location_path_free(&path);
	/* the last mailbox that was deleted leaves an empty directory behind;
	   one that isn't mounted has left entries */
	return (MBA_STATE_BIT(state) & MBA_STATES_BOGUS) != 0 ||
		reason == MBA_REASON_EMPTY_DIRECTORY;
}

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
	char *mailbox;

	/* the user's INBOX is there when it is needed */
	if (location->set.inbox && strcmp(storage_name, "INBOX") == 0)
		return;
	mailbox = name_from_storage(&location->set, location->storage_sep,
				    storage_name);
	if (name_is_below(subscriptions, mailbox) ||
	    name_has_entry(subscriptions, storage_name) ||
	    !name_is_bogus(subscriptions, storage_name)) {
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
