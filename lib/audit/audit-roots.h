#ifndef AUDIT_ROOTS_H
#define AUDIT_ROOTS_H

#include "location.h"
#include "walk.h"

/* The roots of a user's locations, compared by what is there and not by their
   paths. */

struct audit_root {
	/* NULL if there is none, as with INDEX=MEMORY */
	const char *path;
	struct walk_id id;
	bool exists;
};

/* Directories that are roots of something else than what is audited. Zeroed,
   there are none. */
struct audit_nested {
	struct walk_id *ids;
	size_t count, alloc;
};

/* Look at a root; path stays the caller's. */
void audit_root_init(struct audit_root *root, const char *path);
/* Returns TRUE if both are the same directory, or will be once it exists. */
bool audit_root_equals(const struct audit_root *root1,
		       const struct audit_root *root2);

/* Add all roots of a location that aren't the index root. */
void audit_nested_add(struct audit_nested *nested,
		      const struct location *location,
		      const struct audit_root *index_root);
void audit_nested_clear(struct audit_nested *nested);

#endif
