/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef WALK_AHEAD_H
#define WALK_AHEAD_H

/* A thread that has nothing else to do looks at directories to which a walk
   comes later. Only at leaves, which hold a single file that matters by its
   name and its inode alone: that is all of most index roots. What it finds is
   kept, a few at a time, until the walk comes there. What is no leaf, or can't
   be looked at, is the walk's. */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* No name comes after the last offset there is. ext4 and btrfs put the end of a
   directory there, and so a call is spared that would return nothing. */
#define WALK_OFFSET_END INT64_MAX

/* of a leaf's file, with the NUL */
#define WALK_LEAF_NAME_SIZE 32

struct walk_leaf {
	struct stat st, file_st;
	char file_name[WALK_LEAF_NAME_SIZE];
};

/* Returns TRUE if a directory with nothing but this file is a leaf. Called in
   the other thread. */
typedef bool walk_is_leaf_t(const char *file_name, const struct stat *file_st);

struct walk_ahead;

/* Both threads' mutex is held while what they share is used, but not during a
   look. changed is signalled when something is offered, for the other thread,
   and after a look, for the walk: only one of them waits at a time. */
struct walk_ahead *walk_ahead_init(walk_is_leaf_t *is_leaf,
				   pthread_mutex_t *mutex,
				   pthread_cond_t *changed);
void walk_ahead_deinit(struct walk_ahead **ahead);

/* The walk's part. Offer a directory and its names, as getdents64() returned
   them, which both stay as they are until they are revoked. Nothing comes of it
   as long as there are leaves of another one. */
void walk_ahead_offer(struct walk_ahead *ahead, int dir_fd, const char *names,
		      size_t size);
/* Wait until nobody uses these names, nor their directory's descriptor. */
void walk_ahead_revoke(struct walk_ahead *ahead, const char *names);
/* The walk has come to a directory, at a position in names. Returns TRUE if it
   was looked at. */
bool walk_ahead_take(struct walk_ahead *ahead, const char *names, size_t pos,
		     struct walk_leaf *leaf_r);

/* The other thread's, which holds the mutex. Look at one directory. Returns
   FALSE if there is none, or so many are kept that there is no room. */
bool walk_ahead_look(struct walk_ahead *ahead);

#endif
