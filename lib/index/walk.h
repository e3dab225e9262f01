/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef WALK_H
#define WALK_H

#include <stdbool.h>

#include "error-sink.h"
#include "inode-id.h"

/* Walks a directory tree in directory order, without following symlinks, with
   few descriptors at any depth. Memory doesn't grow with the tree, but for its
   depth and for files with more than one link. A directory that is mounted
   below itself isn't entered there and doesn't count, as for du. */

struct walk;

/* A directory that is entered or left. Descriptors belong to the walk. */
struct walk_place {
	/* -1 if it couldn't be opened, or opened again, and for what another
	   thread looked at ahead */
	int fd;
	/* The directory above it: -1 for the root, and where it is no longer
	   the one that the walk came from. */
	int parent_fd;
	/* in the directory above, "" for the root */
	const char *name;
	/* relative to the root, "" for the root */
	const char *path;
	/* the directory's, as it was entered */
	struct inode_id id;
};

struct walk_callbacks {
	/* A directory is entered. is_other is set for a directory in others[];
	   what is below isn't marked again. */
	void (*enter)(const struct walk_place *place, const struct stat *st,
		      bool is_other, void *context);
	/* Anything else in the directory that was entered last. is_again is
	   set if another link to it was seen. */
	void (*file)(const char *name, const struct stat *st, bool is_again,
		     void *context);
	/* All of a directory was seen, if is_complete. */
	void (*leave)(const struct walk_place *place, bool is_complete,
		      void *context);
};

struct walk_settings {
	/* the root's path, and its descriptor: the walk closes it. -1 opens
	   the path. */
	const char *root;
	int root_fd;
	const struct inode_id *others;
	unsigned int others_count;
	/* Don't enter what is mounted below the root: it counts as one of
	   others[]. */
	bool one_mount;
	/* the walk ends, without another callback, when it is set */
	const bool *stopped;
	/* another thread looks at directories ahead, which needn't be on one
	   mount; NULL if none does */
	struct walk_ahead *ahead;

	const struct walk_callbacks *callbacks;
	void *context;
	const struct error_sink *errors;
};

/* Enter the root. The settings stay until the end, but may change between the
   calls. Returns 1 if ok, 0 if there is no such directory, -1 if it couldn't be
   opened, and that was reported; *walk_r is NULL then. */
int walk_init(const struct walk_settings *set, struct walk **walk_r);
void walk_deinit(struct walk **walk);
/* Go on, in whatever thread, past so many names and ends of directories at the
   most. Returns FALSE if that was the end, or it was stopped; errors were
   reported. */
bool walk_continue(struct walk *walk, unsigned int steps);

/* Remove a directory that is being left. Returns 1 if it was removed, 0 if it
   isn't empty, or its name is another's or nobody's by now; -1 with errno on
   error, *op_r names the system call. */
int walk_place_remove(const struct walk_place *place, const char **op_r);

#endif
