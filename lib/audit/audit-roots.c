/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "audit-roots.h"

static void root_init(struct audit_root *root, const char *path)
{
	struct stat st;

	root->path = path;
	root->exists = path != NULL && stat(path, &st) == 0;
	root->failed = path != NULL && !root->exists && errno != ENOENT &&
		errno != ENOTDIR;
	if (root->exists) {
		root->id.dev = st.st_dev;
		root->id.ino = st.st_ino;
	}
}

static void roots_add(struct audit_roots *roots, const char *path)
{
	roots->others = mem_grow(roots->others, &roots->others_alloc,
				 roots->others_count + 1,
				 sizeof(*roots->others));
	root_init(&roots->others[roots->others_count++], path);
}

void audit_roots_init(struct audit_roots *roots,
		      const struct location *location)
{
	const char *const *path = location->set.other_roots;
	const char *control = location->control_root;

	memset(roots, 0, sizeof(*roots));
	root_init(&roots->mail, location->mail_root);
	root_init(&roots->index, location->index_root);
	if (control != NULL && (location->mail_root == NULL ||
				strcmp(control, location->mail_root) != 0))
		roots_add(roots, control);
	for (; *path != NULL; path++)
		roots_add(roots, *path);
}

void audit_roots_deinit(struct audit_roots *roots)
{
	free(roots->others);
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

static void nested_add(struct audit_nested *nested,
		       const struct audit_root *root,
		       const struct audit_root *index_root)
{
	if (root->failed)
		nested->failed = true;
	if (!root->exists || audit_root_equals(root, index_root))
		return;
	nested->ids = mem_grow(nested->ids, &nested->alloc, nested->count + 1,
			       sizeof(*nested->ids));
	nested->ids[nested->count++] = root->id;
}

void audit_nested_add(struct audit_nested *nested,
		      const struct audit_roots *roots,
		      const struct audit_root *index_root)
{
	nested_add(nested, &roots->mail, index_root);
	nested_add(nested, &roots->index, index_root);
	for (size_t i = 0; i < roots->others_count; i++)
		nested_add(nested, &roots->others[i], index_root);
}

void audit_nested_clear(struct audit_nested *nested)
{
	free(nested->ids);
	memset(nested, 0, sizeof(*nested));
}
