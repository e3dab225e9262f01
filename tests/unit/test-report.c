/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The JSON writer: what it writes is JSON, with names that a reader gets back
   to the byte. The tests of the audit check it against the schema. */

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox-audit.h"
#include "unit.h"

static const struct mba_location location = {
	.prefix = "", .type = "private", .driver = "mbox",
};
static const char *const no_names[] = { NULL };
static const struct mba_namespace_report ns_report = {
	.location = &location, .aliases = no_names, .mail_root = "/mail",
	.index_root = "/index", .layout = "fs", .subscriptions = no_names,
	.totals = { 3, UINT64_C(1) << 40, UINT64_C(1) << 60 },
	.states = { [MBA_STATE_NOT_MAILBOX] = { 1, 2, 3 },
		    [MBA_STATE_MISSING] = { 10, 20, 30 } },
	.states_hidden = { [MBA_STATE_MAILBOX] = { 100, 200, 300 },
			   [MBA_STATE_MISSING] = { 1, 2, 3 } },
};

static json_t *parse(char *line)
{
	json_error_t error;
	json_t *json;

	ck_assert_ptr_null(strchr(line, '\n'));
	json = json_loads(line, JSON_REJECT_DUPLICATES, &error);
	if (json == NULL)
		ck_abort_msg("%s: %s", line, error.text);
	free(line);
	return json;
}

