/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What stands in a list index may be anything: a path is only made of a name
   that the layout could have on disk, and of a GUID. And the list may change
   while its names are looked up: a name is only told if it still is the list
   that was read. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "audit-list-names.h"
#include "bogus-names.h"
#include "name.h"
#include "path.h"

/* Returns a level's length, 0 if it doesn't stand on disk as it is. What is
   escaped there would have to be known from the whole name. */
static size_t plain_level_len(const struct location *location,
			      const char *level)
{
	const char escape = location->set.storage_escape_char;
	const char others[] = { '/', location->storage_sep, escape, '\0' };
	size_t len = strcspn(level, others);

	return level[len] != '\0' || path_is_dots(level) ||
		(escape != '\0' && level[0] == '~') ? 0 : len;
}

/* Returns TRUE if storage_name_get() surely is right. */
static bool storage_name_is_sure(const struct location *location,
				 const struct index_list_mailbox *mailbox)
{
	static const unsigned char no_guid[INDEX_GUID_SIZE];
	const char *level = mailbox->name, *end = level + mailbox->name_len;
	size_t len;

	if (location->listed)
		return memcmp(mailbox->guid, no_guid, sizeof(no_guid)) != 0;
	while (!mailbox->is_prefix_inbox &&
	       (len = plain_level_len(location, level)) > 0) {
		level += len;
		if (level++ == end)
			return true;
	}
	return false;
}

/* Get the name that a mailbox would have on disk, with levels as they stand in
   the list. */
static void storage_name_get(const struct location *location,
			     const struct index_list_mailbox *mailbox,
			     char name_r[INDEX_LIST_MAX_NAME + 1])
{
	char *sep = name_r;

	if (location->listed) {
		for (size_t i = 0; i < INDEX_GUID_SIZE; i++)
			(void)snprintf(name_r + i * 2, 3, "%02x",
				       mailbox->guid[i]);
		return;
	}
	memcpy(name_r, mailbox->name, mailbox->name_len + 1);
	while ((sep += strlen(sep)) < name_r + mailbox->name_len)
		*sep = location->storage_sep;
}

/* Returns TRUE if a name stands for a mailbox. */
static bool is_mailbox(const struct location *location,
		       const struct index_list_mailbox *mailbox)
{
	const unsigned int none = INDEX_LIST_NOSELECT | INDEX_LIST_NONEXISTENT;

	if (mailbox->is_lost || mailbox->is_nameless ||
	    (!location->listed && (mailbox->flags & none) != 0))
		return false;
	/* the user's INBOX is there when it is needed */
	return !location->set.inbox || mailbox->is_prefix_inbox ||
		strcmp(mailbox->name, "INBOX") != 0 ||
		mailbox->name_len != strlen("INBOX");
}

static void names_add(struct audit_list_names *names,
		      const struct index_list_mailbox *mailbox, bool is_dir)
{
	const struct entry_decide_settings *decide = names->decide;
	const struct mba_location *location = &decide->location->set;
	struct mba_list_name *name;
	const struct mba_rule *rule;
	char *levels;
	size_t len;

	levels = name_levels_from_raw(location, mailbox->name,
				      mailbox->name_len, &len);
	rule = entry_find_rule(decide, levels, len, is_dir);
	free(levels);
	names->total++;
	if (rule != NULL)
		names->hidden++;
	if (names->count == MBA_MAX_LIST_NAMES)
		return;
	names->names = mem_grow(names->names, &names->alloc, names->count + 1,
				sizeof(*names->names));
	name = &names->names[names->count++];
	name->mailbox = name_from_raw(location, mailbox->name,
				      mailbox->name_len,
				      mailbox->is_prefix_inbox);
	name->hidden_by = rule;
}

static void names_bogus(const void *name, bool is_dir, void *context)
{
	const struct index_list_mailbox *mailbox = name;
	struct audit_list_names *names = context;

	if (names->changed)
		return;
	/* look once more at what may have been renamed */
	names->changed = list_index_refresh(names->decide->list);
	if (names->changed)
		names->changed_uid = mailbox->uid;
	else
		names_add(names, mailbox, is_dir);
}

static void names_ask(struct audit_list_names *names, struct bogus_names *bogus,
		      const struct index_list_mailbox *mailbox)
{
	const struct location *location = names->decide->location;
	char storage_name[INDEX_LIST_MAX_NAME + 1], *name;
	struct index_list_mailbox *asked;

	if (!is_mailbox(location, mailbox))
		return;
	storage_name_get(location, mailbox, storage_name);
	/* most have an entry */
	if (name_set_has(names->met, storage_name) ||
	    !storage_name_is_sure(location, mailbox))
		return;
	/* with its name after it */
	asked = mem_new(sizeof(*asked) + mailbox->name_len + 1);
	*asked = *mailbox;
	name = (char *)(asked + 1);
	memcpy(name, mailbox->name, mailbox->name_len + 1);
	asked->name = name;
	bogus_names_add(bogus, storage_name, asked);
}

/* Ask for the names, from the first one with a higher UID. Returns TRUE if the
   list changed, and all names from changed_uid on are to be asked for again. */
static bool names_ask_from(struct audit_list_names *names,
			   struct bogus_names *bogus, uint32_t uid)
{
	struct index_list_mailbox mailbox;

	names->changed = false;
	while (!names->changed &&
	       list_index_next(names->decide->list, uid, &mailbox) &&
	       names->progress(names->context)) {
		names_ask(names, bogus, &mailbox);
		uid = mailbox.uid;
	}
	bogus_names_flush(bogus);
	return names->changed;
}

/* Returns TRUE if the list index can't tell "a.b" from "a/b", so that Dovecot
   takes names from the layout. No level on disk holds a '/'. */
static bool is_ambiguous(const struct location *location)
{
	return !location->listed && location->set.vname_escape_char == '\0' &&
		location->set.separator != location->storage_sep &&
		location->set.separator != '/';
}

void audit_list_names_find(struct audit_list_names *names)
{
	const struct bogus_names_settings set = {
		.location = names->decide->location,
		.side = names->decide->side, .errors = names->errors,
		.jobs = names->jobs, .bogus = names_bogus, .context = names,
	};
	struct bogus_names *bogus;
	uint32_t uid = 0;

	names->unknown = is_ambiguous(names->decide->location);
	if (!names->unknown) {
		bogus = bogus_names_init(&set);
		while (names_ask_from(names, bogus, uid))
			uid = names->changed_uid - 1;
		bogus_names_deinit(&bogus);
	}
	if (!list_index_is_known(names->decide->list))
		names->unknown = true;
}

void audit_list_names_clear(struct audit_list_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free((char *)names->names[i].mailbox);
	free(names->names);
	memset(names, 0, sizeof(*names));
}
