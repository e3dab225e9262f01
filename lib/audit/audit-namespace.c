/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* One namespace's audit: what the walk of the index side finds is decided about
   and counted. */

#include <stdlib.h>
#include <string.h>

#include "audit-namespace.h"
#include "clean-scope.h"
#include "clean-used.h"
#include "clean.h"
#include "count.h"
#include "entry-queue.h"
#include "index-side.h"
#include "look-queue.h"

#define STOPPED "Stopped before its end"

struct run {
	const struct mba_audit_settings *set;
	struct entry_decide_settings decide;
	struct mba_namespace_report *report;
	/* its set is NULL if nothing is to be cleaned */
	struct clean clean;
	/* Storage names that have an entry; NULL if nobody asks, as there is no
	   list of names. */
	struct name_set *met;
	/* progress() said so */
	bool stopped;

	/* without clean */
	struct entry_queue *queue;
	const struct error_sink *errors;
};

static bool root_is_missing(const struct audit_root *root)
{
	return !root->exists && root->failed == 0;
}

static bool run_progress(const struct mba_count *totals, void *context)
{
	struct run *run = context;

	run->report->totals = *totals;
	if (run->set->progress != NULL && !run->stopped)
		run->stopped = !run->set->progress(run->report,
						   run->set->context);
	return !run->stopped;
}

/* Without evidence of that time nothing is said of it. */
static bool run_is_unused(const struct mba_entry *entry, int64_t since)
{
	return entry->state == MBA_STATE_MAILBOX &&
		entry->use.evidence != MBA_EVIDENCE_UNKNOWN &&
		entry->use.last_used < since &&
		entry->use.since <= since;
}

static void run_count_unproven(struct mba_namespace_report *report,
			       const struct mba_entry *entry)
{
	if (entry->state != MBA_STATE_MAILBOX || entry->use.proof != NULL)
		return;
	count_add(&report->unproven, &entry->count);
	if (entry->hidden_by != NULL)
		count_add(&report->unproven_hidden, &entry->count);
	report->unproven_messages += entry->use.messages;
}

static bool run_is_selected(const struct run *run,
			    const struct mba_entry *entry)
{
	const struct mba_audit_settings *set = run->set;

	if (set->unused_since != 0 &&
	    !run_is_unused(entry, set->unused_since))
		return false;
	return set->entry != NULL &&
		(set->states & MBA_STATE_BIT(entry->state)) != 0 &&
		(!set->hidden || entry->hidden_by != NULL) &&
		(!set->visible || entry->hidden_by == NULL);
}

/* An entry was decided about, and cleaned if that was asked for. */
static void run_decided(struct run *run, const struct index_entry *found,
			const struct entry_decision *decision,
			const struct clean_result *result)
{
	struct mba_entry entry = {
		.path = found->path, .count = found->count,
		.mtime = found->mtime,
		.untouched = found->untouched,
		.mailbox = decision->mailbox, .state = decision->state,
		.reason = decision->reason, .hidden_by = decision->hidden_by,
		.removed = result->removed, .kept = result->kept,
	};

	count_add(&run->report->states[entry.state], &entry.count);
	if (entry.hidden_by != NULL) {
		count_add(&run->report->states_hidden[entry.state],
			  &entry.count);
	}
	if (run->clean.set == NULL) {
		entry.use = found->use;
		run_count_unproven(run->report, &entry);
	}
	if (run_is_selected(run, &entry))
		run->set->entry(run->report, &entry, run->set->context);
}

static void run_audited(const struct index_entry *found,
			const struct entry_decision *decision, void *context)
{
	const struct clean_result result = { .dir_removed = false };
	struct run *run = context;

	if (run->met != NULL && decision->storage_name != NULL)
		name_set_add(run->met, decision->storage_name);
	run_decided(run, found, decision, &result);
}

static bool run_audit_entry(const struct index_entry *found, void *context)
{
	struct run *run = context;

	entry_queue_add(run->queue, found);
	return false;
}

static bool run_clean_entry(const struct index_entry *found, void *context)
{
	struct run *run = context;
	struct entry_decision decision;
	struct clean_result result;
	struct mba_count kept;

	clean_entry(&run->clean, found, &decision, &result);
	count_add(&run->report->clean.removed, &result.removed);
	if (result.kept != MBA_KEPT_NOT) {
		/* what a removal that failed left of it */
		kept = found->count;
		kept.inodes -= result.removed.inodes;
		kept.bytes -= result.removed.bytes;
		count_add(&run->report->clean.kept[result.kept], &kept);
	}
	run_decided(run, found, &decision, &result);
	entry_decision_free(&decision);
	return result.dir_removed;
}

