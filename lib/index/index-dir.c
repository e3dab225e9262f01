/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Dovecot replaces the index file and appends to the log: with the index read
   first, the log has all that the index has, or more. Read the other way round,
   the index may be newer than the log. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "fd.h"
#include "index-dir.h"
#include "index-files.h"
#include "inode-id.h"

#define MAX_SUFFIX_SIZE sizeof(".thread")
/* Most lists of a cache's fields are smaller. */
#define CACHE_PART_SIZE 1024
/* as large as 32 bits have it, like the times within the files */
#define MAX_TIME UINT32_MAX
#define OPEN_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC)

static const struct {
	char suffix[MAX_SUFFIX_SIZE];
	off_t max_size;
	/* all of it is read */
	bool whole;
} files[INDEX_DIR_FILES] = {
	[INDEX_DIR_INDEX] = { "", INDEX_DIR_MAX_INDEX, true },
	[INDEX_DIR_LOG] = { ".log", INDEX_DIR_MAX_LOG, true },
	[INDEX_DIR_LOG2] = { ".log.2", INDEX_DIR_MAX_LOG, true },
	[INDEX_DIR_CACHE] = { ".cache", INDEX_DIR_MAX_CACHE, false },
	/* only looked at */
	[INDEX_DIR_THREAD] = { ".thread", 0, false },
};

const char *index_dir_suffix(enum index_dir_file_id id)
{
	return files[id].suffix;
}

bool index_dir_file_failed(const struct index_dir_file *file)
{
	if (file->failed == NULL)
		return false;
	switch (file->failed_errno) {
	case EINVAL:
	/* a socket */
	case ENXIO:
	case ELOOP:
	case EFBIG:
	case ESTALE:
		return false;
	default:
		return true;
	}
}

static int file_fail(struct index_dir_file *file, const char *op, int error)
{
	file->failed = op;
	file->failed_errno = error;
	return -1;
}

/* Read all of a file, which may be longer by now than it was. One byte more is
   asked for, so that most often nothing has to be asked again. */
static int file_read_whole(struct index_dir_file *file, int fd, off_t max_size)
{
	uint64_t expected = file->st.st_size;
	size_t room = expected + 1;
	ssize_t ret;

	file->data = mem_alloc(room);
	do {
		file->data = mem_grow(file->data, &room, file->size + 1, 1);
		ret = TEMP_FAILURE_RETRY(pread(fd, file->data + file->size,
					       room - file->size,
					       (off_t)file->size));
		if (ret < 0)
			return file_fail(file, "read", errno);
		file->size += ret;
		if (file->size > (uint64_t)max_size)
			return file_fail(file, "read", EFBIG);
	} while (ret > 0 && file->size != expected);
	file->st.st_size = (off_t)file->size;
	return 0;
}

/* What was read of a cache. */
struct cache_part {
	unsigned char *data;
	size_t alloc, size;
	uint64_t offset;
};

/* Read what a cache's decoder wants, which stands further on each time, and
   what comes after it: that may be what it wants next. */
static int cache_part_read(struct index_dir_file *file, int fd,
			   const struct index_cache *cache,
			   struct cache_part *part)
{
	uint64_t end = cache->want_offset + cache->want_size;
	ssize_t ret;

	if (part->data != NULL && end <= part->offset + part->size)
		return 0;
	part->offset = cache->want_offset;
	part->size = (size_t)cache->want_size;
	if (part->size < CACHE_PART_SIZE)
		part->size = CACHE_PART_SIZE;
	if (part->size > (uint64_t)file->st.st_size - part->offset)
		part->size = file->st.st_size - part->offset;
	part->data = mem_grow(part->data, &part->alloc, part->size + 1, 1);
	ret = pread_all(fd, part->data, part->size, (off_t)part->offset);
	if (ret < 0)
		return file_fail(file, "read", errno);
	part->size = ret;
	if (part->size < cache->want_size) {
		file->error = "It became shorter";
		return -1;
	}
	return 0;
}

/* Read of a cache what its decoder wants. */
static int file_read_cache(struct index_dir_file *file, int fd,
			   struct index_cache *cache)
{
	struct cache_part part = { .data = NULL };
	int ret;

	index_cache_init(cache, file->st.st_size);
	do {
		ret = cache_part_read(file, fd, cache, &part);
		if (ret == 0) {
			ret = index_cache_feed(cache, part.data +
					       (cache->want_offset -
						part.offset), &file->error);
		}
	} while (ret > 0);
	free(part.data);
	return ret;
}

