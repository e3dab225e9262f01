/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef LOOK_QUEUE_H
#define LOOK_QUEUE_H

#include "mail-side.h"

/* Items of which some need a look, decided about in the order in which they
   were added. Where looks turn out to be slow, many are in flight. */
struct look_queue;

struct look_queue_settings {
	const struct location *location;
	struct mail_side *side;
	/* at the most so many looks are made at once */
	unsigned int jobs;
	/* Decide about an item. look is the look that was made for it, NULL if
	   none was: then mail_side_look() is the way. */
	void (*decide)(const void *item, struct mail_question *look,
		       void *context);
	/* free an item that was added, and what belongs to it */
	void (*item_free)(void *item);
	void *context;
};

struct look_queue *look_queue_init(const struct look_queue_settings *set);
/* All were decided about. */
void look_queue_deinit(struct look_queue **queue);

/* Decide about an item at once, as long as looks are fast. Returns FALSE if
   they aren't: then it has to be added. */
bool look_queue_decide(struct look_queue *queue, const void *item);
/* Add an item, which is the queue's from then on, and its mailbox's path, NULL
   if it needs no look; that has to stay as long. */
void look_queue_add(struct look_queue *queue, void *item,
		    const struct location_path *path);
/* Decide about all that were added. */
void look_queue_flush(struct look_queue *queue);

/* Returns how many of jobs the process's descriptors are enough for: a look
   takes up to two, and fails if there is none. */
unsigned int look_queue_jobs(unsigned int jobs);

#endif
