/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "bogus-name.h"

/* Returns TRUE if a name has an entry, or may have one. */
static bool name_has_entry(const struct bogus_name_settings *set,
			   const char *storage_name)
{
	const struct location *location = set->location;
	char *index_path, *path;
	struct stat st;
	bool found;

	index_path = location_get_index_path(location, storage_name);
	path = mem_printf("%s/%s", location->index_root, index_path);
	found = lstat(path, &st) == 0;
	/* A name that is too long for a file is nobody's. Of a directory that
	   can't be searched the walk has told. */
	if (!found && errno != ENOENT && errno != ENOTDIR) {
		if (errno != ENAMETOOLONG && errno != EACCES) {
			error_sink_add(set->errors, "lstat", path,
				       strerror(errno));
		}
		found = true;
	}
	free(index_path);
	free(path);
	return found;
}

bool bogus_name_check(const struct bogus_name_settings *set,
		      const char *storage_name, bool empty_dirs, bool *is_dir_r)
{
	struct location_path path;
	enum mba_reason reason;
	enum mba_state state;

	*is_dir_r = false;
	if (name_has_entry(set, storage_name))
		return false;
	location_from_storage_name(set->location, storage_name, &path);
	state = mail_side_look(set->side, &path, &reason, is_dir_r);
	location_path_free(&path);
	return (MBA_STATE_BIT(state) & MBA_STATES_BOGUS) != 0 ||
		(empty_dirs && reason == MBA_REASON_EMPTY_DIRECTORY);
}
