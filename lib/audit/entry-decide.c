/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "entry-decide.h"
#include "hex.h"
#include "name.h"

/* how long it takes to make a mailbox, at the most */
#define NEW_SECONDS 60

/* Returns why an entry's mailbox needn't be looked up. */
static enum mba_reason
reason_without_look(const struct entry_decide_settings *set,
		    const struct index_entry *found)
{
	if (found->is_unreadable)
		return MBA_REASON_ERROR;
	return location_is_judged(set->location) ? MBA_REASON_NONE :
		MBA_REASON_NOT_JUDGED;
}

/* Returns TRUE if an entry may be a mailbox of another namespace. Of sdbox's or
   mdbox's that may be one that nobody told of, or that was there before, and
   whose mails may come back. */
static bool may_be_others(const struct entry_decide_settings *set,
			  const struct index_entry *found)
{
	return set->is_shared || found->is_private ||
		(found->own.is_dbox && !found->in_other_root &&
		 !set->location->format->index_opens);
}

/* Returns TRUE if an entry's mailbox may be one whose name leads elsewhere by
   "..", through a symlink perhaps, or by a path: with layout fs the index goes
   another way than the mails. */
static bool may_be_anywhere(const struct entry_decide_settings *set,
			    const struct index_entry *found)
{
	return set->location->set.full_access && !set->in_place &&
		!set->location->flat && !found->untouched;
}

/* Returns why an entry isn't bogus though there is no mailbox. */
static enum mba_reason
reason_not_bogus(const struct entry_decide_settings *set,
		 const struct index_entry *found)
{
	if (may_be_others(set, found))
		return MBA_REASON_SHARED_ROOT;
	if (found->in_other_root)
		return MBA_REASON_OTHER_ROOT;
	if (found->own.is_folded || (found->is_folded && !found->untouched))
		return MBA_REASON_LETTER_CASE;
	if (found->own.is_unclear)
		return MBA_REASON_NOT_UNDERSTOOD;
	if (may_be_anywhere(set, found))
		return MBA_REASON_FULL_ACCESS;
	/* who removes it has to know whose it is */
	if (set->afresh && found->own.is_unread)
		return MBA_REASON_ERROR;
	if (set->location->format->index_opens && !set->in_place)
		return MBA_REASON_NOT_JUDGED;
	return MBA_REASON_NONE;
}

/* Look a mailbox up. */
static void decide_look(const struct entry_decide_settings *set,
			const struct index_entry *found,
			const struct location_path *path,
			struct entry_decision *decision, bool *is_dir_r)
{
	enum mba_reason reason;

	if (set->look != NULL) {
		decision->state = mail_side_answer(set->side, set->look,
						   &decision->reason,
						   is_dir_r);
	} else {
		decision->state = (set->afresh ? mail_side_look_afresh :
				   mail_side_look)(set->side, path,
						   &decision->reason,
						   is_dir_r);
	}
	if ((MBA_STATE_BIT(decision->state) & MBA_STATES_BOGUS) == 0)
		return;
	reason = reason_not_bogus(set, found);
	if (reason != MBA_REASON_NONE) {
		decision->state = MBA_STATE_UNKNOWN;
		decision->reason = reason;
	}
}

const struct mba_rule *
entry_find_rule(const struct entry_decide_settings *set, const char *levels,
		size_t len, bool is_dir)
{
	const struct mba_rule *rule;

	is_dir = is_dir || !set->location->format->files;
	if (set->rules == NULL || keep_names_has(set->keep, levels, len) ||
	    mba_rules_match(set->rules, levels, len, 0,
			    is_dir ? MBA_DIR_YES : MBA_DIR_NO, NULL,
			    &rule) != MBA_MATCH_HIDDEN)
		return NULL;
	return rule;
}

/* Decide about a mailbox whose name follows from where its index is. */
static void decide_named(const struct entry_decide_settings *set,
			 const struct location_path *path,
			 const struct index_entry *found,
			 struct entry_decision *decision)
{
	const struct location *location = set->location;
	const char *name = path->storage_name;
	bool is_dir = false;
	char *levels;
	size_t len;

	decision->reason = reason_without_look(set, found);
	if (decision->reason == MBA_REASON_NONE)
		decide_look(set, found, path, decision, &is_dir);
	if (name[0] == '\0' && decision->state != MBA_STATE_MAILBOX) {
		/* the mail root, which needn't be a mailbox */
		if (decision->state != MBA_STATE_UNKNOWN)
			decision->reason = MBA_REASON_UNMAPPED;
		decision->state = MBA_STATE_UNKNOWN;
		return;
	}
	if ((set->named & MBA_STATE_BIT(decision->state)) != 0) {
		decision->mailbox = name_from_storage(&location->set,
						      location->storage_sep,
						      name);
	}
	/* no rule is about a namespace's prefix */
	if (name[0] == '\0')
		return;
	levels = name_levels(&location->set, location->storage_sep, name, &len);
	decision->hidden_by = entry_find_rule(set, levels, len, is_dir);
	free(levels);
	decision->is_inbox = strcasecmp(name, "INBOX") == 0;
}

