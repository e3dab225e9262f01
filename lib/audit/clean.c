/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What may go wrong here is that the tree changes between a look and a removal:
   the owner of the tree may be hostile, and Dovecot, a delivery or a file
   manager may create the mailbox at any time. So:

   - by default only an entry goes that is worth nothing: even if the verdict on
     the mail side were wrong, nothing would be lost;
   - the entry's directory is the one that the walk has open, names in it are
     taken from a table, and what they name has to be what the walk saw;
   - the lease on the log is taken before the look at the mail side, which
     begins at the mail root anew, and is held until the log is unlinked: a
     session that opens the mailbox either is seen or waits. It doesn't wait for
     ever, so whether the lease is still held is asked last;
   - the first removal that fails is the last one. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clean.h"
#include "count.h"
#include "dir-stack.h"
#include "fd.h"
#include "index-busy.h"

/* A lock file that is older was left behind by a process that died. */
#define LOCK_FILE_MAX_AGE (10 * 60)
/* A mark of a directory among the mails that clean was about to remove: if it
   is killed then, the next one knows that the empty directory isn't somebody's
   own. Who gives a directory that bit wants others to write to it. */
#define DIR_MARK S_ISVTX

/* An entry that is being removed. */
struct removal {
	const struct clean *clean;
	const struct index_entry *found;
	/* with the lease, -1 if there is no file to take it on */
	int lease_fd;
	/* the file that it is of */
	enum index_file lease_file;
	/* there is a lease, not only a lock */
	bool is_leased;
};

/* Returns whether all files are regular ones that have no other name. */
static bool files_are_own(const struct index_entry_files *files)
{
	const struct stat *st;

	if (files->has_others)
		return false;
	for (int i = INDEX_FILE_FIRST_REMOVABLE; i < INDEX_FILE_COUNT; i++) {
		st = index_file_seen(files, i);
		if (st != NULL && (!S_ISREG(st->st_mode) || st->st_nlink != 1))
			return false;
	}
	return true;
}

/* Returns why an entry is kept, as far as the index side tells. */
static enum mba_kept kept_by_files(const struct removal *removal)
{
	const struct mba_clean_settings *set = removal->clean->set;
	const struct index_entry *found = removal->found;
	const struct index_entry_files *files = found->files;
	int64_t age = found->untouched ? set->min_age : set->used_age;

	if (age < set->min_age)
		age = set->min_age;
	if (files->locked != 0 && files->locked > set->now - LOCK_FILE_MAX_AGE)
		return MBA_KEPT_LOCKED;
	if (!files_are_own(files))
		return MBA_KEPT_FILES;
	/* somebody's own directory, perhaps */
	if (files->found == 0 &&
	    (files->has_dirs || (removal->clean->decide->in_place &&
				 (files->mode & DIR_MARK) == 0)))
		return MBA_KEPT_FILES;
	if (!found->untouched && !set->used)
		return MBA_KEPT_USED;
	if (files->changed > set->now - age)
		return MBA_KEPT_RECENT;
	return MBA_KEPT_NOT;
}

static enum mba_kept
removal_failed(const struct removal *removal, const char *op, const char *name)
{
	/* somebody else removed it */
	if (errno == ENOENT)
		return MBA_KEPT_CHANGED;
	error_sink_add_below(removal->clean->errors, op,
			     removal->clean->index_root, removal->found->path,
			     name);
	return MBA_KEPT_ERROR;
}

/* Returns TRUE if both are the same file, and it wasn't changed. Every change
   moves its ctime, but the clock of that may stand still for some
   milliseconds: size and links tell, too. */
static bool is_unchanged(const struct stat *st1, const struct stat *st2)
{
	return inode_is_same(st1, st2) && st1->st_size == st2->st_size &&
		st1->st_nlink == st2->st_nlink &&
		st1->st_ctim.tv_sec == st2->st_ctim.tv_sec &&
		st1->st_ctim.tv_nsec == st2->st_ctim.tv_nsec;
}

/* Make sure that nobody has a file open, and that it is what the walk saw; an
   untouched log has to be a header. */
static enum mba_kept lease_take(struct removal *removal, enum index_file file)
{
	const char *name = index_file_name(file), *op;
	unsigned char data[INDEX_LOG_HEADER_SIZE + 1];
	struct stat st;
	ssize_t ret;

	removal->lease_file = file;
	removal->lease_fd = openat_noatime(removal->found->place->fd, name,
					   O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
					   O_NOCTTY | O_CLOEXEC);
	if (removal->lease_fd == -1) {
		/* somebody else has a lease; it is a symlink by now */
		return errno == EWOULDBLOCK ? MBA_KEPT_OPEN :
			errno == ELOOP ? MBA_KEPT_CHANGED :
			removal_failed(removal, "open", name);
	}
	switch (index_busy_lease(removal->lease_fd,
				 removal->clean->set->lock_method, &op)) {
	case INDEX_BUSY_NO:
		removal->is_leased = true;
		break;
	case INDEX_BUSY_NO_LEASE:
		break;
	case INDEX_BUSY_OPEN:
		return MBA_KEPT_OPEN;
	case INDEX_BUSY_LOCKED:
		return MBA_KEPT_LOCKED;
	case INDEX_BUSY_ERROR:
		return removal_failed(removal, op, name);
	}
	if (fstat(removal->lease_fd, &st) < 0)
		return removal_failed(removal, "fstat", name);
	if (!is_unchanged(&st, index_file_seen(removal->found->files, file)))
		return MBA_KEPT_CHANGED;
	if (!removal->found->untouched)
		return MBA_KEPT_NOT;
	ret = pread(removal->lease_fd, data, sizeof(data), 0);
	if (ret < 0)
		return removal_failed(removal, "read", name);
	return index_log_is_header(data, ret) ? MBA_KEPT_NOT : MBA_KEPT_FILES;
}

