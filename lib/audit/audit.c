/* A user's namespaces may share roots, or have them one below the other. All
   roots are compared by device and inode before the first is walked, so that
   each tree is audited once, with all the prefixes that lead to it, and what
   belongs to another namespace is not judged by this one's mails. */

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "audit-private.h"

struct id_list {
	struct walk_id *ids;
	size_t count, alloc;
};

static void audit_error(const char *op, const char *path, const char *error,
			void *context)
{
	struct mba_audit *audit = context;
	struct mba_error *dest;
	const struct mba_error src = { op, path, error };

	if (audit->set.error != NULL)
		audit->set.error(&src, audit->set.context);
	if (audit->errors_total++ >= MBA_MAX_ERRORS)
		return;
	audit->errors = mem_grow(audit->errors, &audit->errors_alloc,
				 audit->report.errors_count + 1,
				 sizeof(*audit->errors));
	dest = &audit->errors[audit->report.errors_count++];
	dest->op = mem_strdup(op);
	dest->path = mem_strdup(path);
	dest->error = mem_strdup(error);
}

struct mba_audit *mba_audit_init(const struct mba_audit_settings *set)
{
	struct mba_audit *audit = mem_new(sizeof(*audit));

	audit->set = *set;
	if (audit->set.states == 0)
		audit->set.states = MBA_STATES_ALL;
	audit->error_sink.function = audit_error;
	audit->error_sink.context = audit;
	audit->report.user = set->user;
	return audit;
}

static void audit_namespace_free(struct audit_namespace *ns)
{
	for (size_t i = 0; i < ns->subscriptions_count; i++)
		free((char *)ns->subscriptions[i]);
	free(ns->subscriptions);
	free(ns->aliases);
	location_free(&ns->location);
}

void mba_audit_deinit(struct mba_audit **_audit)
{
	struct mba_audit *audit = *_audit;

	*_audit = NULL;
	for (size_t i = 0; i < audit->namespaces_count; i++)
		audit_namespace_free(&audit->namespaces[i]);
	for (unsigned int i = 0; i < audit->report.errors_count; i++) {
		free((char *)audit->errors[i].op);
		free((char *)audit->errors[i].path);
		free((char *)audit->errors[i].error);
	}
	free(audit->errors);
	free(audit->reports);
	free(audit->namespaces);
	free(audit);
}

static void audit_root_init(struct audit_root *root, const char *path)
{
	struct stat st;

	root->path = path;
	root->exists = path != NULL && stat(path, &st) == 0;
	if (root->exists) {
		root->id.dev = st.st_dev;
		root->id.ino = st.st_ino;
	}
}

bool audit_root_equals(const struct audit_root *root1,
		       const struct audit_root *root2)
{
	if (root1->path == NULL || root2->path == NULL)
		return false;
	if (root1->exists && root2->exists) {
		return root1->id.dev == root2->id.dev &&
			root1->id.ino == root2->id.ino;
	}
	return strcmp(root1->path, root2->path) == 0;
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
	audit_root_init(&ns->mail_root, ns->location->mail_root);
	audit_root_init(&ns->index_root, ns->location->index_root);
}

/* The last error that is listed stands for all that aren't. */
static void audit_errors_finish(struct mba_audit *audit)
{
	struct mba_error *last;

	audit->report.errors = audit->errors;
	if (audit->errors_total <= MBA_MAX_ERRORS)
		return;
	last = &audit->errors[MBA_MAX_ERRORS - 1];
	free((char *)last->error);
	last->error = mem_printf("%llu more errors like this aren't listed",
		(unsigned long long)(audit->errors_total - MBA_MAX_ERRORS + 1));
}

static bool namespaces_same_roots(const struct audit_namespace *ns1,
				  const struct audit_namespace *ns2)
{
	return audit_root_equals(&ns1->index_root, &ns2->index_root) &&
		audit_root_equals(&ns1->mail_root, &ns2->mail_root);
}

/* Returns TRUE if an earlier namespace has the same roots, and is reported. */
static bool audit_is_alias(const struct mba_audit *audit, size_t idx)
{
	for (size_t i = 0; i < idx; i++) {
		if (audit->namespaces[i].report &&
		    namespaces_same_roots(&audit->namespaces[i],
					  &audit->namespaces[idx]))
			return true;
	}
	return false;
}

static void id_list_add(struct id_list *list, const struct audit_namespace *ns,
			const char *path)
{
	struct audit_root root;

	audit_root_init(&root, path);
	if (!root.exists || audit_root_equals(&root, &ns->index_root))
		return;
	list->ids = mem_grow(list->ids, &list->alloc, list->count + 1,
			     sizeof(*list->ids));
	list->ids[list->count++] = root.id;
}

/* Add all roots of another namespace. */
static void id_list_add_roots(struct id_list *list,
			      const struct audit_namespace *ns,
			      const struct location *other)
{
	id_list_add(list, ns, other->mail_root);
	id_list_add(list, ns, other->index_root);
	id_list_add(list, ns, other->control_root);
	for (size_t i = 0; other->set.other_roots[i] != NULL; i++)
		id_list_add(list, ns, other->set.other_roots[i]);
}

/* Audit a namespace, with what it has to know of the others. */
static void audit_run_one(struct mba_audit *audit, size_t idx)
{
	struct audit_namespace *ns = &audit->namespaces[idx], *other;
	struct id_list nested = { NULL, 0, 0 };
	size_t aliases_count = 0;
	bool is_shared = false;

	ns->aliases = mem_new(audit->namespaces_count * sizeof(*ns->aliases));
	for (size_t i = 0; i < audit->namespaces_count; i++) {
		other = &audit->namespaces[i];
		if (i == idx)
			continue;
		if (namespaces_same_roots(ns, other)) {
			ns->aliases[aliases_count++] =
				other->location->set.prefix;
			continue;
		}
		if (audit_root_equals(&ns->index_root, &other->index_root))
			is_shared = true;
		id_list_add_roots(&nested, ns, other->location);
	}
	audit_namespace_run(audit, ns, nested.ids, nested.count, is_shared,
			    &audit->reports[audit->report.namespaces_count++]);
	free(nested.ids);
}

int mba_audit_run(struct mba_audit *audit, const struct mba_report **report_r)
{
	audit->reports = mem_new((audit->namespaces_count + 1) *
				 sizeof(*audit->reports));
	audit->report.namespaces = audit->reports;
	for (size_t i = 0; i < audit->namespaces_count; i++) {
		if (audit->namespaces[i].report && !audit_is_alias(audit, i))
			audit_run_one(audit, i);
	}
	audit_errors_finish(audit);
	*report_r = &audit->report;
	return audit->errors_total == 0 ? 0 : -1;
}
