/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FD_H
#define FD_H

/* System calls on descriptors, as everybody here wants them. */

#include <errno.h>
#include <stddef.h>
#include <sys/types.h>

/* As Dovecot has it: nothing is there. */
#define ENOTFOUND(errno) \
	((errno) == ENOENT || (errno) == ENOTDIR || (errno) == ELOOP)

/* openat() that does without O_NOATIME where that isn't permitted. */
int openat_noatime(int dir_fd, const char *name, int flags);
/* close() that keeps errno. */
void close_keep_errno(int fd);
/* pread() until there is nothing more to read, or room for it. Returns the
   bytes, -1 with errno on error. */
ssize_t pread_all(int fd, void *data, size_t size, off_t offset);

#endif
