/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Dovecot makes a mailbox's directory before it adds the mailbox to the list.
   So a directory that the list doesn't know is only nobody's if the list didn't
   change since it was read: otherwise it is read again. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "index-dir.h"
#include "inode-id.h"
#include "list-index.h"

struct list_guid {
	unsigned char guid[INDEX_GUID_SIZE];
	uint32_t idx;
};

/* what tells that a file is still the one that was read */
struct list_file {
	/* there is such a file, or it can't be looked at */
	bool exists;
	struct stat st;
};
#define LIST_FILES (INDEX_DIR_LOG2 + 1)

struct list_index {
	struct list_index_settings set;
	/* the files' directory, and what their names begin with */
	char *dir;
	const char *name;

	unsigned int reads;
	/* the directory couldn't be opened */
	bool is_closed;
	struct list_file files[LIST_FILES];
	/* if there is one */
	struct index_dir index;
	bool has_index;
	/* NULL if there are no mailboxes */
	struct index_list *list;
	/* Of those that have one, in its order; NULL until one is asked for. */
	struct list_guid *guids;
	size_t guids_count;
	/* with the GUIDs: all of the list was understood */
	bool is_complete;
};

struct list_index *list_index_init(const struct list_index_settings *set)
{
	struct list_index *list = mem_new(sizeof(*list));
	const char *name = set->prefix == NULL ? NULL :
		strrchr(set->prefix, '/');

	list->set = *set;
	if (name != NULL) {
		list->dir = mem_printf("%.*s/", (int)(name - set->prefix),
				       set->prefix);
		list->name = name + 1;
	}
	return list;
}

static void list_forget(struct list_index *list)
{
	index_list_free(&list->list);
	if (list->has_index)
		index_dir_free(&list->index);
	free(list->guids);
	list->guids = NULL;
	list->guids_count = 0;
	list->has_index = list->is_complete = false;
}

void list_index_deinit(struct list_index **_list)
{
	struct list_index *list = *_list;

	*_list = NULL;
	list_forget(list);
	free(list->dir);
	free(list);
}

bool list_index_exists(const struct list_index *list)
{
	bool exists = false;
	struct stat st;
	char *path;

	for (int id = 0; id < LIST_FILES && !exists &&
	     list->set.prefix != NULL; id++) {
		path = mem_printf("%s%s", list->set.prefix,
				  index_dir_suffix(id));
		exists = lstat(path, &st) == 0 ||
			(errno != ENOENT && errno != ENOTDIR);
		free(path);
	}
	return exists;
}

/* Look at the files. Why one can't be looked at is told when it is read. */
static void list_stat(const struct list_index *list, int dir_fd,
		      struct list_file files_r[LIST_FILES])
{
	char *name;

