/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INTERRUPT_H
#define INTERRUPT_H

#include <stdbool.h>

/* ^C, SIGTERM and SIGHUP: what was begun is ended and printed. A second one
   ends the process at once, as where a file server doesn't answer. */

/* Catch the signals from now on, unless they are ignored. */
void interrupt_init(void);
/* Returns whether one came. */
bool interrupt_came(void);
/* End the process as the signal that came would have, if one did. */
void interrupt_end(void);

#endif
