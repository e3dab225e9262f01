/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A lease is broken by a signal to its holder, by default SIGIO, which would
   end the process. SIGURG is ignored unless somebody asks for it, and nothing
   has to be done: the lease is held for the time of a few system calls, for
   which the other process waits. If they take long, since a file server doesn't
   answer or this process was stopped, the kernel takes the lease away. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>

#include "index-busy.h"

/* Returns 0 if locked, -1 with errno and *op_r if not. A lock of this kind
   belongs to the open file: closing another descriptor doesn't end it. */
static int lock_take(int fd, enum mba_lock_method lock_method,
		     const char **op_r)
{
	/* A read lock: fd isn't open for writing, which NFS asks for with
	   either method, and Dovecot's writers ask for a write lock, which it
	   keeps out. */
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	if (lock_method == MBA_LOCK_METHOD_FLOCK) {
		*op_r = "flock";
		return flock(fd, LOCK_SH | LOCK_NB);
	}
	*op_r = "fcntl(F_OFD_SETLK)";
	return fcntl(fd, F_OFD_SETLK, &lock);
}

enum index_busy index_busy_lease(int fd, enum mba_lock_method lock_method,
				 const char **op_r)
{
	*op_r = "fcntl(F_SETLEASE)";
	if (fcntl(fd, F_SETSIG, SIGURG) == 0 &&
	    fcntl(fd, F_SETLEASE, F_WRLCK) == 0)
		return INDEX_BUSY_NO;
	if (errno == EAGAIN)
		return INDEX_BUSY_OPEN;
	if (errno != EINVAL && errno != EACCES && errno != ENOSYS &&
	    errno != EOPNOTSUPP)
		return INDEX_BUSY_ERROR;
	if (lock_take(fd, lock_method, op_r) == 0)
		return INDEX_BUSY_NO_LEASE;
	return errno == EAGAIN || errno == EACCES || errno == EWOULDBLOCK ?
		INDEX_BUSY_LOCKED : INDEX_BUSY_ERROR;
}

int index_busy_lease_is_held(int fd, const char **op_r)
{
	int type = fcntl(fd, F_GETLEASE);

	*op_r = "fcntl(F_GETLEASE)";
	/* while somebody waits, it is what the lease is about to become */
	return type < 0 ? -1 : type == F_WRLCK ? 1 : 0;
}
