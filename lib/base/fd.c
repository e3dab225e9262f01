/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"

int openat_noatime(int dir_fd, const char *name, int flags)
{
	int fd = openat(dir_fd, name, flags | O_NOATIME);

	if (fd == -1 && errno == EPERM)
		fd = openat(dir_fd, name, flags);
	return fd;
}

int openat_no_symlinks(int dir_fd, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS,
	};

	return (int)syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
}

void close_keep_errno(int fd)
{
	int saved_errno = errno;

	(void)close(fd);
	errno = saved_errno;
}

ssize_t pread_all(int fd, void *data, size_t size, off_t offset)
{
	size_t done = 0;
	ssize_t ret = 1;

	while (done < size && ret > 0) {
		ret = TEMP_FAILURE_RETRY(pread(fd, (char *)data + done,
					       size - done,
					       offset + (off_t)done));
		if (ret < 0)
			return -1;
		done += ret;
	}
	return (ssize_t)done;
}
