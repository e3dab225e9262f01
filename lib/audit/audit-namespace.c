/* One namespace's audit: what the walk of the index side finds is looked up on
   the mail side, matched against the rules and counted. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "index-side.h"
#include "alloc.h"
#include "audit-private.h"
#include "count.h"
#include "mail-side.h"
#include "name.h"
#include "subscriptions.h"

struct run {
	struct mba_audit *audit;
	struct audit_namespace *ns;
	struct mba_namespace_report *report;
	struct mail_side *side;
	bool is_shared;
};

static void run_progress(const struct mba_count *totals, void *context)
{
	struct run *run = context;

	run->report->totals = *totals;
	if (run->audit->set.progress != NULL)
		run->audit->set.progress(run->report, run->audit->set.context);
}

/* Tell an entry's state. path is NULL if no mailbox has its index there. */
static enum mba_state
run_judge(struct run *run, const struct index_entry *found,
	  const struct location_path *path, enum mba_reason *reason_r,
	  bool *is_dir_r)
{
	const struct location *location = run->ns->location;
	enum mba_state state;

	*is_dir_r = location->format != NULL && !location->format->files;
	*reason_r = found->is_unreadable ? MBA_REASON_ERROR :
		!location_is_judged(location) ? MBA_REASON_NOT_JUDGED :
		path == NULL ? MBA_REASON_UNMAPPED : MBA_REASON_NONE;
	if (*reason_r != MBA_REASON_NONE)
		return MBA_STATE_UNKNOWN;
	state = mail_side_look(run->side, path, reason_r, is_dir_r);
	if ((MBA_STATE_BIT(state) & MBA_STATES_BOGUS) == 0)
		return state;
	if (run->is_shared) {
		/* it may be a mailbox of the other namespace */
		*reason_r = MBA_REASON_SHARED_ROOT;
		return MBA_STATE_UNKNOWN;
	}
	if (location->format->index_opens && !run->report->in_place) {
		*reason_r = MBA_REASON_NOT_JUDGED;
		return MBA_STATE_UNKNOWN;
	}
	return state;
}

/* Returns the rule that hides a name, NULL if it is visible. */
static const struct mba_rule *
run_match(struct run *run, const char *storage_name, bool is_dir)
{
	const struct location *location = run->ns->location;
	const struct mba_rule *rule;
	enum mba_match match;
	char *levels;
	size_t len;

	if (run->audit->set.rules == NULL)
		return NULL;
	levels = name_levels(&location->set, location->storage_sep,
			     storage_name, &len);
	match = mba_rules_match(run->audit->set.rules, levels, len, 0,
				is_dir ? MBA_DIR_YES : MBA_DIR_NO, NULL, &rule);
	free(levels);
	return match == MBA_MATCH_HIDDEN ? rule : NULL;
}

static bool run_is_selected(const struct run *run,
			    const struct mba_entry *entry)
{
	const struct mba_audit_settings *set = &run->audit->set;

	return set->entry != NULL &&
		(set->states & MBA_STATE_BIT(entry->state)) != 0 &&
		(!set->hidden || entry->hidden_by != NULL) &&
		(!set->visible || entry->hidden_by == NULL);
}

static void run_entry(const struct index_entry *found, void *context)
{
	struct run *run = context;
	const struct location *location = run->ns->location;
	struct mba_entry entry = {
		.path = found->path, .count = found->count,
		.mtime = found->mtime, .untouched = found->untouched,
	};
	struct location_path path;
	char *mailbox = NULL;
	bool is_mapped, is_dir;

	is_mapped = location->format != NULL &&
		location_from_index_path(location, found->path, &path);
	entry.state = run_judge(run, found, is_mapped ? &path : NULL,
				&entry.reason, &is_dir);
	if (is_mapped) {
		mailbox = name_from_storage(&location->set,
					    location->storage_sep,
					    path.storage_name);
		entry.mailbox = mailbox;
		entry.hidden_by = run_match(run, path.storage_name,
					    is_dir);
		location_path_free(&path);
	}
	count_add(&run->report->states[entry.state], &entry.count);
	if (entry.hidden_by != NULL) {
		count_add(&run->report->states_hidden[entry.state],
			  &entry.count);
	}
	if (run_is_selected(run, &entry))
		run->audit->set.entry(run->report, &entry,
				      run->audit->set.context);
	free(mailbox);
}

