/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* doc/report.schema.json describes what is written here. */

#include "json.h"
#include "report-totals.h"

static json_t *json_names(const char *const *names, bool *escaped_r)
{
	json_t *json = json_array();

	for (; *names != NULL; names++)
		append(json, json_name(*names, escaped_r));
	return json;
}

static json_t *json_inodes(const struct mba_count *count)
{
	json_t *json = json_new();

	set(json, "inodes", json_integer(count->inodes));
	set(json, "bytes", json_integer(count->bytes));
	return json;
}

/* What is known of a mailbox's use. */
static void set_use(json_t *json, const struct mba_use *use)
{
	set(json, "evidence", json_string(mba_evidence_name(use->evidence)));
	set(json, "last_used", json_time(use->last_used));
	set(json, "proof", json_or_null(use->proof));
	set(json, "since", json_time(use->since));
	set(json, "not_opened_since", json_time(use->not_opened_since));
	set(json, "messages", json_known(use->has_messages, use->messages));
}

/* What clean did with an entry. */
static void
set_clean_entry(json_t *json, const struct mba_clean_settings *clean,
		const struct mba_entry *entry)
{
	set(json, "action", json_string(mba_clean_action(clean, entry->kept)));
	set(json, "kept_because", json_or_null(mba_kept_name(entry->kept)));
	set(json, "removed", json_inodes(&entry->removed));
}

static json_t *
json_entry(const struct mba_namespace_report *ns,
	   const struct mba_entry *entry, bool *escaped_r)
{
	const char *reason = mba_reason_name(entry->reason);
	json_t *json = json_new();

	set(json, "mailbox", json_name(entry->mailbox, escaped_r));
	set(json, "path", json_name(entry->path, escaped_r));
	set(json, "state", json_string(mba_state_name(entry->state)));
	set(json, "reason", json_or_null(reason));
	set(json, "hidden_by", entry->hidden_by == NULL ? json_null() :
	    json_name(entry->hidden_by->text, escaped_r));
	set(json, "inodes", json_integer(entry->count.inodes));
	set(json, "bytes", json_integer(entry->count.bytes));
	set(json, "untouched", json_boolean(entry->untouched));
	set(json, "mtime", json_integer(entry->mtime));
	if (ns->clean.set != NULL)
		set_clean_entry(json, ns->clean.set, entry);
	else
		set_use(json, &entry->use);
	return json;
}

char *mba_json_entry(const struct mba_audit_settings *settings,
		     const struct mba_namespace_report *ns,
		     const struct mba_entry *entry)
{
	json_t *line = json_new(), *json;
	bool escaped = false;

	set(line, "version", json_integer(REPORT_VERSION));
	set(line, "user", json_name(settings->user, &escaped));
	set(line, "namespace", json_name(ns->location->prefix, &escaped));
	json = json_entry(ns, entry, &escaped);
	set_escaped(json, escaped);
	set(line, "entry", json);
	return json_line(line);
}

static json_t *json_count(const struct mba_count *count)
{
	json_t *json = json_new();

	set(json, "entries", json_integer(count->entries));
	set(json, "inodes", json_integer(count->inodes));
	set(json, "bytes", json_integer(count->bytes));
	return json;
}

static json_t *json_states(const struct mba_namespace_report *ns)
{
	json_t *json = json_new();

	for (int state = 0; state < MBA_STATE_COUNT; state++) {
		set(json, mba_state_name(state),
		    json_count(&ns->states[state]));
	}
	return json;
}

static json_t *json_other(const struct mba_namespace_report *ns)
{
	json_t *json = json_new();

	for (int other = 0; other < MBA_OTHER_COUNT; other++) {
		set(json, mba_other_name(other),
		    json_inodes(&ns->other[other]));
	}
	return json;
}

static json_t *
json_sum(const struct mba_count *counts, unsigned int states)
{
	struct mba_count sum = report_sum_states(counts, states);

	return json_count(&sum);
}

static json_t *json_unproven(const struct mba_namespace_report *ns)
{
	json_t *json = json_count(&ns->unproven);

	set(json, "messages", json_integer(ns->unproven_messages));
	return json;
}

static json_t *json_clean(const struct mba_clean_report *clean)
{
	json_t *json = json_new(), *kept = json_new();

	set(json, "action", json_string(mba_clean_action(clean->set,
							 MBA_KEPT_NOT)));
	set(json, "entries", json_count(&clean->removed));
	set(json, "directories", json_inodes(&clean->removed_dirs));
	for (int i = MBA_KEPT_NOT + 1; i < MBA_KEPT_COUNT; i++)
		set(kept, mba_kept_name(i), json_count(&clean->kept[i]));
	set(json, "kept", kept);
	set(json, "refused", json_or_null(clean->refused));
	return json;
}

