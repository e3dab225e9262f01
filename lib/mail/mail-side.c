/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What is missing is only missing if that is sure. A file server that isn't
   mounted leaves an empty directory behind, a symlink to it dangles: everything
   there would look as if it were deleted. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "dir-stack.h"
#include "mail-look.h"
#include "mail-side.h"

struct mail_side {
	const struct location *location;
	const struct error_sink *errors;

	struct dir_stack stack;
	/* for the root and each directory of the stack, whether anything is
	   known to be in it */
	bool *filled;
	size_t filled_alloc;
	/* A directory that couldn't be opened or is empty, NULL if none; and
	   what that says of everything below. */
	char *failed_dir;
	struct mail_verdict failed;
	/* the mail root and the directory of an INBOX elsewhere: 1 usable,
	   0 unknown yet, -1 not usable */
	int root_ok, inbox_ok;
	/* the mail root's, if it is usable */
	struct stat root_st;
};

struct mail_side *mail_side_init(const struct location *location,
				 const struct error_sink *errors)
{
	struct mail_side *side = mem_new(sizeof(*side));

	side->location = location;
	side->errors = errors;
	dir_stack_init(&side->stack, -1, O_PATH);
	return side;
}

void mail_side_deinit(struct mail_side **_side)
{
	struct mail_side *side = *_side;

	*_side = NULL;
	dir_stack_deinit(&side->stack);
	free(side->filled);
	free(side->failed_dir);
	free(side);
}

/* Report an operation on a path of the mail root; "" is the root itself. */
static void side_error(struct mail_side *side, const char *op, const char *path,
		       const char *error)
{
	char *full;

	if (path[0] == '/')
		full = mem_strdup(path);
	else {
		full = mem_printf("%s%s%s", side->location->mail_root,
				  path[0] == '\0' ? "" : "/", path);
	}
	error_sink_add(side->errors, op, full, error);
	free(full);
}

/* Open a root that must be there and hold something. Returns -1 if it can't be
   used; that was reported. */
static int root_open(struct mail_side *side, const char *path)
{
	int ret, fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *op;

	if (fd == -1) {
		side_error(side, "open", path, strerror(errno));
		return -1;
	}
	ret = mail_dir_has_entries(fd, &op);
	/* names in it may be found without reading it */
	if (ret > 0 || (ret < 0 && errno == EACCES))
		return fd;
	side_error(side, op, path, ret < 0 ? strerror(errno) :
		   "Directory is empty, is the file system mounted?");
	(void)close(fd);
	return -1;
}

static bool mail_root_usable(struct mail_side *side)
{
	if (side->root_ok == 0) {
		side->stack.root_fd =
			root_open(side, side->location->mail_root);
		side->root_ok = side->stack.root_fd != -1 ? 1 : -1;
		if (side->root_ok > 0 &&
		    fstat(side->stack.root_fd, &side->root_st) < 0) {
			side_error(side, "fstat", "", strerror(errno));
			side->root_ok = -1;
		}
		side->filled = mem_grow(side->filled, &side->filled_alloc, 1,
					sizeof(*side->filled));
		side->filled[0] = true;
	}
	return side->root_ok > 0;
}

/* An INBOX elsewhere may be missing only if its directory is in use. */
static bool inbox_root_usable(struct mail_side *side,
			      const struct location_path *path)
{
	char *dir;
	int fd;

	if (side->inbox_ok == 0) {
		dir = mem_strdup(path->mail_path);
		dir[path->mail_dir_len == 0 ? 1 : path->mail_dir_len] = '\0';
		fd = root_open(side, dir);
		side->inbox_ok = fd == -1 ? -1 : 1;
		if (fd != -1)
			(void)close(fd);
		free(dir);
	}
	return side->inbox_ok > 0;
}

/* Returns TRUE if path is dir or below. */
static bool path_is_below(const char *path, size_t path_len, const char *dir)
{
	size_t len = strlen(dir);

	return path_len >= len && memcmp(path, dir, len) == 0 &&
		(path_len == len || len == 0 || path[len] == '/');
}

