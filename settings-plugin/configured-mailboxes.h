/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef CONFIGURED_MAILBOXES_H
#define CONFIGURED_MAILBOXES_H

/* The mailboxes that a namespace's configuration wants to be there: those with
   auto or special_use. */

#include "array.h"
#include "unichar.h"
#include "mail-namespace.h"
#include "mailbox-list-private.h"
#include "settings-compat.h"

/* Returns the number of mailboxes that the configuration has something to say
   about. */
static inline unsigned int
namespace_mailboxes_count(const struct mail_namespace *ns)
{
	return array_is_created(NAMESPACE_MAILBOXES(ns)) ?
		array_count(NAMESPACE_MAILBOXES(ns)) : 0;
}

/* Returns the name that clients see. */
static inline const char *
namespace_mailbox_get_vname(const struct mail_namespace *ns, const char *name)
{
	return strcasecmp(name, "INBOX") == 0 ? "INBOX" :
		t_strconcat(ns->prefix, name, NULL);
}

/* Returns whether LIST can tell of a mailbox by this name. It can't if the name
   has another meaning on disk: without an escape character, Maildir++'s "a.b"
   would be what clients see as "a/b". Dovecot opens no such name either. */
static inline bool
namespace_mailbox_is_listed(const struct mail_namespace *ns, const char *name)
{
	const char *vname = namespace_mailbox_get_vname(ns, name);

	/* Dovecot panics at a name that isn't UTF-8 */
	if (!uni_utf8_str_is_valid(vname))
		return FALSE;
	/* an alias of mailbox_alias has this name on disk, too */
	return strcmp(mailbox_list_get_vname(ns->list,
			mailbox_list_default_get_storage_name(ns->list, vname)),
		      vname) == 0;
}

/* Returns the name of such a mailbox if it is wanted, without the namespace's
   prefix, else NULL. A name with wildcards is for many, and makes none. */
static inline const char *
namespace_mailboxes_get(const struct mail_namespace *ns, unsigned int idx)
{
	const struct mailbox_settings *set =
		*array_idx(NAMESPACE_MAILBOXES(ns), idx);

	if (!mailbox_settings_have_special_use(set) &&
	    strcmp(set->autocreate, MAILBOX_SET_AUTO_NO) == 0)
		return NULL;
	return strpbrk(set->name, "*?") == NULL &&
		namespace_mailbox_is_listed(ns, set->name) ? set->name : NULL;
}

#endif
