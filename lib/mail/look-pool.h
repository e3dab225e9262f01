/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef LOOK_POOL_H
#define LOOK_POOL_H

#include "mail-side.h"

/* Threads that make looks, so that many are in flight. */
struct look_pool;

/* A question, and whether its look was made; only the pool's. */
struct look {
	struct mail_question question;
	struct look *next;
	bool taken, done;
};

/* Start threads, as many as there can be, and be it none. */
struct look_pool *look_pool_init(const struct location *location,
				 unsigned int threads);
/* All looks were waited for. */
void look_pool_deinit(struct look_pool **pool);

/* Have a look made. It stays where it is until it was waited for. */
void look_pool_add(struct look_pool *pool, struct look *look);
/* Wait for the earliest look that wasn't waited for; make it, if no thread has
   begun with it. */
void look_pool_wait(struct look_pool *pool, struct look *look);

#endif
