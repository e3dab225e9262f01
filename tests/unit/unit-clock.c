/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <time.h>

#include "unit-clock.h"

#define SECOND (1000 * 1000 * 1000)

int64_t unit_clock_step;
static int64_t clock_nsecs;

int clock_gettime(clockid_t id, struct timespec *ts)
{
	(void)id;
	clock_nsecs += unit_clock_step;
	ts->tv_sec = clock_nsecs / SECOND;
	ts->tv_nsec = clock_nsecs % SECOND;
	return 0;
}