/* Read a file as its stat has it. */
static int file_read_stat(struct index_dir *dir, enum index_dir_file_id id,
			  int fd)
{
	struct index_dir_file *file = &dir->files[id];

	if (!S_ISREG(file->st.st_mode))
		return file_fail(file, "open", EINVAL);
	if (file->st.st_size > files[id].max_size)
		return file_fail(file, "read", EFBIG);
	return files[id].whole ?
		file_read_whole(file, fd, files[id].max_size) :
		file_read_cache(file, fd, &dir->cache);
}

static void file_forget(struct index_dir *dir, enum index_dir_file_id id)
{
	struct index_dir_file *file = &dir->files[id];

	free(file->data);
	if (id == INDEX_DIR_CACHE)
		index_cache_free(&dir->cache);
	memset(file, 0, sizeof(*file));
	file->exists = true;
}

static int file_read(struct index_dir *dir, enum index_dir_file_id id, int fd,
		     const struct stat *seen)
{
	struct index_dir_file *file = &dir->files[id];

	if (seen != NULL) {
		file->st = *seen;
		if (file_read_stat(dir, id, fd) == 0)
			return 0;
		/* it may be another one by now */
		file_forget(dir, id);
	}
	if (fstat(fd, &file->st) < 0)
		return file_fail(file, "fstat", errno);
	return file_read_stat(dir, id, fd);
}

static void file_open(struct index_dir *dir, int dir_fd, const char *name,
		      enum index_dir_file_id id, const struct stat *seen)
{
	struct index_dir_file *file = &dir->files[id];
	int fd = openat_noatime(dir_fd, name, OPEN_FLAGS);

	file->exists = fd != -1 || errno != ENOENT;
	if (fd != -1) {
		if (file_read(dir, id, fd, seen) == 0 && id == INDEX_DIR_CACHE)
			dir->cache_fd = fd;
		else
			(void)close(fd);
	} else if (file->exists) {
		(void)file_fail(file, "open", errno);
	}
}

/* Only that file's time is wanted. */
static void thread_stat(struct index_dir *dir, int dir_fd, const char *name,
			const struct stat *seen)
{
	struct index_dir_file *file = &dir->files[INDEX_DIR_THREAD];

	if (seen != NULL)
		file->st = *seen;
	else if (fstatat(dir_fd, name, &file->st, AT_SYMLINK_NOFOLLOW) < 0) {
		file->exists = errno != ENOENT;
		if (file->exists)
			(void)file_fail(file, "stat", errno);
		return;
	}
	file->exists = true;
	if (!S_ISREG(file->st.st_mode))
		(void)file_fail(file, "open", EINVAL);
}

/* Returns TRUE if the older log is only another name of the newer one, as it is
   for the moment of a rotation. */
static bool is_same_file(const struct index_dir_file *a,
			 const struct index_dir_file *b)
{
	return a->data != NULL && b->data != NULL &&
		inode_is_same(&a->st, &b->st);
}

/* Find what is wrong with the files by themselves. */
static void files_scan(struct index_dir *dir)
{
	struct index_dir_file *file = &dir->files[INDEX_DIR_INDEX];
	struct index_header hdr;

	if (file->data != NULL) {
		(void)index_header_decode(file->data, file->size, &hdr,
					  &file->error);
	}
	for (int i = 0; i < 2; i++) {
		file = &dir->files[INDEX_DIR_LOG + i];
		if (file->data != NULL) {
			(void)index_log_scan(file->data, file->size,
					     &dir->logs[i], &file->error);
		}
	}
}

/* Returns TRUE if something couldn't be read that the state needs: then that is
   the result. */
static bool state_is_unreadable(struct index_dir *dir)
{
	for (int id = INDEX_DIR_INDEX; id <= INDEX_DIR_LOG2; id++) {
		if (dir->files[id].failed == NULL)
			continue;
		dir->result = dir->files[id].failed_errno == ESTALE ?
			INDEX_STATE_MISMATCH : INDEX_STATE_UNKNOWN;
		dir->error = "a file couldn't be read";
		return true;
	}
	return false;
}

static void state_input(const struct index_dir *dir,
			struct index_state_input *input_r)
{
	struct index_state_file *const inputs[] = {
		&input_r->index, &input_r->log, &input_r->log2
	};

