/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* On a local disk a look takes less time than to hand it to another thread. So
   at first each is made at once, and its time taken; threads are started when
   more of the latest looks were slow than not. What is found is the same either
   way. */

#include <stdlib.h>
#include <time.h>

#include "alloc.h"
#include "entry-queue.h"
#include "look-pool.h"

/* What a file server takes at the least, and a disk's cache never does; and how
   many more of the latest looks than not have to take that long: a process that
   has to wait for a processor has one or two. */
#define SLOW_NSECS (200 * 1000)
#define SLOW_LOOKS 4

/* An entry that isn't decided about. */
struct queued {
	struct index_entry found;
	/* found.path; owned, as found.own.name is */
	char *path;
	/* if it needs a look: the mailbox's */
	bool needs_look;
	struct location_path mail;
	struct look look;
};

struct entry_queue {
	const struct entry_decide_settings *decide;
	unsigned int jobs;
	entry_decided_t *decided;
	void *context;

	unsigned int slow_looks;
	/* NULL as long as looks are fast */
	struct look_pool *pool;
	/* a ring */
	struct queued *entries;
	unsigned int entries_alloc, first, count;
};

struct entry_queue *
entry_queue_init(const struct entry_decide_settings *decide, unsigned int jobs,
		 entry_decided_t *decided, void *context)
{
	struct entry_queue *queue = mem_new(sizeof(*queue));

	queue->decide = decide;
	queue->jobs = jobs;
	queue->decided = decided;
	queue->context = context;
	return queue;
}

void entry_queue_deinit(struct entry_queue **_queue)
{
	struct entry_queue *queue = *_queue;

	*_queue = NULL;
	if (queue->pool != NULL)
		look_pool_deinit(&queue->pool);
	free(queue->entries);
	free(queue);
}

/* Decide about an entry at once. */
static void queue_decide(struct entry_queue *queue,
			 const struct index_entry *found)
{
	struct entry_decision decision;

	entry_decide(queue->decide, found, &decision);
	queue->decided(found, &decision, queue->context);
	entry_decision_free(&decision);
}

static void queue_start(struct entry_queue *queue)
{
	/* while the caller's thread opens a directory, there are looks left */
	queue->entries_alloc = queue->jobs * 2;
	queue->entries = mem_new(queue->entries_alloc *
				 sizeof(*queue->entries));
	queue->pool = look_pool_init(queue->decide->location, queue->jobs);
}

/* Take the time, as long as looks are fast. */
static void queue_decide_timed(struct entry_queue *queue,
			       const struct index_entry *found)
{
	unsigned int looks = mail_side_looks(queue->decide->side);
	struct timespec begin, end;
	struct entry_decision decision;
	int64_t nsecs;

	(void)clock_gettime(CLOCK_MONOTONIC, &begin);
	entry_decide(queue->decide, found, &decision);
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	queue->decided(found, &decision, queue->context);
	entry_decision_free(&decision);
	/* nothing was asked of a file server */
	if (mail_side_looks(queue->decide->side) == looks)
		return;
	nsecs = (end.tv_sec - begin.tv_sec) * (int64_t)1000000000 +
		end.tv_nsec - begin.tv_nsec;
	if (nsecs >= SLOW_NSECS)
		queue->slow_looks++;
	else if (queue->slow_looks > 0)
		queue->slow_looks--;
	if (queue->slow_looks == SLOW_LOOKS)
		queue_start(queue);
}

static void queued_free(struct queued *entry)
{
	free(entry->path);
	free(entry->found.own.name);
}

/* Decide about the first entry. */
static void queue_answer_first(struct entry_queue *queue)
{
	struct queued *entry = &queue->entries[queue->first];
	struct entry_decide_settings decide = *queue->decide;
	struct entry_decision decision;

	if (entry->needs_look) {
		look_pool_wait(queue->pool, &entry->look);
		decide.look = &entry->look.question;
	}
	entry_decide(&decide, &entry->found, &decision);
	queue->decided(&entry->found, &decision, queue->context);
	entry_decision_free(&decision);
	if (entry->needs_look) {
		mail_question_free(decide.side, &entry->look.question);
		location_path_free(&entry->mail);
	}
	queued_free(entry);
	queue->first = (queue->first + 1) % queue->entries_alloc;
	queue->count--;
}

/* Returns FALSE if the entry has to be decided about alone. */
static bool queue_ask(struct entry_queue *queue, struct queued *entry)
{
	entry->needs_look = entry_needs_look(queue->decide, &entry->found,
					     &entry->mail);
	if (!entry->needs_look)
		return true;
	while (!mail_side_ask(queue->decide->side, &entry->mail, queue->jobs,
			      &entry->look.question)) {
		if (queue->count == 0) {
			location_path_free(&entry->mail);
			return false;
		}
		queue_answer_first(queue);
	}
	look_pool_add(queue->pool, &entry->look);
	return true;
}

void entry_queue_add(struct entry_queue *queue, const struct index_entry *found)
{
	struct queued *entry;

	if (queue->pool == NULL) {
		if (queue->jobs == 1)
			queue_decide(queue, found);
		else
			queue_decide_timed(queue, found);
		return;
	}
	if (queue->count == queue->entries_alloc)
		queue_answer_first(queue);
	entry = &queue->entries[(queue->first + queue->count) %
				queue->entries_alloc];
	entry->found = *found;
	entry->found.path = entry->path = mem_strdup(found->path);
	entry->found.own.name = mem_dup(found->own.name, found->own.name_len);
	if (queue_ask(queue, entry)) {
		queue->count++;
		return;
	}
	queue_decide(queue, &entry->found);
	queued_free(entry);
}

void entry_queue_flush(struct entry_queue *queue)
{
	while (queue->count > 0)
		queue_answer_first(queue);
}
