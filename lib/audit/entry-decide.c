/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <stdlib.h>
#include <strings.h>

#include "entry-decide.h"
#include "name.h"

/* Returns why an entry's mailbox needn't be looked up. */
static enum mba_reason
reason_without_look(const struct entry_decide_settings *set, bool is_mapped,
		    bool is_unreadable)
{
	if (is_unreadable)
		return MBA_REASON_ERROR;
	if (!location_is_judged(set->location))
		return MBA_REASON_NOT_JUDGED;
	return is_mapped ? MBA_REASON_NONE : MBA_REASON_UNMAPPED;
}

/* Returns why an entry isn't bogus though there is no mailbox. */
static enum mba_reason
reason_not_bogus(const struct entry_decide_settings *set)
{
	/* it may be a mailbox of the other namespace */
	if (set->is_shared)
		return MBA_REASON_SHARED_ROOT;
	if (set->location->format->index_opens && !set->in_place)
		return MBA_REASON_NOT_JUDGED;
	return MBA_REASON_NONE;
}

/* path is NULL if no mailbox has its index there. */
static void decide_state(const struct entry_decide_settings *set,
			 const struct location_path *path, bool is_unreadable,
			 struct entry_decision *decision, bool *is_dir_r)
{
	const struct mail_format *format = set->location->format;
	enum mba_reason reason;

	*is_dir_r = format != NULL && !format->files;
	decision->state = MBA_STATE_UNKNOWN;
	decision->reason = reason_without_look(set, path != NULL,
					       is_unreadable);
	if (decision->reason != MBA_REASON_NONE)
		return;
	decision->state = set->afresh ?
		mail_side_look_afresh(set->side, path, &decision->reason,
				      is_dir_r) :
		mail_side_look(set->side, path, &decision->reason, is_dir_r);
	if ((MBA_STATE_BIT(decision->state) & MBA_STATES_BOGUS) == 0)
		return;
	reason = reason_not_bogus(set);
	if (reason != MBA_REASON_NONE) {
		decision->state = MBA_STATE_UNKNOWN;
		decision->reason = reason;
	}
}

/* Returns the rule that hides a name, NULL if it is visible. */
static const struct mba_rule *
find_rule(const struct entry_decide_settings *set, const char *storage_name,
	  bool is_dir)
{
	const struct location *location = set->location;
	const struct mba_rule *rule;
	enum mba_match match;
	char *levels;
	size_t len;

	if (set->rules == NULL)
		return NULL;
	levels = name_levels(&location->set, location->storage_sep,
			     storage_name, &len);
	match = keep_names_has(set->keep, levels, len) ? MBA_MATCH_VISIBLE :
		mba_rules_match(set->rules, levels, len, 0,
				is_dir ? MBA_DIR_YES : MBA_DIR_NO, NULL, &rule);
	free(levels);
	return match == MBA_MATCH_HIDDEN ? rule : NULL;
}

void entry_decide(const struct entry_decide_settings *set,
		  const char *index_path, bool is_unreadable,
		  struct entry_decision *decision_r)
{
	const struct location *location = set->location;
	struct location_path path;
	bool is_mapped, is_dir;

	is_mapped = location->format != NULL &&
		location_from_index_path(location, index_path, &path);
	decide_state(set, is_mapped ? &path : NULL, is_unreadable, decision_r,
		     &is_dir);
	decision_r->mailbox = NULL;
	decision_r->hidden_by = NULL;
	decision_r->is_inbox = false;
	if (!is_mapped)
		return;
	decision_r->mailbox = name_from_storage(&location->set,
						location->storage_sep,
						path.storage_name);
	decision_r->hidden_by = find_rule(set, path.storage_name, is_dir);
	decision_r->is_inbox = strcasecmp(path.storage_name, "INBOX") == 0;
	location_path_free(&path);
}

void entry_decision_free(struct entry_decision *decision)
{
	free(decision->mailbox);
}
