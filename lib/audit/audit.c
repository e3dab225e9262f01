/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A user's namespaces may share roots, or have them one below the other. All
   roots are compared before the first is walked, so that each tree is audited
   once, with all the prefixes that lead to it, and what belongs to another
   namespace is not judged by this one's mails. */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "audit-errors.h"
#include "audit-namespace.h"
#include "user-roots.h"

struct mba_audit {
	struct mba_audit_settings set;

	struct audit_namespace *namespaces;
	size_t namespaces_count, namespaces_alloc;

	struct mba_report report;
	struct mba_namespace_report *reports;
	struct audit_errors errors;
};

struct mba_audit *mba_audit_init(const struct mba_audit_settings *set)
{
	struct mba_audit *audit = mem_new(sizeof(*audit));

	audit->set = *set;
	if (audit->set.states == 0)
		audit->set.states = MBA_STATES_ALL;
	audit_errors_init(&audit->errors, set);
	return audit;
}

/* Forget what was found. */
static void audit_clear(struct mba_audit *audit)
{
	for (size_t i = 0; i < audit->namespaces_count; i++)
		audit_namespace_clear(&audit->namespaces[i]);
	audit_errors_clear(&audit->errors);
	free(audit->reports);
	audit->reports = NULL;
	memset(&audit->report, 0, sizeof(audit->report));
}

void mba_audit_deinit(struct mba_audit **_audit)
{
	struct mba_audit *audit = *_audit;

	*_audit = NULL;
	audit_clear(audit);
	for (size_t i = 0; i < audit->namespaces_count; i++) {
		audit_roots_deinit(&audit->namespaces[i].roots);
		location_free(&audit->namespaces[i].location);
	}
	free(audit->namespaces);
	free(audit);
}

void mba_audit_add(struct mba_audit *audit, const struct mba_location *location,
		   bool report)
{
	struct audit_namespace *ns;

	audit->namespaces = mem_grow(audit->namespaces,
				     &audit->namespaces_alloc,
				     audit->namespaces_count + 1,
				     sizeof(*audit->namespaces));
	ns = &audit->namespaces[audit->namespaces_count++];
	memset(ns, 0, sizeof(*ns));
	ns->location = location_init(location);
	ns->report = report;
	audit_roots_init(&ns->roots, ns->location, audit->set.clean != NULL);
}

/* Returns TRUE if namespaces have the same mailboxes. */
static bool namespaces_are_same(const struct audit_namespace *ns1,
				const struct audit_namespace *ns2)
{
	return audit_root_equals(&ns1->roots.index, &ns2->roots.index) &&
		audit_root_equals(&ns1->roots.mail, &ns2->roots.mail) &&
		location_is_like(ns1->location, ns2->location);
}

/* Returns TRUE if an earlier namespace has the same mailboxes, and is
   reported. */
static bool audit_is_alias(const struct mba_audit *audit, size_t idx)
{
	for (size_t i = 0; i < idx; i++) {
		if (audit->namespaces[i].report &&
		    namespaces_are_same(&audit->namespaces[i],
					&audit->namespaces[idx]))
			return true;
	}
	return false;
}

/* Tell a namespace of another one. */
static void namespace_relate(struct audit_namespace *ns,
			     const struct audit_namespace *other,
			     size_t *aliases_count, size_t *below_count)
{
	const char *prefix = other->location->set.prefix;
	const char *own_prefix = ns->location->set.prefix;

	if (strlen(prefix) > strlen(own_prefix))
		ns->prefixes_below[(*below_count)++] = prefix;
	if (namespaces_are_same(ns, other)) {
		ns->aliases[(*aliases_count)++] = prefix;
		if (other->location->set.inbox && !ns->location->set.inbox)
			location_take_inbox(ns->location, other->location);
		if (other->location->set.full_access)
			ns->location->set.full_access = true;
		return;
	}
	if (audit_root_equals(&ns->roots.index, &other->roots.index))
		ns->is_shared = true;
	audit_nested_add(&ns->nested, &other->roots, &ns->roots.index);
}

/* Returns TRUE if another namespace's mails, an INBOX=, or the home, are in the
   index root or below. Where the user may not go, nothing is his to remove. */
