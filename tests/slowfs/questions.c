/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#define _GNU_SOURCE

#include "questions.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <time.h>

struct question {
	TAILQ_ENTRY(question) link;
	struct fuse_buf buf;
	/* CLOCK_MONOTONIC, in nanoseconds */
	uint64_t due;
};

TAILQ_HEAD(question_list, question);

/* What is due first is first. Those that were answered keep their buffers for
   the next ones. */
static struct question_list waiting = TAILQ_HEAD_INITIALIZER(waiting);
static unsigned int waiting_count;
static struct question_list answered = TAILQ_HEAD_INITIALIZER(answered);
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
/* something else is the first */
static pthread_cond_t changed;
static bool ended;

static uint64_t now_nsecs(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static struct question *question_new(void)
{
	struct question *question;

	pthread_mutex_lock(&mutex);
	question = TAILQ_FIRST(&answered);
	if (question != NULL)
		TAILQ_REMOVE(&answered, question, link);
	pthread_mutex_unlock(&mutex);
	if (question == NULL &&
	    (question = calloc(1, sizeof(*question))) == NULL)
		abort();
	return question;
}

static void question_add(struct question *question, unsigned int usecs,
			 struct questions_count *count)
{
	struct question *before;

	question->due = now_nsecs() + usecs * 1000ULL;
	pthread_mutex_lock(&mutex);
	count->answers++;
	if (++waiting_count > count->at_once)
		count->at_once = waiting_count;
	TAILQ_FOREACH_REVERSE(before, &waiting, question_list, link) {
		if (before->due <= question->due)
			break;
	}
	if (before != NULL)
		TAILQ_INSERT_AFTER(&waiting, before, question, link);
	else {
		TAILQ_INSERT_HEAD(&waiting, question, link);
		pthread_cond_signal(&changed);
	}
	pthread_mutex_unlock(&mutex);
}

/* Returns the next question when it is due, NULL after the last one. */
static struct question *question_take(void)
{
	struct question *question;
	struct timespec due;

	while ((question = TAILQ_FIRST(&waiting)) != NULL || !ended) {
		if (question == NULL) {
			pthread_cond_wait(&changed, &mutex);
			continue;
		}
		if (question->due <= now_nsecs()) {
			TAILQ_REMOVE(&waiting, question, link);
			waiting_count--;
			break;
		}
		due.tv_sec = question->due / 1000000000;
		due.tv_nsec = question->due % 1000000000;
		pthread_cond_timedwait(&changed, &mutex, &due);
	}
	return question;
}

static void *answer_thread(void *session)
{
	struct question *question;

	pthread_mutex_lock(&mutex);
	while ((question = question_take()) != NULL) {
		pthread_mutex_unlock(&mutex);
		fuse_session_process_buf(session, &question->buf);
		pthread_mutex_lock(&mutex);
		TAILQ_INSERT_HEAD(&answered, question, link);
	}
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static pthread_t answer_thread_start(struct fuse_session *session)
{
	pthread_condattr_t attr;
	sigset_t all, before;
	pthread_t thread;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&changed, &attr);
	pthread_condattr_destroy(&attr);
	/* signals are for who reads: it ends then */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&thread, NULL, answer_thread, session) != 0)
		abort();
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return thread;
}

static void answer_thread_join(pthread_t thread)
{
	pthread_mutex_lock(&mutex);
	ended = true;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&mutex);
	pthread_join(thread, NULL);
}

static void questions_free(void)
{
	struct question *question;

	while ((question = TAILQ_FIRST(&answered)) != NULL) {
		TAILQ_REMOVE(&answered, question, link);
		free(question->buf.mem);
		free(question);
	}
}

int questions_answer(struct fuse_session *session, questions_usecs *usecs,
		     struct questions_count *count_r)
{
	struct question *question = question_new();
	pthread_t thread = answer_thread_start(session);
	int delay, ret = 0;

	count_r->answers = count_r->at_once = 0;
	while (!fuse_session_exited(session)) {
		ret = fuse_session_receive_buf(session, &question->buf);
		if (ret == -EINTR)
			continue;
		if (ret <= 0)
			break;
		delay = usecs(question->buf.mem);
		if (delay < 0)
			fuse_session_process_buf(session, &question->buf);
		else {
			question_add(question, delay, count_r);
			question = question_new();
		}
	}
	answer_thread_join(thread);
	TAILQ_INSERT_HEAD(&answered, question, link);
	questions_free();
	/* unmounted, in the midst of a question */
	if (ret == -ECONNABORTED)
		ret = 0;
	return fuse_session_exited(session) ? 0 : ret;
}