/* Dovecot makes a mailbox before it adds it to the list. */
static bool may_be_new(const struct index_entry *found)
{
	return found->mtime > (int64_t)time(NULL) - NEW_SECONDS;
}

/* Returns why a mailbox of LAYOUT=index can't be told, whatever there is of
   mails. */
static enum mba_reason
reason_listed(const struct entry_decide_settings *set,
	      const struct index_entry *found, enum list_index_result result)
{
	enum mba_reason reason = reason_without_look(set, found);

	if (reason != MBA_REASON_NONE)
		return reason;
	if (result == LIST_INDEX_UNKNOWN ||
	    (result == LIST_INDEX_NONE && may_be_new(found)))
		return MBA_REASON_LIST_INDEX;
	if (result == LIST_INDEX_NONE)
		return may_be_others(set, found) ? MBA_REASON_SHARED_ROOT :
			found->own.is_unclear ? MBA_REASON_NOT_UNDERSTOOD :
			MBA_REASON_NONE;
	return found->own.is_deleted ? MBA_REASON_INDEX_DELETED :
		MBA_REASON_NONE;
}

/* Find a mailbox of LAYOUT=index in the list. If the list doesn't have its
   name, the mailbox's own index may. */
static enum list_index_result
find_listed(const struct entry_decide_settings *set, const char *hex,
	    const struct index_entry *found,
	    struct index_list_mailbox *mailbox_r)
{
	unsigned char guid[INDEX_GUID_SIZE];
	enum list_index_result result;

	for (size_t i = 0; i < sizeof(guid); i++)
		(void)hex_byte(hex + i * 2, (char *)&guid[i]);
	result = list_index_find(set->list, guid, mailbox_r);
	if (result == LIST_INDEX_FOUND &&
	    (mailbox_r->is_lost || mailbox_r->is_nameless))
		result = LIST_INDEX_UNKNOWN;
	if (result != LIST_INDEX_FOUND) {
		mailbox_r->name = found->own.name;
		mailbox_r->name_len = found->own.name_len;
		mailbox_r->is_prefix_inbox = found->own.is_prefix_inbox;
	}
	return result;
}

/* Decide about a mailbox of LAYOUT=index. */
static void decide_listed(const struct entry_decide_settings *set,
			  const struct location_path *path,
			  const struct index_entry *found,
			  struct entry_decision *decision)
{
	const struct mba_location *location = &set->location->set;
	bool is_dir = false;
	struct index_list_mailbox mailbox;
	enum list_index_result result;
	char *levels;
	size_t len;

	result = find_listed(set, path->storage_name, found, &mailbox);
	decision->reason = reason_listed(set, found, result);
	if (decision->reason == MBA_REASON_NONE) {
		if (result == LIST_INDEX_FOUND)
			decide_look(set, found, path, decision, &is_dir);
		else
			decision->state = MBA_STATE_MISSING;
	}
	if (mailbox.name == NULL)
		return;
	if ((set->named & MBA_STATE_BIT(decision->state)) != 0) {
		decision->mailbox = name_from_raw(location, mailbox.name,
						  mailbox.name_len,
						  mailbox.is_prefix_inbox);
	}
	levels = name_levels_from_raw(location, mailbox.name, mailbox.name_len,
				      &len);
	decision->hidden_by = entry_find_rule(set, levels, len, is_dir);
	free(levels);
	decision->is_inbox = !mailbox.is_prefix_inbox &&
		mailbox.name_len == strlen("INBOX") &&
		strcasecmp(mailbox.name, "INBOX") == 0;
}

bool entry_needs_look(const struct entry_decide_settings *set,
		      const struct index_entry *found,
		      struct location_path *path_r)
{
	const struct location *location = set->location;
	struct index_list_mailbox mailbox;
	enum list_index_result result;

	if (location->format == NULL ||
	    !location_from_index_path(location, found->path, path_r))
		return false;
	if (!location->listed) {
		if (reason_without_look(set, found) == MBA_REASON_NONE)
			return true;
	} else {
		result = find_listed(set, path_r->storage_name, found,
				     &mailbox);
		if (result == LIST_INDEX_FOUND &&
		    reason_listed(set, found, result) == MBA_REASON_NONE)
			return true;
	}
	location_path_free(path_r);
	return false;
}

void entry_decide(const struct entry_decide_settings *set,
		  const struct index_entry *found,
		  struct entry_decision *decision_r)
{
	const struct location *location = set->location;
	struct location_path path;

	memset(decision_r, 0, sizeof(*decision_r));
	decision_r->state = MBA_STATE_UNKNOWN;
	if (location->format == NULL ||
	    !location_from_index_path(location, found->path, &path)) {
		decision_r->reason = reason_without_look(set, found);
		if (decision_r->reason == MBA_REASON_NONE)
			decision_r->reason = MBA_REASON_UNMAPPED;
		return;
	}
	if (location->listed)
		decide_listed(set, &path, found, decision_r);
	else
		decide_named(set, &path, found, decision_r);
	decision_r->storage_name = path.storage_name;
	path.storage_name = NULL;
	location_path_free(&path);
}

void entry_decision_free(struct entry_decision *decision)
{
	free(decision->storage_name);
	free(decision->mailbox);
}