	for (int id = INDEX_DIR_INDEX; id <= INDEX_DIR_LOG2; id++) {
		inputs[id]->data = dir->files[id].data;
		inputs[id]->size = dir->files[id].size;
	}
}

static void state_read(struct index_dir *dir, bool is_settled)
{
	struct index_dir_file *log2 = &dir->files[INDEX_DIR_LOG2];
	struct index_state_input input = { .is_settled = false };

	if (is_same_file(&dir->files[INDEX_DIR_LOG], log2)) {
		free(log2->data);
		log2->data = NULL;
		log2->exists = false;
	}
	state_input(dir, &input);
	input.is_settled = is_settled;
	if (!state_is_unreadable(dir))
		dir->result = index_state_read(&input, &dir->state,
					       &dir->error);
}

/* The state isn't made yet. */
static void dir_read_once(struct index_dir *dir, int dir_fd,
			  const char *prefix, const struct stat *const *seen)
{
	size_t len = strlen(prefix);
	char *name = mem_alloc(len + MAX_SUFFIX_SIZE);
	const struct stat *st;

	memset(dir, 0, sizeof(*dir));
	dir->cache_fd = -1;
	memcpy(name, prefix, len);
	for (int id = 0; id < INDEX_DIR_FILES; id++) {
		st = seen == NULL ? NULL : seen[id];
		if (seen != NULL && st == NULL)
			continue;
		memcpy(name + len, files[id].suffix, MAX_SUFFIX_SIZE);
		if (id == INDEX_DIR_THREAD)
			thread_stat(dir, dir_fd, name, st);
		else
			file_open(dir, dir_fd, name, id, st);
	}
	free(name);
}

const struct index_log_scan *
index_dir_log(const struct index_dir *dir, enum index_dir_file_id id)
{
	const struct index_dir_file *file = &dir->files[id];

	return file->data == NULL || file->error != NULL ? NULL :
		&dir->logs[id - INDEX_DIR_LOG];
}

static bool is_untouched(const struct index_dir *dir)
{
	for (int id = 0; id < INDEX_DIR_FILES; id++) {
		if (dir->files[id].exists != (id == INDEX_DIR_LOG))
			return false;
	}
	return dir->files[INDEX_DIR_LOG].data != NULL &&
		index_log_is_header(dir->files[INDEX_DIR_LOG].data,
				    dir->files[INDEX_DIR_LOG].size);
}

/* Returns when a file was written, 0 if there is none or its time is none that
   clocks have: who owns it may have set it to any number of 64 bits. */
static int64_t mtime_of(const struct index_dir *dir, enum index_dir_file_id id)
{
	const struct index_dir_file *file = &dir->files[id];
	int64_t mtime = file->st.st_mtime;

	return file->failed != NULL || mtime < 0 || mtime > MAX_TIME ? 0 :
		mtime;
}

/* Returns TRUE if all of a log is understood, at least up to an end. */
static bool log_is_whole(const struct index_log_scan *log, uint64_t end)
{
	const struct index_log_count *unknown;

	if (log == NULL)
		return true;
	unknown = &log->counts[INDEX_LOG_UNKNOWN];
	return log->error == NULL && log->end >= end &&
		unknown->internal + unknown->external == 0;
}

/* Returns TRUE if there is nothing in the files that isn't understood. An older
   log may have a torn end; the newer one says where it was left. */
static bool is_whole(const struct index_dir *dir)
{
	const struct index_log_scan *log = index_dir_log(dir, INDEX_DIR_LOG);
	const struct index_log_scan *log2 = index_dir_log(dir, INDEX_DIR_LOG2);
	uint64_t end2 = 0;

	for (int id = 0; id < INDEX_DIR_FILES; id++) {
		if (dir->files[id].failed != NULL ||
		    dir->files[id].error != NULL)
			return false;
	}
	if (log != NULL && log2 != NULL &&
	    log->hdr.prev_file_seq == log2->hdr.file_seq)
		end2 = log->hdr.prev_file_offset;
	return dir->state.problem == NULL &&
		log_is_whole(log, dir->files[INDEX_DIR_LOG].size) &&
		log_is_whole(log2, end2);
}

