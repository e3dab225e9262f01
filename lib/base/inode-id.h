/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INODE_ID_H
#define INODE_ID_H

/* Which inode it is, by whatever path. */

#include <stdbool.h>
#include <sys/stat.h>

struct inode_id {
	dev_t dev;
	ino_t ino;
};

static inline struct inode_id inode_id_get(const struct stat *st)
{
	return (struct inode_id) { st->st_dev, st->st_ino };
}

/* Compares two struct inode_id, for tsearch(). */
static inline int inode_id_cmp(const void *p1, const void *p2)
{
	const struct inode_id *id1 = p1, *id2 = p2;

	if (id1->dev != id2->dev)
		return id1->dev < id2->dev ? -1 : 1;
	return id1->ino == id2->ino ? 0 : id1->ino < id2->ino ? -1 : 1;
}

static inline bool inode_id_is(const struct inode_id *id, const struct stat *st)
{
	return st->st_dev == id->dev && st->st_ino == id->ino;
}

static inline bool inode_is_same(const struct stat *st1, const struct stat *st2)
{
	const struct inode_id id = inode_id_get(st1);

	return inode_id_is(&id, st2);
}

#endif
