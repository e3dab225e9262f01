#ifndef NAME_H
#define NAME_H

#include "mailbox-audit.h"

/* Returns the name that clients see for a storage name, with the namespace's
   prefix, as Dovecot makes it (lib-storage/mailbox-list.c,
   mailbox_list_default_get_vname()). storage_sep is the layout's separator.
   *nonprefix_r points to what follows the prefix. The caller frees it. */
char *name_from_storage(const struct mba_location *location, char storage_sep,
			const char *storage_name, const char **nonprefix_r);

/* Returns TRUE if the bytes are UTF-8 (RFC 3629). */
bool name_is_utf8(const char *bytes);

/* Returns the bytes with backslashes, bytes that aren't UTF-8 and, if controls
   is set, control characters as \xNN. The caller frees it. */
char *name_escape(const char *bytes, bool controls);

#endif
