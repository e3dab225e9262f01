/* The walk waits for the index side's file system, the verdict on an entry for
   the mail side's: on a server these are different disks, and even on one they
   keep two processors busy. One thread walks and fills a ring, the caller's
   takes from it. */

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "alloc.h"

#define RING_SIZE 256
#define THREAD_STACK_SIZE (256 * 1024)

enum message_type {
	MESSAGE_ENTRY,
	MESSAGE_ERROR,
	MESSAGE_PROGRESS,
	MESSAGE_END,
};

struct message {
	enum message_type type;
	/* entry.path, or the error's; owned */
	char *path;
	union {
		struct account_entry entry;
		struct mba_count totals;
		/* owned */
		struct {
			char *op, *error;
		} error;
	};
};

struct account_thread {
	struct account_settings set;
	struct mba_count *totals, *other;

	pthread_mutex_t mutex;
	pthread_cond_t filled, emptied;
	struct message ring[RING_SIZE];
	/* messages ever put in and taken out */
	unsigned long head, tail;
};

static void message_send(struct account_thread *thread,
			 const struct message *message)
{
	pthread_mutex_lock(&thread->mutex);
	while (thread->head - thread->tail == RING_SIZE)
		pthread_cond_wait(&thread->emptied, &thread->mutex);
	thread->ring[thread->head++ % RING_SIZE] = *message;
	/* the other side sleeps only if it found the ring empty */
	if (thread->head - thread->tail == 1)
		pthread_cond_signal(&thread->filled);
	pthread_mutex_unlock(&thread->mutex);
}

static void message_receive(struct account_thread *thread,
			    struct message *message_r)
{
	pthread_mutex_lock(&thread->mutex);
	while (thread->head == thread->tail)
		pthread_cond_wait(&thread->filled, &thread->mutex);
	*message_r = thread->ring[thread->tail++ % RING_SIZE];
	/* let the walk fill half of the ring before it is woken up again */
	if (thread->head - thread->tail == RING_SIZE / 2)
		pthread_cond_signal(&thread->emptied);
	pthread_mutex_unlock(&thread->mutex);
}

static void thread_entry(const struct account_entry *entry, void *context)
{
	struct message message = {
		.type = MESSAGE_ENTRY, .path = mem_strdup(entry->path),
		.entry = *entry,
	};

	message_send(context, &message);
}

static void thread_error(const char *op, const char *path, const char *error,
			 void *context)
{
	struct message message = {
		.type = MESSAGE_ERROR, .path = mem_strdup(path),
		.error = { mem_strdup(op), mem_strdup(error) },
	};

	message_send(context, &message);
}

static void thread_progress(const struct mba_count *totals, void *context)
{
	struct message message = {
		.type = MESSAGE_PROGRESS, .totals = *totals,
	};

	message_send(context, &message);
}

static void *thread_main(void *context)
{
	struct account_thread *thread = context;
	struct account_settings set = thread->set;
	struct message message = { .type = MESSAGE_END };

	set.entry = thread_entry;
	set.error = thread_error;
	set.progress = thread_progress;
	set.context = thread;
	account_tree(&set, thread->totals, thread->other);
	message_send(thread, &message);
	return NULL;
}

static void messages_handle(struct account_thread *thread)
{
	const struct account_settings *set = &thread->set;
	struct message message;

	do {
		message_receive(thread, &message);
		switch (message.type) {
		case MESSAGE_ENTRY:
			message.entry.path = message.path;
			set->entry(&message.entry, set->context);
			break;
		case MESSAGE_ERROR:
			set->error(message.error.op, message.path,
				   message.error.error, set->context);
			free(message.error.op);
			free(message.error.error);
			break;
		case MESSAGE_PROGRESS:
			set->progress(&message.totals, set->context);
			break;
		case MESSAGE_END:
			break;
		}
		free(message.path);
	} while (message.type != MESSAGE_END);
}

/* Start the thread. Signals stay with the caller's. Returns FALSE if there
   can't be one. */
static bool thread_start(struct account_thread *thread, pthread_t *id_r)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int ret;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, THREAD_STACK_SIZE);
	ret = pthread_create(id_r, &attr, thread_main, thread);
	pthread_attr_destroy(&attr);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret == 0;
}

void account_tree_threaded(const struct account_settings *set,
			   struct mba_count *totals_r,
			   struct mba_count other_r[MBA_OTHER_COUNT])
{
	struct account_thread *thread = mem_new(sizeof(*thread));
	pthread_t id;

	thread->set = *set;
	thread->totals = totals_r;
	thread->other = other_r;
	pthread_mutex_init(&thread->mutex, NULL);
	pthread_cond_init(&thread->filled, NULL);
	pthread_cond_init(&thread->emptied, NULL);
	if (!thread_start(thread, &id))
		account_tree(set, totals_r, other_r);
	else {
		messages_handle(thread);
		(void)pthread_join(id, NULL);
	}
	pthread_cond_destroy(&thread->emptied);
	pthread_cond_destroy(&thread->filled);
	pthread_mutex_destroy(&thread->mutex);
	free(thread);
}
