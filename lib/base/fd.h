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
/* Open a path as O_PATH, unless it is a symlink or one is on the way:
   openat2(2). Returns -1 with errno on error, ELOOP for a symlink; ENOSYS or
   EPERM where there is no such call, which Linux has since 5.6. */
int openat_no_symlinks(int dir_fd, const char *path);
/* close() that keeps errno. */
void close_keep_errno(int fd);
/* pread() until there is nothing more to read, or room for it. Returns the
   bytes, -1 with errno on error. */
ssize_t pread_all(int fd, void *data, size_t size, off_t offset);

#endif
