/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The subscription file: one name a line, its hierarchy separator the layout's;
   or, after "V\t2\n\n", one name a line with its levels separated by TABs and
   special characters escaped (lib-storage/list/subscription-file.c). The user
   can write anything into it, and as much: each name is looked up, and those
   that are bogus are kept. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "fd.h"
#include "subscriptions.h"

#define VERSION2_LINE "V\t2\n"

/* Undo lib/strescape.c's str_tabescape() in place, and turn the TABs between
   levels into separators. */
static void line_decode_v2(char *line, char storage_sep)
{
	char *dest = line;

	for (; *line != '\0'; line++) {
		if (*line == '\t')
			*dest++ = storage_sep;
		else if (*line != '\001' || line[1] == '\0')
			*dest++ = *line;
		else switch (*++line) {
		case '1':
			*dest++ = '\001';
			break;
		case 't':
			*dest++ = '\t';
			break;
		case 'r':
			*dest++ = '\r';
			break;
		case 'n':
			*dest++ = '\n';
			break;
		default:
			*dest++ = *line;
			break;
		}
	}
	*dest = '\0';
}

/* Returns FALSE for what can't be a name, or would lead out of the mail root:
   empty components, "." and "..". */
static bool name_is_valid(const char *name)
{
	size_t len;

	if (strlen(name) >= PATH_MAX || *name == '~')
		return false;
	for (;;) {
		len = strcspn(name, "/");
		if (len == 0 || (len <= 2 && strspn(name, ".") >= len))
			return false;
		if (name[len] == '\0')
			return true;
		name += len + 1;
	}
}

/* Returns what is in a file, and room for a NUL after it; NULL with errno and
   *op_r on error. */
static char *fd_get(int fd, size_t *size_r, const char **op_r)
{
	struct stat st;
	char *data;
	ssize_t ret;

	*op_r = "fstat";
	if (fstat(fd, &st) < 0)
		return NULL;
	*op_r = "open";
	if (!S_ISREG(st.st_mode)) {
		/* a mailbox may have its name */
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		return NULL;
	}
	*op_r = "read";
	if (st.st_size > SUBSCRIPTIONS_MAX_SIZE) {
		errno = EFBIG;
		return NULL;
	}
	data = mem_alloc((size_t)st.st_size + 1);
	ret = pread_all(fd, data, st.st_size, 0);
	if (ret < 0) {
		free(data);
		return NULL;
	}
	*size_r = ret;
	return data;
}

/* Returns NULL if there is no such file, or if it can't be read: that was
   reported. */
static char *file_get(const char *path, size_t *size_r,
		      const struct error_sink *errors)
{
	const char *op = "open";
	char *data = NULL;
	int fd;

	fd = openat_noatime(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY |
			    O_CLOEXEC);
	if (fd == -1 && (errno == ENOENT || errno == ENOTDIR))
		return NULL;
	if (fd != -1)
		data = fd_get(fd, size_r, &op);
	if (data == NULL)
		error_sink_add(errors, op, path, strerror(errno));
	if (fd != -1)
		(void)close(fd);
	return data;
}

static void data_parse(const struct location *location, char *data, size_t size,
		       void (*name)(const char *storage_name, void *context),
		       void *context)
{
	const size_t version_len = strlen(VERSION2_LINE);
	char *line = data, *end = data + size, *lf;
	bool version2 = size >= version_len &&
		memcmp(data, VERSION2_LINE, version_len) == 0;

	if (version2)
		line += version_len;
	for (; line < end; line = lf + 1) {
		lf = memchr(line, '\n', end - line);
		if (lf == NULL)
			lf = end;
		*lf = '\0';
		if (version2)
			line_decode_v2(line, location->storage_sep);
		if (name_is_valid(line))
			name(line, context);
	}
}

void subscriptions_read(const struct location *location,
			void (*name)(const char *storage_name, void *context),
			void *context, const struct error_sink *errors)
{
	char *path = mem_printf("%s/%s", location->control_root,
				location->subscriptions);
	size_t size;
	char *data = file_get(path, &size, errors);

	if (data != NULL)
		data_parse(location, data, size, name, context);
	free(data);
	free(path);
}
