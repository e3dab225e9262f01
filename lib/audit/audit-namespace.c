/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* One namespace's audit: what the walk of the index side finds is decided about
   and counted. */

#include <stdlib.h>

#include "audit-namespace.h"
#include "count.h"
#include "entry-decide.h"
#include "index-side.h"

struct run {
	const struct mba_audit_settings *set;
	struct entry_decide_settings decide;
	struct mba_namespace_report *report;
};

static void run_progress(const struct mba_count *totals, void *context)
{
	struct run *run = context;

	run->report->totals = *totals;
	if (run->set->progress != NULL)
		run->set->progress(run->report, run->set->context);
}

static bool run_is_selected(const struct run *run,
			    const struct mba_entry *entry)
{
	const struct mba_audit_settings *set = run->set;

	return set->entry != NULL &&
		(set->states & MBA_STATE_BIT(entry->state)) != 0 &&
		(!set->hidden || entry->hidden_by != NULL) &&
		(!set->visible || entry->hidden_by == NULL);
}

static void run_entry(const struct index_entry *found, void *context)
{
	struct run *run = context;
	struct entry_decision decision;
	struct mba_entry entry = {
		.path = found->path, .count = found->count,
		.mtime = found->mtime, .untouched = found->untouched,
	};

	entry_decide(&run->decide, found->path, found->is_unreadable,
		     &decision);
	entry.mailbox = decision.mailbox;
	entry.state = decision.state;
	entry.reason = decision.reason;
	entry.hidden_by = decision.hidden_by;
	count_add(&run->report->states[entry.state], &entry.count);
	if (entry.hidden_by != NULL) {
		count_add(&run->report->states_hidden[entry.state],
			  &entry.count);
	}
	if (run_is_selected(run, &entry))
		run->set->entry(run->report, &entry, run->set->context);
	entry_decision_free(&decision);
}

/* Walk the index root. */
static void run_index_side(struct run *run, const struct audit_namespace *ns,
			   const struct error_sink *errors)
{
	const struct location *location = ns->location;
	const struct index_side_settings set = {
		.root = location->index_root,
		.imap_dir = location->imap_dir ? MAIL_IMAP_DIR : NULL,
		.in_place = run->decide.in_place, .nested = ns->nested.ids,
		.nested_count = ns->nested.count, .entry = run_entry,
		.progress = run_progress, .context = run, .errors = errors,
	};
	struct mba_count totals = { 0, 0, 0 };

	index_side_walk_threaded(&set, &totals, run->report->other);
	run->report->totals = totals;
}

static void run_sides(struct run *run, struct audit_namespace *ns,
		      const struct error_sink *errors)
{
	struct mail_side *side = mail_side_init(ns->location, errors);
	struct keep_names *keep = keep_names_init(&ns->location->set);

	run->decide.side = side;
	run->decide.keep = keep;
	run_index_side(run, ns, errors);
	if (location_is_judged(ns->location) && !ns->is_shared) {
		ns->subscriptions.location = ns->location;
		ns->subscriptions.prefixes_below = ns->prefixes_below;
		ns->subscriptions.side = side;
		audit_subscriptions_find(&ns->subscriptions, errors);
	}
	keep_names_free(&keep);
	mail_side_deinit(&side);
}

void audit_namespace_run(struct audit_namespace *ns,
			 const struct mba_audit_settings *set,
			 const struct error_sink *errors,
			 struct mba_namespace_report *report_r)
{
	static const char *const no_names[] = { NULL };
	const struct location *location = ns->location;
	struct run run = {
		.set = set, .report = report_r,
		.decide = {
			.location = location, .rules = set->rules,
			.in_place = audit_root_equals(&ns->roots.mail,
						      &ns->roots.index),
			.is_shared = ns->is_shared,
		},
	};

	report_r->location = &location->set;
	report_r->aliases = ns->aliases;
	report_r->mail_root = location->mail_root;
	report_r->index_root = location->index_root;
	report_r->layout = location->layout;
	report_r->in_place = run.decide.in_place;
	if (location->index_root != NULL)
		run_sides(&run, ns, errors);
	report_r->subscriptions = ns->subscriptions.count > 0 ?
		ns->subscriptions.names : no_names;
}

void audit_namespace_clear(struct audit_namespace *ns)
{
	audit_subscriptions_clear(&ns->subscriptions);
	audit_nested_clear(&ns->nested);
	free(ns->prefixes_below);
	free(ns->aliases);
	ns->prefixes_below = ns->aliases = NULL;
	ns->is_shared = false;
}
