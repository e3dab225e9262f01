/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A record has the id of its own level's name, and the UID of the record above
   it. The names stand in the extension's header, unaligned, with ascending ids
   that 0 ends (lib-storage/list/mailbox-list-index.c). The extension list2 has
   the id of the one name that is another INBOX, whatever the header calls
   it. */

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "index-list.h"

/* what of a list's record is where */
#define RECORD_PARENT_OFFSET 4
#define RECORD_GUID_OFFSET 8
#define RECORD_VALIDITY_OFFSET 24
/* What all names may take: of real lists, they are as long as the files. A
   single mailbox of so many levels may be all there is. */
#define MIN_NAMES_BYTES (INDEX_LIST_MAX_DEPTH * (INDEX_LIST_MAX_DEPTH + 1))
#define MAX_NAMES_PER_BYTE 16
#define NAME_MIDDLE INDEX_LIST_MAX_NAME
#define UNKNOWN_LEVEL "?"

struct list_name {
	uint32_t id;
	/* in the header */
	uint32_t offset;
};

/* The levels above a mailbox, put together from their end: most mailboxes have
   the same as the one before. */
struct list_above {
	/* of the lowest, 0 for none */
	uint32_t uid;
	/* where they begin in the name; a separator follows each */
	size_t pos;
	/* as in struct index_list_mailbox */
	bool is_lost, is_nameless, is_prefix_inbox;
};

struct index_list {
	const struct index_state *state;
	const struct index_ext_state *ext;
	char separator;

	/* by ids */
	struct list_name *names;
	size_t names_count, names_alloc;
	/* 0 for none */
	uint32_t prefix_inbox_id;
	const char *problem;

	/* Names may hold each other: all together they are no longer than this
	   allows for. */
	struct cursor_budget names_budget;
	/* The latest name: the levels above it end in the middle, where its own
	   begins. */
	char name[2 * INDEX_LIST_MAX_NAME + 1];
	struct list_above above;
};

/* Take the names from the header. Returns what is wrong, NULL if nothing is. */
static const char *list_names(struct index_list *list)
{
	struct list_name *name;
	struct cursor c;
	uint32_t id, last_id = 0;

	cursor_init(&c, list->ext->hdr, list->ext->hdr_len, NULL);
	/* the refresh flag */
	(void)cursor_u8(&c);
	while ((id = cursor_u32(&c)) != 0) {
		if (id <= last_id)
			return "the names' ids don't ascend";
		list->names = mem_grow(list->names, &list->names_alloc,
				       list->names_count + 1,
				       sizeof(*list->names));
		name = &list->names[list->names_count];
		name->id = id;
		name->offset = c.pos;
		if (cursor_string(&c) == NULL)
			return "a name isn't ended";
		list->names_count++;
		last_id = id;
	}
	return NULL;
}

static uint32_t list_get_prefix_inbox_id(const struct index_state *state)
{
	const struct index_ext_state *ext =
		index_exts_get(&state->exts, "list2");
	uint32_t id = 0;

	if (ext != NULL)
		index_ext_bytes(ext, 0, &id, sizeof(id));
	return id;
}

void index_list_free(struct index_list **list)
{
	if (*list == NULL)
		return;
	free((*list)->names);
	free(*list);
	*list = NULL;
}

const char *index_list_problem(const struct index_list *list)
{
	return list->problem;
}

uint32_t index_list_count(const struct index_list *list)
{
	return list->state->records.count;
}

static int name_compare(const void *key, const void *member)
{
	uint32_t id = *(const uint32_t *)key;
	const struct list_name *name = member;

	return id < name->id ? -1 : id > name->id ? 1 : 0;
}

/* Returns a level's name, NULL if there is none. */
static const char *list_name_find(const struct index_list *list, uint32_t id)
{
	const struct list_name *name = NULL;

	/* most often none is missing */
	if (id - 1 < list->names_count && list->names[id - 1].id == id)
		name = &list->names[id - 1];
	else if (list->names_count > 0) {
		name = bsearch(&id, list->names, list->names_count,
			       sizeof(*list->names), name_compare);
	}
	return name == NULL ? NULL :
		(const char *)list->ext->hdr + name->offset;
}

void index_list_get_record(const struct index_list *list, uint32_t idx,
			   struct index_list_record *record_r)
{
	const unsigned char *record =
		index_records_get(&list->state->records, INDEX_COLUMN_LIST,
				  idx);

	memset(record_r, 0, sizeof(*record_r));
	if (record == NULL)
		return;
	memcpy(&record_r->name_id, record, 4);
	memcpy(&record_r->parent_uid, record + RECORD_PARENT_OFFSET, 4);
	memcpy(record_r->guid, record + RECORD_GUID_OFFSET, INDEX_GUID_SIZE);
	memcpy(&record_r->uid_validity, record + RECORD_VALIDITY_OFFSET, 4);
	record_r->level = list_name_find(list, record_r->name_id);
	if (record_r->level != NULL &&
	    record_r->name_id == list->prefix_inbox_id) {
		record_r->level = "INBOX";
		record_r->is_prefix_inbox = true;
	}
}

/* Follow a mailbox's parents up to one that was seen, and mark them. Returns
   FALSE if they don't lead to the root. */