/* Move the stack to a directory. */
static void stack_seek(struct mail_side *side, const char *path, size_t len)
{
	struct dir_stack *stack = &side->stack;
	const char *end = path + len, *slash;

	while (!path_is_below(path, len, stack->path) && stack->count > 0) {
		dir_stack_pop(stack);
		/* the one that was left */
		side->filled[stack->count] = true;
	}
	path += stack->path_len;
	while (path < end) {
		if (*path == '/')
			path++;
		slash = memchr(path, '/', end - path);
		if (slash == NULL)
			slash = end;
		dir_stack_push(stack, path, slash - path);
		side->filled = mem_grow(side->filled, &side->filled_alloc,
					stack->count + 1,
					sizeof(*side->filled));
		side->filled[stack->count] = false;
		path = slash;
	}
}

/* Let a verdict stand for all that is in the stack's directory. */
static void stack_dir_failed(struct mail_side *side,
			     struct mail_verdict verdict)
{
	free(side->failed_dir);
	side->failed_dir = mem_strdup(side->stack.path);
	side->failed = verdict;
}

/* A name is missing in the stack's directory. If nothing else was found there,
   look once whether it is empty. */
static struct mail_verdict stack_missing(struct mail_side *side, int dir_fd)
{
	bool *filled = &side->filled[side->stack.count];
	struct mail_verdict verdict;
	const char *op;
	int ret;

	/* where an index is enough, what is missing says nothing anyway */
	if (*filled || side->location->format->index_opens)
		return mail_is_missing;
	ret = mail_dir_has_entries(dir_fd, &op);
	*filled = true;
	/* it can only be searched, or was removed */
	if (ret > 0 || (ret < 0 && (errno == EACCES || errno == ENOENT)))
		return mail_is_missing;
	verdict = mail_is_unknown(ret == 0 ? MBA_REASON_EMPTY_DIRECTORY :
				  MBA_REASON_ERROR);
	if (ret < 0)
		side_error(side, op, side->stack.path, strerror(errno));
	stack_dir_failed(side, verdict);
	return verdict;
}

/* Find out what it says of everything below a directory that it couldn't be
   opened in the one above. Sets errno for an error. */
static struct mail_verdict dir_failed(int parent_fd, const char *name)
{
	struct mail_verdict verdict;
	int open_errno = errno;
	bool in_dir;

	if (open_errno == ELOOP)
		return mail_is_unknown(MBA_REASON_SYMLINK);
	if (open_errno != ENOENT && open_errno != ENOTDIR)
		return mail_is_unknown(MBA_REASON_ERROR);
	verdict = mail_look_closer(parent_fd, name, 0, &in_dir);
	if (verdict.state != MBA_STATE_MAILBOX)
		return verdict;
	/* a file can't have anything below */
	if (open_errno == ENOTDIR)
		return mail_is_missing;
	errno = ESTALE;
	return mail_is_unknown(MBA_REASON_ERROR);
}

/* The stack's directory at a depth couldn't be opened. Remember what that says
   of everything below. */
static void stack_failed(struct mail_side *side, size_t depth)
{
	struct dir_stack *stack = &side->stack;
	int fd, open_errno = errno;
	char *name;
	size_t ignored;

	while (stack->count > depth)
		dir_stack_pop(stack);
	stack_dir_failed(side, mail_is_unknown(MBA_REASON_ERROR));
	name = mem_strdup(dir_stack_name(stack));
	dir_stack_pop(stack);

	fd = dir_stack_fd(stack, &ignored);
	errno = open_errno;
	if (fd != -1)
		side->failed = dir_failed(fd, name);
	if (side->failed.reason == MBA_REASON_ERROR) {
		side_error(side, "open", side->failed_dir, strerror(errno));
	} else if (side->failed.state == MBA_STATE_MISSING) {
		/* the one above is remembered instead, if it is empty */
		side->failed = stack_missing(side, fd);
	} else {
		side->filled[stack->count] = true;
	}
	free(name);
}

/* Look at a mailbox in the stack's directory, or anywhere by its absolute
   path. */
static struct mail_verdict look_name(struct mail_side *side, int dir_fd,
				     const char *name,
				     const struct location_path *path,
				     bool *is_dir_r)
{
	struct mail_verdict verdict;
	const char *op;
	int look_errno;

	verdict = mail_look(side->location, dir_fd, name, path->storage_name,
			    &op, is_dir_r);
	if (verdict.reason == MBA_REASON_ERROR) {
		look_errno = errno;
		side_error(side, op, path->mail_path, strerror(look_errno));
		/* lstat() isn't denied for a file, but for all of a directory
		   that can't be searched: one error is enough */
		if (look_errno == EACCES && dir_fd != AT_FDCWD &&
		    strcmp(op, "lstat") == 0)
			stack_dir_failed(side, verdict);
	}
	return verdict;
}

