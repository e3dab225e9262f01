/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "index-dir.h"
#include "index-files.h"
#include "index-list.h"
#include "index-use.h"

/* lib-storage/list/mailbox-list-index.h, MAILBOX_NAME_HDR_FLAG_INBOX_INBOX */
#define FLAG_INBOX_INBOX 0x01

/* Tell of files that couldn't be read. Returns TRUE if there is one. */
static bool tell_failures(const struct index_dir *dir,
			  const struct walk_place *place, const char *root,
			  const struct error_sink *errors)
{
	const struct index_dir_file *file;
	bool failed = false;
	char *name;

	for (int id = 0; id < INDEX_DIR_FILES; id++) {
		file = &dir->files[id];
		if (!index_dir_file_failed(file))
			continue;
		name = mem_printf(INDEX_NAME_MAILBOX "%s",
				  index_dir_suffix(id));
		errno = file->failed_errno;
		error_sink_add_below(errors, file->failed, root, place->path,
				     name);
		free(name);
		failed = true;
	}
	return failed;
}

static size_t without_nuls(const unsigned char *name, size_t len)
{
	while (len > 0 && name[len - 1] == '\0')
		len--;
	return len;
}

/* NULs may follow, since the extension doesn't shrink, and flags of Dovecot
   2.4.5's after a NUL. */
size_t index_own_name_len(const unsigned char *name, size_t len,
			  bool *is_prefix_inbox_r)
{
	*is_prefix_inbox_r = false;
	len = without_nuls(name, len);
	if (len > 2 && name[len - 2] == '\0' && name[len - 1] < ' ') {
		*is_prefix_inbox_r = (name[len - 1] & FLAG_INBOX_INBOX) != 0;
		len = without_nuls(name, len - 1);
	}
	return len;
}

/* Returns TRUE if there is what only dbox's drivers write. */
static bool is_dbox(const struct index_exts *exts)
{
	return index_exts_get(exts, "dbox-hdr") != NULL ||
		index_exts_get(exts, "mdbox-hdr") != NULL ||
		index_exts_get(exts, "mdbox") != NULL;
}

void index_own_read(const struct index_state *state, struct index_own *own_r)
{
	const struct index_ext_state *ext =
		index_exts_get(&state->exts, "box-name");
	size_t len;

	memset(own_r, 0, sizeof(*own_r));
	own_r->is_deleted = state->is_deleted;
	own_r->is_dbox = is_dbox(&state->exts);
	if (ext == NULL)
		return;
	len = index_own_name_len(ext->hdr, ext->hdr_len,
				 &own_r->is_prefix_inbox);
	if (len == 0 || len > INDEX_LIST_MAX_NAME)
		return;
	own_r->name = mem_dup((const char *)ext->hdr, len);
	own_r->name_len = len;
}

/* Returns TRUE if all of a log is understood. An older one's end may be torn:
   the state says whether that matters. */
static bool is_clear_log(const struct index_dir *dir, enum index_dir_file_id id)
{
	const struct index_log_scan *log = index_dir_log(dir, id);
	const struct index_log_count *unknown;

	if (log == NULL)
		return !dir->files[id].exists;
	unknown = &log->counts[INDEX_LOG_UNKNOWN];
	return unknown->internal + unknown->external == 0 &&
		(id == INDEX_DIR_LOG2 || log->end >= dir->files[id].size);
}

static bool holds_nothing(const struct index_dir_file *file)
{
	return !file->exists ||
		(S_ISREG(file->st.st_mode) && file->st.st_size == 0);
}

/* Returns TRUE if index and logs are understood, so that they say whose they
   are: another version of Dovecot, or another kind of machine, writes others.
   An index without its log does: clean removes that one first, and may have
   been killed. So does what is empty, as a full disk leaves it: it holds
   nothing of anybody's; nor does an older log without both, which Dovecot never
   reads. */
