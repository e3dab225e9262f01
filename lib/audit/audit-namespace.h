/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef AUDIT_NAMESPACE_H
#define AUDIT_NAMESPACE_H

#include "audit-list-names.h"
#include "audit-roots.h"
#include "audit-subscriptions.h"

struct audit_namespace {
	struct location *location;
	struct audit_roots roots;
	/* it was asked for */
	bool report;

	/* What it has to know of the user's other namespaces: prefixes of those
	   with the same mailboxes, and of those below its prefix (they end with
	   NULL); and whether others have other mails with the same indexes. */
	const char **aliases, **prefixes_below;
	bool is_shared;
	/* With clean: the index root is, or holds, the home, an INBOX= or the
	   mail root of another one, or is among mails; a root of the user's
	   couldn't be looked at; why other users keep it from being cleaned,
	   NULL if they don't. */
	bool holds_others, root_failed;
	char *users_refusal;
	/* roots of its own and of others, which aren't judged */
	struct audit_nested nested;

	/* in the report */
	struct audit_subscriptions subscriptions;
	struct audit_list_names list_names;
};

/* Audit a namespace; report_r is zeroed, and filled while callbacks are
   called. Returns FALSE if it was stopped. */
bool audit_namespace_run(struct audit_namespace *ns,
			 const struct mba_audit_settings *set,
			 const struct error_sink *errors,
			 struct mba_namespace_report *report_r);
/* Forget what a run has found. */
void audit_namespace_clear(struct audit_namespace *ns);

#endif
