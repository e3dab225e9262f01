/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Any path may be given: a FIFO doesn't block, a device isn't read, and a file
   that grows while it is read has an end. */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "fd.h"
#include "mailbox-audit.h"
#include "rules-file.h"

/* Returns TRUE for what is read without an end or a wait: a file, or
   /dev/null, which is an empty one. */
static bool is_readable_file(const struct stat *st)
{
	struct stat null_st;

	return S_ISREG(st->st_mode) ||
		(S_ISCHR(st->st_mode) && stat("/dev/null", &null_st) == 0 &&
		 null_st.st_rdev == st->st_rdev);
}

/* Returns the line that has the last byte. */
static unsigned int last_line(const char *data, size_t size)
{
	unsigned int line = 1;

	for (size_t i = 0; i + 1 < size; i++)
		line += data[i] == '\n' ? 1 : 0;
	return line;
}

static int read_fd(int fd, const char *path, char *data, size_t *size_r,
		   char **error_r)
{
	struct stat st;
	ssize_t ret;

	if (fstat(fd, &st) < 0) {
		*error_r = mem_printf("fstat(%s) failed: %s", path,
				      strerror(errno));
		return -1;
	}
	if (!is_readable_file(&st)) {
		*error_r = mem_printf("%s: not a regular file", path);
		return -1;
	}
	ret = pread_all(fd, data, MBA_MAX_RULES_BYTES + 1, 0);
	if (ret < 0) {
		*error_r = mem_printf("read(%s) failed: %s", path,
				      strerror(errno));
		return -1;
	}
	*size_r = ret;
	if (*size_r > MBA_MAX_RULES_BYTES) {
		*error_r = mem_printf("%s:%u: the file is larger than %u "
				      "bytes", path, last_line(data, *size_r),
				      MBA_MAX_RULES_BYTES);
		return -1;
	}
	return 0;
}

int rules_file_read(const char *path, char **data_r, size_t *size_r,
		    char **error_r)
{
	int fd, ret;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd == -1) {
		*error_r = mem_printf("open(%s) failed: %s", path,
				      strerror(errno));
		return -1;
	}
	*data_r = mem_alloc(MBA_MAX_RULES_BYTES + 1);
	ret = read_fd(fd, path, *data_r, size_r, error_r);
	(void)close(fd);
	if (ret < 0)
		free(*data_r);
	return ret;
}
