/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef DIR_STACK_H
#define DIR_STACK_H

/* A path of directories below a root, of which only the deepest are held open,
   so that any depth is walked with few descriptors. */

#include <stddef.h>

#include "inode-id.h"

/* Descriptors that a stack holds at the most, its root not counted. */
#define DIR_STACK_MAX_OPEN 20

struct dir_stack_frame {
	/* where the name begins in path */
	size_t name_pos;
	/* -1 if it isn't open now */
	int fd;
	/* how many times it was opened */
	unsigned int opens;
	/* set when it was closed to make room */
	struct inode_id id;
};

struct dir_stack {
	/* -1 until the user of the stack has opened it; the stack closes it */
	int root_fd;
	/* for open() of every directory; O_DIRECTORY is added */
	int open_flags;

	/* relative to the root, "" for the root itself */
	char *path;
	size_t path_len, path_alloc;

	struct dir_stack_frame *frames;
	size_t count, frames_alloc;
	/* those that are open follow each other, from first_open on */
	unsigned int open_count;
	size_t first_open;
};

void dir_stack_init(struct dir_stack *stack, int open_flags);
void dir_stack_deinit(struct dir_stack *stack);

/* Enter a directory; it isn't opened yet. */
void dir_stack_push(struct dir_stack *stack, const char *name, size_t len);
/* Returns the descriptor of the directory above the one entered last, -1 if
   there is none or it isn't open and can't be opened from the one below. It
   belongs to the stack and is valid until the next call. */
int dir_stack_parent_fd(struct dir_stack *stack);
/* Returns the name of the directory entered last, "" for the root. */
const char *dir_stack_name(const struct dir_stack *stack);
/* Leave the directory entered last, and close it. */
void dir_stack_pop(struct dir_stack *stack);
/* Leave and enter directories until the one entered last is that of a path
   below the root. */
void dir_stack_seek(struct dir_stack *stack, const char *path, size_t len);

/* Returns the descriptor of the directory entered last, of the root if there
   is none. It belongs to the stack and is valid until the next call for it.
   Returns -1 with errno if it can't be opened. ESTALE: another directory is
   there now than the one that was open before. *depth_r is the number of
   directories from the root to the one that failed. */
int dir_stack_fd(struct dir_stack *stack, size_t *depth_r);

#endif
