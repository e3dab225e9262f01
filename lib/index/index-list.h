/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_LIST_H
#define INDEX_LIST_H

/* The list of all mailboxes (dovecot.list.index): a tree of names, and what
   Dovecot knew of each when it last opened it. */

#include "index-state.h"

/* lib-storage/list/mailbox-list-index.h, enum mailbox_list_index_flags */
enum index_list_flag {
	INDEX_LIST_NOINFERIORS = 0x01,
	INDEX_LIST_SYNC_EXISTS = 0x02,
	INDEX_LIST_NONEXISTENT = 0x04,
	INDEX_LIST_CORRUPTED_NAME = 0x08,
	INDEX_LIST_NOSELECT = 0x10
};

/* As clients see them, names have up to 4,096 bytes, and so 2,048 levels
   (lib-storage/mailbox-list.h, MAILBOX_LIST_NAME_MAX_LENGTH). Stored in mUTF-7,
   '&' takes two bytes and a DEL after it five: no name takes four times as
   many. */
#define INDEX_LIST_MAX_DEPTH 2048
#define INDEX_LIST_MAX_NAME (4 * 4096)

struct index_list_mailbox {
	/* the levels of its name as they are stored, joined by the separator;
	   what isn't known of a name is "?" */
	const char *name;
	size_t name_len;
	uint32_t uid, parent_uid;
	/* enum index_list_flag */
	uint8_t flags;
	unsigned char guid[INDEX_GUID_SIZE];
	uint32_t uid_validity;
	/* FALSE if the counts aren't known */
	bool has_counts;
	uint32_t messages, unseen, recent, next_uid;
	/* its own place in the tree makes no sense */
	bool is_lost;
	/* there is a "?" in its name */
	bool is_nameless;
	/* it's another INBOX, or below it: see struct index_list_record */
	bool is_prefix_inbox;
};

/* a mailbox's own level */
struct index_list_record {
	/* as it is stored, NULL if there is no name of that number */
	const char *level;
	uint32_t name_id;
	/* it's INBOX below the namespace's prefix, which isn't the user's INBOX
	   and has an escaped name on disk (Dovecot 2.4.5) */
	bool is_prefix_inbox;
	/* 0 for none */
	uint32_t parent_uid;
	unsigned char guid[INDEX_GUID_SIZE];
	uint32_t uid_validity;
};

struct index_list;

/* Returns the list in a state, NULL if that is no list of mailboxes. The state
   has to live as long. */
struct index_list *index_list_new(const struct index_state *state,
				  char separator);
void index_list_free(struct index_list **list);

/* Returns what is wrong with the names, NULL if nothing is. */
const char *index_list_problem(const struct index_list *list);
/* Returns TRUE if nothing is wrong with the names, and each mailbox has one and
   leads to the root. */
bool index_list_is_whole(const struct index_list *list);
uint32_t index_list_count(const struct index_list *list);
/* Get a mailbox' record by its number; all of it is 0 if there is none. What it
   points to is valid as long as the list. */
void index_list_get_record(const struct index_list *list, uint32_t idx,
			   struct index_list_record *record_r);
/* Set a mailbox by its number; the name is valid until the next call. */
void index_list_get(struct index_list *list, uint32_t idx,
		    struct index_list_mailbox *mailbox_r);

#endif
