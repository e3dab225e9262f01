#ifndef KEEP_NAMES_H
#define KEEP_NAMES_H

#include "mailbox-audit.h"

/* Names that the configuration keeps visible, by their levels. */
struct keep_names;

struct keep_names *keep_names_init(const struct mba_location *location);
void keep_names_free(struct keep_names **names);

/* Returns how much of a name, which consists of levels joined by NUL, is
   visible because it is one of the names or a parent of one. */
size_t keep_names_visible_len(const struct keep_names *names,
			      const char *levels, size_t len);

#endif
