/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "fd.h"
#include "long-path.h"

#define MAX_PART (PATH_MAX / 2)

/* Returns where the part of a path ends that is opened next. */
static const char *part_end(const char *path)
{
	const char *end = memrchr(path, '/', MAX_PART);

	/* a name that long is none for the kernel either */
	return end == NULL || end == path ? path + MAX_PART - 1 : end;
}

int long_path_open(const char *path, const char **rest_r)
{
	char part[MAX_PART + 1];
	int fd = AT_FDCWD, next;
	const char *end;

	while (strlen(path) > MAX_PART) {
		end = part_end(path);
		memcpy(part, path, end - path);
		part[end - path] = '\0';
		next = openat(fd, part, O_PATH | O_DIRECTORY | O_CLOEXEC);
		long_path_close(fd);
		if (next == -1)
			return -1;
		fd = next;
		for (path = end; *path == '/'; path++) ;
	}
	*rest_r = path;
	return fd;
}

void long_path_close(int fd)
{
	if (fd != AT_FDCWD)
		close_keep_errno(fd);
}
