/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* On a local disk a look takes less time than to hand it to another thread. So
   each is made at once, until they turn out to be slow; only then threads are
   started. What is found is the same either way. */

#include <stdlib.h>
#include <sys/resource.h>

#include "alloc.h"
#include "look-pool.h"
#include "look-queue.h"

/* that the audit holds, and its process */
#define OTHER_DESCRIPTORS 64

/* an item that isn't decided about */
struct queued {
	void *item;
	bool needs_look;
	struct look look;
};

struct look_queue {
	struct look_queue_settings set;
	/* NULL as long as looks are fast */
	struct look_pool *pool;
	/* a ring */
	struct queued *items;
	unsigned int items_alloc, first, count;
};

struct look_queue *look_queue_init(const struct look_queue_settings *set)
{
	struct look_queue *queue = mem_new(sizeof(*queue));

	queue->set = *set;
	return queue;
}

void look_queue_deinit(struct look_queue **_queue)
{
	struct look_queue *queue = *_queue;

	*_queue = NULL;
	if (queue->pool != NULL)
		look_pool_deinit(&queue->pool);
	free(queue->items);
	free(queue);
}

unsigned int look_queue_jobs(unsigned int jobs)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
	    limit.rlim_cur >= OTHER_DESCRIPTORS + 2 * jobs)
		return jobs;
	return limit.rlim_cur < OTHER_DESCRIPTORS + 2 ? 1 :
		(limit.rlim_cur - OTHER_DESCRIPTORS) / 2;
}

static void queue_start(struct look_queue *queue)
{
	struct look_queue_settings *set = &queue->set;

	set->jobs = look_queue_jobs(set->jobs);
	if (set->jobs == 1)
		return;
	/* while the caller's thread opens a directory, there are looks left */
	queue->items_alloc = set->jobs * 2;
	queue->items = mem_new(queue->items_alloc * sizeof(*queue->items));
	queue->pool = look_pool_init(set->location, set->jobs);
}

bool look_queue_decide(struct look_queue *queue, const void *item)
{
	const struct look_queue_settings *set = &queue->set;

	if (queue->pool != NULL)
		return false;
	set->decide(item, NULL, set->context);
	if (set->jobs > 1 && mail_side_is_slow(set->side))
		queue_start(queue);
	return true;
}

/* Decide about the first item. */
static void queue_answer_first(struct look_queue *queue)
{
	const struct look_queue_settings *set = &queue->set;
	struct queued *queued = &queue->items[queue->first];
	struct mail_question *question = &queued->look.question;

	if (queued->needs_look)
		look_pool_wait(queue->pool, &queued->look);
	set->decide(queued->item, queued->needs_look ? question : NULL,
		    set->context);
	if (queued->needs_look)
		mail_question_free(set->side, question);
	set->item_free(queued->item);
	queue->first = (queue->first + 1) % queue->items_alloc;
	queue->count--;
}

/* Returns FALSE if the item has to be decided about alone. */
static bool queue_ask(struct look_queue *queue, struct look *look,
		      const struct location_path *path)
{
	while (!mail_side_ask(queue->set.side, path, queue->set.jobs,
			      &look->question)) {
		if (queue->count == 0)
			return false;
		queue_answer_first(queue);
	}
	look_pool_add(queue->pool, look);
	return true;
}

void look_queue_add(struct look_queue *queue, void *item,
		    const struct location_path *path)
{
	struct queued *queued;

	if (queue->count == queue->items_alloc)
		queue_answer_first(queue);
	queued = &queue->items[(queue->first + queue->count) %
			       queue->items_alloc];
	queued->item = item;
	queued->needs_look = path != NULL;
	if (path == NULL || queue_ask(queue, &queued->look, path)) {
		queue->count++;
		return;
	}
	queue->set.decide(item, NULL, queue->set.context);
	queue->set.item_free(item);
}

void look_queue_flush(struct look_queue *queue)
{
	while (queue->count > 0)
		queue_answer_first(queue);
}