/* The look at the mail side may have taken so long that the lease was taken
   away: then a session may have begun, after that look. */
static enum mba_kept kept_by_lease(const struct removal *removal)
{
	const struct stat *seen;
	const char *name, *op = "fstat";
	struct stat st;
	int ret;

	if (removal->lease_fd == -1)
		return MBA_KEPT_NOT;
	name = index_file_name(removal->lease_file);
	seen = index_file_seen(removal->found->files, removal->lease_file);
	ret = fstat(removal->lease_fd, &st);
	if (ret == 0 && !is_unchanged(&st, seen))
		return MBA_KEPT_CHANGED;
	if (ret == 0 && removal->is_leased) {
		ret = index_busy_lease_is_held(removal->lease_fd, &op);
		if (ret == 0)
			return MBA_KEPT_OPEN;
	}
	return ret < 0 ? removal_failed(removal, op, name) : MBA_KEPT_NOT;
}

/* Make sure that a file without a lease is what the walk saw. */
static enum mba_kept kept_by_file(const struct removal *removal,
				  enum index_file file)
{
	const char *name = index_file_name(file);
	struct stat st;

	if (fstatat(removal->found->place->fd, name, &st,
		    AT_SYMLINK_NOFOLLOW) < 0)
		return removal_failed(removal, "lstat", name);
	return is_unchanged(&st, index_file_seen(removal->found->files, file)) ?
		MBA_KEPT_NOT : MBA_KEPT_CHANGED;
}

/* Every session has the log open, if there is one. */
static enum mba_kept kept_by_session(struct removal *removal)
{
	const struct index_entry_files *files = removal->found->files;
	enum index_file leased =
		index_file_seen(files, INDEX_FILE_LOG) != NULL ?
		INDEX_FILE_LOG : INDEX_FILE_MAIN;
	enum mba_kept kept = MBA_KEPT_NOT;

	if (index_file_seen(files, leased) != NULL)
		kept = lease_take(removal, leased);
	for (int i = INDEX_FILE_FIRST_REMOVABLE;
	     i < INDEX_FILE_COUNT && kept == MBA_KEPT_NOT; i++) {
		if (i != (int)leased && index_file_seen(files, i) != NULL)
			kept = kept_by_file(removal, i);
	}
	return kept;
}

static enum mba_kept kept_by_decision(const struct clean *clean,
				      const struct entry_decision *decision)
{
	if (decision->state == MBA_STATE_MAILBOX)
		return MBA_KEPT_MAILBOX;
	if (decision->state == MBA_STATE_UNKNOWN)
		return MBA_KEPT_UNKNOWN;
	if (decision->is_inbox)
		return MBA_KEPT_INBOX;
	if ((clean->states & MBA_STATE_BIT(decision->state)) == 0)
		return MBA_KEPT_STATE;
	return MBA_KEPT_NOT;
}

/* Open an entry by its path below a root, without following symlinks. Returns
   -1 with errno on error. */
static int place_open(int root_fd, const char *path)
{
	int fd = openat_no_symlinks(root_fd, path);
	struct dir_stack stack;
	int saved_errno;
	size_t depth;

	/* an older kernel; a path longer than a call takes */
	if (fd != -1 ||
	    (errno != ENOSYS && errno != EPERM && errno != ENAMETOOLONG))
		return fd;
	dir_stack_init(&stack, O_PATH | O_NOFOLLOW);
	stack.root_fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 0);
	if (stack.root_fd == -1)
		return -1;
	dir_stack_seek(&stack, path, strlen(path));
	fd = dir_stack_fd(&stack, &depth);
	if (fd != -1)
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	saved_errno = errno;
	dir_stack_deinit(&stack);
	errno = saved_errno;
	return fd;
}

/* A mailbox may have been renamed since its directory was entered: nothing is
   left at the old name, and what is open here is the new one's. A symlink on
   the way leads to another mailbox's by now, or out of the index root. */
