/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "bogus-names.h"
#include "look-queue.h"

struct bogus_name {
	void *name;
	struct location_path path;
};

struct bogus_names {
	struct bogus_names_settings set;
	struct look_queue *looks;
};

static void name_decide(const void *item, struct mail_question *look,
			void *context)
{
	const struct bogus_name *name = item;
	struct bogus_names *names = context;
	struct mail_side *side = names->set.side;
	enum mba_reason reason;
	enum mba_state state;
	bool is_dir;

	state = look != NULL ?
		mail_side_answer(side, look, &reason, &is_dir) :
		mail_side_look(side, &name->path, &reason, &is_dir);
	if ((MBA_STATE_BIT(state) & MBA_STATES_BOGUS) != 0 ||
	    (names->set.empty_dirs && reason == MBA_REASON_EMPTY_DIRECTORY))
		names->set.bogus(name->name, is_dir, names->set.context);
}

static void name_free(void *item)
{
	struct bogus_name *name = item;

	location_path_free(&name->path);
	free(name->name);
	free(name);
}

struct bogus_names *bogus_names_init(const struct bogus_names_settings *set)
{
	struct bogus_names *names = mem_new(sizeof(*names));
	const struct look_queue_settings looks = {
		.location = set->location, .side = set->side,
		.jobs = set->jobs, .decide = name_decide,
		.item_free = name_free, .context = names,
	};

	names->set = *set;
	names->looks = look_queue_init(&looks);
	return names;
}

void bogus_names_deinit(struct bogus_names **_names)
{
	struct bogus_names *names = *_names;

	*_names = NULL;
	look_queue_deinit(&names->looks);
	free(names);
}

void bogus_names_flush(struct bogus_names *names)
{
	look_queue_flush(names->looks);
}

/* Returns TRUE if a name has an entry, or may have one. */
static bool name_has_entry(struct bogus_names *names, const char *storage_name)
{
	const struct location *location = names->set.location;
	char *index_path, *path;
	struct stat st;
	int lstat_errno;
	bool found;

	index_path = location_get_index_path(location, storage_name);
	path = mem_printf("%s/%s", location->index_root, index_path);
	found = lstat(path, &st) == 0;
	/* A name that is too long for a file is nobody's. Of a directory that
	   can't be searched the walk has told. */
	if (!found && errno != ENOENT && errno != ENOTDIR) {
		if (errno != ENAMETOOLONG && errno != EACCES) {
			lstat_errno = errno;
			/* what is wrong with those before comes first */
			bogus_names_flush(names);
			error_sink_add(names->set.errors, "lstat", path,
				       strerror(lstat_errno));
		}
		found = true;
	}
	free(index_path);
	free(path);
	return found;
}

void bogus_names_add(struct bogus_names *names, const char *storage_name,
		     void *_name)
{
	struct bogus_name *name;

	if (name_has_entry(names, storage_name)) {
		free(_name);
		return;
	}
	name = mem_new(sizeof(*name));
	name->name = _name;
	location_from_storage_name(names->set.location, storage_name,
				   &name->path);
	if (look_queue_decide(names->looks, name))
		name_free(name);
	else
		look_queue_add(names->looks, name, &name->path);
}
