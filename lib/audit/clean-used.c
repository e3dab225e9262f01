/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The home of another user, or a wrong export, looks like a home in which all
   mailboxes were deleted. All entries are decided about once before any is
   removed. */

#include "clean-used.h"

struct used {
	struct entry_decide_settings decide;
	uint64_t bogus, mailboxes;
};

/* What can't be read is reported by the walk that removes. */
static void used_error(const char *op, const char *path, const char *error,
		       void *context)
{
	(void)op;
	(void)path;
	(void)error;
	(void)context;
}

static void used_progress(const struct mba_count *totals, void *context)
{
	(void)totals;
	(void)context;
}

static bool used_entry(const struct index_entry *found, void *context)
{
	struct used *used = context;
	struct entry_decision decision;

	if (found->untouched)
		return false;
	entry_decide(&used->decide, found->path, found->is_unreadable,
		     &decision);
	if (decision.state == MBA_STATE_MAILBOX)
		used->mailboxes++;
	else if ((MBA_STATE_BIT(decision.state) & MBA_STATES_BOGUS) != 0)
		used->bogus++;
	entry_decision_free(&decision);
	return false;
}

bool clean_used_is_doubtful(const struct index_side_settings *walk,
			    const struct entry_decide_settings *decide)
{
	const struct error_sink errors = { used_error, NULL };
	struct used used = { .decide = *decide };
	struct index_side_settings set = *walk;
	struct mba_count totals = { 0, 0, 0 }, other[MBA_OTHER_COUNT] = {
		{ 0, 0, 0 }
	};

	used.decide.afresh = false;
	used.decide.side = mail_side_init(decide->location, &errors);
	set.root_fd = -1;
	set.clean = NULL;
	set.entry = used_entry;
	set.progress = used_progress;
	set.context = &used;
	set.errors = &errors;
	index_side_walk_threaded(&set, &totals, other);
	mail_side_deinit(&used.decide.side);
	return used.bogus > used.mailboxes;
}
