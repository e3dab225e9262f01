/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "alloc.h"
#include "look-pool.h"
#include "thread.h"

#define LOOK_STACK_SIZE (128 * 1024)
/* Threads leave so much address space to others: the directories on the way to
   an entry take most of it. */
#define SPARE_SPACE (4 * 1024 * 1024)

struct look_pool {
	const struct location *location;
	pthread_t *threads;
	unsigned int threads_count;

	pthread_mutex_t mutex;
	/* a look was added, or all are to end; the look was made that is waited
	   for */
	pthread_cond_t added, made;
	const struct look *awaited;
	/* those that nobody has taken */
	struct look *first, **last;
	bool ending;
};

static struct look *pool_take(struct look_pool *pool)
{
	struct look *look = pool->first;

	pool->first = look->next;
	if (pool->first == NULL)
		pool->last = &pool->first;
	look->taken = true;
	return look;
}

static void *pool_thread(void *context)
{
	struct look_pool *pool = context;
	struct look *look;

	pthread_mutex_lock(&pool->mutex);
	for (;;) {
		while (pool->first == NULL && !pool->ending)
			pthread_cond_wait(&pool->added, &pool->mutex);
		if (pool->first == NULL)
			break;
		look = pool_take(pool);
		pthread_mutex_unlock(&pool->mutex);
		mail_question_look(pool->location, &look->question);
		pthread_mutex_lock(&pool->mutex);
		look->done = true;
		if (look == pool->awaited)
			pthread_cond_signal(&pool->made);
	}
	pthread_mutex_unlock(&pool->mutex);
	return NULL;
}

struct look_pool *look_pool_init(const struct location *location,
				 unsigned int threads)
{
	struct look_pool *pool = mem_new(sizeof(*pool));
	void *spare = mmap(NULL, SPARE_SPACE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	pool->location = location;
	pool->last = &pool->first;
	pthread_mutex_init(&pool->mutex, NULL);
	pthread_cond_init(&pool->added, NULL);
	pthread_cond_init(&pool->made, NULL);
	pool->threads = mem_new(threads * sizeof(*pool->threads));
	while (spare != MAP_FAILED && pool->threads_count < threads &&
	       thread_start(&pool->threads[pool->threads_count], pool_thread,
			    pool, LOOK_STACK_SIZE))
		pool->threads_count++;
	if (spare != MAP_FAILED)
		(void)munmap(spare, SPARE_SPACE);
	return pool;
}

void look_pool_deinit(struct look_pool **_pool)
{
	struct look_pool *pool = *_pool;

	*_pool = NULL;
	pthread_mutex_lock(&pool->mutex);
	pool->ending = true;
	pthread_cond_broadcast(&pool->added);
	pthread_mutex_unlock(&pool->mutex);
	for (unsigned int i = 0; i < pool->threads_count; i++)
		(void)pthread_join(pool->threads[i], NULL);
	pthread_cond_destroy(&pool->made);
	pthread_cond_destroy(&pool->added);
	pthread_mutex_destroy(&pool->mutex);
	free(pool->threads);
	free(pool);
}

void look_pool_add(struct look_pool *pool, struct look *look)
{
	look->next = NULL;
	look->taken = look->done = false;
	pthread_mutex_lock(&pool->mutex);
	*pool->last = look;
	pool->last = &look->next;
	pthread_cond_signal(&pool->added);
	pthread_mutex_unlock(&pool->mutex);
}

void look_pool_wait(struct look_pool *pool, struct look *look)
{
	bool is_own;

	pthread_mutex_lock(&pool->mutex);
	/* they are taken in order: then it is the first one */
	is_own = !look->taken;
	if (is_own)
		(void)pool_take(pool);
	pool->awaited = look;
	while (!is_own && !look->done)
		pthread_cond_wait(&pool->made, &pool->mutex);
	pthread_mutex_unlock(&pool->mutex);
	if (is_own)
		mail_question_look(pool->location, &look->question);
}