static void evidence_find(struct index_dir *dir)
{
	const struct index_dir_file *thread = &dir->files[INDEX_DIR_THREAD];
	struct index_evidence_input input = {
		.untouched = dir->untouched,
		.partial = !is_whole(dir),
		.state = dir->result == INDEX_STATE_OK ? &dir->state : NULL,
		.log = index_dir_log(dir, INDEX_DIR_LOG),
		.log2 = index_dir_log(dir, INDEX_DIR_LOG2),
		.log_mtime = mtime_of(dir, INDEX_DIR_LOG),
		.log2_mtime = mtime_of(dir, INDEX_DIR_LOG2),
		.cache = dir->has_cache ? &dir->cache : NULL,
		.has_thread = thread->exists && thread->failed == NULL,
		.thread_mtime = mtime_of(dir, INDEX_DIR_THREAD),
	};

	index_evidence_find(&input, &dir->evidence);
}

/* Returns TRUE if other files may make a state that makes sense. */
static bool is_changing(const struct index_dir *dir, bool was_seen)
{
	return dir->result == INDEX_STATE_MISMATCH ||
		(was_seen && (dir->result != INDEX_STATE_OK ||
			      dir->state.problem != NULL));
}

static bool file_is_unchanged(const struct index_dir_file *before,
			      const struct index_dir_file *now)
{
	const struct stat *st1 = &before->st, *st2 = &now->st;

	if (!before->exists || !now->exists)
		return before->exists == now->exists;
	return before->failed == NULL && now->failed == NULL &&
		inode_is_same(st1, st2) && st1->st_size == st2->st_size &&
		st1->st_mtim.tv_sec == st2->st_mtim.tv_sec &&
		st1->st_mtim.tv_nsec == st2->st_mtim.tv_nsec &&
		st1->st_ctim.tv_sec == st2->st_ctim.tv_sec &&
		st1->st_ctim.tv_nsec == st2->st_ctim.tv_nsec;
}

/* Read the files again. If those of which the state is made are the same, they
   were there together. */
static void dir_read_again(struct index_dir *dir, int dir_fd,
			   const char *prefix)
{
	struct index_dir_file before[INDEX_DIR_LOG2 + 1];
	bool is_settled = true;

	/* what they point to goes away */
	memcpy(before, dir->files, sizeof(before));
	index_dir_free(dir);
	dir_read_once(dir, dir_fd, prefix, NULL);
	for (int id = INDEX_DIR_INDEX; id <= INDEX_DIR_LOG2; id++) {
		is_settled = is_settled &&
			file_is_unchanged(&before[id], &dir->files[id]);
	}
	state_read(dir, is_settled);
}

void index_dir_read(int dir_fd, const char *prefix,
		    const struct stat *const seen[INDEX_DIR_FILES],
		    struct index_dir *dir_r)
{
	const struct index_dir_file *cache = &dir_r->files[INDEX_DIR_CACHE];

	dir_read_once(dir_r, dir_fd, prefix, seen);
	state_read(dir_r, false);
	for (int i = 0; i < INDEX_DIR_RETRIES &&
	     is_changing(dir_r, seen != NULL && i == 0); i++)
		dir_read_again(dir_r, dir_fd, prefix);
	files_scan(dir_r);
	dir_r->untouched = is_untouched(dir_r);
	dir_r->has_cache = cache->exists && cache->failed == NULL &&
		cache->error == NULL && dir_r->result == INDEX_STATE_OK &&
		dir_r->cache.indexid == dir_r->state.hdr.indexid;
	evidence_find(dir_r);
}

void index_dir_free(struct index_dir *dir)
{
	for (int id = 0; id < INDEX_DIR_FILES; id++)
		free(dir->files[id].data);
	index_state_free(&dir->state);
	index_cache_free(&dir->cache);
	if (dir->cache_fd != -1)
		(void)close(dir->cache_fd);
}

uint64_t index_dir_modseq(const struct index_dir *dir)
{
	struct index_state_input input = { .is_settled = false };

	state_input(dir, &input);
	return index_state_modseq(&dir->state, &input);
}

static bool cache_read(void *context, uint64_t offset, void *dest, size_t size)
{
	const struct index_dir *dir = context;

	return pread_all(dir->cache_fd, dest, size, (off_t)offset) ==
		(ssize_t)size;
}

void index_dir_cache_chain(const struct index_dir *dir,
			   struct index_cache_chain *chain_r)
{
	index_cache_chain_init(chain_r, &dir->cache, cache_read, (void *)dir);
}