/* Open the index root for a clean. Sets why nothing is to be removed. */
static int run_clean_begin(struct run *run, const struct audit_namespace *ns,
			   const struct index_side_settings *walk)
{
	const struct clean_scope_settings scope = {
		.location = ns->location, .roots = &ns->roots,
		.errors = walk->errors, .in_place = run->decide.in_place,
		.is_shared = ns->is_shared, .root_failed = ns->root_failed,
		.users_refusal = ns->users_refusal,
	};
	const struct mba_clean_settings *set = run->clean.set;
	int fd;

	run->decide.afresh = true;
	run->clean.decide = &run->decide;
	run->clean.errors = walk->errors;
	run->clean.index_root = walk->root;
	run->clean.states = run->set->states;
	fd = clean_scope_open(&scope, &run->clean.refused);
	if (fd != -1 && set->used && !set->force) {
		run->clean.refused = clean_used_doubt(walk, &run->decide);
		run->clean.is_doubtful = run->clean.refused != NULL &&
			!run->stopped;
		/* then it is no answer */
		if (run->stopped)
			run->clean.refused = STOPPED;
	}
	/* who has no index root has nothing that could be removed */
	if (ns->roots.index.exists || ns->root_failed)
		run->report->clean.refused = run->clean.refused;
	return fd;
}

/* Walk the index root and remove what is bogus. One question at a time: nothing
   is decided ahead of a removal. */
static void run_clean(struct run *run, const struct audit_namespace *ns,
		      const struct index_side_settings *walk,
		      struct mba_count *totals_r)
{
	const struct mba_clean_settings *clean_set = run->clean.set;
	const struct index_side_clean clean = {
		.before = clean_set->now - clean_set->min_age,
		.dry_run = clean_set->dry_run,
		.is_mixed = run->decide.in_place || ns->holds_others ||
			audit_root_is_below(&ns->roots.mail, &ns->roots.index,
					    walk->errors),
		.removed = &run->report->clean.removed_dirs,
	};
	struct index_side_settings set = *walk;

	set.root_fd = run_clean_begin(run, ns, walk);
	/* nor has anybody time to hear what else is there */
	if (audit_root_equals(&ns->roots.index, &ns->roots.top))
		return;
	if (run->clean.refused == NULL)
		set.clean = &clean;
	index_side_walk(&set, totals_r, run->report->other);
	/* what was asked for wasn't done */
	if (run->clean.is_doubtful &&
	    run->report->clean.kept[MBA_KEPT_REFUSED].entries > 0) {
		error_sink_add(walk->errors, "clean", walk->root,
			       run->clean.refused);
	}
}

/* The totals are those of what was decided about. */
static void run_stopped(struct run *run, const struct error_sink *errors)
{
	struct mba_namespace_report *report = run->report;

	memset(&report->totals, 0, sizeof(report->totals));
	for (unsigned int i = 0; i < MBA_STATE_COUNT; i++)
		count_add(&report->totals, &report->states[i]);
	for (unsigned int i = 0; i < MBA_OTHER_COUNT; i++)
		count_add(&report->totals, &report->other[i]);
	error_sink_add(errors, run->clean.set == NULL ? "audit" : "clean",
		       report->index_root, STOPPED);
}

/* The entries before an error come first. */
static void run_index_error(const char *op, const char *path,
			    const char *error, void *context)
{
	struct run *run = context;

	entry_queue_flush(run->queue);
	error_sink_add(run->errors, op, path, error);
}

/* Returns how many looks may be made at once. */
static unsigned int run_jobs(const struct run *run)
{
	unsigned int jobs = run->set->jobs;

	/* clean asks one question at a time */
	if (run->clean.set != NULL)
		return 1;
	return jobs == 0 ? MBA_DEFAULT_JOBS :
		jobs > MBA_MAX_JOBS ? MBA_MAX_JOBS : jobs;
}

/* Walk the index root, while the mail side is looked at. */
static void run_audit(struct run *run, const struct index_side_settings *walk,
		      struct mba_count *totals_r)
{
	const struct error_sink errors = { run_index_error, run };
	struct index_side_settings set = *walk;
	unsigned int jobs = run_jobs(run);

	set.use = true;
	/* there is one where descriptors are few */
	set.share = look_queue_jobs(jobs) > 1;
	set.entry = run_audit_entry;
	set.errors = &errors;
	run->errors = walk->errors;
	run->queue = entry_queue_init(&run->decide, jobs, run_audited, run);
	index_side_walk_threaded(&set, totals_r, run->report->other);
	entry_queue_flush(run->queue);
	entry_queue_deinit(&run->queue);
}

/* Walk the index root. */
static void run_index_side(struct run *run, const struct audit_namespace *ns,
			   const struct error_sink *errors)
{
	const struct location *location = ns->location;
	const struct index_side_settings set = {
		.root = location->index_root, .root_fd = -1,
		.imap_dir = location->imap_dir ? MAIL_IMAP_DIR : NULL,
		.in_place = run->decide.in_place,
		.roots_below = location_is_judged(location) &&
			!location->flat && !location->listed &&
			(!run->decide.in_place || location->imap_dir),
		.nested = ns->nested.ids,
		.nested_count = ns->nested.count,
		/* clean that takes only what is untouched reads what else is
		   bogus when it comes to it */
		.use = location->listed ||
			(run->clean.set != NULL && run->clean.set->used),
		.entry = run_clean_entry,
		.progress = run_progress, .context = run, .errors = errors,
	};
	struct mba_count totals = { 0, 0, 0 };

	if (run->clean.set != NULL)
		run_clean(run, ns, &set, &totals);
	else if (!root_is_missing(&ns->roots.index))
		run_audit(run, &set, &totals);
	run->report->totals = totals;
	if (run->stopped)
		run_stopped(run, errors);
}

