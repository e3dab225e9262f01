/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clean-scope.h"
#include "fd.h"

/* Returns why no index of a namespace is worthless, NULL if some may be. */
static const char *scope_refusal(const struct clean_scope_settings *set)
{
	const struct location *location = set->location;

	if (!location_is_judged(location) || location->listed)
		return "Mailboxes of this format or layout can't be told "
			"from their indexes";
	if (location->format->index_opens)
		return "The indexes of sdbox and mdbox are a part of the mails";
	if (set->in_place && !location->imap_dir)
		return "The indexes are in the directories of the mails";
	if (set->is_shared)
		return "Another namespace has other mails with the same index "
			"root";
	if (set->root_failed)
		return "It can't be told where all of the user's mails and "
			"indexes are";
	if (!set->roots->index.exists)
		return "There is no index root";
	if (audit_root_equals(&set->roots->index, &set->roots->top))
		return "The index root is the root of the file system";
	return set->users_refusal;
}

/* Returns 0 if ok, -1 with errno and *op_r if a call failed, or *refused_r. */
static int scope_lock(const struct clean_scope_settings *set, int fd,
		      const char **op_r, const char **refused_r)
{
	struct stat st;

	*op_r = "fstat";
	if (fstat(fd, &st) < 0)
		return -1;
	if (!inode_id_is(&set->roots->index.id, &st)) {
		*refused_r = "The index root is another directory by now";
		return -1;
	}
	*op_r = "flock";
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		*refused_r = "Another clean works on the index root";
	return -1;
}

int clean_scope_open(const struct clean_scope_settings *set,
		     const char **refused_r)
{
	const char *path = set->roots->index.path, *op = "open";
	int fd;

	if ((*refused_r = scope_refusal(set)) != NULL)
		return -1;
	fd = openat_noatime(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd != -1 && scope_lock(set, fd, &op, refused_r) == 0)
		return fd;
	if (*refused_r == NULL) {
		error_sink_add(set->errors, op, path, strerror(errno));
		*refused_r = "The index root can't be used";
	}
	if (fd != -1)
		(void)close(fd);
	return -1;
}
