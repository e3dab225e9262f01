#ifndef NAME_H
#define NAME_H

#include "mailbox-audit.h"

/* Returns the name that clients see for a storage name, with the namespace's
   prefix, as Dovecot makes it (lib-storage/mailbox-list.c,
   mailbox_list_default_get_vname()). storage_sep is the layout's separator.
   *nonprefix_r points to what follows the prefix. The caller frees it. */
char *name_from_storage(const struct mba_location *location, char storage_sep,
			const char *storage_name, const char **nonprefix_r);

#endif