/* Returns bogus names of the list index, null if they can't be told. */
static json_t *json_list_names(const struct mba_namespace_report *ns)
{
	const struct mba_list_name *name = ns->list_names;
	json_t *json, *names, *json_one;
	bool escaped;

	if (ns->list_names_unknown)
		return json_null();
	json = json_new();
	names = json_array();
	for (unsigned int i = 0; i < ns->list_names_count; i++, name++) {
		escaped = false;
		json_one = json_new();
		set(json_one, "mailbox", json_name(name->mailbox, &escaped));
		set(json_one, "hidden_by", name->hidden_by == NULL ?
		    json_null() : json_name(name->hidden_by->text, &escaped));
		set_escaped(json_one, escaped);
		append(names, json_one);
	}
	set(json, "total", json_integer(ns->list_names_total));
	set(json, "hidden", json_integer(ns->list_names_hidden));
	set(json, "names", names);
	return json;
}

static json_t *json_namespace(const struct mba_namespace_report *ns)
{
	const struct mba_location *location = ns->location;
	json_t *json = json_new(), *names = json_new();
	bool escaped = false;

	set(json, "prefix", json_name(location->prefix, &escaped));
	set(json, "aliases", json_names(ns->aliases, &escaped));
	set(json, "type", json_name(location->type, &escaped));
	set(json, "driver", json_name(location->driver, &escaped));
	set(json, "layout", json_name(ns->layout, &escaped));
	set(json, "mail_root", json_name(ns->mail_root, &escaped));
	set(json, "index_root", json_name(ns->index_root, &escaped));
	set(json, "in_place", json_boolean(ns->in_place));
	set(json, "totals", json_count(&ns->totals));
	set(json, "states", json_states(ns));
	set(json, "bogus", json_sum(ns->states, MBA_STATES_BOGUS));
	set(json, "hidden", json_sum(ns->states_hidden, MBA_STATES_ALL));
	set(json, "other", json_other(ns));
	set(names, "subscriptions", json_names(ns->subscriptions, &escaped));
	if (ns->clean.set == NULL)
		set(names, "list_index", json_list_names(ns));
	set(json, "names", names);
	if (ns->clean.set != NULL)
		set(json, "clean", json_clean(&ns->clean));
	else
		set(json, "unproven", json_unproven(ns));
	set_escaped(json, escaped);
	return json;
}

static json_t *json_error(const struct mba_error *error)
{
	json_t *json = json_new();
	bool escaped = false;

	set(json, "op", json_name(error->op, &escaped));
	set(json, "path", json_name(error->path, &escaped));
	set(json, "error", json_name(error->error, &escaped));
	set_escaped(json, escaped);
	return json;
}

/* Returns the line of a user, but for what is told. */
static json_t *json_user(const struct mba_report *report)
{
	json_t *line = json_new();
	bool escaped = false;

	set(line, "version", json_integer(REPORT_VERSION));
	set(line, "user", json_name(report->user, &escaped));
	set(line, "complete", json_boolean(report->errors_count == 0));
	set_escaped(line, escaped);
	return line;
}

char *mba_json_report(const struct mba_report *report)
{
	json_t *line = json_user(report), *namespaces = json_array();
	json_t *errors = json_array();

	for (unsigned int i = 0; i < report->namespaces_count; i++)
		append(namespaces, json_namespace(&report->namespaces[i]));
	for (unsigned int i = 0; i < report->errors_count; i++)
		append(errors, json_error(&report->errors[i]));
	set(line, "namespaces", namespaces);
	set(line, "errors", errors);
	set(line, "errors_total", json_integer(report->errors_total));
	return json_line(line);
}

/* What clean did in all namespaces. */
static json_t *json_clean_totals(const struct mba_clean_settings *clean,
				 const struct report_totals *totals)
{
	json_t *json = json_new();

	set(json, "action", json_string(mba_clean_action(clean,
							 MBA_KEPT_NOT)));
	set(json, "entries", json_count(&totals->removed));
	set(json, "directories", json_inodes(&totals->removed_dirs));
	set(json, "kept", json_count(&totals->kept));
	return json;
}

char *mba_json_totals(const struct mba_audit_settings *settings,
		      const struct mba_report *report)
{
	json_t *line = json_user(report), *json = json_new();
	struct report_totals totals;

	report_totals_get(report, &totals);
	set(json, "bogus", json_count(&totals.bogus));
	set(json, "hidden", json_count(&totals.hidden));
	if (settings->clean != NULL) {
		set(json, "clean", json_clean_totals(settings->clean,
						     &totals));
	}
	set(line, "totals", json);
	set(line, "errors_total", json_integer(report->errors_total));
	return json_line(line);
}
