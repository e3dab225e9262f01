/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_RECORD_H
#define FILTER_RECORD_H

/* The mailbox list index's records of hidden mailboxes. Its refresh doesn't see
   them, so without a record each use of such a mailbox would ask for a refresh
   that adds none, and NOTIFY would say nothing of it. */

#include "mailbox-audit.h"

struct filter_list;
struct mailbox_list;
struct mailbox_list_index_node;
struct mailbox_list_index_sync_context;

enum filter_record_type {
	/* a mailbox that was opened */
	FILTER_RECORD_USED,
	/* one that NOTIFY has to recognize after a rename: its GUID is looked
	   up, which opens it */
	FILTER_RECORD_NEW,
	/* it may hold others, but isn't a mailbox itself */
	FILTER_RECORD_DIR
};

/* Returns whether a refresh, by whomever, may not see a name: it's hidden, or
   the mailbox list index may be shared with users who have other rules. */
bool filter_record_is_needed(struct filter_list *flist,
			     const char *storage_name, enum mba_dir dir);
/* Returns whether a mailbox that can be opened has no record as such.
   Refreshes the index if that is due. */
bool filter_record_is_missing(struct mailbox_list *list,
			      const char *storage_name);
/* Add the records of these names and of their parents, all in one sync of the
   index, which may have been asked for a refresh and still is then. Nothing is
   done for names that have one. If it fails, the index is as it was, and so is
   the list's last error. */
void filter_record_add(struct mailbox_list *list,
		       const char *const *storage_names,
		       enum filter_record_type type);

/* For a sync of one's own: */

/* Returns the type of a record that was there. */
enum filter_record_type
filter_record_node_get_type(const struct mailbox_list_index_node *node);
/* Add the records of a name and of its parents. */
void filter_record_sync_name(struct mailbox_list_index_sync_context *sync,
			     const char *name, enum filter_record_type type);

#endif
