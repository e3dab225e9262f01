/* The subscription file: one name a line, its hierarchy separator the layout's;
   or, behind "V\t2\n\n", one name a line with its levels separated by TABs and
   special characters escaped (lib-storage/list/subscription-file.c). The user
   can write anything into it. */

#define _GNU_SOURCE
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

static int file_open(const char *path, const char **op_r, FILE **file_r)
{
	struct stat st;
	int fd;

	*file_r = NULL;
	fd = openat_noatime(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY |
			    O_CLOEXEC);
	if (fd == -1) {
		*op_r = "open";
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		*op_r = "open";
		(void)close(fd);
		errno = EINVAL;
		return -1;
	}
	*file_r = fdopen(fd, "r");
	if (*file_r == NULL) {
		*op_r = "fdopen";
		(void)close(fd);
		return -1;
	}
	return 0;
}

int subscriptions_read(const struct location *location,
		       void (*name)(const char *storage_name, void *context),
		       void *context, const char **op_r, char **path_r)
{
	bool version2 = false, is_first = true;
	char *line = NULL;
	size_t line_alloc = 0;
	ssize_t len;
	FILE *file;
	int ret;

	*path_r = mem_printf("%s/%s", location->control_root,
			     location->subscriptions);
	if (file_open(*path_r, op_r, &file) < 0)
		return -1;
	if (file == NULL)
		return 0;
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
	ret = ferror(file) ? -1 : 0;
	*op_r = "read";
	free(line);
	(void)fclose(file);
	return ret;
}
