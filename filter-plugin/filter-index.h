/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_INDEX_H
#define FILTER_INDEX_H

struct mailbox_list;
struct mailbox_list_index_sync_context;

/* What tells whether the mailbox list index's names are still the same. */
struct filter_index_version {
	/* how far its log was read */
	uint32_t log_seq;
	uoff_t log_offset;
	/* number of names: a refresh adds some before its log has them */
	unsigned int count;
};

/* A change of the mailbox list index. */
struct filter_index_sync {
	struct mailbox_list_index_sync_context *ctx;
	/* the session had read no names */
	bool unread;
	/* somebody asked for a refresh */
	bool refresh;
};

/* Returns whether the mailbox list index is being refreshed. */
bool filter_index_is_syncing(struct mailbox_list *list);
/* Returns whether the mailbox list index may be believed without looking at the
   disk (mailbox_list_index_very_dirty_syncs): it has to know all names. */
bool filter_index_is_trusted(struct mailbox_list *list);
/* Returns whether hidden names may be missing from the mailbox list index. */
bool filter_index_is_pruned(struct mailbox_list *list);

/* Returns the version of the mailbox list index's names. They change when the
   index is read again, and before that with each that is added while the index
   is refreshed. */
struct filter_index_version filter_index_get_version(struct mailbox_list *list);
bool filter_index_version_equals(const struct filter_index_version *v1,
				 const struct filter_index_version *v2);

/* A refresh met a hidden name: what the mailbox list index knows of it, of its
   parents and of what is below still exists. Returns FALSE if it knows
   nothing. */
bool filter_index_keep(struct mailbox_list *list, const char *storage_name);

/* Change records of hidden names between these two. begin returns FALSE if that
   can't be, or needn't because the index isn't pruned. Where a refresh had been
   asked for, or the session's first one is to come, that still is so
   afterwards. If something fails, the index is as it was; the list's last error
   is in any case. */
bool filter_index_sync_begin(struct mailbox_list *list,
			     struct filter_index_sync *sync_r);
void filter_index_sync_end(struct filter_index_sync *sync, bool changed);
/* A name was removed from the index: so are those above it that aren't there
   any more, for Dovecot removes empty directories. */
void filter_index_sync_forget_parents(struct mailbox_list_index_sync_context
				      *sync, const char *storage_name);
/* A hidden name was deleted: a refresh would keep it, if it doesn't look
   there. */
void filter_index_forget(struct mailbox_list *list, const char *storage_name);

#endif