/* Returns TRUE if a name has an entry. */
static bool run_has_entry(const struct run *run, const char *storage_name)
{
	const struct location *location = run->ns->location;
	char *index_path, *path;
	struct stat st;
	bool found;

	index_path = location_get_index_path(location, storage_name);
	path = mem_printf("%s/%s", location->index_root, index_path);
	found = lstat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR);
	free(index_path);
	free(path);
	return found;
}

/* Returns TRUE if a name belongs to a namespace with a longer prefix, which
   keeps its subscriptions in this one. */
static bool run_is_others(const struct run *run, const char *mailbox)
{
	const struct mba_audit *audit = run->audit;
	size_t own_len = strlen(run->ns->location->set.prefix), len;

	for (size_t i = 0; i < audit->namespaces_count; i++) {
		const char *prefix = audit->namespaces[i].location->set.prefix;

		len = strlen(prefix);
		if (len > own_len && strncmp(mailbox, prefix, len) == 0)
			return true;
	}
	return false;
}

static void run_subscription(const char *storage_name, void *context)
{
	struct run *run = context;
	struct audit_namespace *ns = run->ns;
	const struct location *location = ns->location;
	struct location_path path;
	enum mba_reason reason;
	enum mba_state state;
	char *mailbox;
	bool is_dir;

	/* the user's INBOX is there when it is needed */
	if (location->set.inbox && strcmp(storage_name, "INBOX") == 0)
		return;
	mailbox = name_from_storage(&location->set, location->storage_sep,
				    storage_name);
	if (run_is_others(run, mailbox) || run_has_entry(run, storage_name)) {
		free(mailbox);
		return;
	}
	location_from_storage_name(location, storage_name, &path);
	state = mail_side_look(run->side, &path, &reason, &is_dir);
	location_path_free(&path);
	if ((MBA_STATE_BIT(state) & MBA_STATES_BOGUS) == 0) {
		free(mailbox);
		return;
	}
	ns->subscriptions = mem_grow(ns->subscriptions,
				     &ns->subscriptions_alloc,
				     ns->subscriptions_count + 2,
				     sizeof(*ns->subscriptions));
	ns->subscriptions[ns->subscriptions_count++] = mailbox;
	ns->subscriptions[ns->subscriptions_count] = NULL;
}

void audit_namespace_run(struct mba_audit *audit, struct audit_namespace *ns,
			 const struct walk_id *nested, size_t nested_count,
			 bool is_shared, struct mba_namespace_report *report_r)
{
	static const char *const no_strings[] = { NULL };
	const struct location *location = ns->location;
	struct run run = {
		.audit = audit, .ns = ns, .report = report_r,
		.is_shared = is_shared,
	};
	const struct index_side_settings set = {
		.root = location->index_root,
		.imap_dir = location->imap_dir ? LOCATION_IMAP_DIR : NULL,
		.nested = nested, .nested_count = nested_count,
		.entry = run_entry,
		.progress = run_progress, .context = &run,
		.errors = &audit->error_sink,
		.in_place = audit_root_equals(&ns->mail_root, &ns->index_root),
	};
	struct mba_count totals = { 0, 0, 0 };

	report_r->location = &location->set;
	report_r->aliases = ns->aliases;
	report_r->mail_root = location->mail_root;
	report_r->index_root = location->index_root;
	report_r->layout = location->layout;
	report_r->in_place = set.in_place;
	if (location->index_root != NULL) {
		run.side = mail_side_init(location, &audit->error_sink);
		index_side_walk_threaded(&set, &totals, report_r->other);
		report_r->totals = totals;
		if (location_is_judged(location) && !is_shared) {
			subscriptions_read(location, run_subscription, &run,
					   &audit->error_sink);
		}
		mail_side_deinit(&run.side);
	}
	report_r->subscriptions = ns->subscriptions != NULL ?
		ns->subscriptions : no_strings;
}
