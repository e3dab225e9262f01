/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <signal.h>

#include "thread.h"

bool thread_start(pthread_t *id_r, void *(*function)(void *context),
		  void *context, size_t stack_size)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int ret;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, stack_size);
	ret = pthread_create(id_r, &attr, function, context);
	pthread_attr_destroy(&attr);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret == 0;
}