static bool namespace_holds(const struct audit_namespace *ns,
			    const struct audit_root *root,
			    const struct error_sink *errors)
{
	if (!root->exists || !ns->roots.index.exists)
		return false;
	return audit_root_equals(root, &ns->roots.index) ||
		(faccessat(AT_FDCWD, root->path, X_OK, AT_EACCESS) == 0 &&
		 audit_root_is_below(root, &ns->roots.index, errors));
}

/* Returns TRUE if the index root is among mails of a format with directories.
   An empty one below may be a part of a mailbox that has the root's name. */
static bool namespace_is_within(const struct audit_namespace *ns,
				const struct audit_namespace *mails,
				const struct error_sink *errors)
{
	const struct mail_format *format = mails->location->format;

	return format != NULL && !format->files && ns->roots.index.exists &&
		mails->roots.mail.exists &&
		audit_root_is_below(&ns->roots.index, &mails->roots.mail,
				    errors);
}

static void audit_find_others(struct audit_namespace *ns,
			      const struct mba_audit *audit)
{
	const struct error_sink *errors = &audit->errors.sink;
	const struct audit_namespace *other;

	ns->holds_others = namespace_holds(ns, &ns->roots.home, errors);
	for (size_t i = 0; i < audit->namespaces_count; i++) {
		other = &audit->namespaces[i];
		if ((other != ns &&
		     namespace_holds(ns, &other->roots.mail, errors)) ||
		    namespace_holds(ns, &other->roots.inbox, errors) ||
		    namespace_is_within(ns, other, errors))
			ns->holds_others = true;
	}
}

/* Find out what keeps namespaces from being cleaned. */
static void audit_clean_begin(struct mba_audit *audit)
{
	const struct mba_audit_settings *set = &audit->set;
	const struct audit_root *failed;
	struct audit_namespace *ns;
	bool root_failed = false;

	for (size_t i = 0; i < audit->namespaces_count; i++) {
		ns = &audit->namespaces[i];
		failed = audit_roots_failed(&ns->roots);
		if (failed != NULL) {
			error_sink_add(&audit->errors.sink, "stat",
				       failed->path, strerror(failed->failed));
			root_failed = true;
		}
		if (set->user_roots != NULL && ns->roots.index.exists) {
			ns->users_refusal =
				user_roots_refusal(set->user_roots, set->user,
						   &ns->roots.index);
		}
	}
	for (size_t i = 0; i < audit->namespaces_count; i++)
		audit->namespaces[i].root_failed = root_failed;
}

/* Audit a namespace, with what it has to know of the others. Returns FALSE if
   it was stopped. */
static bool audit_run_one(struct mba_audit *audit, size_t idx)
{
	struct audit_namespace *ns = &audit->namespaces[idx];
	size_t aliases_count = 0, below_count = 0;

	ns->aliases = mem_new(audit->namespaces_count * sizeof(*ns->aliases));
	ns->prefixes_below = mem_new(audit->namespaces_count *
				     sizeof(*ns->prefixes_below));
	audit_nested_add(&ns->nested, &ns->roots, &ns->roots.index);
	for (size_t i = 0; i < audit->namespaces_count; i++) {
		if (i != idx) {
			namespace_relate(ns, &audit->namespaces[i],
					 &aliases_count, &below_count);
		}
	}
	if (audit->set.clean != NULL)
		audit_find_others(ns, audit);
	return audit_namespace_run(
		ns, &audit->set, &audit->errors.sink,
		&audit->reports[audit->report.namespaces_count++]);
}

int mba_audit_run(struct mba_audit *audit, const struct mba_report **report_r)
{
	bool goes_on = true;

	audit_clear(audit);
	audit->reports = mem_new((audit->namespaces_count + 1) *
				 sizeof(*audit->reports));
	audit->report.user = audit->set.user;
	audit->report.namespaces = audit->reports;
	if (audit->set.clean != NULL)
		audit_clean_begin(audit);
	for (size_t i = 0; i < audit->namespaces_count && goes_on; i++) {
		if (audit->namespaces[i].report && !audit_is_alias(audit, i))
			goes_on = audit_run_one(audit, i);
	}
	audit->report.errors = audit->errors.errors;
	audit->report.errors_count = audit->errors.count;
	audit->report.errors_total = audit->errors.total;
	*report_r = &audit->report;
	return audit->errors.total == 0 ? 0 : -1;
}
