/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The tree belongs to a user who may change it while it is walked. A directory
   is left by going on in the one above, which may have been closed meanwhile:
   dir-stack.c opens it again and makes sure that it is the same, and reading
   goes on after the name that was read last (d_off). What is removed while it
   is read has come to its end. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "dir-stack.h"
#include "fd.h"
#include "path.h"
#include "walk-ahead.h"
#include "walk.h"

#define WALK_BUFFER_SIZE 32768

struct walk_dir {
	/* what was read and not seen yet; NULL if nothing is */
	char *buffer;
	size_t pos, len;
	/* after the last name that was seen */
	off_t offset;
	struct inode_id id;
	/* in walk.way; owned, NULL if it isn't there */
	struct inode_id *way;
	bool is_complete:1;
};

struct walk {
	const struct walk_settings *set;
	/* with one_mount: the root's mount, and whether that is told by its
	   device: before Linux 5.8 there is nothing else, which doesn't tell a
	   directory that is mounted in another place of its file system */
	uint64_t mount;
	bool mount_is_dev;

	struct dir_stack stack;
	/* dirs[0] is the root, dirs[n] the stack's frame n - 1 */
	struct walk_dir *dirs;
	size_t dirs_count, dirs_alloc;
	/* tsearch() trees of struct inode_id: the files with more than one link
	   that were seen, and the directories from the root to above here */
	void *links, *way;
	/* a buffer that no directory uses now */
	char *spare_buffer;
};

static void walk_error(struct walk *walk, const char *op, const char *name)
{
	error_sink_add_below(walk->set->errors, op, walk->set->root,
			     walk->stack.path, name);
}

/* Add an inode to a tree. Returns what was added, NULL if it was there. */
static struct inode_id *walk_id_add(void **tree, const struct inode_id *id)
{
	struct inode_id *copy = mem_alloc(sizeof(*copy)), **found;

	*copy = *id;
	found = tsearch(copy, tree, inode_id_cmp);
	if (found != NULL && *found == copy)
		return copy;
	free(copy);
	return NULL;
}

/* Returns TRUE if another link to the same file was seen before. */
static bool walk_link_seen(struct walk *walk, const struct stat *st)
{
	const struct inode_id id = inode_id_get(st);

	return st->st_nlink > 1 && walk_id_add(&walk->links, &id) == NULL;
}

/* Returns TRUE if a directory is one of those from the root to here. Most have
   none below them, and needn't be on the way. */
static bool walk_is_on_way(struct walk *walk, const struct inode_id *id)
{
	struct walk_dir *parent;

	if (walk->dirs_count == 0)
		return false;
	parent = &walk->dirs[walk->dirs_count - 1];
	if (parent->way == NULL)
		parent->way = walk_id_add(&walk->way, &parent->id);
	return tfind(id, &walk->way, inode_id_cmp) != NULL;
}

static bool walk_is_other(const struct walk *walk, const struct stat *st)
{
	for (unsigned int i = 0; i < walk->set->others_count; i++) {
		if (inode_id_is(&walk->set->others[i], st))
			return true;
	}
	return false;
}

static void walk_file(struct walk *walk, const char *name,
		      const struct stat *st)
{
	walk->set->callbacks->file(name, st, walk_link_seen(walk, st),
				   walk->set->context);
}

/* What is in a directory's buffer isn't offered any more. */
static void walk_revoke(struct walk *walk, const struct walk_dir *dir)
{
	if (walk->set->ahead != NULL)
		walk_ahead_revoke(walk->set->ahead, dir->buffer);
}

static void walk_buffer_free(struct walk *walk, struct walk_dir *dir)
{
	walk_revoke(walk, dir);
	free(walk->spare_buffer);
	walk->spare_buffer = dir->buffer;
	dir->buffer = NULL;
	dir->pos = dir->len = 0;
}

/* Before another directory is opened: the one that dir-stack.c may close for it
   doesn't keep a buffer. */
