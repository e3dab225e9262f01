/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "mail-namespace.h"
#include "dovecot-list-compat.h"
#include "mailbox-list-index-sync.h"
#include "filter-index.h"
#include "filter-list.h"
#include "filter-name.h"
#include "filter-record.h"

#include <sys/stat.h>

#define FILTER_NOT_A_MAILBOX \
	(MAILBOX_LIST_INDEX_FLAG_NONEXISTENT | MAILBOX_LIST_INDEX_FLAG_NOSELECT)

static bool filter_record_lookup(struct mailbox_list *list, const char *name,
				 enum filter_record_type type)
{
	const struct mailbox_list_index_node *node =
		mailbox_list_index_lookup(list, name);

	return node != NULL && (type == FILTER_RECORD_DIR ||
				(node->flags & FILTER_NOT_A_MAILBOX) == 0);
}

bool filter_record_is_needed(struct filter_list *flist,
			     const char *storage_name, enum mba_dir dir)
{
	return flist->list->ns->type != MAIL_NAMESPACE_TYPE_PRIVATE ||
		filter_name_is_hidden(flist, storage_name, dir);
}

enum filter_record_type
filter_record_node_get_type(const struct mailbox_list_index_node *node)
{
	return (node->flags & FILTER_NOT_A_MAILBOX) != 0 ?
		FILTER_RECORD_DIR : FILTER_RECORD_NEW;
}

bool filter_record_is_missing(struct mailbox_list *list,
			      const char *storage_name)
{
	bool missing;

	mailbox_list_last_error_push(list);
	missing = mailbox_list_index_refresh(list) == 0 &&
		!filter_record_lookup(list, storage_name, FILTER_RECORD_USED);
	mailbox_list_last_error_pop(list);
	return missing;
}

/* Returns whether it is a mailbox, as its storage says. */
static bool
filter_record_is_mailbox(struct mailbox_list *list, const char *name)
{
	enum mailbox_existence existence;
	struct mailbox *box;
	bool exists;

	box = mailbox_alloc(list, mailbox_list_get_vname(list, name),
			    MAILBOX_FLAG_IGNORE_ACLS);
	exists = mailbox_exists(box, FALSE, &existence) == 0 &&
		existence == MAILBOX_EXISTENCE_SELECT;
	mailbox_free(&box);
	return exists;
}

/* Returns the flags that a refresh would give it. */
static enum mailbox_list_index_flags
filter_record_get_flags(struct mailbox_list *list, const char *name)
{
	enum mailbox_list_index_flags flags = 0;
	enum mailbox_info_flags info_flags;
	const char *path;
	struct stat st;

	/* Maildir++ believes what it isn't told to stat */
	if (mailbox_list_get_path(list, name, MAILBOX_LIST_PATH_TYPE_DIR,
				  &path) > 0 &&
	    stat(path, &st) < 0 && errno == ENOENT)
		return MAILBOX_LIST_INDEX_FLAG_NONEXISTENT;
	if (mailbox_list_mailbox(list, name, &info_flags) < 0)
		return 0;
	if ((info_flags & MAILBOX_NONEXISTENT) != 0)
		flags |= MAILBOX_LIST_INDEX_FLAG_NONEXISTENT;
	/* layout fs doesn't know whether a directory is a Maildir */
	if ((info_flags & MAILBOX_NOSELECT) != 0 ||
	    ((info_flags & (MAILBOX_SELECT | MAILBOX_NONEXISTENT)) == 0 &&
	     !filter_record_is_mailbox(list, name)))
		flags |= MAILBOX_LIST_INDEX_FLAG_NOSELECT;
	if ((info_flags & MAILBOX_NOINFERIORS) != 0)
		flags |= MAILBOX_LIST_INDEX_FLAG_NOINFERIORS;
	return flags;
}

static void
filter_record_add_level(struct mailbox_list_index_sync_context *sync,
			const char *name, enum filter_record_type type)
{
	struct mailbox_list_index_node *node;
	enum mailbox_list_index_flags flags;
	uint32_t seq;
	bool created;

	if (filter_record_lookup(sync->list, name, type))
		return;
	flags = filter_record_get_flags(sync->list, name);
	if (type != FILTER_RECORD_DIR)
		flags &= ENUM_NEGATE(FILTER_NOT_A_MAILBOX);
	/* this makes Dovecot look the GUID up */
	sync->syncing_list = type == FILTER_RECORD_NEW;
	seq = mailbox_list_index_sync_name(sync, name, &node, &created);
	sync->syncing_list = FALSE;

	node->flags = flags | MAILBOX_LIST_INDEX_FLAG_SYNC_EXISTS;
	mail_index_update_flags(sync->trans, seq, MODIFY_REPLACE,
				(enum mail_flags)flags);
}

void filter_record_sync_name(struct mailbox_list_index_sync_context *sync,
			     const char *name, enum filter_record_type type)
{
	const char *end = name;

	/* each level on its own, for its own flags */
	while ((end = strchr(end, sync->sep[0])) != NULL) {
		filter_record_add_level(sync, t_strdup_until(name, end),
					FILTER_RECORD_DIR);
		end++;
	}
	filter_record_add_level(sync, name, type);
}

void filter_record_add(struct mailbox_list *list,
		       const char *const *storage_names,
		       enum filter_record_type type)
{
	struct filter_index_sync sync;

	if (!filter_index_sync_begin(list, &sync))
		return;
	for (; *storage_names != NULL; storage_names++) T_BEGIN {
		filter_record_sync_name(sync.ctx, *storage_names, type);
	} T_END;
	filter_index_sync_end(&sync, TRUE);
}