static const char *string_at(json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

static const struct {
	const char *mailbox, *path;
	const char *json_mailbox, *json_path;
	bool escaped;
} names[] = {
	{ "box", ".imap/box", "box", ".imap/box", false },
	{ NULL, "x", NULL, "x", false },
	{ "a\"b\\c\n\x01/\x7f", "x", "a\"b\\x5cc\\x0a\\x01/\\x7f", "x", true },
	{ "ä日😀", "x", "ä日😀", "x", false },
	{ "\u2028", "x", "\\xe2\\x80\\xa8", "x", true },
	/* a byte and what looks like its escape */
	{ "\xff", "\\xff", "\\xff", "\\x5cxff", true },
	{ "\xe4\\", "x\\", "\\xe4\\x5c", "x\\x5c", true },
	{ "ok", "\xff", "ok", "\\xff", true },
};
#define NAMES_COUNT (int)(sizeof(names) / sizeof(names[0]))

START_TEST(names_come_back)
{
	const struct mba_audit_settings set = { .user = "alice" };
	const struct mba_entry entry = {
		.path = names[_i].path, .mailbox = names[_i].mailbox,
		.state = MBA_STATE_UNKNOWN, .reason = MBA_REASON_SYMLINK,
		.count = { 1, 2, 8192 }, .mtime = -1, .untouched = true,
	};
	json_t *json = parse(mba_json_entry(&set, &ns_report, &entry)), *child;

	ck_assert_str_eq(string_at(json, "user"), "alice");
	ck_assert_int_eq(json_integer_value(json_object_get(json, "version")),
			 1);
	child = json_object_get(json, "entry");
	if (names[_i].json_mailbox == NULL)
		ck_assert(json_is_null(json_object_get(child, "mailbox")));
	else {
		ck_assert_str_eq(string_at(child, "mailbox"),
				 names[_i].json_mailbox);
	}
	ck_assert_str_eq(string_at(child, "path"), names[_i].json_path);
	ck_assert_int_eq(json_is_true(json_object_get(child, "escaped")),
			 names[_i].escaped);
	ck_assert_str_eq(string_at(child, "state"), "unknown");
	ck_assert_str_eq(string_at(child, "reason"), "symlink");
	ck_assert_int_eq(json_integer_value(json_object_get(child, "mtime")),
			 -1);
	ck_assert(json_is_true(json_object_get(child, "untouched")));
	json_decref(json);
}
END_TEST

static void check_count(json_t *json, const char *key, json_int_t entries,
			json_int_t inodes, json_int_t bytes)
{
	json_t *count = json_object_get(json, key);

	ck_assert_int_eq(json_integer_value(json_object_get(count, "entries")),
			 entries);
	ck_assert_int_eq(json_integer_value(json_object_get(count, "inodes")),
			 inodes);
	ck_assert_int_eq(json_integer_value(json_object_get(count, "bytes")),
			 bytes);
}

START_TEST(counts_are_summed)
{
	const struct mba_report report = {
		.namespaces = &ns_report, .namespaces_count = 1,
	};
	json_t *json = parse(mba_json_report(&report)), *ns;

	ck_assert(json_is_null(json_object_get(json, "user")));
	ck_assert(json_is_true(json_object_get(json, "complete")));
	ns = json_array_get(json_object_get(json, "namespaces"), 0);
	check_count(ns, "totals", 3, (json_int_t)1 << 40, (json_int_t)1 << 60);
	check_count(ns, "bogus", 11, 22, 33);
	check_count(ns, "hidden", 101, 202, 303);
	ck_assert_ptr_null(json_object_get(ns, "escaped"));
	json_decref(json);
}
END_TEST

START_TEST(errors_are_told)
{
	const struct mba_error errors[] = {
		{ "open", "/mail/\xe4", "Permission denied" },
		{ "stat", "/mail/a\n", "No such file or directory" },
	};
	const struct mba_report report = {
		.user = "\xe4", .errors = errors, .errors_count = 2,
	};
	json_t *json = parse(mba_json_report(&report)), *list;

	ck_assert(json_is_false(json_object_get(json, "complete")));
	ck_assert_str_eq(string_at(json, "user"), "\\xe4");
	list = json_object_get(json, "errors");
	ck_assert_uint_eq(json_array_size(list), 2);
	ck_assert_str_eq(string_at(json_array_get(list, 0), "path"),
			 "/mail/\\xe4");
	ck_assert(json_is_true(json_object_get(json_array_get(list, 0),
					       "escaped")));
	ck_assert_str_eq(string_at(json_array_get(list, 1), "path"),
			 "/mail/a\\x0a");
	json_decref(json);
}
END_TEST

/* Each of a location's strings is the caller's. */
START_TEST(a_location_is_told_whatever_bytes_it_has)
{
	static const char *const odd_names[] = { "\xe4", NULL };
	const struct mba_location odd_location = {
		.prefix = "\xe4\\", .type = "\xe4", .driver = "\xe4",
	};
	const struct mba_namespace_report ns = {
		.location = &odd_location, .aliases = odd_names,
		.mail_root = "\xe4", .index_root = NULL, .layout = "\xe4",
		.subscriptions = odd_names,
	};
	const struct mba_error error = { "\xe4", "\xe4", "\xe4" };
	const struct mba_report report = {
		.namespaces = &ns, .namespaces_count = 1,
		.errors = &error, .errors_count = 1,
	};
	const struct mba_audit_settings set = { .user = NULL };
	const struct mba_entry entry = { .path = "plain" };
	static const char *const keys[] = {
		"type", "driver", "layout", "mail_root"
	};
	json_t *json = parse(mba_json_report(&report)), *child, *line;

	ck_assert_uint_eq(json_array_size(json_object_get(json, "namespaces")),
			  1);
	child = json_array_get(json_object_get(json, "namespaces"), 0);
	for (unsigned int i = 0; i < 4; i++)
		ck_assert_str_eq(string_at(child, keys[i]), "\\xe4");
	ck_assert(json_is_true(json_object_get(child, "escaped")));
	/* an entry's namespace is the user's prefix */
	line = parse(mba_json_entry(&set, &ns, &entry));
	ck_assert_str_eq(string_at(child, "prefix"), "\\xe4\\x5c");
	ck_assert_str_eq(string_at(line, "namespace"), "\\xe4\\x5c");
	child = json_array_get(json_object_get(json, "errors"), 0);
	ck_assert_str_eq(string_at(child, "error"), "\\xe4");
	json_decref(line);
	json_decref(json);
}
END_TEST

START_TEST(states_are_parsed)
{
	unsigned int states;
	char *error = NULL;

	ck_assert_int_eq(mba_states_parse("mailbox,bogus", &states, &error), 0);
	ck_assert_uint_eq(states, MBA_STATES_BOGUS |
			  MBA_STATE_BIT(MBA_STATE_MAILBOX));
	ck_assert_int_eq(mba_states_parse("unknown,missing,not-mailbox,mailbox",
					  &states, &error), 0);
	ck_assert_uint_eq(states, MBA_STATES_ALL);
	ck_assert_int_eq(mba_states_parse("missing,", &states, &error), -1);
	free(error);
	ck_assert_int_eq(mba_states_parse("Missing", &states, &error), -1);
	ck_assert_ptr_nonnull(strstr(error, "Missing"));
	free(error);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("report");

	tcase_add_loop_test(tcase, names_come_back, 0, NAMES_COUNT);
	tcase_add_test(tcase, counts_are_summed);
	tcase_add_test(tcase, errors_are_told);
	tcase_add_test(tcase, a_location_is_told_whatever_bytes_it_has);
	tcase_add_test(tcase, states_are_parsed);
	return unit_run(tcase);
}
