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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "dir-stack.h"
#include "walk.h"

#define WALK_BUFFER_SIZE 32768

struct walk_dir {
	/* what was read and not seen yet; NULL if nothing is */
	char *buffer;
	size_t pos, len;
	/* after the last name that was seen */
	off_t offset;
	/* in walk.way; owned, NULL if it isn't there */
	struct walk_id *id;
	/* dir_stack_frame.opens when it was read last */
	unsigned int opens;
	bool is_complete:1;
};

struct walk {
	const char *root;
	const struct walk_id *others;
	unsigned int others_count;
	const struct walk_callbacks *callbacks;
	void *context;
	const struct error_sink *errors;

	struct dir_stack stack;
	/* dirs[0] is the root, dirs[n] the stack's frame n - 1 */
	struct walk_dir *dirs;
	size_t dirs_count, dirs_alloc;
	/* tsearch() trees of struct walk_id: the files with more than one link
	   that were seen, and the directories from the root to here */
	void *links, *way;
	/* a buffer that no directory uses now */
	char *spare_buffer;
};

static void walk_error(struct walk *walk, const char *op, const char *name)
{
	const char *error = strerror(errno), *dir = walk->stack.path;
	char *path;

	path = mem_printf("%s%s%s%s%s", walk->root, *dir == '\0' ? "" : "/",
			  dir, *name == '\0' ? "" : "/", name);
	error_sink_add(walk->errors, op, path, error);
	free(path);
}

static int walk_id_cmp(const void *p1, const void *p2)
{
	const struct walk_id *id1 = p1, *id2 = p2;

	if (id1->dev != id2->dev)
		return id1->dev < id2->dev ? -1 : 1;
	if (id1->ino != id2->ino)
		return id1->ino < id2->ino ? -1 : 1;
	return 0;
}

/* Add an inode to a tree. Returns what was added, NULL if it was there. */
static struct walk_id *walk_id_add(void **tree, const struct stat *st)
{
	struct walk_id *id = mem_new(sizeof(*id)), **found;

	id->dev = st->st_dev;
	id->ino = st->st_ino;
	found = tsearch(id, tree, walk_id_cmp);
	if (found != NULL && *found == id)
		return id;
	free(id);
	return NULL;
}

/* Returns TRUE if another link to the same file was seen before. */
static bool walk_link_seen(struct walk *walk, const struct stat *st)
{
	return st->st_nlink > 1 && walk_id_add(&walk->links, st) == NULL;
}

static bool walk_is_other(const struct walk *walk, const struct stat *st)
{
	for (unsigned int i = 0; i < walk->others_count; i++) {
		if (walk->others[i].dev == st->st_dev &&
		    walk->others[i].ino == st->st_ino)
			return true;
	}
	return false;
}

static void walk_file(struct walk *walk, int dir_fd, const char *name,
		      const struct stat *st)
{
	walk->callbacks->file(dir_fd, name, st, walk_link_seen(walk, st),
			      walk->context);
}

static void walk_buffer_free(struct walk *walk, struct walk_dir *dir)
{
	free(walk->spare_buffer);
	walk->spare_buffer = dir->buffer;
	dir->buffer = NULL;
	dir->pos = dir->len = 0;
}

static void walk_dir_push(struct walk *walk)
{
	struct walk_dir *dir;

	/* directories that dir-stack.c may have closed don't keep a buffer */
	if (walk->dirs_count > DIR_STACK_MAX_OPEN) {
		dir = &walk->dirs[walk->dirs_count - DIR_STACK_MAX_OPEN];
		if (dir->buffer != NULL)
			walk_buffer_free(walk, dir);
	}
	walk->dirs = mem_grow(walk->dirs, &walk->dirs_alloc,
			      walk->dirs_count + 1, sizeof(*walk->dirs));
	dir = &walk->dirs[walk->dirs_count++];
	memset(dir, 0, sizeof(*dir));
	dir->is_complete = true;
}

/* Enter a directory whose inode is known; fd is -1 if it can't be opened. */
static void walk_enter(struct walk *walk, int fd, const struct stat *st)
{
	const struct dir_stack *stack = &walk->stack;
	const struct walk_place place = {
		.fd = fd, .parent_fd = dir_stack_parent_fd(&walk->stack),
		.name = dir_stack_name(stack), .path = stack->path,
	};
	struct walk_id *id = walk_id_add(&walk->way, st);

	if (id == NULL) {
		/* it is mounted below itself */
		dir_stack_pop(&walk->stack);
		return;
	}
	walk_dir_push(walk);
	walk->dirs[walk->dirs_count - 1].id = id;
	walk->callbacks->enter(&place, st, walk_is_other(walk, st),
			       walk->context);
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
	};

	walk->callbacks->leave(&place, dir->is_complete, walk->context);
	(void)tdelete(dir->id, &walk->way, walk_id_cmp);
	free(dir->id);
	if (dir->buffer != NULL)
		walk_buffer_free(walk, dir);
	if (walk->dirs_count > 0)
		dir_stack_pop(stack);
}

