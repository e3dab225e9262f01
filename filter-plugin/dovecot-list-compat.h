/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef DOVECOT_LIST_COMPAT_H
#define DOVECOT_LIST_COMPAT_H

/* What differs between the Dovecot versions in a mailbox list. 2.3 keeps the
   fields of mail_location in the list, 2.4 in its settings. */

#include "mail-storage-private.h"
#include "mailbox-list-private.h"
#include "mailbox-list-index.h"

#if MBA_DOVECOT_VERSION < 20400
/* 2.4's second look at the names, in the index directory */
#  define MAILBOX_LIST_ITER_FORCE_RESYNC 0
#endif

/* Returns the character that storage names are escaped with, or NUL. */
static inline char list_storage_escape_char(const struct mailbox_list *list)
{
#if MBA_DOVECOT_VERSION >= 20400
	return list->mail_set->mailbox_list_storage_escape_char[0];
#elif MBA_DOVECOT_VERSION >= 20314
	return list->set.storage_name_escape_char;
#else
	return list->set.escape_char;
#endif
}

/* Returns the character that clients' names are escaped with, or NUL. */
static inline char list_vname_escape_char(const struct mailbox_list *list)
{
#if MBA_DOVECOT_VERSION >= 20400
	return list->mail_set->mailbox_list_visible_escape_char[0];
#elif MBA_DOVECOT_VERSION >= 20314
	return list->set.vname_escape_char;
#else
	return list->set.broken_char;
#endif
}

/* Returns whether storage names are UTF-8 instead of mUTF-7. */
static inline bool list_is_utf8(const struct mailbox_list *list)
{
#if MBA_DOVECOT_VERSION >= 20400
	return list->mail_set->mailbox_list_utf8;
#else
	return list->set.utf8;
#endif
}

/* Returns the mailbox's directory below its name (DIRNAME=), or "". */
static inline const char *list_dirname(const struct mailbox_list *list)
{
#if MBA_DOVECOT_VERSION >= 20400
	return list->mail_set->mailbox_directory_name;
#else
	return list->set.maildir_name;
#endif
}

/* Returns the directory that names begin in (MAILBOXDIR=), with a slash at its
   end, or "". */
static inline const char *list_mailbox_dirname(const struct mailbox_list *list)
{
#if MBA_DOVECOT_VERSION >= 20400
	return list->mail_set->parsed_mailbox_root_directory_prefix;
#else
	return list->set.mailbox_dir_name;
#endif
}

static inline bool list_iter_from_index(const struct mailbox_list *list)
{
#if MBA_DOVECOT_VERSION >= 20400
	return list->mail_set->mailbox_list_iter_from_index_dir;
#else
	return list->set.iter_from_index_dir;
#endif
}

/* Returns whether the iteration reads the index directory now. iter is NULL
   while it's being initialized. */
static inline bool
list_iter_is_in_index(const struct mailbox_list *list,
		      const struct mailbox_list_iterate_context *iter)
{
#if MBA_DOVECOT_VERSION >= 20400
	if (iter != NULL)
		return iter->iter_from_index_dir;
#else
	(void)iter;
#endif
	return list_iter_from_index(list);
}

/* Whether listing removes directories without mailboxes (NO-NOSELECT). */
static inline bool list_drop_noselect(const struct mailbox_list *list)
{
#if MBA_DOVECOT_VERSION >= 20400
	return list->mail_set->mailbox_list_drop_noselect;
#else
	return list->set.no_noselect;
#endif
}

/* What list_keep_noselect() changed. */
struct list_noselect_state {
#if MBA_DOVECOT_VERSION >= 20400
	const struct mail_storage_settings *orig_set;
	struct mail_storage_settings set;
#else
	bool orig;
#endif
};

/* Don't remove directories until list_noselect_restore(). */
static inline void list_keep_noselect(struct mailbox_list *list,
				      struct list_noselect_state *state_r)
{
#if MBA_DOVECOT_VERSION >= 20400
	state_r->orig_set = list->mail_set;
	state_r->set = *list->mail_set;
	state_r->set.mailbox_list_drop_noselect = FALSE;
	list->mail_set = &state_r->set;
#else
	state_r->orig = list->set.no_noselect;
	list->set.no_noselect = FALSE;
#endif
}

static inline void
list_noselect_restore(struct mailbox_list *list,
		      const struct list_noselect_state *state)
{
#if MBA_DOVECOT_VERSION >= 20400
	list->mail_set = state->orig_set;
#else
	list->set.no_noselect = state->orig;
#endif
}

/* Undo storage names' escaping. */
static inline void list_name_unescape(const char **name, char escape_char)
{
#if MBA_DOVECOT_VERSION >= 20315
	mailbox_list_name_unescape(name, escape_char);
#else
	*name = mailbox_list_unescape_name_params(*name, "", '\0', '\0',
						  escape_char);
#endif
}

/* Returns a node's level as it is on disk, unescaped. A mailbox INBOX below the
   namespace's prefix has another name in 2.4.5's list index. */
static inline const char *
list_index_node_raw_name(struct mailbox_list *list,
			 const struct mailbox_list_index_node *node)
{
#if MBA_DOVECOT_VERSION >= 20405
	const struct mailbox_list_index *ilist =
		INDEX_LIST_CONTEXT_REQUIRE(list);

	return node->raw_name == ilist->raw_inbox_inbox_name_ptr ?
		"INBOX" : node->raw_name;
#elif MBA_DOVECOT_VERSION >= 20315
	(void)list;
	return node->raw_name;
#else
	(void)list;
	return node->name;
#endif
}

/* Append a node's name as it is in storage names. */
static inline void
list_index_node_append_name(struct mailbox_list *list,
			    const struct mailbox_list_index_node *node,
			    string_t *dest)
{
#if MBA_DOVECOT_VERSION >= 20405
	mailbox_list_get_escaped_mailbox_name(list, node, dest);
#elif MBA_DOVECOT_VERSION < 20315
	(void)list;
	str_append(dest, node->name);
#else
	const char escape_chars[] = {
		list_storage_escape_char(list),
		mailbox_list_get_hierarchy_sep(list),
		'\0'
	};

	mailbox_list_name_escape(node->raw_name, escape_chars, dest);
#endif
}

#endif
