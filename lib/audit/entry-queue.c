/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <stdlib.h>

#include "alloc.h"
#include "entry-queue.h"
#include "look-queue.h"

/* An entry that isn't decided about. */
struct queued_entry {
	/* its path and own.name are owned */
	struct index_entry found;
	bool needs_look;
	/* the mailbox's, if it does */
	struct location_path mail;
};

struct entry_queue {
	const struct entry_decide_settings *decide;
	entry_decided_t *decided;
	void *context;
	struct look_queue *looks;
};

static void queue_decide(const void *item, struct mail_question *look,
			 void *context)
{
	const struct index_entry *found = item;
	struct entry_queue *queue = context;
	struct entry_decide_settings decide = *queue->decide;
	struct entry_decision decision;

	decide.look = look;
	entry_decide(&decide, found, &decision);
	queue->decided(found, &decision, queue->context);
	entry_decision_free(&decision);
}

static void queued_entry_free(void *item)
{
	struct queued_entry *entry = item;

	if (entry->needs_look)
		location_path_free(&entry->mail);
	free((char *)entry->found.path);
	free(entry->found.own.name);
	free(entry);
}

struct entry_queue *
entry_queue_init(const struct entry_decide_settings *decide, unsigned int jobs,
		 entry_decided_t *decided, void *context)
{
	struct entry_queue *queue = mem_new(sizeof(*queue));
	const struct look_queue_settings set = {
		.location = decide->location, .side = decide->side,
		.jobs = jobs, .decide = queue_decide,
		.item_free = queued_entry_free, .context = queue,
	};

	queue->decide = decide;
	queue->decided = decided;
	queue->context = context;
	queue->looks = look_queue_init(&set);
	return queue;
}

void entry_queue_deinit(struct entry_queue **_queue)
{
	struct entry_queue *queue = *_queue;

	*_queue = NULL;
	look_queue_deinit(&queue->looks);
	free(queue);
}

void entry_queue_add(struct entry_queue *queue, const struct index_entry *found)
{
	struct queued_entry *entry;

	if (look_queue_decide(queue->looks, found))
		return;
	entry = mem_new(sizeof(*entry));
	entry->found = *found;
	entry->found.path = mem_strdup(found->path);
	entry->found.own.name = mem_dup(found->own.name, found->own.name_len);
	entry->needs_look = entry_needs_look(queue->decide, &entry->found,
					     &entry->mail);
	look_queue_add(queue->looks, entry,
		       entry->needs_look ? &entry->mail : NULL);
}

void entry_queue_flush(struct entry_queue *queue)
{
	look_queue_flush(queue->looks);
}