static bool run_name_progress(void *context)
{
	struct run *run = context;

	return run_progress(&run->report->totals, run);
}

static void run_subscriptions(struct run *run, struct audit_namespace *ns,
			      const struct error_sink *errors)
{
	struct audit_subscriptions *subscriptions = &ns->subscriptions;

	subscriptions->location = ns->location;
	subscriptions->prefixes_below = ns->prefixes_below;
	subscriptions->side = run->decide.side;
	subscriptions->errors = errors;
	subscriptions->jobs = run_jobs(run);
	subscriptions->progress = run_name_progress;
	subscriptions->context = run;
	audit_subscriptions_find(subscriptions);
}

static void run_list_names(struct run *run, struct audit_namespace *ns,
			   const struct error_sink *errors)
{
	struct audit_list_names *list_names = &ns->list_names;

	list_names->decide = &run->decide;
	list_names->met = run->met;
	list_names->errors = errors;
	list_names->jobs = run_jobs(run);
	list_names->progress = run_name_progress;
	list_names->context = run;
	audit_list_names_find(list_names);
}

/* Find names that belong to no mailbox, and have no entry. */
static void run_names(struct run *run, struct audit_namespace *ns,
		      const struct error_sink *errors)
{
	if (!location_is_judged(ns->location) || ns->is_shared || run->stopped)
		return;
	if (!ns->location->listed)
		run_subscriptions(run, ns, errors);
	if (run->met != NULL && !run->stopped)
		run_list_names(run, ns, errors);
	if (run->stopped)
		run_stopped(run, errors);
}

/* Returns FALSE if there surely is no list index. */
static bool run_has_list(const struct audit_namespace *ns,
			 const struct list_index *list)
{
	const struct audit_root *root = &ns->roots.index;
	const char *path = ns->location->list_index;
	size_t len = strlen(root->path);

	/* it mostly is in the index root */
	if (path != NULL && root_is_missing(root) &&
	    strncmp(path, root->path, len) == 0 && path[len] == '/')
		return false;
	return list_index_exists(list);
}

static void run_sides(struct run *run, struct audit_namespace *ns,
		      const struct error_sink *errors)
{
	const struct list_index_settings list_set = {
		.prefix = ns->location->list_index,
		.inbox = ns->location->set.inbox, .errors = errors,
	};
	struct mail_side *side = mail_side_init(ns->location, errors);
	struct list_index *list = list_index_init(&list_set);
	struct keep_names *keep = keep_names_init(&ns->location->set);

	run->decide.side = side;
	run->decide.list = list;
	run->decide.keep = keep;
	if (run->clean.set == NULL && run_has_list(ns, list))
		run->met = name_set_init();
	run_index_side(run, ns, errors);
	run_names(run, ns, errors);
	if (run->met != NULL)
		name_set_deinit(&run->met);
	keep_names_free(&keep);
	list_index_deinit(&list);
	mail_side_deinit(&side);
}

bool audit_namespace_run(struct audit_namespace *ns,
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
			.named = set->entry == NULL ? 0 : set->states,
		},
		.clean = { .set = set->clean },
	};

	report_r->location = &location->set;
	report_r->aliases = ns->aliases;
	report_r->mail_root = location->mail_root;
	report_r->index_root = location->index_root;
	report_r->layout = location->layout;
	report_r->in_place = run.decide.in_place;
	report_r->clean.set = set->clean;
	if (location->index_root != NULL)
		run_sides(&run, ns, errors);
	report_r->subscriptions = ns->subscriptions.count > 0 ?
		ns->subscriptions.names : no_names;
	report_r->list_names = ns->list_names.names;
	report_r->list_names_count = ns->list_names.count;
	report_r->list_names_total = ns->list_names.total;
	report_r->list_names_hidden = ns->list_names.hidden;
	report_r->list_names_unknown = ns->list_names.unknown;
	return !run.stopped;
}

void audit_namespace_clear(struct audit_namespace *ns)
{
	audit_subscriptions_clear(&ns->subscriptions);
	audit_list_names_clear(&ns->list_names);
	audit_nested_clear(&ns->nested);
	free(ns->prefixes_below);
	free(ns->aliases);
	free(ns->users_refusal);
	ns->prefixes_below = ns->aliases = NULL;
	ns->users_refusal = NULL;
	ns->is_shared = ns->root_failed = ns->holds_others = false;
}
