#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "keep-names.h"
#include "name.h"

struct keep_name {
	char *levels;
	size_t len;
};

struct keep_names {
	struct keep_name *names;
	size_t count;
};

/* Make levels of a name as the configuration has it. */
static void keep_name_init(struct keep_name *name, const char *src,
			   char escape_char)
{
	char *copy = mem_strdup(src), *part = copy, *slash;
	size_t len;

	name->levels = mem_new(strlen(src) + 1);
	for (;;) {
		slash = strchr(part, '/');
		if (slash != NULL)
			*slash = '\0';
		if (escape_char != '\0')
			name_unescape(part, escape_char);
		len = strlen(part);
		memcpy(name->levels + name->len, part, len);
		name->len += len;
		if (slash == NULL)
			break;
		name->levels[name->len++] = '\0';
		part = slash + 1;
	}
	free(copy);
}

struct keep_names *keep_names_init(const struct mba_location *location)
{
	struct keep_names *names = mem_new(sizeof(*names));
	const char *const *keep = location->keep;
	size_t count = 0;

	while (keep != NULL && keep[count] != NULL)
		count++;
	names->count = count;
	names->names = mem_new((count + 1) * sizeof(*names->names));
	for (size_t i = 0; i < count; i++) {
		keep_name_init(&names->names[i], keep[i],
			       location->vname_escape_char);
	}
	return names;
}

void keep_names_free(struct keep_names **_names)
{
	struct keep_names *names = *_names;

	*_names = NULL;
	for (size_t i = 0; i < names->count; i++)
		free(names->names[i].levels);
	free(names->names);
	free(names);
}

/* Returns the length of the levels that both names begin with. */
static size_t levels_common_len(const struct keep_name *name,
				const char *levels, size_t len)
{
	size_t common = 0;

	for (size_t i = 0; i <= len && i <= name->len; i++) {
		/* both have a NUL at their ends, too */
		if (levels[i] != name->levels[i])
			break;
		if (levels[i] == '\0')
			common = i;
	}
	return common;
}

size_t keep_names_visible_len(const struct keep_names *names,
			      const char *levels, size_t len)
{
	size_t visible_len = 0, common;

	for (size_t i = 0; i < names->count; i++) {
		common = levels_common_len(&names->names[i], levels, len);
		if (common > visible_len)
			visible_len = common;
	}
	return visible_len;
}
