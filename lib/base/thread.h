/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef THREAD_H
#define THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Start a thread that blocks all signals: they go to the caller's. Its stack is
   small, since address space may be limited. Returns FALSE if there can't be
   one. */
bool thread_start(pthread_t *id_r, void *(*function)(void *context),
		  void *context, size_t stack_size);

#endif