static bool list_follow_parents(const struct index_list *list, uint32_t *marks,
				uint32_t idx)
{
	const uint32_t mark = idx + 1;
	struct index_list_record record;

	while (marks[idx] == 0) {
		marks[idx] = mark;
		index_list_get_record(list, idx, &record);
		if (record.level == NULL)
			return false;
		if (record.parent_uid == 0)
			return true;
		if (!index_records_find(&list->state->records,
					record.parent_uid, &idx))
			return false;
	}
	/* else it is its own parent */
	return marks[idx] != mark;
}

bool index_list_is_whole(const struct index_list *list)
{
	uint32_t count = list->state->records.count;
	uint32_t *marks = mem_new(((size_t)count + 1) * sizeof(*marks));
	bool is_whole = list->problem == NULL;

	for (uint32_t i = 0; i < count && is_whole; i++)
		is_whole = list_follow_parents(list, marks, i);
	free(marks);
	return is_whole;
}

struct index_list *index_list_new(const struct index_state *state,
				  char separator)
{
	const struct index_ext_state *ext =
		index_exts_get(&state->exts, "list");
	struct index_list *list;

	if (ext == NULL)
		return NULL;
	list = mem_new(sizeof(*list));
	list->state = state;
	list->ext = ext;
	list->separator = separator;
	list->above.pos = NAME_MIDDLE;
	list->names_budget.limit = MIN_NAMES_BYTES +
		state->records.max_bytes * MAX_NAMES_PER_BYTE;
	list->prefix_inbox_id = list_get_prefix_inbox_id(state);
	list->problem = list_names(list);
	return list;
}

/* Put a level before those above that there are. Returns FALSE if it is too
   long. */
static bool above_prepend(struct index_list *list, const char *level)
{
	struct list_above *above = &list->above;
	size_t len = strlen(level);

	if (len + 1 > above->pos)
		return false;
	list->name[--above->pos] = list->separator;
	above->pos -= len;
	memcpy(list->name + above->pos, level, len);
	return true;
}

/* Put together the levels from the root to a mailbox, as long as there may be
   more names. Returns FALSE if they don't end at the root. */
static bool above_make(struct index_list *list, uint32_t uid)
{
	const struct list_above above = { .uid = uid, .pos = NAME_MIDDLE };
	struct index_list_record record;
	uint32_t idx;

	list->above = above;
	if (list->names_budget.steps == list->names_budget.limit)
		return false;
	for (unsigned int depth = 1; uid != 0; depth++) {
		if (depth == INDEX_LIST_MAX_DEPTH ||
		    !index_records_find(&list->state->records, uid, &idx))
			return false;
		index_list_get_record(list, idx, &record);
		list->above.is_nameless |= record.level == NULL;
		list->above.is_prefix_inbox |= record.is_prefix_inbox;
		if (!above_prepend(list, record.level == NULL ? UNKNOWN_LEVEL :
				   record.level))
			return false;
		uid = record.parent_uid;
	}
	return true;
}

/* Put a name together, and set what is known of it. */
static void name_make(struct index_list *list,
		      const struct index_list_record *record,
		      struct index_list_mailbox *mailbox)
{
	const char *level = record->level == NULL ? UNKNOWN_LEVEL :
		record->level;
	const struct list_above *above = &list->above;
	size_t size = strlen(level) + 1, len;

	if (record->parent_uid != above->uid)
		list->above.is_lost = !above_make(list, record->parent_uid);
	len = NAME_MIDDLE - above->pos + size - 1;
	mailbox->is_lost = above->is_lost;
	mailbox->is_nameless = above->is_nameless || record->level == NULL;
	mailbox->is_prefix_inbox =
		above->is_prefix_inbox || record->is_prefix_inbox;
	if (len > INDEX_LIST_MAX_NAME ||
	    !cursor_budget_spend(&list->names_budget, len + 1)) {
		mailbox->is_lost = true;
		mailbox->name = "";
		return;
	}
	memcpy(list->name + NAME_MIDDLE, level, size);
	mailbox->name = list->name + above->pos;
	mailbox->name_len = len;
}

static void list_counts(const struct index_list *list, uint32_t idx,
			struct index_list_mailbox *mailbox)
{
	const unsigned char *counts =
		index_records_get(&list->state->records, INDEX_COLUMN_MSGS,
				  idx);

	if (counts == NULL)
		return;
	memcpy(&mailbox->messages, counts, 4);
	memcpy(&mailbox->unseen, counts + 4, 4);
	memcpy(&mailbox->recent, counts + 8, 4);
	memcpy(&mailbox->next_uid, counts + 12, 4);
	/* Dovecot has none of INBOX, whose mailbox it opens each time */
	mailbox->has_counts = mailbox->next_uid != 0;
}

void index_list_get(struct index_list *list, uint32_t idx,
		    struct index_list_mailbox *mailbox_r)
{
	const struct index_records *recs = &list->state->records;
	struct index_list_record record;

	memset(mailbox_r, 0, sizeof(*mailbox_r));
	index_list_get_record(list, idx, &record);
	name_make(list, &record, mailbox_r);
	mailbox_r->uid = recs->rows[idx].uid;
	mailbox_r->flags = recs->rows[idx].flags;
	mailbox_r->parent_uid = record.parent_uid;
	mailbox_r->uid_validity = record.uid_validity;
	memcpy(mailbox_r->guid, record.guid, INDEX_GUID_SIZE);
	list_counts(list, idx, mailbox_r);
}
