#ifndef WALK_H
#define WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "error-sink.h"

/* Walks a directory tree in directory order, without following symlinks, with
   few descriptors at any depth. Memory doesn't grow with the tree, but for
   files with more than one link. */

struct walk_id {
	dev_t dev;
	ino_t ino;
};

struct walk_callbacks {
	/* A directory is entered; name is "" for the root. is_other is set for
	   a directory in others[]; what is below isn't marked again. */
	void (*enter)(const char *name, const struct stat *st, bool is_other,
		      void *context);
	/* Anything else. is_again is set if another link to it was seen. */
	void (*file)(const char *name, const struct stat *st, bool is_again,
		     void *context);
	/* All of a directory was seen, if is_complete; path is relative to the
	   root, "" for the root. */
	void (*leave)(const char *path, bool is_complete, void *context);
};

/* Returns 1 if the root was walked (errors were reported), 0 if there is no
   such directory, -1 if it couldn't be opened; that was reported. */
int walk_tree(const char *root, const struct walk_id *others,
	      unsigned int others_count,
	      const struct walk_callbacks *callbacks, void *context,
	      const struct error_sink *errors);

#endif