/* A directory that can't be read is an inode all the same. */
static void walk_enter_failed(struct walk *walk, const struct stat *st,
			      const char *op)
{
	size_t count = walk->dirs_count;

	walk_error(walk, op, "");
	walk_enter(walk, -1, st);
	if (walk->dirs_count == count)
		return;
	walk->dirs[walk->dirs_count - 1].is_complete = false;
	walk_leave(walk);
}

/* A name of the current directory can't be looked at. */
static void walk_stat_failed(struct walk *walk, const char *name)
{
	if (errno == ENOENT)
		return;
	walk_error(walk, "stat", name);
	walk->dirs[walk->dirs_count - 1].is_complete = false;
}

/* Look at a name that isn't known to be a directory that can be opened.
   Returns 1 if st was filled, 0 if there is nothing to be done with it. */
static int walk_stat(struct walk *walk, int dir_fd, const char *name,
		     struct stat *st)
{
	if (fstatat(dir_fd, name, st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	walk_stat_failed(walk, name);
	return 0;
}

/* Try to enter a directory. */
static void walk_try_enter(struct walk *walk, int dir_fd, const char *name)
{
	struct stat st;
	size_t depth;
	int fd, open_errno;

	dir_stack_push(&walk->stack, name, strlen(name));
	fd = dir_stack_fd(&walk->stack, &depth);
	if (fd != -1 && fstat(fd, &st) == 0) {
		walk_enter(walk, fd, &st);
		return;
	}
	open_errno = errno;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		walk_stat_failed(walk, "");
		dir_stack_pop(&walk->stack);
	} else if (S_ISDIR(st.st_mode)) {
		errno = open_errno;
		walk_enter_failed(walk, &st, "open");
	} else {
		/* it was replaced */
		dir_stack_pop(&walk->stack);
		walk_file(walk, dir_fd, name, &st);
	}
}

/* Returns 1 if there is something in the buffer, 0 at the end of the
   directory, -1 with errno on error. */
static int walk_read(struct walk *walk, struct walk_dir *dir, int fd)
{
	size_t depth = walk->stack.count;
	unsigned int opens = depth == 0 ? 0 :
		walk->stack.frames[depth - 1].opens;
	ssize_t ret;

	if (dir->pos < dir->len)
		return 1;
	if ((dir->buffer == NULL || dir->opens != opens) && dir->offset != 0 &&
	    lseek(fd, dir->offset, SEEK_SET) == (off_t)-1)
		return -1;
	if (dir->buffer == NULL) {
		dir->buffer = walk->spare_buffer != NULL ?
			walk->spare_buffer : mem_new(WALK_BUFFER_SIZE);
		walk->spare_buffer = NULL;
	}
	dir->opens = opens;
	ret = getdents64(fd, dir->buffer, WALK_BUFFER_SIZE);
	if (ret < 0 && errno == ENOENT) {
		/* it was removed */
		return 0;
	}
	if (ret <= 0)
		return ret;
	dir->pos = 0;
	dir->len = ret;
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
	if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
		return true;
	if (d->d_type == DT_DIR)
		walk_try_enter(walk, fd, d->d_name);
	else if (walk_stat(walk, fd, d->d_name, &st) > 0) {
		if (S_ISDIR(st.st_mode))
			walk_try_enter(walk, fd, d->d_name);
		else
			walk_file(walk, fd, d->d_name, &st);
	}
	return true;
}

int walk_tree(const char *root, const struct walk_id *others,
	      unsigned int others_count,
	      const struct walk_callbacks *callbacks, void *context,
	      const struct error_sink *errors)
{
	struct walk walk = {
		.root = root, .others = others, .others_count = others_count,
		.callbacks = callbacks, .context = context, .errors = errors,
	};
	struct stat st;
	int fd;

	dir_stack_init(&walk.stack, -1, O_RDONLY | O_NOFOLLOW);
	fd = openat_noatime(AT_FDCWD, root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	walk.stack.root_fd = fd;
	if (fd == -1 || fstat(fd, &st) < 0) {
		bool is_missing = errno == ENOENT;

		if (!is_missing)
			walk_error(&walk, "open", "");
		dir_stack_deinit(&walk.stack);
		return is_missing ? 0 : -1;
	}
	walk_enter(&walk, fd, &st);
	while (walk.dirs_count > 0) {
		if (!walk_next(&walk))
			walk_leave(&walk);
	}
	dir_stack_deinit(&walk.stack);
	tdestroy(walk.links, free);
	free(walk.spare_buffer);
	free(walk.dirs);
	return 1;
}