static struct mail_verdict look_below_root(struct mail_side *side,
					   const struct location_path *path,
					   bool *is_dir_r)
{
	const char *mail_path = path->mail_path;
	struct mail_verdict verdict;
	size_t depth;
	int fd;

	if (!mail_root_usable(side))
		return mail_is_unknown(MBA_REASON_MAIL_ROOT);
	if (side->failed_dir != NULL &&
	    path_is_below(mail_path, path->mail_dir_len, side->failed_dir))
		return side->failed;
	stack_seek(side, mail_path, path->mail_dir_len);
	if ((fd = dir_stack_fd(&side->stack, &depth)) == -1) {
		stack_failed(side, depth);
		return side->failed;
	}
	verdict = look_name(side, fd, path->mail_dir_len == 0 ? mail_path :
			    mail_path + path->mail_dir_len + 1, path, is_dir_r);
	if (verdict.state == MBA_STATE_MISSING)
		verdict = stack_missing(side, fd);
	else if (verdict.reason != MBA_REASON_ERROR)
		side->filled[side->stack.count] = true;
	return verdict;
}

enum mba_state mail_side_look(struct mail_side *side,
			      const struct location_path *path,
			      enum mba_reason *reason_r, bool *is_dir_r)
{
	struct mail_verdict verdict;

	*is_dir_r = false;
	if (path->mail_path[0] != '/') {
		verdict = look_below_root(side, path, is_dir_r);
	} else {
		verdict = look_name(side, AT_FDCWD, path->mail_path,
				    path, is_dir_r);
		if (verdict.state == MBA_STATE_MISSING &&
		    !inbox_root_usable(side, path))
			verdict = mail_is_unknown(MBA_REASON_MAIL_ROOT);
	}
	*reason_r = verdict.reason;
	return verdict.state;
}

/* Returns TRUE if the mail root still is the directory that it was at first. If
   not, that is reported, and it isn't used any more. */
static bool mail_root_is_same(struct mail_side *side)
{
	struct stat st;

	if (stat(side->location->mail_root, &st) == 0) {
		if (st.st_dev == side->root_st.st_dev &&
		    st.st_ino == side->root_st.st_ino)
			return true;
		errno = ESTALE;
	}
	side_error(side, "stat", "", strerror(errno));
	side->root_ok = -1;
	return false;
}

enum mba_state mail_side_look_afresh(struct mail_side *side,
				     const struct location_path *path,
				     enum mba_reason *reason_r, bool *is_dir_r)
{
	bool is_below = path->mail_path[0] != '/';
	struct mail_verdict verdict;
	const char *op = "stat";
	enum mba_state state;
	int look_errno;
	char *full;

	full = is_below ? mem_printf("%s/%s", side->location->mail_root,
				     path->mail_path) :
		mem_strdup(path->mail_path);
	verdict = mail_look(side->location, AT_FDCWD, full,
			    path->storage_name, &op, is_dir_r);
	look_errno = errno;
	free(full);
	*reason_r = verdict.reason;
	if (verdict.state != MBA_STATE_MISSING &&
	    verdict.reason != MBA_REASON_ERROR)
		return verdict.state;
	/* What was found of the directories above says whether it may be
	   missing, and reports an error only once. It can't say that all is
	   well after all. */
	state = mail_side_look(side, path, reason_r, is_dir_r);
	if (verdict.state != MBA_STATE_MISSING) {
		if (*reason_r != MBA_REASON_ERROR &&
		    *reason_r != MBA_REASON_MAIL_ROOT) {
			side_error(side, op, path->mail_path,
				   strerror(look_errno));
			*reason_r = MBA_REASON_ERROR;
		}
		return MBA_STATE_UNKNOWN;
	}
	if ((MBA_STATE_BIT(state) & MBA_STATES_BOGUS) == 0)
		return state;
	if (!is_below || mail_root_is_same(side))
		return MBA_STATE_MISSING;
	*reason_r = MBA_REASON_MAIL_ROOT;
	return MBA_STATE_UNKNOWN;
}
