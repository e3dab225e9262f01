/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A directory that had to be closed is opened again through ".." of the one
   below it, so that a chain of directories costs its length and not its
   square. ".." leads elsewhere when somebody moved the one below meanwhile, or
   when that was a symlink: then it is opened from the root, component by
   component. Either way it has to be the one that was closed, by device and
   inode. */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "dir-stack.h"
#include "fd.h"
#include "path.h"

void dir_stack_init(struct dir_stack *stack, int open_flags)
{
	memset(stack, 0, sizeof(*stack));
	stack->root_fd = -1;
	stack->open_flags = open_flags | O_DIRECTORY | O_CLOEXEC;
	stack->path = mem_grow(stack->path, &stack->path_alloc, 1, 1);
	stack->path[0] = '\0';
}

static void frame_close(struct dir_stack *stack, struct dir_stack_frame *frame)
{
	if (frame->fd != -1) {
		(void)close(frame->fd);
		frame->fd = -1;
		stack->open_count--;
	}
}

void dir_stack_deinit(struct dir_stack *stack)
{
	while (stack->count > 0)
		frame_close(stack, &stack->frames[--stack->count]);
	if (stack->root_fd != -1)
		(void)close(stack->root_fd);
	free(stack->frames);
	free(stack->path);
}

void dir_stack_push(struct dir_stack *stack, const char *name, size_t len)
{
	struct dir_stack_frame *frame;

	stack->frames = mem_grow(stack->frames, &stack->frames_alloc,
				 stack->count + 1, sizeof(*stack->frames));
	stack->path = mem_grow(stack->path, &stack->path_alloc,
			       stack->path_len + len + 2, 1);
	if (stack->path_len > 0)
		stack->path[stack->path_len++] = '/';

	frame = &stack->frames[stack->count++];
	memset(frame, 0, sizeof(*frame));
	frame->fd = -1;
	frame->name_pos = stack->path_len;
	memcpy(stack->path + stack->path_len, name, len);
	stack->path_len += len;
	stack->path[stack->path_len] = '\0';
}

/* Make room for one more descriptor: close the one farthest from the end of
   the path, remembering which directory it was. */
static int close_shallowest(struct dir_stack *stack)
{
	struct dir_stack_frame *frame = &stack->frames[stack->first_open++];
	struct stat st;

	if (fstat(frame->fd, &st) < 0)
		return -1;
	frame->id = inode_id_get(&st);
	frame_close(stack, frame);
	return 0;
}

/* Open a frame's directory by a name relative to another one. */
static int frame_open(struct dir_stack *stack, size_t idx, int dir_fd,
		      const char *name)
{
	struct dir_stack_frame *frame = &stack->frames[idx];
	struct stat st;

	if (stack->open_count == DIR_STACK_MAX_OPEN &&
	    close_shallowest(stack) < 0)
		return -1;
	frame->fd = openat_noatime(dir_fd, name, stack->open_flags);
	if (frame->fd == -1)
		return -1;
	stack->open_count++;
	if (frame->opens++ > 0 &&
	    (fstat(frame->fd, &st) < 0 || !inode_id_is(&frame->id, &st))) {
		frame_close(stack, frame);
		errno = ESTALE;
		return -1;
	}
	if (idx < stack->first_open)
		stack->first_open = idx;
	return 0;
}

/* Open a frame below parent_fd. Its name ends where the next one's begins. */
static int frame_open_below(struct dir_stack *stack, size_t idx, int parent_fd)
{
	bool is_last = idx + 1 == stack->count;
	size_t end = is_last ? stack->path_len :
		stack->frames[idx + 1].name_pos - 1;
	int ret;

	stack->path[end] = '\0';
	ret = frame_open(stack, idx, parent_fd,
			 stack->path + stack->frames[idx].name_pos);
	if (!is_last)
		stack->path[end] = '/';
	return ret;
}

int dir_stack_parent_fd(struct dir_stack *stack)
{
	struct dir_stack_frame *frame, *parent;

	if (stack->count < 2)
		return stack->count == 0 ? -1 : stack->root_fd;
	frame = &stack->frames[stack->count - 1];
	parent = frame - 1;
	/* it was open when the one below was opened */
	if (parent->fd == -1 && frame->fd != -1)
		(void)frame_open(stack, stack->count - 2, frame->fd, "..");
	return parent->fd;
}

const char *dir_stack_name(const struct dir_stack *stack)
{
	return stack->count == 0 ? stack->path :
		stack->path + stack->frames[stack->count - 1].name_pos;
}

void dir_stack_pop(struct dir_stack *stack)
{
	struct dir_stack_frame *frame;

	/* it is the way to the one above */
	(void)dir_stack_parent_fd(stack);
	frame = &stack->frames[--stack->count];
	frame_close(stack, frame);
	stack->path_len = frame->name_pos == 0 ? 0 : frame->name_pos - 1;
	stack->path[stack->path_len] = '\0';
}

void dir_stack_seek(struct dir_stack *stack, const char *path, size_t len)
{
	const char *end = path + len, *next;

	while (!path_is_below(path, len, stack->path) && stack->count > 0)
		dir_stack_pop(stack);
	path += stack->path_len;
	while (path < end) {
		if (*path == '/')
			path++;
		next = path_name_end(path, end);
		dir_stack_push(stack, path, next - path);
		path = next;
	}
}

int dir_stack_fd(struct dir_stack *stack, size_t *depth_r)
{
	size_t idx = stack->count;
	int fd;

	/* the deepest one that is open */
	while (idx > 0 && stack->frames[idx - 1].fd == -1)
		idx--;
	fd = idx == 0 ? stack->root_fd : stack->frames[idx - 1].fd;
	for (; idx < stack->count; idx++) {
		if (frame_open_below(stack, idx, fd) < 0) {
			*depth_r = idx + 1;
			return -1;
		}
		fd = stack->frames[idx].fd;
	}
	return fd;
}
