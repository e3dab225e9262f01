#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "audit-roots.h"

void audit_root_init(struct audit_root *root, const char *path)
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

static void nested_add_path(struct audit_nested *nested, const char *path,
			    const struct audit_root *index_root)
{
	struct audit_root root;

	audit_root_init(&root, path);
	if (!root.exists || audit_root_equals(&root, index_root))
		return;
	nested->ids = mem_grow(nested->ids, &nested->alloc, nested->count + 1,
			       sizeof(*nested->ids));
	nested->ids[nested->count++] = root.id;
}

void audit_nested_add(struct audit_nested *nested,
		      const struct location *location,
		      const struct audit_root *index_root)
{
	const char *const *others = location->set.other_roots;

	nested_add_path(nested, location->mail_root, index_root);
	nested_add_path(nested, location->index_root, index_root);
	nested_add_path(nested, location->control_root, index_root);
	for (; *others != NULL; others++)
		nested_add_path(nested, *others, index_root);
}

void audit_nested_clear(struct audit_nested *nested)
{
	free(nested->ids);
	memset(nested, 0, sizeof(*nested));
}
