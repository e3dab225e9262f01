/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The walk waits for the index side's file system, the decision about an entry
   for the mail side's: on a server these are different disks, and even on one
   they keep two processors busy. One thread walks and fills batches of
   messages, the caller's thread handles them, each at its own pace. What the
   indexes prove is read by the caller's thread as long as it keeps up, by the
   walk's else. When the caller's has nothing to handle, it looks at
   directories to which the walk comes later; and when that lasts, it asks for
   the batch as it is, since whoever called may want to stop. A small tree is
   walked before a thread is made. */

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "count.h"
#include "index-side.h"
#include "thread.h"
#include "walk-ahead.h"

/* Steps of a walk that take about as long as to make a thread, and a hundred
   entries at the most. */
#define FEW_STEPS 512
#define BATCH_SIZE 64
#define BATCHES_COUNT 16
/* between two messages that nobody waits for */
#define PROGRESS_INODES 8192
/* how long the caller's thread waits until it asks for what there is */
#define WAIT_NSECS (100 * 1000 * 1000)
#define THREAD_STACK_SIZE (256 * 1024)

enum message_type {
	MESSAGE_ENTRY,
	MESSAGE_ERROR,
	MESSAGE_PROGRESS,
	MESSAGE_END,
};

/* The directory of an entry whose indexes the caller's thread reads. */
struct held_dir {
	int fd;
	struct index_entry_files files;
};

struct message {
	enum message_type type;
	/* so far */
	struct mba_count totals;
	/* entry.path, or the error's, in its batch's paths */
	size_t path_pos;
	/* the entry's, NULL if its use is known */
	struct held_dir *held;
	union {
		struct index_entry entry;
		/* owned */
		struct {
			char *op, *error;
		} error;
	};
};

struct batch {
	struct message messages[BATCH_SIZE];
	unsigned int count, held_count;
	/* with a NUL after each; what one thread allocates, the other doesn't
	   free fast */
	char *paths;
	size_t paths_size, paths_alloc;
	/* it is filled, and not handled yet */
	bool ready;
};

struct side_thread {
	struct index_side *side;
	struct index_side_settings set;
	struct mba_count *totals;

	pthread_mutex_t mutex;
	/* a batch's ready changed, or what is looked at ahead */
	pthread_cond_t changed;
	struct batch batches[BATCHES_COUNT];
	/* the caller wants no more entries; it waits for what there is */
	bool stopped, waiting;
	/* a ring, and how many of it the caller has closed so far */
	struct held_dir held[INDEX_SIDE_MAX_HELD];
	unsigned int held_closed;

	/* The walk's: how many directories it held so far, the batch that it
	   fills, the inodes of its latest message with totals and when it last
	   asked what the caller wants, and whether it has to end. */
	unsigned int held_opened, filling;
	uint64_t told_inodes, asked_inodes;
	bool is_ending;
};

/* Wait until a batch may be filled. Returns FALSE if the walk was stopped. */
static bool batch_wait_free(struct side_thread *thread, struct batch *batch)
{
	bool ret;

	pthread_mutex_lock(&thread->mutex);
	while (batch->ready)
		pthread_cond_wait(&thread->changed, &thread->mutex);
	ret = !thread->stopped;
	pthread_mutex_unlock(&thread->mutex);
	return ret;
}

/* Wait for a change, with the mutex. Returns FALSE if none came for long. */
static bool thread_wait(struct side_thread *thread)
{
	struct timespec end;

	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += WAIT_NSECS;
	if (end.tv_nsec >= 1000 * 1000 * 1000) {
		end.tv_nsec -= 1000 * 1000 * 1000;
		end.tv_sec++;
	}
	return pthread_cond_timedwait(&thread->changed, &thread->mutex,
				      &end) == 0;
}

/* Wait for a batch, and look ahead meanwhile. */
static void batch_wait_ready(struct side_thread *thread, struct batch *batch)
{
	struct walk_ahead *ahead = thread->set.ahead;

	pthread_mutex_lock(&thread->mutex);
	while (!batch->ready) {
		if ((ahead == NULL || !walk_ahead_look(ahead)) &&
		    !thread_wait(thread))
			thread->waiting = true;
	}
	thread->waiting = false;
	pthread_mutex_unlock(&thread->mutex);
}

static void batch_set_ready(struct side_thread *thread, struct batch *batch,
			    bool ready)
{
	pthread_mutex_lock(&thread->mutex);
	batch->ready = ready;
	pthread_cond_signal(&thread->changed);
	pthread_mutex_unlock(&thread->mutex);
}

