/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef AUDIT_ROOTS_H
#define AUDIT_ROOTS_H

#include "location.h"
#include "walk.h"

/* The roots of a user's locations, compared by what is there and not by their
   paths. */

struct audit_root {
	/* NULL if there is none, as with INDEX=MEMORY */
	const char *path;
	struct inode_id id;
	bool exists;
	/* errno if it can't be told whether it exists, else 0 */
	int failed;
};

/* All roots of a location. */
struct audit_roots {
	/* top is that of the file system; home is none, but it may be where
	   one is; inbox is the directory of an INBOX= */
	struct audit_root mail, index, top, home, inbox;
	/* CONTROL, if it isn't the mail root, and other_roots */
	struct audit_root *others;
	size_t others_count, others_alloc;
	bool is_private;
};

/* Directories below an index root that are other roots. Zeroed, there are
   none. */
struct audit_nested {
	struct inode_id *ids;
	size_t count, alloc;
};

/* Look at a location's roots; at top, home and inbox only where something is to
   be removed, since for thousands of users each look counts. The other paths
   stay the location's. */
void audit_roots_init(struct audit_roots *roots,
		      const struct location *location, bool removes);
void audit_roots_deinit(struct audit_roots *roots);

/* Returns TRUE if both are the same directory, or will be once it exists. */
bool audit_root_equals(const struct audit_root *root1,
		       const struct audit_root *root2);

/* Returns a root that can't be told: it may be any directory. NULL if there is
   none. */
const struct audit_root *audit_roots_failed(const struct audit_roots *roots);

/* Call back for each directory above a root that exists, from the lowest on: as
   it is on disk, also from a symlink. Returns 1 if the callback did, which ends
   it, 0 if none did, -1 with errno if not all of them can be told; *op_r names
   the system call. */
int audit_root_climb(const struct audit_root *root,
		     bool (*above)(const struct inode_id *id, void *context),
		     void *context, const char **op_r);
/* Returns TRUE if a root is below another one, or may be: if that can't be
   told, it was reported. */
bool audit_root_is_below(const struct audit_root *root,
			 const struct audit_root *top,
			 const struct error_sink *errors);

/* Add all roots, of which one may be the index root itself. */
void audit_nested_add(struct audit_nested *nested,
		      const struct audit_roots *roots,
		      const struct audit_root *index_root);
void audit_nested_clear(struct audit_nested *nested);

#endif
