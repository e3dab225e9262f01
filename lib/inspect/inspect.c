/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Inspects what a path stands for: a directory, for all indexes in it; a file,
   for the index that it belongs to. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "fd.h"
#include "index-list.h"
#include "index-problem.h"
#include "index-verify.h"
#include "inspect-private.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC)

static const char *const prefixes[] = {
	INDEX_NAME_MAILBOX, INDEX_NAME_LIST, INDEX_NAME_MAP
};

struct inspect {
	const struct mba_inspect_settings *set;
	mba_line_callback_t *callback;
	void *context;
	int64_t now;
	int dir_fd;
	char *dir;
	unsigned int found;
	/* something can't be understood, or contradicts itself */
	bool is_wrong;
};

static int fail(const char *op, const char *path, char **error_r)
{
	*error_r = mem_printf("%s(%s) failed: %s", op, path, strerror(errno));
	return -1;
}

static bool is_wrong(const struct index_dir *index,
		     const struct index_verdicts *verdicts)
{
	for (int id = 0; id < INDEX_DIR_FILES; id++) {
		if (index->files[id].failed != NULL ||
		    index->files[id].error != NULL)
			return true;
	}
	return index->result != INDEX_STATE_OK ||
		index->state.problem != NULL || verdicts->count > 0;
}

/* What is wrong elsewhere is the index' problem, too: with the part of a log
   that the state didn't need, and with a list's names. */
static void note_problems(struct index_dir *index)
{
	struct index_list *list;

	for (int i = 0; i < 2; i++) {
		if (index->logs[i].error != NULL) {
			index_problem_note(&index->state,
					   index->logs[i].hdr.file_seq,
					   index->logs[i].end,
					   index->logs[i].error);
		}
	}
	list = index->result != INDEX_STATE_OK ? NULL :
		index_list_new(&index->state, '/');
	if (list == NULL)
		return;
	if (!index_list_is_whole(list)) {
		index_problem_note(&index->state, 0, 0,
				   index_list_problem(list) != NULL ?
				   index_list_problem(list) :
				   "a mailbox has no name, or no place in the "
				   "list");
	}
	index_list_free(&list);
}

static void inspect_index(struct inspect *inspect, const char *prefix)
{
	struct index_verdicts verdicts = { NULL, 0, 0 };
	struct index_dir index;
	struct inspection inspection = {
		.dir = inspect->dir, .prefix = prefix, .index = &index,
		.now = inspect->now,
	};
	char *json;

	inspect->found++;
	index_dir_read(inspect->dir_fd, prefix, NULL, &index);
	if (inspect->set->verify) {
		index_verify(&index, &verdicts);
		inspection.verdicts = &verdicts;
	}
	/* what is violated tells more of it */
	note_problems(&index);
	if (is_wrong(&index, &verdicts))
		inspect->is_wrong = true;
	if (inspect->set->json) {
		json = inspect_json(&inspection);
		inspect->callback(json, inspect->context);
		free(json);
	} else {
		inspect_text(&inspection, inspect->callback, inspect->context);
	}
	index_verdicts_free(&verdicts);
	index_dir_free(&index);
}

/* Inspect an index if there is one. Returns -1 if that can't be told. */
static int inspect_prefix(struct inspect *inspect, const char *prefix,
			  char **error_r)
{
	struct stat st;
	char *name;
	int ret = -1;

	errno = ENOENT;
	for (int id = 0; id < INDEX_DIR_FILES && ret < 0 && errno == ENOENT;
	     id++) {
		name = mem_printf("%s%s", prefix, index_dir_suffix(id));
		ret = fstatat(inspect->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW);
		free(name);
	}
	if (ret == 0)
		inspect_index(inspect, prefix);
	else if (errno != ENOENT) {
		name = mem_printf("%s/%s", inspect->dir, prefix);
		(void)fail("stat", name, error_r);
		free(name);
		return -1;
	}
	return 0;
}

/* Returns the length of a file's name without what tells the index' files from
   each other. */
static size_t prefix_len(const char *name)
{
	size_t len = strlen(name), suffix_len;

	for (int id = INDEX_DIR_FILES - 1; id > INDEX_DIR_INDEX; id--) {
		suffix_len = strlen(index_dir_suffix(id));
		if (len > suffix_len &&
		    strcmp(name + len - suffix_len, index_dir_suffix(id)) == 0)
			return len - suffix_len;
	}
	return len;
}

/* Take a file's path apart. */
static char *path_split(const char *path, char **dir_r)
{
	const char *name = strrchr(path, '/');

	if (name == NULL) {
		*dir_r = mem_strdup(".");
		name = path;
	} else {
		*dir_r = mem_printf("%.*s", name == path ? 1 :
				    (int)(name - path), path);
		name++;
	}
	return mem_printf("%.*s", (int)prefix_len(name), name);
}

static int inspect_file(struct inspect *inspect, const char *path,
			char **error_r)
{
	char *prefix = path_split(path, &inspect->dir);
	int ret;

	inspect->dir_fd = openat_noatime(AT_FDCWD, inspect->dir, DIR_FLAGS);
	if (inspect->dir_fd == -1) {
		free(prefix);
		return fail("open", inspect->dir, error_r);
	}
	ret = inspect_prefix(inspect, prefix, error_r);
	free(prefix);
	if (ret < 0 || inspect->found > 0)
		return ret;
	errno = ENOENT;
	return fail("open", path, error_r);
}

static int inspect_dir(struct inspect *inspect, const char *path,
		       char **error_r)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	inspect->dir = mem_printf("%.*s", (int)len, path);
	inspect->dir_fd = openat_noatime(AT_FDCWD, path, DIR_FLAGS);
	if (inspect->dir_fd == -1)
		return fail("open", path, error_r);
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (inspect_prefix(inspect, prefixes[i], error_r) < 0)
			return -1;
	}
	if (inspect->found > 0)
		return 0;
	*error_r = mem_printf("%s holds no index", path);
	return -1;
}

int mba_inspect(const char *path, const struct mba_inspect_settings *set,
		mba_line_callback_t *callback, void *context, char **error_r)
{
	struct inspect inspect = {
		.set = set, .callback = callback, .context = context,
		.now = time(NULL), .dir_fd = -1,
	};
	struct stat st;
	bool exists = stat(path, &st) == 0;
	int ret;

	/* most indexes are a log alone */
	if (!exists && errno != ENOENT)
		return fail("stat", path, error_r);
	if (exists && S_ISDIR(st.st_mode))
		ret = inspect_dir(&inspect, path, error_r);
	else
		ret = inspect_file(&inspect, path, error_r);
	if (inspect.dir_fd != -1)
		(void)close(inspect.dir_fd);
	free(inspect.dir);
	return ret < 0 ? -1 : inspect.is_wrong ? 1 : 0;
}
