/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The home of another user, or a wrong export, looks like a home in which all
   mailboxes were deleted. All entries are decided about once before any is
   removed. What can't be told speaks against it: an error that is gone when the
   removals begin must not be what lets them begin. */

#include "clean-used.h"

struct used {
	struct entry_decide_settings decide;
	const struct index_side_settings *walk;
	/* entries that were used: those of mailboxes, and those that are bogus
	   or may be */
	uint64_t mailboxes, doubtful;
	/* a part of the index root wasn't seen */
	bool is_incomplete;
};

static void used_index_error(const char *op, const char *path,
			     const char *error, void *context)
{
	struct used *used = context;

	error_sink_add(used->walk->errors, op, path, error);
	used->is_incomplete = true;
}

static bool used_progress(const struct mba_count *totals, void *context)
{
	const struct used *used = context;

	return used->walk->progress(totals, used->walk->context);
}

static bool is_doubtful(const struct entry_decision *decision)
{
	return (MBA_STATE_BIT(decision->state) & MBA_STATES_BOGUS) != 0 ||
		decision->reason == MBA_REASON_ERROR ||
		decision->reason == MBA_REASON_MAIL_ROOT;
}

static bool used_entry(const struct index_entry *found, void *context)
{
	struct used *used = context;
	struct entry_decision decision;

	if (found->untouched)
		return false;
	entry_decide(&used->decide, found, &decision);
	if (decision.state == MBA_STATE_MAILBOX)
		used->mailboxes++;
	else if (is_doubtful(&decision))
		used->doubtful++;
	entry_decision_free(&decision);
	return false;
}

const char *clean_used_doubt(const struct index_side_settings *walk,
			     const struct entry_decide_settings *decide)
{
	struct used used = { .decide = *decide, .walk = walk };
	const struct error_sink index_errors = { used_index_error, &used };
	struct index_side_settings set = *walk;
	struct mba_count totals = { 0, 0, 0 }, other[MBA_OTHER_COUNT] = {
		{ 0, 0, 0 }
	};

	used.decide.afresh = false;
	used.decide.side = mail_side_init(decide->location, walk->errors);
	/* whose an index is doesn't count here */
	set.use = false;
	set.entry = used_entry;
	set.progress = used_progress;
	set.context = &used;
	set.errors = &index_errors;
	index_side_walk_threaded(&set, &totals, other);
	mail_side_deinit(&used.decide.side);
	if (used.is_incomplete) {
		return "Not all of the index root can be read: are these the "
			"right mails?";
	}
	return used.doubtful <= used.mailboxes ? NULL :
		"More of the entries that were used are bogus, or can't be "
		"told, than are mailboxes: are these the right mails?";
}
