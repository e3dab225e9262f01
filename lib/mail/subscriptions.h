/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef SUBSCRIPTIONS_H
#define SUBSCRIPTIONS_H

#include "error-sink.h"
#include "location.h"

/* A larger file isn't read, and that is an error: some 20,000 names. */
#define SUBSCRIPTIONS_MAX_SIZE (1024 * 1024)

/* Calls back for each storage name in the location's subscription file that
   could name a mailbox; there may be no file. */
void subscriptions_read(const struct location *location,
			void (*name)(const char *storage_name, void *context),
			void *context, const struct error_sink *errors);

#endif