/* Returns where the path is in the batch's. */
static size_t batch_add_path(struct batch *batch, const char *path)
{
	size_t pos = batch->paths_size, size = strlen(path) + 1;

	batch->paths = mem_grow(batch->paths, &batch->paths_alloc, pos + size,
				1);
	memcpy(batch->paths + pos, path, size);
	batch->paths_size += size;
	return pos;
}

static void message_send(struct side_thread *thread,
			 const struct message *message, const char *path)
{
	struct batch *batch = &thread->batches[thread->filling];

	batch->messages[batch->count] = *message;
	batch->messages[batch->count++].path_pos = batch_add_path(batch, path);
	if (message->held != NULL)
		batch->held_count++;
	if (batch->count < BATCH_SIZE && message->type != MESSAGE_PROGRESS &&
	    message->type != MESSAGE_END &&
	    batch->held_count < INDEX_SIDE_MAX_HELD / 2)
		return;
	batch_set_ready(thread, batch, true);
	thread->filling = (thread->filling + 1) % BATCHES_COUNT;
	if (message->type != MESSAGE_END &&
	    !batch_wait_free(thread, &thread->batches[thread->filling]))
		thread->is_ending = true;
}

static void thread_error(const char *op, const char *path, const char *error,
			 void *context)
{
	struct message message = {
		.type = MESSAGE_ERROR,
		.error = { mem_strdup(op), mem_strdup(error) },
	};

	message_send(context, &message, path);
}

/* Returns the entry's directory, held open for the caller's thread; NULL if it
   has enough of them, or none is needed. */
static struct held_dir *
thread_hold(struct side_thread *thread, const struct index_entry *entry)
{
	struct held_dir *held;
	unsigned int closed;

	/* the root's path is another one here */
	if (!thread->set.share || entry->untouched ||
	    entry->place->parent_fd == -1)
		return NULL;
	pthread_mutex_lock(&thread->mutex);
	closed = thread->held_closed;
	pthread_mutex_unlock(&thread->mutex);
	if (thread->held_opened - closed == INDEX_SIDE_MAX_HELD)
		return NULL;
	held = &thread->held[thread->held_opened % INDEX_SIDE_MAX_HELD];
	held->fd = fcntl(entry->place->fd, F_DUPFD_CLOEXEC, 0);
	if (held->fd == -1)
		return NULL;
	held->files = *entry->files;
	thread->held_opened++;
	return held;
}

static bool thread_entry(const struct index_entry *entry, void *context)
{
	struct side_thread *thread = context;
	const struct error_sink errors = { thread_error, thread };
	struct message message = {
		.type = MESSAGE_ENTRY, .totals = *thread->totals,
		.entry = *entry,
	};

	if (thread->set.use) {
		message.held = thread_hold(thread, entry);
		if (message.held == NULL) {
			index_side_use(&message.entry, thread->set.root,
				       &errors);
		}
	}
	/* the walk has gone on when the entry is handled */
	message.entry.place = NULL;
	message.entry.files = NULL;
	thread->told_inodes = message.totals.inodes;
	message_send(thread, &message, entry->path);
	return false;
}

/* An entry's message has its totals. */
static bool thread_progress(const struct mba_count *totals, void *context)
{
	struct side_thread *thread = context;
	struct message message = {
		.type = MESSAGE_PROGRESS, .totals = *totals,
	};
	bool waiting;

	if (totals->inodes - thread->asked_inodes < INDEX_SIDE_PROGRESS_INODES)
		return !thread->is_ending;
	thread->asked_inodes = totals->inodes;
	pthread_mutex_lock(&thread->mutex);
	waiting = thread->waiting;
	thread->waiting = false;
	if (thread->stopped)
		thread->is_ending = true;
	pthread_mutex_unlock(&thread->mutex);
	if (waiting ||
	    totals->inodes - thread->told_inodes >= PROGRESS_INODES) {
		thread->told_inodes = totals->inodes;
		message_send(thread, &message, "");
	}
	return !thread->is_ending;
}

static void *thread_main(void *context)
{
	struct side_thread *thread = context;
	const struct error_sink errors = { thread_error, thread };
	struct index_side_settings set = thread->set;
	struct message message = { .type = MESSAGE_END };

	set.use = false;
	set.entry = thread_entry;
	set.progress = thread_progress;
	set.context = thread;
	set.errors = &errors;
	while (index_side_continue(thread->side, &set, UINT_MAX)) ;
	message_send(thread, &message, "");
	return NULL;
}

