/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_BUSY_H
#define INDEX_BUSY_H

#include "mailbox-audit.h"

/* Whether somebody uses an index file. Dovecot locks an index only for the
   moment of a sync, so a session with a mailbox selected holds no lock; but it
   has the log open, and that is what a write lease tells: fcntl(2), F_SETLEASE.
   Until the descriptor is closed, an open() by another process waits, but for
   no longer than /proc/sys/fs/lease-break-time, mostly 45 seconds. */

enum index_busy {
	/* nobody, and who begins to waits: index_busy_lease_is_held() */
	INDEX_BUSY_NO,
	/* nobody has it locked; there is no lease that would tell more */
	INDEX_BUSY_NO_LEASE,
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

/* Returns 1 if nobody has opened the file, nor waits to, since there is a lease
   on it, 0 if somebody has; -1 with errno on error, *op_r names the system
   call. */
int index_busy_lease_is_held(int fd, const char **op_r);

#endif
