#ifndef AUDIT_NAMESPACE_H
#define AUDIT_NAMESPACE_H

#include "audit-roots.h"
#include "audit-subscriptions.h"

struct audit_namespace {
	struct location *location;
	struct audit_root mail_root, index_root;
	/* it was asked for */
	bool report;

	/* What the user's other namespaces say of it: prefixes of those with
	   the same roots, and of those below its own prefix (they end with
	   NULL); what isn't judged below its index root; and whether others
	   have other mails with the same indexes. */
	const char **aliases, **prefixes_below;
	struct audit_nested nested;
	bool is_shared;

	/* in the report */
	struct audit_subscriptions subscriptions;
};

/* Audit a namespace; report_r is zeroed, and filled while callbacks are
   called. */
void audit_namespace_run(struct audit_namespace *ns,
			 const struct mba_audit_settings *set,
			 const struct error_sink *errors,
			 struct mba_namespace_report *report_r);
/* Forget what a run has found. */
void audit_namespace_clear(struct audit_namespace *ns);

#endif
