#ifndef AUDIT_PRIVATE_H
#define AUDIT_PRIVATE_H

#include "error-sink.h"
#include "location.h"
#include "walk.h"

struct audit_root {
	/* NULL if there is none, as with INDEX=MEMORY */
	const char *path;
	struct walk_id id;
	bool exists;
};

struct audit_namespace {
	struct location *location;
	struct audit_root mail_root, index_root;
	/* it was asked for */
	bool report;

	/* in the report; owned, they end with NULL */
	const char **aliases;
	const char **subscriptions;
	size_t subscriptions_count, subscriptions_alloc;
};

struct mba_audit {
	struct mba_audit_settings set;

	struct audit_namespace *namespaces;
	size_t namespaces_count, namespaces_alloc;

	struct mba_report report;
	struct mba_namespace_report *reports;
	/* puts errors into the report */
	struct error_sink error_sink;
	struct mba_error *errors;
	size_t errors_alloc;
	uint64_t errors_total;
};

/* Returns TRUE if both are the same directory, or will be once it exists. */
bool audit_root_equals(const struct audit_root *root1,
		       const struct audit_root *root2);

/* Fill report_r, which is zeroed. nested are the roots of other namespaces;
   is_shared is set if another one has other mails with the same indexes. */
void audit_namespace_run(struct mba_audit *audit, struct audit_namespace *ns,
			 const struct walk_id *nested, size_t nested_count,
			 bool is_shared, struct mba_namespace_report *report_r);

#endif
