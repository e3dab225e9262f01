/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "audit-roots.h"
#include "fd.h"

static void root_init(struct audit_root *root, const char *path)
{
	struct stat st;

	root->path = path;
	root->exists = path != NULL && stat(path, &st) == 0;
	root->failed = path == NULL || root->exists || errno == ENOENT ||
		errno == ENOTDIR ? 0 : errno;
	if (root->exists)
		root->id = inode_id_get(&st);
}

static void roots_add(struct audit_roots *roots, const char *path)
{
	roots->others = mem_grow(roots->others, &roots->others_alloc,
				 roots->others_count + 1,
				 sizeof(*roots->others));
	root_init(&roots->others[roots->others_count++], path);
}

/* An INBOX= may be anywhere, below an index root as well. A Maildir is a
   directory, a file has one. */
static void inbox_init(struct audit_root *root, const struct location *location)
{
	const char *path = location->set.inbox_path, *slash;

	if (location->format == NULL || path == NULL || path[0] != '/')
		return;
	slash = location->format->files ? strrchr(path, '/') :
		path + strlen(path);
	root_init(root, mem_printf("%.*s", slash == path ? 1 :
				   (int)(slash - path), path));
}

void audit_roots_init(struct audit_roots *roots,
		      const struct location *location, bool removes)
{
	const char *const *path = location->set.other_roots;
	const char *control = location->control_root;

	memset(roots, 0, sizeof(*roots));
	roots->is_private = strcmp(location->set.type, "private") == 0;
	root_init(&roots->mail, location->mail_root);
	root_init(&roots->index, location->index_root);
	if (removes) {
		root_init(&roots->top, "/");
		root_init(&roots->home, location->set.home);
		inbox_init(&roots->inbox, location);
	}
	if (control != NULL && (location->mail_root == NULL ||
				strcmp(control, location->mail_root) != 0))
		roots_add(roots, control);
	for (; *path != NULL; path++)
		roots_add(roots, *path);
}

void audit_roots_deinit(struct audit_roots *roots)
{
	free((char *)roots->inbox.path);
	free(roots->others);
}

bool audit_root_equals(const struct audit_root *root1,
		       const struct audit_root *root2)
{
	if (root1->path == NULL || root2->path == NULL)
		return false;
	if (root1->exists && root2->exists)
		return inode_id_cmp(&root1->id, &root2->id) == 0;
	return strcmp(root1->path, root2->path) == 0;
}

/* Where a user may not go, his sessions don't either, nor does the walk: so it
   is with a public namespace that is for others. A private one should be
   his. */
static bool root_is_failed(const struct audit_root *root, bool is_private)
{
	return root->failed != 0 && (is_private || root->failed != EACCES);
}

const struct audit_root *audit_roots_failed(const struct audit_roots *roots)
{
	const struct audit_root *root;

	if (root_is_failed(&roots->top, true))
		return &roots->top;
	if (root_is_failed(&roots->home, roots->is_private))
		return &roots->home;
	if (root_is_failed(&roots->mail, roots->is_private))
		return &roots->mail;
	if (root_is_failed(&roots->index, roots->is_private))
		return &roots->index;
	for (size_t i = 0; i < roots->others_count; i++) {
		root = &roots->others[i];
		if (root_is_failed(root, roots->is_private))
			return root;
	}
	return NULL;
}

/* Open a directory and tell which it is. Returns its descriptor, -1 with errno
   and the system call on error. */
static int dir_open(int dir_fd, const char *path, struct inode_id *id_r,
		    const char **op_r)
{
	int fd = openat(dir_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	*op_r = "open";
	if (fd == -1)
		return -1;
	*op_r = "fstat";
	if (fstat(fd, &st) < 0) {
		close_keep_errno(fd);
		return -1;
	}
	*id_r = inode_id_get(&st);
	return fd;
}

/* "PATH/.." would be too long for a system call somewhere on the way. */
int audit_root_climb(const struct audit_root *root,
		     bool (*above)(const struct inode_id *id, void *context),
		     void *context, const char **op_r)
{
	struct inode_id id, below;
	int fd, next, ret = 1;

	fd = dir_open(AT_FDCWD, root->path, &id, op_r);
	if (fd == -1)
		return -1;
	while (ret > 0) {
		below = id;
		next = dir_open(fd, "..", &id, op_r);
		close_keep_errno(fd);
		fd = next;
		if (fd == -1)
			return -1;
		ret = inode_id_cmp(&id, &below) == 0 ? 0 : 1;
		if (ret > 0 && above(&id, context))
			break;
	}
	close_keep_errno(fd);
	return ret;
}

static bool is_top(const struct inode_id *id, void *context)
{
	const struct audit_root *top = context;

	return inode_id_cmp(id, &top->id) == 0;
}

bool audit_root_is_below(const struct audit_root *root,
			 const struct audit_root *top,
			 const struct error_sink *errors)
{
	const char *op;
	int ret;

	if (!root->exists)
		return true;
	ret = audit_root_climb(root, is_top, (void *)top, &op);
	if (ret < 0)
		error_sink_add_below(errors, op, root->path, "..", "");
	return ret != 0;
}

static void nested_add(struct audit_nested *nested,
		       const struct audit_root *root,
		       const struct audit_root *index_root)
{
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