	memset(files_r, 0, sizeof(*files_r) * LIST_FILES);
	for (int id = 0; id < LIST_FILES; id++) {
		name = mem_printf("%s%s", list->name, index_dir_suffix(id));
		files_r[id].exists =
			fstatat(dir_fd, name, &files_r[id].st,
				AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
		free(name);
	}
}

/* Returns whether there are files that may be read. */
static bool list_is_readable(const struct list_index *list)
{
	uint64_t size = 0;
	bool exists = false;

	for (int id = 0; id < LIST_FILES; id++) {
		exists = exists || list->files[id].exists;
		size += list->files[id].st.st_size;
	}
	return exists && size <= LIST_INDEX_MAX_SIZE;
}

static bool list_file_is_same(const struct list_file *file1,
			      const struct list_file *file2)
{
	const struct stat *st1 = &file1->st, *st2 = &file2->st;

	if (!file1->exists || !file2->exists)
		return file1->exists == file2->exists;
	return inode_is_same(st1, st2) && st1->st_size == st2->st_size &&
		st1->st_mtim.tv_sec == st2->st_mtim.tv_sec &&
		st1->st_mtim.tv_nsec == st2->st_mtim.tv_nsec;
}

/* Tell of files that couldn't be read. */
static void list_tell_failures(const struct list_index *list)
{
	const struct index_dir_file *file;
	char *path;

	for (int id = 0; id < LIST_FILES; id++) {
		file = &list->index.files[id];
		if (!index_dir_file_failed(file))
			continue;
		path = mem_printf("%s%s", list->set.prefix,
				  index_dir_suffix(id));
		error_sink_add(list->set.errors, file->failed, path,
			       strerror(file->failed_errno));
		free(path);
	}
}

static int guid_compare(const void *p1, const void *p2)
{
	return memcmp(p1, p2, INDEX_GUID_SIZE);
}

/* Find out which mailbox has which GUID. Returns FALSE if Dovecot wouldn't take
   the list for complete. */
static bool list_guids(struct list_index *list)
{
	static const unsigned char no_guid[INDEX_GUID_SIZE];
	uint32_t count = index_list_count(list->list);
	struct index_list_record record;
	bool has_inbox = false, is_complete = true;
	struct list_guid *guid;

	list->guids = mem_new(((size_t)count + 1) * sizeof(*list->guids));
	for (uint32_t i = 0; i < count; i++) {
		index_list_get_record(list->list, i, &record);
		if (record.parent_uid == 0 && record.level != NULL &&
		    !record.is_prefix_inbox &&
		    strcasecmp(record.level, "INBOX") == 0)
			has_inbox = true;
		if (memcmp(record.guid, no_guid, sizeof(no_guid)) == 0)
			continue;
		guid = &list->guids[list->guids_count++];
		memcpy(guid->guid, record.guid, sizeof(guid->guid));
		guid->idx = i;
	}
	qsort(list->guids, list->guids_count, sizeof(*list->guids),
	      guid_compare);
	for (size_t i = 1; i < list->guids_count; i++) {
		if (guid_compare(&list->guids[i - 1], &list->guids[i]) == 0)
			is_complete = false;
	}
	return is_complete && count > 0 && (has_inbox || !list->set.inbox);
}

/* Find out what is needed to find a mailbox. */
static void list_learn_guids(struct list_index *list)
{
	const struct index_state *state = &list->index.state;

	list->is_complete = list_guids(list) && state->problem == NULL &&
		!state->is_deleted &&
		(state->hdr.flags & INDEX_HEADER_FSCKD) == 0 &&
		index_list_is_whole(list->list);
}

/* Read the files in their directory. */
static void list_read_dir(struct list_index *list, int dir_fd)
{
	const struct index_state *state = &list->index.state;
	/* of the others the state of most lists needs none, a list never */
	const struct stat *seen[INDEX_DIR_FILES] = { NULL };

	list_stat(list, dir_fd, list->files);
	for (int id = INDEX_DIR_INDEX; id <= INDEX_DIR_LOG; id++) {
		if (list->files[id].exists)
			seen[id] = &list->files[id].st;
	}
	if (!list_is_readable(list))
		return;
	index_dir_read(dir_fd, list->name, seen, &list->index);
	list->has_index = true;
	list_tell_failures(list);
	if (list->index.result != INDEX_STATE_OK || state->records.exhausted)
		return;
	list->list = index_list_new(state, '\0');
}

/* Returns the directory, -1 if there is none. */
static int list_open_dir(struct list_index *list)
{
	int fd;

	if (list->dir == NULL)
		return -1;
	fd = open(list->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	list->is_closed = fd == -1 && errno != ENOENT && errno != ENOTDIR;
	if (list->is_closed && list->reads == 0) {
		error_sink_add(list->set.errors, "open", list->dir,
			       strerror(errno));
	}
	return fd;
}

/* Returns TRUE if the files still are those that were read. */
static bool list_is_same(const struct list_index *list, int dir_fd)
{
	struct list_file files[LIST_FILES];
	bool same = list->reads > 0;

	if (same)
		list_stat(list, dir_fd, files);
	for (int id = 0; same && id < LIST_FILES; id++)
		same = list_file_is_same(&files[id], &list->files[id]);
	return same;
}

bool list_index_refresh(struct list_index *list)
{
	int dir_fd = list_open_dir(list);

	if (dir_fd != -1 && list_is_same(list, dir_fd)) {
		(void)close(dir_fd);
		return false;
	}
	list_forget(list);
	if (dir_fd == -1)
		memset(list->files, 0, sizeof(list->files));
	else {
		if (list->reads < LIST_INDEX_MAX_READS)
			list_read_dir(list, dir_fd);
		(void)close(dir_fd);
	}
	list->reads++;
	return true;
}

static const struct list_guid *
guid_find(struct list_index *list, const unsigned char *guid)
{
	if (list->guids == NULL && list->list != NULL)
		list_learn_guids(list);
	return list->guids == NULL ? NULL :
		bsearch(guid, list->guids, list->guids_count,
			sizeof(*list->guids), guid_compare);
}

enum list_index_result
list_index_find(struct list_index *list, const unsigned char *guid,
		struct index_list_mailbox *mailbox_r)
{
	const struct list_guid *found = guid_find(list, guid);

	if (found == NULL) {
		(void)list_index_refresh(list);
		found = guid_find(list, guid);
	}
	if (found == NULL) {
		return list->is_complete ? LIST_INDEX_NONE :
			LIST_INDEX_UNKNOWN;
	}
	index_list_get(list->list, found->idx, mailbox_r);
	return LIST_INDEX_FOUND;
}

bool list_index_next(struct list_index *list, uint32_t uid,
		     struct index_list_mailbox *mailbox_r)
{
	uint32_t idx;

	if (list->reads == 0)
		(void)list_index_refresh(list);
	if (list->list == NULL || uid == UINT32_MAX)
		return false;
	(void)index_records_find(&list->index.state.records, uid + 1, &idx);
	if (idx >= index_list_count(list->list))
		return false;
	index_list_get(list->list, idx, mailbox_r);
	return true;
}

bool list_index_is_known(const struct list_index *list)
{
	bool exists = list->is_closed;

	for (int id = 0; id < LIST_FILES; id++)
		exists = exists || list->files[id].exists;
	return !exists || (list->has_index &&
			   list->index.result == INDEX_STATE_OK &&
			   !list->index.state.records.exhausted);
}
