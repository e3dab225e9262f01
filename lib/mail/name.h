/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef NAME_H
#define NAME_H

#include "mailbox-audit.h"

/* Returns the name that clients see for a storage name, with the namespace's
   prefix, as Dovecot makes it (lib-storage/mailbox-list.c,
   mailbox_list_default_get_vname()). storage_sep is the layout's separator.
   The caller frees it. */
char *name_from_storage(const struct mba_location *location, char storage_sep,
			const char *storage_name);

/* Returns the levels of a storage name as the rules match them, with NUL
   between them; *len_r is set to the length of all. Neither the namespace's
   separator nor vname_escape_char has a part in it. The caller frees it. */
char *name_levels(const struct mba_location *location, char storage_sep,
		  const char *storage_name, size_t *len_r);

/* The same for a name whose levels are known as they stand on disk, unescaped:
   they are joined by NUL, of len bytes in all. is_prefix_inbox tells that INBOX
   is one below the namespace's prefix, not the user's. */
char *name_from_raw(const struct mba_location *location, const char *raw,
		    size_t len, bool is_prefix_inbox);
char *name_levels_from_raw(const struct mba_location *location,
			   const char *raw, size_t len, size_t *len_r);

/* Undoes storage_name_escape_char or vname_escape_char in place. */
void name_unescape(char *part, char escape_char);

#endif