static enum mba_kept kept_by_place(const struct removal *removal)
{
	const struct index_entry *found = removal->found;
	int root_fd = open(removal->clean->index_root,
			   O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = root_fd == -1 ? -1 : place_open(root_fd, found->path);
	enum mba_kept kept = MBA_KEPT_NOT;
	struct stat st;

	if (root_fd != -1)
		close_keep_errno(root_fd);
	if (fd == -1) {
		return errno == ENOTDIR || errno == ELOOP ? MBA_KEPT_CHANGED :
			removal_failed(removal, "open", "");
	}
	if (fstat(fd, &st) < 0)
		kept = removal_failed(removal, "fstat", "");
	else if (!inode_id_is(&found->place->id, &st))
		kept = MBA_KEPT_CHANGED;
	(void)close(fd);
	return kept;
}

/* Remove the files that the walk saw, in the order that leaves Dovecot nothing
   to complain of. */
static enum mba_kept remove_files(const struct removal *removal,
				  struct mba_count *removed)
{
	const struct index_entry *found = removal->found;
	const struct stat *st;
	const char *name;

	for (int i = INDEX_FILE_FIRST_REMOVABLE; i < INDEX_FILE_COUNT; i++) {
		st = index_file_seen(found->files, i);
		if (st == NULL)
			continue;
		name = index_file_name(i);
		if (!removal->clean->set->dry_run &&
		    unlinkat(found->place->fd, name, 0) < 0)
			return removal_failed(removal, "unlink", name);
		removed->inodes++;
		removed->bytes += (uint64_t)st->st_blocks * 512;
	}
	return MBA_KEPT_NOT;
}

/* Remove the directory, if nothing else is in it. */
static enum mba_kept remove_dir(const struct removal *removal,
				struct clean_result *result)
{
	const struct index_entry *found = removal->found;
	const char *op;
	int ret = 1;

	if (found->files->has_dirs)
		return MBA_KEPT_NOT;
	if (!removal->clean->set->dry_run)
		ret = walk_place_remove(found->place, &op);
	if (ret < 0)
		return removal_failed(removal, op, "");
	if (ret == 0)
		return MBA_KEPT_CHANGED;
	result->dir_removed = true;
	count_add(&result->removed, &found->self);
	return MBA_KEPT_NOT;
}

static void lease_release(struct removal *removal)
{
	if (removal->lease_fd != -1)
		(void)close(removal->lease_fd);
	removal->lease_fd = -1;
}

/* Remove the files, and then the directory. Among the mails it is marked
   meanwhile; where there can't be a mark, it stays if this is killed. What is
   left with something in it is as it was. */
static enum mba_kept remove_entry(struct removal *removal,
				  struct clean_result *result)
{
	const struct clean *clean = removal->clean;
	const struct index_entry_files *files = removal->found->files;
	bool mark = clean->decide->in_place && !files->has_dirs &&
		!clean->set->dry_run;
	int fd = removal->found->place->fd;
	enum mba_kept kept;
	bool is_emptied;

	if (mark)
		(void)fchmod(fd, (files->mode & ALLPERMS) | DIR_MARK);
	kept = remove_files(removal, &result->removed);
	is_emptied = kept == MBA_KEPT_NOT;
	/* NFS keeps what is open in its directory, under another name */
	lease_release(removal);
	if (is_emptied)
		kept = remove_dir(removal, result);
	/* it is in use again, perhaps */
	if (mark && (!is_emptied || kept == MBA_KEPT_CHANGED))
		(void)fchmod(fd, files->mode & ALLPERMS & ~DIR_MARK);
	return kept;
}

/* Decide about an entry. Where nothing that was used is removed, the walk reads
   no indexes; but whose a bogus one is, only that tells. No file of it is held
   by then. */
static void clean_decide(const struct clean *clean,
			 const struct index_entry *found,
			 struct entry_decision *decision_r)
{
	struct index_entry read = *found;

	entry_decide(clean->decide, found, decision_r);
	if (found->untouched || clean->set->used ||
	    (MBA_STATE_BIT(decision_r->state) & MBA_STATES_BOGUS) == 0)
		return;
	index_side_use(&read, clean->index_root, clean->errors);
	entry_decision_free(decision_r);
	entry_decide(clean->decide, &read, decision_r);
	free(read.own.name);
}

void clean_entry(const struct clean *clean, const struct index_entry *found,
		 struct entry_decision *decision_r,
		 struct clean_result *result_r)
{
	struct removal removal = {
		.clean = clean, .found = found, .lease_fd = -1,
	};
	enum mba_kept kept;

	memset(result_r, 0, sizeof(*result_r));
	kept = kept_by_files(&removal);
	if (kept == MBA_KEPT_NOT)
		kept = kept_by_session(&removal);
	clean_decide(clean, found, decision_r);
	/* that it isn't bogus says more than that it couldn't be removed */
	result_r->kept = kept_by_decision(clean, decision_r);
	if (result_r->kept == MBA_KEPT_NOT)
		result_r->kept = kept;
	if (result_r->kept == MBA_KEPT_NOT && clean->refused != NULL)
		result_r->kept = MBA_KEPT_REFUSED;
	if (result_r->kept == MBA_KEPT_NOT)
		result_r->kept = kept_by_place(&removal);
	if (result_r->kept == MBA_KEPT_NOT)
		result_r->kept = kept_by_lease(&removal);
	if (result_r->kept == MBA_KEPT_NOT)
		result_r->kept = remove_entry(&removal, result_r);
	if (result_r->kept == MBA_KEPT_NOT)
		result_r->removed.entries = 1;
	lease_release(&removal);
}