static void walk_buffer_spare(struct walk *walk)
{
	struct walk_dir *dir;

	if (walk->dirs_count > DIR_STACK_MAX_OPEN) {
		dir = &walk->dirs[walk->dirs_count - DIR_STACK_MAX_OPEN];
		if (dir->buffer != NULL)
			walk_buffer_free(walk, dir);
	}
}

static void walk_dir_push(struct walk *walk)
{
	struct walk_dir *dir;

	walk->dirs = mem_grow(walk->dirs, &walk->dirs_alloc,
			      walk->dirs_count + 1, sizeof(*walk->dirs));
	dir = &walk->dirs[walk->dirs_count++];
	memset(dir, 0, sizeof(*dir));
	dir->is_complete = true;
}

/* Enter a directory whose inode is known; fd is -1 if it can't be opened. */
static void walk_enter(struct walk *walk, int fd, const struct stat *st,
		       bool is_other)
{
	const struct dir_stack *stack = &walk->stack;
	const struct walk_place place = {
		.fd = fd, .parent_fd = dir_stack_parent_fd(&walk->stack),
		.name = dir_stack_name(stack), .path = stack->path,
		.id = inode_id_get(st),
	};

	if (walk_is_on_way(walk, &place.id)) {
		/* it is mounted below itself */
		dir_stack_pop(&walk->stack);
		return;
	}
	walk_dir_push(walk);
	walk->dirs[walk->dirs_count - 1].id = place.id;
	walk->set->callbacks->enter(&place, st,
				    is_other || walk_is_other(walk, st),
				    walk->set->context);
}

static void walk_leave(struct walk *walk)
{
	struct walk_dir *dir = &walk->dirs[--walk->dirs_count];
	struct dir_stack *stack = &walk->stack;
	const struct walk_place place = {
		.fd = stack->count == 0 ? stack->root_fd :
			stack->frames[stack->count - 1].fd,
		.parent_fd = dir_stack_parent_fd(stack),
		.name = dir_stack_name(stack), .path = stack->path,
		.id = dir->id,
	};

	walk->set->callbacks->leave(&place, dir->is_complete,
				    walk->set->context);
	if (dir->way != NULL) {
		(void)tdelete(dir->way, &walk->way, inode_id_cmp);
		free(dir->way);
	}
	if (dir->buffer != NULL)
		walk_buffer_free(walk, dir);
	if (walk->dirs_count > 0)
		dir_stack_pop(stack);
}

/* A directory that isn't read is an inode all the same. */
static void walk_enter_only(struct walk *walk, int fd, const struct stat *st,
			    bool is_mount)
{
	size_t count = walk->dirs_count;

	walk_enter(walk, fd, st, is_mount);
	if (walk->dirs_count == count)
		return;
	walk->dirs[walk->dirs_count - 1].is_complete = is_mount;
	walk_leave(walk);
}

/* Returns 0 if ok, -1 with errno if the mount that a directory is in can't be
   told. */
static int walk_mount_get(const struct walk *walk, int fd,
			  const struct stat *st, uint64_t *mount_r)
{
	struct statx stx;

	*mount_r = st->st_dev;
	if (walk->mount_is_dev)
		return 0;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) < 0)
		return -1;
	if ((stx.stx_mask & STATX_MNT_ID) == 0) {
		errno = ENOSYS;
		return -1;
	}
	*mount_r = stx.stx_mnt_id;
	return 0;
}

static int walk_mount_init(struct walk *walk, int fd, const struct stat *st)
{
	if (!walk->set->one_mount ||
	    walk_mount_get(walk, fd, st, &walk->mount) == 0)
		return 0;
	walk->mount_is_dev = errno == ENOSYS;
	return walk->mount_is_dev ? 0 : -1;
}

/* A directory was opened: enter it, if it is in the root's mount. */
static void walk_opened(struct walk *walk, int fd, const struct stat *st)
{
	uint64_t mount;

	if (!walk->set->one_mount)
		walk_enter(walk, fd, st, false);
	else if (walk_mount_get(walk, fd, st, &mount) < 0) {
		walk_error(walk, "statx", "");
		walk_enter_only(walk, fd, st, false);
	} else if (mount != walk->mount)
		walk_enter_only(walk, fd, st, true);
	else
		walk_enter(walk, fd, st, false);
}

