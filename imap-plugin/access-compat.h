/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef ACCESS_COMPAT_H
#define ACCESS_COMPAT_H

/* What differs between the Dovecot versions in the commands that are logged.
   Include after lib.h. */

#include "str.h"
#include "lib-event.h"
#include "unichar.h"
#include "mailbox-list-private.h"
#include "mail-namespace.h"
#include "mail-storage-settings.h"
#include "access-escape.h"

/* Are a command's mailbox names UTF-8 instead of mUTF-7? The client asks for it
   with ENABLE UTF8=ACCEPT. */
#if MBA_DOVECOT_VERSION >= 20403
#  define COMMAND_NAMES_ARE_UTF8(cmd) ((cmd)->utf8)
#else
#  define COMMAND_NAMES_ARE_UTF8(cmd) FALSE
#endif

/* Returns a mailbox's name in Unicode's form NFC, if Dovecot normalizes it. */
static inline const char *
access_name_normalize(struct mail_namespace *namespaces, const char *name)
{
#if MBA_DOVECOT_VERSION >= 20403
	const struct mail_namespace *ns;
	const char *normalized;

	if (uni_utf8_to_nfc(name, strlen(name), &normalized) < 0 ||
	    strcmp(name, normalized) == 0)
		return name;
	ns = mail_namespace_find(namespaces, name);
	if (ns->list->mail_set->mailbox_list_normalize_names_to_nfc)
		return normalized;
#else
	(void)namespaces;
#endif
	return name;
}

/* Returns the field of the event itself, not of its parents. */
static inline const struct event_field *
access_event_find_field(const struct event *event, const char *key)
{
#if MBA_DOVECOT_VERSION >= 20316
	return event_find_field_nonrecursive(event, key);
#else
	return event_find_field(event, key);
#endif
}

/* Add a value to a list. Before 2.3.18 events have none: a string "KEY_list"
   then, with the values as in the line, quoted and escaped, and a blank between
   them. As "KEY" a name that looks like that could not be told from a list. */
static inline void
access_event_add_to_list(struct event *event, const char *key,
			 const struct access_name *name, const char *value)
{
#if MBA_DOVECOT_VERSION >= 20318
	(void)name;
	event_strlist_append(event, key, value);
#else
	const struct event_field *field;
	string_t *str = t_str_new(128);

	(void)value;
	key = t_strconcat(key, "_list", NULL);
	field = access_event_find_field(event, key);
	if (field != NULL) {
		str_append(str, field->value.str);
		str_append_c(str, ' ');
	}
	str_append_c(str, '"');
	(void)access_escape(str, name, SIZE_MAX);
	str_append_c(str, '"');
	event_add_str(event, key, str_c(str));
#endif
}

#endif
