/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_BUSY_H
#define INDEX_BUSY_H

#include "mailbox-audit.h"

/* Whether somebody uses an index file. Dovecot locks an index only for the
   moment of a sync, so a session with a mailbox selected holds no lock; but it
   has the log open, and that is what a write lease tells: fcntl(2), F_SETLEASE.
   Until the descriptor is closed, an open() by another process waits. */

enum index_busy {
	/* nobody, and nobody can begin to until the descriptor is closed */
	INDEX_BUSY_NO,
	/* a process has it open */
	INDEX_BUSY_OPEN,
	/* a process has it locked */
	INDEX_BUSY_LOCKED,
	/* errno is set, *op_r names the system call */
	INDEX_BUSY_ERROR
};

/* Take a write lease on a regular file that is open for reading. Where the file
   system has no leases (NFS, CIFS), or the file belongs to somebody else, take
   the lock that Dovecot's lock_method says: a session that is only reading
   isn't seen then. The lease or lock goes away with the descriptor. */
enum index_busy index_busy_lease(int fd, enum mba_lock_method lock_method,
				 const char **op_r);

#endif