/* A name of the current directory can't be looked at. */
static void walk_stat_failed(struct walk *walk, const char *name)
{
	if (errno == ENOENT)
		return;
	walk_error(walk, "stat", name);
	walk->dirs[walk->dirs_count - 1].is_complete = false;
}

/* Look at a name that isn't known to be a directory's. Returns FALSE if there
   is nothing to be done with it. */
static bool walk_stat(struct walk *walk, int dir_fd, const char *name,
		      struct stat *st_r)
{
	if (fstatat(dir_fd, name, st_r, AT_SYMLINK_NOFOLLOW) == 0)
		return true;
	walk_stat_failed(walk, name);
	return false;
}

/* Try to enter a directory. */
static void walk_try_enter(struct walk *walk, int dir_fd, const char *name)
{
	const char *op = "open";
	struct stat st;
	size_t depth;
	int fd, open_errno;

	walk_buffer_spare(walk);
	dir_stack_push(&walk->stack, name, strlen(name));
	fd = dir_stack_fd(&walk->stack, &depth);
	if (fd != -1) {
		if (fstat(fd, &st) == 0) {
			walk_opened(walk, fd, &st);
			return;
		}
		op = "fstat";
	}
	open_errno = errno;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		walk_stat_failed(walk, "");
		dir_stack_pop(&walk->stack);
	} else if (S_ISDIR(st.st_mode)) {
		errno = open_errno;
		walk_error(walk, op, "");
		walk_enter_only(walk, -1, &st, false);
	} else {
		/* it was replaced */
		dir_stack_pop(&walk->stack);
		walk_file(walk, name, &st);
	}
}

/* Enter and leave a directory that was looked at ahead. */
static void walk_leaf(struct walk *walk, const char *name,
		      const struct walk_leaf *leaf)
{
	size_t count = walk->dirs_count;

	dir_stack_push(&walk->stack, name, strlen(name));
	walk_enter(walk, -1, &leaf->st, false);
	if (walk->dirs_count == count)
		return;
	if (!*walk->set->stopped)
		walk_file(walk, leaf->file_name, &leaf->file_st);
	if (!*walk->set->stopped)
		walk_leave(walk);
}

static void walk_dir_found(struct walk *walk, int dir_fd,
			   const struct walk_dir *dir, const struct dirent64 *d)
{
	size_t pos = (const char *)d - dir->buffer;
	struct walk_leaf leaf;

	if (walk->set->ahead != NULL &&
	    walk_ahead_take(walk->set->ahead, dir->buffer, pos, &leaf))
		walk_leaf(walk, d->d_name, &leaf);
	else
		walk_try_enter(walk, dir_fd, d->d_name);
}

/* Returns 1 if there is something in the buffer, 0 at the end of the
   directory, -1 with errno on error. */
static int walk_read(struct walk *walk, struct walk_dir *dir, int fd)
{
	ssize_t ret;

	if (dir->pos < dir->len)
		return 1;
	if (dir->offset == WALK_OFFSET_END)
		return 0;
	if (dir->buffer == NULL) {
		/* it may have been closed meanwhile */
		if (dir->offset != 0 &&
		    lseek(fd, dir->offset, SEEK_SET) == (off_t)-1)
			return -1;
		dir->buffer = walk->spare_buffer != NULL ?
			walk->spare_buffer : mem_alloc(WALK_BUFFER_SIZE);
		walk->spare_buffer = NULL;
	}
	walk_revoke(walk, dir);
	ret = getdents64(fd, dir->buffer, WALK_BUFFER_SIZE);
	if (ret < 0 && errno == ENOENT) {
		/* it was removed */
		return 0;
	}
	if (ret <= 0)
		return ret;
	dir->pos = 0;
	dir->len = ret;
	if (walk->set->ahead != NULL)
		walk_ahead_offer(walk->set->ahead, fd, dir->buffer, dir->len);
	return 1;
}

