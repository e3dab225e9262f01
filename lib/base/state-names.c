/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* States, reasons and kinds by the names that people and scripts know. */

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "mailbox-audit.h"

static const char *const state_names[MBA_STATE_COUNT] = {
	"mailbox", "not-mailbox", "missing", "unknown"
};

static const char *const reason_names[MBA_REASON_COUNT] = {
	NULL, "symlink", "compressed", "long-line", "incomplete",
	"empty-directory", "atime", "error", "mail-root", "not-judged",
	"unmapped", "shared-root", "other-root", "list-index", "index-deleted",
	"letter-case", "not-understood", "full-access"
};

static const char *const kept_names[MBA_KEPT_COUNT] = {
	NULL, "mailbox", "unknown", "state", "inbox", "files", "used", "recent",
	"open", "locked", "changed", "error", "refused"
};

static const char *const other_names[MBA_OTHER_COUNT] = {
	"structure", "internal", "nested", "mail", "foreign"
};

static const char *const evidence_names[MBA_EVIDENCE_COUNT] = {
	"unknown", "untouched", "empty", "never-opened", "opened", "changed",
	"read"
};

const char *mba_state_name(enum mba_state state)
{
	return state_names[state];
}

const char *mba_reason_name(enum mba_reason reason)
{
	return reason_names[reason];
}

const char *mba_other_name(enum mba_other other)
{
	return other_names[other];
}

const char *mba_kept_name(enum mba_kept kept)
{
	return kept_names[kept];
}

const char *mba_evidence_name(enum mba_evidence evidence)
{
	return evidence_names[evidence];
}

const char *mba_clean_action(const struct mba_clean_settings *set,
			     enum mba_kept kept)
{
	if (kept != MBA_KEPT_NOT)
		return "kept";
	return set->dry_run ? "would-remove" : "removed";
}

static bool state_find(const char *name, unsigned int *states_r)
{
	if (strcmp(name, "bogus") == 0) {
		*states_r = MBA_STATES_BOGUS;
		return true;
	}
	for (int state = 0; state < MBA_STATE_COUNT; state++) {
		if (strcmp(name, state_names[state]) == 0) {
			*states_r = MBA_STATE_BIT(state);
			return true;
		}
	}
	return false;
}

int mba_states_parse(const char *list, unsigned int *states_r, char **error_r)
{
	char *copy = mem_strdup(list), *rest = copy, *name;
	unsigned int states = 0, state;
	int ret = 0;

	while (ret == 0 && (name = strsep(&rest, ",")) != NULL) {
		if (state_find(name, &state))
			states |= state;
		else {
			*error_r = mem_printf("Unknown state: %s (known are "
				"mailbox, not-mailbox, missing, unknown, and "
				"bogus for not-mailbox,missing)", name);
			ret = -1;
		}
	}
	*states_r = states;
	free(copy);
	return ret;
}
