/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef ENTRY_QUEUE_H
#define ENTRY_QUEUE_H

#include "entry-decide.h"
#include "index-side.h"

/* Decides about entries, in the order in which they come. Where the mail side
   turns out to be slow, many looks are in flight. */
struct entry_queue;

/* Called for each entry, in order, from the functions below. */
typedef void entry_decided_t(const struct index_entry *found,
			     const struct entry_decision *decision,
			     void *context);

/* At the most jobs looks are made at once; the settings stay. */
struct entry_queue *
entry_queue_init(const struct entry_decide_settings *decide, unsigned int jobs,
		 entry_decided_t *decided, void *context);
/* All were decided about. */
void entry_queue_deinit(struct entry_queue **queue);

void entry_queue_add(struct entry_queue *queue,
		     const struct index_entry *found);
/* Decide about all that were added. */
void entry_queue_flush(struct entry_queue *queue);

#endif