/* See the next name of the current directory. Returns FALSE if there is
   none. */
static bool walk_next(struct walk *walk)
{
	struct walk_dir *dir = &walk->dirs[walk->dirs_count - 1];
	const struct dirent64 *d;
	struct stat st;
	size_t depth;
	int ret, fd;

	fd = dir_stack_fd(&walk->stack, &depth);
	if (fd == -1 || (ret = walk_read(walk, dir, fd)) < 0) {
		walk_error(walk, fd == -1 ? "open" : "readdir", "");
		dir->is_complete = false;
		return false;
	}
	if (ret == 0)
		return false;

	d = (const struct dirent64 *)(dir->buffer + dir->pos);
	dir->pos += d->d_reclen;
	dir->offset = d->d_off;
	if (path_is_dots(d->d_name))
		return true;
	if (d->d_type == DT_DIR)
		walk_dir_found(walk, fd, dir, d);
	else if (walk_stat(walk, fd, d->d_name, &st)) {
		if (S_ISDIR(st.st_mode))
			walk_try_enter(walk, fd, d->d_name);
		else
			walk_file(walk, d->d_name, &st);
	}
	return true;
}

/* Open the root. Returns 0 if ok, -1 with errno if not, and the system call in
   *op_r. */
static int walk_root_open(struct walk *walk, struct stat *st_r,
			  const char **op_r)
{
	int fd = walk->set->root_fd;

	*op_r = "open";
	if (fd == -1) {
		fd = openat_noatime(AT_FDCWD, walk->set->root,
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	walk->stack.root_fd = fd;
	if (fd == -1)
		return -1;
	*op_r = "fstat";
	if (fstat(fd, st_r) < 0)
		return -1;
	*op_r = "statx";
	return walk_mount_init(walk, fd, st_r);
}

int walk_init(const struct walk_settings *set, struct walk **walk_r)
{
	struct walk *walk = mem_new(sizeof(*walk));
	const char *op;
	struct stat st;
	int ret = 1;

	walk->set = set;
	dir_stack_init(&walk->stack, O_RDONLY | O_NOFOLLOW);
	if (walk_root_open(walk, &st, &op) == 0)
		walk_enter(walk, walk->stack.root_fd, &st, false);
	else if (errno == ENOENT)
		ret = 0;
	else {
		walk_error(walk, op, "");
		ret = -1;
	}
	if (ret <= 0)
		walk_deinit(&walk);
	*walk_r = walk;
	return ret;
}

void walk_deinit(struct walk **_walk)
{
	struct walk *walk = *_walk;

	*_walk = NULL;
	while (walk->dirs_count > 0)
		free(walk->dirs[--walk->dirs_count].buffer);
	dir_stack_deinit(&walk->stack);
	tdestroy(walk->way, free);
	tdestroy(walk->links, free);
	free(walk->spare_buffer);
	free(walk->dirs);
	free(walk);
}

bool walk_continue(struct walk *walk, unsigned int steps)
{
	while (walk->dirs_count > 0 && !*walk->set->stopped) {
		if (steps-- == 0)
			return true;
		if (!walk_next(walk))
			walk_leave(walk);
	}
	return false;
}

/* The name is compared with the directory that is open before it is removed:
   whoever puts another one in its place in between loses an empty directory of
   his own, since a directory with something in it can't be removed. */
int walk_place_remove(const struct walk_place *place, const char **op_r)
{
	struct stat st;

	if (place->parent_fd == -1)
		return 0;
	*op_r = "stat";
	if (fstatat(place->parent_fd, place->name, &st,
		    AT_SYMLINK_NOFOLLOW) == 0) {
		if (!S_ISDIR(st.st_mode) || !inode_id_is(&place->id, &st))
			return 0;
		*op_r = "rmdir";
		if (unlinkat(place->parent_fd, place->name, AT_REMOVEDIR) == 0)
			return 1;
	}
	/* ENOENT: somebody else removed or renamed it */
	return errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST ||
		errno == EBUSY ? 0 : -1;
}
