/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fd.h"
#include "inode-id.h"
#include "mail-look.h"
#include "path.h"

/* Looks are made in threads whose stacks are small, and which allocate nothing:
   under a limit of address space each thread's heap counts. So paths are put
   together in buffers; what doesn't fit is too long for the kernel, too. */

/* enough for the names that an empty directory has */
#define DIR_BUFFER_SIZE 1024

/* Put a path together. Returns 0 if ok, -1 with errno if it is too long. */
static int path_join(char buffer[PATH_MAX], const char *path, const char *name)
{
	int ret = snprintf(buffer, PATH_MAX, "%s/%s", path, name);

	if (ret >= 0 && ret < PATH_MAX)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

static struct mail_verdict look_symlink(int dir_fd, const char *name)
{
	struct stat st;

	if (fstatat(dir_fd, name, &st, 0) == 0)
		return mail_is_refused;
	if (ENOTFOUND(errno))
		return mail_is_unknown(MBA_REASON_SYMLINK);
	return mail_is_unknown(MBA_REASON_ERROR);
}

struct mail_verdict mail_look_closer(int dir_fd, const char *path, size_t pos,
				     bool *in_dir_r)
{
	struct mail_verdict verdict = mail_is_missing;
	char part[PATH_MAX], *slash = part + pos;
	size_t len = strlen(path);
	struct stat st;

	*in_dir_r = false;
	if (len >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return mail_is_unknown(MBA_REASON_ERROR);
	}
	memcpy(part, path, len + 1);
	do {
		slash = strchr(slash, '/');
		if (slash != NULL)
			*slash = '\0';
		if (fstatat(dir_fd, part, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			if (errno != ENOENT && errno != ENOTDIR)
				verdict = mail_is_unknown(MBA_REASON_ERROR);
			break;
		}
		verdict = !S_ISLNK(st.st_mode) ? mail_is_refused :
			look_symlink(dir_fd, part);
		*in_dir_r = S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode);
		if (slash != NULL && !*in_dir_r) {
			/* it has nothing below */
			break;
		}
		if (slash != NULL)
			*slash++ = '/';
		else if (verdict.state == MBA_STATE_NOT_MAILBOX)
			verdict = mail_is_mailbox;
	} while (slash != NULL && verdict.state == MBA_STATE_NOT_MAILBOX);
	return verdict;
}

/* A Maildir without tmp/, which Dovecot looks for: if there are others of its
   directories, there may be mail in them. */
static struct mail_verdict look_incomplete(int dir_fd, const char *name)
{
	static const char *const others[] = { "cur", "new" };
	struct mail_verdict verdict = mail_is_refused;
	char path[PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]) &&
		     verdict.state == MBA_STATE_NOT_MAILBOX; i++) {
		if (path_join(path, name, others[i]) < 0)
			verdict = mail_is_unknown(MBA_REASON_ERROR);
		else if (fstatat(dir_fd, path, &st, 0) == 0)
			verdict = mail_is_unknown(MBA_REASON_INCOMPLETE);
		else if (!ENOTFOUND(errno))
			verdict = mail_is_unknown(MBA_REASON_ERROR);
	}
	return verdict;
}

/* Returns a position within the last level of a mailbox's name, or at its end,
   in a path to it. */
static size_t last_level_pos(const struct location *location, const char *path)
{
	size_t len = strlen(path), dirname_len = strlen(location->dirname);

	/* INBOX= has none */
	return len > dirname_len &&
		strcmp(path + len - dirname_len, location->dirname) == 0 ?
		len - dirname_len - 1 : len;
}

/* A mailbox that is a directory, in which subdir has to be. */
static struct mail_verdict
look_dir(const struct location *location, int dir_fd, const char *name,
	 const char *storage_name, const char *path)
{
	struct mail_verdict verdict;
	struct stat st;
	bool in_dir;

	if (fstatat(dir_fd, path, &st, 0) == 0)
		return mail_is_mailbox;
	if (errno == ELOOP)
		return mail_is_unknown(MBA_REASON_SYMLINK);
	if (errno != ENOENT && errno != ENOTDIR)
		return mail_is_unknown(MBA_REASON_ERROR);
	if (location->flat && storage_name[0] != '\0') {
		/* Maildir++: Dovecot creates what is missing in it, but not in
		   the mail root */
		if (fstatat(dir_fd, name, &st, 0) < 0) {
			if (!ENOTFOUND(errno))
				return mail_is_unknown(MBA_REASON_ERROR);
		} else if (S_ISDIR(st.st_mode))
			return mail_is_mailbox;
	}
	verdict = mail_look_closer(dir_fd, path,
				   last_level_pos(location, name), &in_dir);
	if (verdict.state == MBA_STATE_NOT_MAILBOX && in_dir &&
	    location->format->subdir != NULL)
		verdict = look_incomplete(dir_fd, name);
	return verdict;
}

