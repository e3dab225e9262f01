/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The walk must not come to a directory while the other thread looks at it: to
   wait takes longer than to look. So the other thread keeps some names between
   them which nobody has looked at. */

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "fd.h"
#include "path.h"
#include "walk-ahead.h"

#define MAX_LEAVES 32
/* Bytes of names that the walk has to look at itself before it comes to the
   next one: eight, of common length. */
#define LEAD_SIZE 256

struct kept_leaf {
	/* of its name; and how long that is, in the names */
	size_t pos, size;
	struct walk_leaf leaf;
};

struct walk_ahead {
	walk_is_leaf_t *is_leaf;
	pthread_mutex_t *mutex;
	pthread_cond_t *changed;

	/* what is offered; NULL if nothing is */
	const char *names;
	size_t size;
	int dir_fd;
	/* the walk is past what is before walk_pos, the other thread past what
	   is before next_pos */
	size_t walk_pos, next_pos;
	/* the other thread looks at the one before next_pos */
	bool looking;
	size_t looking_pos;
	/* a ring, and the sum of their sizes */
	struct kept_leaf leaves[MAX_LEAVES];
	unsigned int first, count;
	size_t leaves_size;
};

struct walk_ahead *walk_ahead_init(walk_is_leaf_t *is_leaf,
				   pthread_mutex_t *mutex,
				   pthread_cond_t *changed)
{
	struct walk_ahead *ahead = mem_new(sizeof(*ahead));

	ahead->is_leaf = is_leaf;
	ahead->mutex = mutex;
	ahead->changed = changed;
	return ahead;
}

void walk_ahead_deinit(struct walk_ahead **_ahead)
{
	free(*_ahead);
	*_ahead = NULL;
}

void walk_ahead_offer(struct walk_ahead *ahead, int dir_fd, const char *names,
		      size_t size)
{
	/* in a leaf there is nothing to be looked at */
	if (size <= LEAD_SIZE)
		return;
	pthread_mutex_lock(ahead->mutex);
	if (ahead->count == 0 && !ahead->looking) {
		ahead->names = names;
		ahead->size = size;
		ahead->dir_fd = dir_fd;
		ahead->walk_pos = ahead->next_pos = 0;
		pthread_cond_signal(ahead->changed);
	}
	pthread_mutex_unlock(ahead->mutex);
}

void walk_ahead_revoke(struct walk_ahead *ahead, const char *names)
{
	/* nobody else changes that */
	if (ahead->names != names)
		return;
	pthread_mutex_lock(ahead->mutex);
	while (ahead->looking)
		pthread_cond_wait(ahead->changed, ahead->mutex);
	ahead->names = NULL;
	ahead->count = 0;
	ahead->leaves_size = 0;
	pthread_mutex_unlock(ahead->mutex);
}

bool walk_ahead_take(struct walk_ahead *ahead, const char *names, size_t pos,
		     struct walk_leaf *leaf_r)
{
	const struct kept_leaf *first;
	bool found;

	if (ahead->names != names)
		return false;
	pthread_mutex_lock(ahead->mutex);
	ahead->walk_pos = pos;
	while (ahead->looking && ahead->looking_pos == pos)
		pthread_cond_wait(ahead->changed, ahead->mutex);
	first = &ahead->leaves[ahead->first];
	found = ahead->count > 0 && first->pos == pos;
	if (found) {
		*leaf_r = first->leaf;
		ahead->leaves_size -= first->size;
		ahead->first = (ahead->first + 1) % MAX_LEAVES;
		ahead->count--;
	}
	pthread_mutex_unlock(ahead->mutex);
	return found;
}

/* Returns the next name to look at, at next_pos; NULL if there is none. */
static const struct dirent64 *ahead_next(struct walk_ahead *ahead)
{
	const struct dirent64 *d;
	size_t lead_end;

	if (ahead->names == NULL || ahead->count == MAX_LEAVES)
		return NULL;
	lead_end = ahead->walk_pos + ahead->leaves_size + LEAD_SIZE;
	if (ahead->next_pos < ahead->walk_pos)
		ahead->next_pos = ahead->walk_pos;
	for (; ahead->next_pos < ahead->size; ahead->next_pos += d->d_reclen) {
		d = (const struct dirent64 *)(ahead->names + ahead->next_pos);
		if (ahead->next_pos >= lead_end && d->d_type == DT_DIR &&
		    !path_is_dots(d->d_name))
			return d;
	}
	return NULL;
}

/* Returns TRUE if a directory holds one name, and that is short. */
static bool dir_has_one_name(int fd, char name_r[WALK_LEAF_NAME_SIZE])
{
	/* any name fits, and all that a leaf has */
	union {
		struct dirent64 first;
		char bytes[sizeof(struct dirent64)];
	} buffer;
	const struct dirent64 *d;
	ssize_t size, pos;

	name_r[0] = '\0';
	while ((size = getdents64(fd, &buffer, sizeof(buffer))) > 0) {
		for (pos = 0; pos < size; pos += d->d_reclen) {
			d = (const struct dirent64 *)(buffer.bytes + pos);
			if (path_is_dots(d->d_name))
				continue;
			if (name_r[0] != '\0' ||
			    strlen(d->d_name) >= WALK_LEAF_NAME_SIZE)
				return false;
			strcpy(name_r, d->d_name);
		}
		if (d->d_off == WALK_OFFSET_END)
			break;
	}
	return size >= 0 && name_r[0] != '\0';
}

static bool leaf_read(const struct walk_ahead *ahead, const char *name,
		      struct walk_leaf *leaf_r)
{
	int fd = openat_noatime(ahead->dir_fd, name, O_RDONLY | O_DIRECTORY |
				O_NOFOLLOW | O_CLOEXEC);
	bool ret;

	if (fd == -1)
		return false;
	ret = fstat(fd, &leaf_r->st) == 0 &&
		dir_has_one_name(fd, leaf_r->file_name) &&
		fstatat(fd, leaf_r->file_name, &leaf_r->file_st,
			AT_SYMLINK_NOFOLLOW) == 0 &&
		ahead->is_leaf(leaf_r->file_name, &leaf_r->file_st);
	(void)close(fd);
	return ret;
}

bool walk_ahead_look(struct walk_ahead *ahead)
{
	const struct dirent64 *d;
	struct kept_leaf *kept;
	bool is_leaf;

	d = ahead_next(ahead);
	if (d == NULL)
		return false;
	kept = &ahead->leaves[(ahead->first + ahead->count) % MAX_LEAVES];
	kept->pos = ahead->looking_pos = ahead->next_pos;
	kept->size = d->d_reclen;
	ahead->next_pos += d->d_reclen;
	ahead->looking = true;
	pthread_mutex_unlock(ahead->mutex);
	is_leaf = leaf_read(ahead, d->d_name, &kept->leaf);
	pthread_mutex_lock(ahead->mutex);
	if (is_leaf) {
		ahead->count++;
		ahead->leaves_size += kept->size;
	} else {
		/* nor may the others be leaves */
		ahead->next_pos = ahead->size;
	}
	ahead->looking = false;
	pthread_cond_signal(ahead->changed);
	return true;
}
