#ifndef ESCAPE_H
#define ESCAPE_H

#include <stdbool.h>

/* Returns TRUE if the bytes are UTF-8 (RFC 3629). */
bool name_is_utf8(const char *bytes);

/* Returns the bytes with backslashes, bytes that aren't UTF-8 and, if controls
   is set, control characters as \xNN. The caller frees it. */
char *name_escape(const char *bytes, bool controls);

#endif
