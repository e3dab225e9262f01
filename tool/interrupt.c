/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <signal.h>
#include <string.h>

#include "interrupt.h"

static volatile sig_atomic_t interrupt_signal;

static void interrupt_handle(int signal)
{
	interrupt_signal = signal;
}

void interrupt_init(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action, old;

	memset(&action, 0, sizeof(action));
	action.sa_handler = interrupt_handle;
	action.sa_flags = SA_RESTART | SA_RESETHAND;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (sigaction(signals[i], NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)
			(void)sigaction(signals[i], &action, NULL);
	}
}

bool interrupt_came(void)
{
	return interrupt_signal != 0;
}

/* So a shell that runs one command after the other stops, too. */
void interrupt_end(void)
{
	if (interrupt_signal != 0)
		(void)raise(interrupt_signal);
}
