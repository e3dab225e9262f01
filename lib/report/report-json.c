/* doc/report.schema.json describes what is written here. JSON is Unicode while
   names are bytes: an object with a string that isn't UTF-8 has all its names
   escaped and says so. */

#include <jansson.h>
#include <stdlib.h>

#include "alloc.h"
#include "count.h"
#include "escape.h"

#define REPORT_VERSION 1

/* Returns a JSON string, null for NULL. */
static json_t *json_name(const char *name, bool escape)
{
	char *escaped;
	json_t *json;

	if (name == NULL)
		return json_null();
	if (!escape)
		return json_string(name);
	escaped = name_escape(name, false);
	json = json_string(escaped);
	free(escaped);
	return json;
}

static json_t *json_names(const char *const *names, bool escape)
{
	json_t *json = json_array();

	for (; *names != NULL; names++)
		json_array_append_new(json, json_name(*names, escape));
	return json;
}

static bool names_need_escape(const char *const *names)
{
	for (; *names != NULL; names++) {
		if (!name_is_utf8(*names))
			return true;
	}
	return false;
}

static const char *name_or_empty(const char *name)
{
	return name == NULL ? "" : name;
}

/* Returns the line and frees the JSON. */
static char *json_line(json_t *json)
{
	char *line = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);

	json_decref(json);
	/* all strings are UTF-8, so it is memory that is missing */
	if (line == NULL)
		abort();
	return line;
}

char *mba_json_entry(const struct mba_audit_settings *set,
		     const struct mba_namespace_report *ns,
		     const struct mba_entry *entry)
{
	const char *const names[] = {
		entry->path, name_or_empty(entry->mailbox),
		name_or_empty(set->user), ns->location->prefix,
		entry->hidden_by == NULL ? "" : entry->hidden_by->text, NULL
	};
	bool escape = names_need_escape(names);
	json_t *json;

	json = json_pack("{s:o,s:o,s:s,s:o,s:o,s:I,s:I,s:b,s:I}",
		"mailbox", json_name(entry->mailbox, escape),
		"path", json_name(entry->path, escape),
		"state", mba_state_name(entry->state),
		"reason", json_name(mba_reason_name(entry->reason), false),
		"hidden_by", entry->hidden_by == NULL ? json_null() :
			json_name(entry->hidden_by->text, escape),
		"inodes", (json_int_t)entry->count.inodes,
		"bytes", (json_int_t)entry->count.bytes,
		"untouched", entry->untouched,
		"mtime", (json_int_t)entry->mtime);
	if (escape)
		json_object_set_new(json, "escaped", json_true());
	return json_line(json_pack("{s:i,s:o,s:o,s:o}",
		"version", REPORT_VERSION,
		"user", json_name(set->user, escape),
		"namespace", json_name(ns->location->prefix, escape),
		"entry", json));
}

static json_t *json_count(const struct mba_count *count)
{
	return json_pack("{s:I,s:I,s:I}",
			 "entries", (json_int_t)count->entries,
			 "inodes", (json_int_t)count->inodes,
			 "bytes", (json_int_t)count->bytes);
}

static json_t *json_states(const struct mba_namespace_report *ns)
{
	json_t *json = json_object();

	for (int state = 0; state < MBA_STATE_COUNT; state++) {
		json_object_set_new(json, mba_state_name(state),
				    json_count(&ns->states[state]));
	}
	return json;
}

static json_t *json_other(const struct mba_namespace_report *ns)
{
	json_t *json = json_object();

	for (int other = 0; other < MBA_OTHER_COUNT; other++) {
		json_object_set_new(json, mba_other_name(other),
			json_pack("{s:I,s:I}",
				  "inodes", (json_int_t)ns->other[other].inodes,
				  "bytes", (json_int_t)ns->other[other].bytes));
	}
	return json;
}

static struct mba_count
states_sum(const struct mba_count *counts, unsigned int states)
{
	struct mba_count sum = { 0, 0, 0 };

	for (int state = 0; state < MBA_STATE_COUNT; state++) {
		if ((states & MBA_STATE_BIT(state)) != 0)
			count_add(&sum, &counts[state]);
	}
	return sum;
}

static json_t *json_namespace(const struct mba_namespace_report *ns)
{
	const struct mba_location *location = ns->location;
	const char *const names[] = {
		location->prefix, name_or_empty(ns->mail_root),
		name_or_empty(ns->index_root), NULL
	};
	bool escape = names_need_escape(names) ||
		names_need_escape(ns->aliases) ||
		names_need_escape(ns->subscriptions);
	struct mba_count bogus = states_sum(ns->states, MBA_STATES_BOGUS);
	struct mba_count hidden = states_sum(ns->states_hidden, MBA_STATES_ALL);
	json_t *json;

	json = json_pack("{s:o,s:o,s:s,s:s,s:s,s:o,s:o,s:b,s:o,s:o,s:o,s:o,"
			 "s:o,s:{s:o}}",
		"prefix", json_name(location->prefix, escape),
		"aliases", json_names(ns->aliases, escape),
		"type", location->type,
		"driver", location->driver,
		"layout", ns->layout,
		"mail_root", json_name(ns->mail_root, escape),
		"index_root", json_name(ns->index_root, escape),
		"in_place", ns->in_place,
		"totals", json_count(&ns->totals),
		"states", json_states(ns),
		"bogus", json_count(&bogus),
		"hidden", json_count(&hidden),
		"other", json_other(ns),
		"names", "subscriptions",
			json_names(ns->subscriptions, escape));
	if (escape)
		json_object_set_new(json, "escaped", json_true());
	return json;
}

static json_t *json_errors(const struct mba_report *report)
{
	json_t *json, *errors = json_array();

	for (unsigned int i = 0; i < report->errors_count; i++) {
		const struct mba_error *error = &report->errors[i];
		bool escape = !name_is_utf8(error->path);

		json = json_pack("{s:s,s:o,s:s}", "op", error->op,
				 "path", json_name(error->path, escape),
				 "error", error->error);
		if (escape)
			json_object_set_new(json, "escaped", json_true());
		json_array_append_new(errors, json);
	}
	return errors;
}

char *mba_json_report(const struct mba_report *report)
{
	bool escape = !name_is_utf8(name_or_empty(report->user));
	json_t *namespaces = json_array();

	for (unsigned int i = 0; i < report->namespaces_count; i++) {
		json_array_append_new(namespaces,
			json_namespace(&report->namespaces[i]));
	}
	return json_line(json_pack("{s:i,s:o,s:b,s:o,s:o}",
		"version", REPORT_VERSION,
		"user", json_name(report->user, escape),
		"complete", report->errors_count == 0,
		"namespaces", namespaces,
		"errors", json_errors(report)));
}