static enum mba_probe_flags probe_flags(const struct mba_location *set)
{
	return set->no_compression ? MBA_PROBE_NO_COMPRESSION :
		set->compression ? MBA_PROBE_COMPRESSION : 0;
}

/* With DIRNAME= the mailbox has a directory of its own, which may be that of a
   file system that isn't mounted. Returns the verdict on a bogus mailbox. */
static struct mail_verdict look_own_dir(int dir_fd, const char *name,
					struct mail_verdict verdict,
					const char **op_r)
{
	const char *slash = strrchr(name, '/');
	char dir[PATH_MAX];
	int ret;

	/* INBOX= has none; nothing was found below one that is too long */
	if (slash == NULL || slash - name >= PATH_MAX)
		return verdict;
	memcpy(dir, name, slash - name);
	dir[slash - name] = '\0';
	ret = mail_dir_has_entries(dir_fd, dir, op_r);
	if (ret == 0)
		return mail_is_unknown(MBA_REASON_EMPTY_DIRECTORY);
	/* it was searched just now, it needn't be read; or it was removed */
	return ret > 0 || errno == EACCES || ENOTFOUND(errno) ? verdict :
		mail_is_unknown(MBA_REASON_ERROR);
}

struct mail_verdict mail_look(const struct location *location, int dir_fd,
			      const char *name, const char *storage_name,
			      const char **op_r, bool *is_dir_r)
{
	const char *subdir = location->format->subdir;
	struct mail_verdict verdict;
	char path[PATH_MAX];

	*op_r = "stat";
	if (location->format->files) {
		verdict.state = mba_probe_mbox(dir_fd, name, storage_name,
					       probe_flags(&location->set),
					       &verdict.reason, op_r, is_dir_r);
	} else {
		*is_dir_r = true;
		if (subdir == NULL)
			verdict = look_dir(location, dir_fd, name, storage_name,
					   name);
		else if (path_join(path, name, subdir) == 0)
			verdict = look_dir(location, dir_fd, name, storage_name,
					   path);
		else
			verdict = mail_is_unknown(MBA_REASON_ERROR);
	}
	if ((MBA_STATE_BIT(verdict.state) & MBA_STATES_BOGUS) != 0 &&
	    location->dirname[0] != '\0' && !location->format->index_opens)
		verdict = look_own_dir(dir_fd, name, verdict, op_r);
	return verdict;
}

bool mail_is_nowhere(const struct location *location, int dir_fd,
		     const char *path, size_t dir_len, const char *part)
{
	size_t root_len = strlen(location->mail_root) + 1;
	size_t name_len = strlen(path + dir_len) +
		(part == NULL ? 0 : strlen(part) + 1);
	char full[PATH_MAX], *dir_end, *end;
	struct stat held, st;

	if (root_len + dir_len >= sizeof(full))
		return true;
	dir_end = stpcpy(full, location->mail_root);
	*dir_end++ = '/';
	dir_end = mempcpy(dir_end, path, dir_len);
	if (root_len + dir_len + name_len < sizeof(full)) {
		end = stpcpy(dir_end, path + dir_len);
		if (part != NULL) {
			*end++ = '/';
			(void)strcpy(end, part);
		}
		if (lstat(full, &st) == 0 ||
		    (errno != ENOENT && errno != ENOTDIR))
			return false;
	}
	*dir_end = '\0';
	return stat(full, &st) == 0 && fstat(dir_fd, &held) == 0 &&
		inode_is_same(&st, &held);
}

/* Returns TRUE for what also stands in an empty directory. */
static bool is_nothing(const char *name)
{
	return path_is_dots(name) || strcmp(name, "lost+found") == 0;
}

int mail_dir_has_entries(int dir_fd, const char *name, const char **op_r)
{
	union {
		struct dirent64 first;
		char bytes[DIR_BUFFER_SIZE];
	} buffer;
	const struct dirent64 *d;
	ssize_t size, pos;
	int fd, ret = 0;

	*op_r = "open";
	fd = openat_noatime(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	*op_r = "readdir";
	while (ret == 0 &&
	       (size = getdents64(fd, &buffer, sizeof(buffer))) != 0) {
		if (size < 0)
			ret = -1;
		for (pos = 0; ret == 0 && pos < size; pos += d->d_reclen) {
			d = (const struct dirent64 *)(buffer.bytes + pos);
			if (!is_nothing(d->d_name))
				ret = 1;
		}
	}
	close_keep_errno(fd);
	return ret;
}