/* Read the indexes in a directory that is held, if they are still asked for. */
static void held_handle(struct side_thread *thread, struct message *message,
			bool goes_on)
{
	const struct walk_place place = {
		.fd = message->held->fd, .path = message->entry.path,
	};
	struct index_entry entry = message->entry;

	if (goes_on) {
		entry.place = &place;
		entry.files = &message->held->files;
		index_side_use(&entry, thread->set.root, thread->set.errors);
		message->entry.use = entry.use;
		message->entry.own = entry.own;
	}
	(void)close(place.fd);
	pthread_mutex_lock(&thread->mutex);
	thread->held_closed++;
	pthread_mutex_unlock(&thread->mutex);
}

/* Returns whether to go on. */
static bool message_handle(struct side_thread *thread, struct message *message,
			   const char *path, bool goes_on)
{
	const struct index_side_settings *set = &thread->set;

	if (goes_on && (message->type == MESSAGE_ENTRY ||
			message->type == MESSAGE_PROGRESS))
		goes_on = set->progress(&message->totals, set->context);
	switch (message->type) {
	case MESSAGE_ENTRY:
		message->entry.path = path;
		if (message->held != NULL)
			held_handle(thread, message, goes_on);
		if (goes_on)
			(void)set->entry(&message->entry, set->context);
		free(message->entry.own.name);
		break;
	case MESSAGE_ERROR:
		error_sink_add(set->errors, message->error.op, path,
			       message->error.error);
		free(message->error.op);
		free(message->error.error);
		break;
	case MESSAGE_PROGRESS:
	case MESSAGE_END:
		break;
	}
	return goes_on;
}

static void thread_stop(struct side_thread *thread)
{
	pthread_mutex_lock(&thread->mutex);
	thread->stopped = true;
	pthread_mutex_unlock(&thread->mutex);
}

static void messages_handle(struct side_thread *thread)
{
	enum message_type last_type = MESSAGE_ENTRY;
	struct message *message;
	struct batch *batch;
	bool goes_on = true;

	for (unsigned int idx = 0; last_type != MESSAGE_END; idx++) {
		batch = &thread->batches[idx % BATCHES_COUNT];
		batch_wait_ready(thread, batch);
		for (unsigned int i = 0; i < batch->count; i++) {
			message = &batch->messages[i];
			last_type = message->type;
			goes_on = message_handle(thread, message, batch->paths +
						 message->path_pos, goes_on);
		}
		batch->count = batch->held_count = 0;
		batch->paths_size = 0;
		if (!goes_on)
			thread_stop(thread);
		batch_set_ready(thread, batch, false);
	}
}

/* Go on in a thread, or in the caller's if there can't be one. */
static void side_continue_threaded(struct index_side *side,
				   const struct index_side_settings *set,
				   struct mba_count *totals)
{
	struct side_thread *thread = mem_new(sizeof(*thread));
	pthread_condattr_t attr;
	pthread_t id;

	thread->side = side;
	thread->set = *set;
	thread->totals = totals;
	thread->told_inodes = thread->asked_inodes = totals->inodes;
	pthread_mutex_init(&thread->mutex, NULL);
	pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&thread->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (set->share) {
		thread->set.ahead = walk_ahead_init(index_side_is_leaf,
						    &thread->mutex,
						    &thread->changed);
	}
	if (thread_start(&id, thread_main, thread, THREAD_STACK_SIZE)) {
		messages_handle(thread);
		(void)pthread_join(id, NULL);
	} else {
		while (index_side_continue(side, set, UINT_MAX)) ;
	}
	if (set->share)
		walk_ahead_deinit(&thread->set.ahead);
	for (unsigned int i = 0; i < BATCHES_COUNT; i++)
		free(thread->batches[i].paths);
	pthread_cond_destroy(&thread->changed);
	pthread_mutex_destroy(&thread->mutex);
	free(thread);
}

void index_side_walk_threaded(const struct index_side_settings *set,
			      struct mba_count *totals_r,
			      struct mba_count other_r[MBA_OTHER_COUNT])
{
	/* while the walk's thread counts, the callbacks may read other_r */
	struct mba_count other[MBA_OTHER_COUNT] = { { 0, 0, 0 } };
	struct index_side *side = index_side_init(set, totals_r, other);

	if (index_side_continue(side, set, FEW_STEPS))
		side_continue_threaded(side, set, totals_r);
	index_side_deinit(&side);
	for (unsigned int i = 0; i < MBA_OTHER_COUNT; i++)
		count_add(&other_r[i], &other[i]);
}
