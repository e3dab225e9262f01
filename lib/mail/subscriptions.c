/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The subscription file: one name a line, its hierarchy separator the layout's;
   or, after "V\t2\n\n", one name a line with its levels separated by TABs and
   special characters escaped (lib-storage/list/subscription-file.c). The user
   can write anything into it. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "dir-stack.h"
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

/* Returns NULL if there is no such file, or if it can't be opened: that was
   reported. */
static FILE *file_open(const char *path, const struct error_sink *errors)
{
	const char *op = "open";
	FILE *file = NULL;
	struct stat st;
	int fd;

	fd = openat_noatime(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY |
			    O_CLOEXEC);
	if (fd == -1) {
		if (errno != ENOENT && errno != ENOTDIR)
			error_sink_add(errors, "open", path, strerror(errno));
		return NULL;
	}
	if (fstat(fd, &st) < 0)
		op = "fstat";
	else if (!S_ISREG(st.st_mode))
		errno = EINVAL;
	else {
		op = "fdopen";
		file = fdopen(fd, "r");
	}
	if (file == NULL) {
		error_sink_add(errors, op, path, strerror(errno));
		(void)close(fd);
	}
	return file;
}

static void file_read(const struct location *location, FILE *file,
		      void (*name)(const char *storage_name, void *context),
		      void *context)
{
	bool version2 = false, is_first = true;
	char *line = NULL;
	size_t line_alloc = 0;
	ssize_t len;

	while ((len = getline(&line, &line_alloc, file)) > 0) {
		if (is_first)
			version2 = strcmp(line, VERSION2_LINE) == 0;
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		if (version2)
			line_decode_v2(line, location->storage_sep);
		if (!(version2 && is_first) && name_is_valid(line))
			name(line, context);
		is_first = false;
	}
	free(line);
}

void subscriptions_read(const struct location *location,
			void (*name)(const char *storage_name, void *context),
			void *context, const struct error_sink *errors)
{
	char *path = mem_printf("%s/%s", location->control_root,
				location->subscriptions);
	FILE *file = file_open(path, errors);

	if (file != NULL) {
		file_read(location, file, name, context);
		if (ferror(file))
			error_sink_add(errors, "read", path, strerror(errno));
		(void)fclose(file);
	}
	free(path);
}