static bool is_clear(const struct index_dir *dir)
{
	const struct index_dir_file *files = dir->files;

	if (holds_nothing(&files[INDEX_DIR_INDEX]) &&
	    holds_nothing(&files[INDEX_DIR_LOG]))
		return true;
	return dir->result == INDEX_STATE_OK &&
		files[INDEX_DIR_INDEX].error == NULL &&
		is_clear_log(dir, INDEX_DIR_LOG) &&
		is_clear_log(dir, INDEX_DIR_LOG2) &&
		(dir->state.problem == NULL || !files[INDEX_DIR_LOG].exists);
}

/* Find what the walk saw of the files that index_dir_read() reads. */
static void files_seen(const struct index_entry_files *files,
		       const struct stat *seen_r[INDEX_DIR_FILES])
{
	static const enum index_file ids[INDEX_DIR_FILES] = {
		[INDEX_DIR_INDEX] = INDEX_FILE_MAIN,
		[INDEX_DIR_LOG] = INDEX_FILE_LOG,
		[INDEX_DIR_LOG2] = INDEX_FILE_LOG2,
		[INDEX_DIR_CACHE] = INDEX_FILE_CACHE,
		[INDEX_DIR_THREAD] = INDEX_FILE_THREAD,
	};

	for (int id = 0; id < INDEX_DIR_FILES; id++)
		seen_r[id] = index_file_seen(files, ids[id]);
}

int index_is_folded(int dir_fd, const char *name, const struct stat *st)
{
	char *other = mem_strdup(name);
	struct stat other_st;
	int ret = 0;

	for (char *p = other; *p != '\0'; p++) {
		*p = isupper((unsigned char)*p) ? tolower((unsigned char)*p) :
			toupper((unsigned char)*p);
	}
	if (strcmp(other, name) == 0)
		ret = 1;
	else if (fstatat(dir_fd, other, &other_st, AT_SYMLINK_NOFOLLOW) == 0)
		ret = inode_is_same(&other_st, st) ? 1 : 0;
	else if (errno != ENOENT)
		ret = -1;
	free(other);
	return ret;
}

/* Find out whether upper and lower case are the same in an entry's directory.
   That goes for a whole file system, or a directory and what is made below. */
static void own_read_case(const struct walk_place *place,
			  const struct index_entry_files *files,
			  const char *root, const struct error_sink *errors,
			  struct index_own *own)
{
	enum index_file file = INDEX_FILE_FIRST_REMOVABLE;
	const char *name;
	int ret;

	while (file < INDEX_FILE_COUNT && index_file_seen(files, file) == NULL)
		file++;
	if (file == INDEX_FILE_COUNT)
		return;
	name = index_file_name(file);
	ret = index_is_folded(place->fd, name, index_file_seen(files, file));
	own->is_folded = ret > 0;
	if (ret < 0) {
		error_sink_add_below(errors, "stat", root, place->path, name);
		own->is_unread = true;
	}
}

void index_use_read(const struct walk_place *place,
		    const struct index_entry_files *files,
		    const char *root, const struct error_sink *errors,
		    struct mba_use *use_r, struct index_own *own_r)
{
	const struct stat *seen[INDEX_DIR_FILES];
	struct index_dir dir;
	bool failed;

	memset(use_r, 0, sizeof(*use_r));
	memset(own_r, 0, sizeof(*own_r));
	if (place->fd == -1)
		return;
	if (files != NULL)
		files_seen(files, seen);
	index_dir_read(place->fd, INDEX_NAME_MAILBOX,
		       files == NULL ? NULL : seen, &dir);
	failed = tell_failures(&dir, place, root, errors);
	use_r->evidence = dir.evidence.level;
	use_r->last_used = dir.evidence.last_used;
	use_r->proof = dir.evidence.proof;
	use_r->since = dir.evidence.since;
	use_r->not_opened_since = dir.evidence.not_opened_since;
	if (dir.result == INDEX_STATE_OK && !dir.state.records.exhausted) {
		use_r->messages = dir.state.hdr.messages_count;
		use_r->has_messages = true;
	}
	if (dir.result == INDEX_STATE_OK)
		index_own_read(&dir.state, own_r);
	own_r->is_unread = failed;
	own_r->is_unclear = !failed && !is_clear(&dir);
	if (files != NULL)
		own_read_case(place, files, root, errors, own_r);
	index_dir_free(&dir);
}
