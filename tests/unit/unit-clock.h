/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef UNIT_CLOCK_H
#define UNIT_CLOCK_H

/* clock_gettime() in place of libc's: how long a look takes is the test's. */

#include <stdint.h>

/* what a slow look takes */
#define SLOW 300000

/* How much later it is, in nanoseconds, each time that somebody asks; 0 at
   first. */
extern int64_t unit_clock_step;

#endif
