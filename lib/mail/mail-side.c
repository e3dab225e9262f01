/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What is missing is only missing if that is sure. A file server that isn't
   mounted leaves an empty directory behind, a symlink to it dangles: everything
   there would look as if it were deleted.

   A look is what mail-look.c asks of the file system for one mailbox. For a
   question it is made later, by any thread of look-pool.c, and look-queue.c
   keeps the order: questions may be asked before earlier ones are answered.
   Their directories are opened in that order; what is learnt of directories is
   learnt in the order of the answers alone, so that these are the same as if
   each had been answered before the next was asked. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "dir-stack.h"
#include "fd.h"
#include "long-path.h"
#include "mail-look.h"
#include "mail-seen.h"
#include "mail-side.h"
#include "path.h"

/* What a file server takes at the least, and a disk's cache never does; and how
   many more of the latest looks than not have to take that long: a process that
   has to wait for a processor has one or two. */
#define SLOW_NSECS (200 * 1000)
#define SLOW_LOOKS 4

/* A directory with questions; its descriptor is closed with the last one. */
struct mail_dir {
	unsigned int refs;
	int fd;
	/* relative to the mail root */
	char *path;
	size_t path_len;
};

struct mail_side {
	const struct location *location;
	const struct error_sink *errors;

	/* how many more of the latest looks were slow than not */
	unsigned int slow_looks;

	/* where the latest question was asked */
	struct dir_stack stack;
	/* that directory, for questions that weren't answered yet; and how many
	   directories are held for these */
	struct mail_dir *asked_dir;
	unsigned int dirs_held;
	/* The stack's directory couldn't be opened for a question: why, and how
	   deep. 0 if it could. */
	int open_errno;
	size_t open_depth;

	/* where the latest answer was given */
	struct mail_seen seen;
	/* A directory that couldn't be opened or is empty, NULL if none; and
	   what that says of everything below. */
	char *failed_dir;
	struct mail_verdict failed;
	/* what is held open for the latest look isn't at its path any more */
	bool is_elsewhere;
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
	dir_stack_init(&side->stack, O_PATH);
	mail_seen_init(&side->seen);
	return side;
}

static void dir_unref(struct mail_side *side, struct mail_dir **_dir)
{
	struct mail_dir *dir = *_dir;

	*_dir = NULL;
	if (dir == NULL || --dir->refs > 0)
		return;
	side->dirs_held--;
	(void)close(dir->fd);
	free(dir->path);
	free(dir);
}

void mail_side_deinit(struct mail_side **_side)
{
	struct mail_side *side = *_side;

	*_side = NULL;
	dir_unref(side, &side->asked_dir);
	dir_stack_deinit(&side->stack);
	mail_seen_deinit(&side->seen);
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
	ret = mail_dir_has_entries(fd, ".", &op);
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

static void failed_dir_forget(struct mail_side *side)
{
	free(side->failed_dir);
	side->failed_dir = NULL;
}

/* Let a verdict stand for all that is in a directory. */
static void dir_is_failed(struct mail_side *side, const char *path,
			  struct mail_verdict verdict)
{
	failed_dir_forget(side);
	side->failed_dir = mem_strdup(path);
	side->failed = verdict;
}

static bool is_in_failed_dir(const struct mail_side *side,
			     const struct location_path *path)
{
	return side->failed_dir != NULL &&
		path_is_below(path->mail_path, path->mail_dir_len,
			      side->failed_dir);
}

/* A name is missing in the directory that was seen last. If nothing else was
   found there, look once whether it is empty. */
static struct mail_verdict seen_missing(struct mail_side *side, int dir_fd)
{
	bool *filled = mail_seen_filled(&side->seen);
	struct mail_verdict verdict;
	const char *op;
	int ret;

	/* where an index is enough, what is missing says nothing anyway */
	if (*filled || side->location->format->index_opens)
		return mail_is_missing;
	ret = mail_dir_has_entries(dir_fd, ".", &op);
	*filled = true;
	/* it can only be searched, or was removed */
	if (ret > 0 || (ret < 0 && (errno == EACCES || errno == ENOENT)))
		return mail_is_missing;
	verdict = mail_is_unknown(ret == 0 ? MBA_REASON_EMPTY_DIRECTORY :
				  MBA_REASON_ERROR);
	if (ret < 0)
		side_error(side, op, side->seen.path, strerror(errno));
	dir_is_failed(side, side->seen.path, verdict);
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
	dir_is_failed(side, stack->path, mail_is_unknown(MBA_REASON_ERROR));
	name = mem_strdup(dir_stack_name(stack));
	dir_stack_pop(stack);
	mail_seen_cut(&side->seen, stack->path_len, stack->count);

	fd = dir_stack_fd(stack, &ignored);
	errno = open_errno;
	if (fd != -1)
		side->failed = dir_failed(fd, name);
	if (side->failed.reason == MBA_REASON_ERROR) {
		side_error(side, "open", side->failed_dir, strerror(errno));
	} else if (side->failed.state == MBA_STATE_MISSING &&
		   !mail_is_nowhere(side->location, fd, side->failed_dir,
				    stack->path_len, ".")) {
		/* what is at the path may not be missing */
		side->is_elsewhere = true;
		failed_dir_forget(side);
	} else if (side->failed.state == MBA_STATE_MISSING) {
		/* the one above is remembered instead, if it is empty */
		side->failed = seen_missing(side, fd);
	} else {
		*mail_seen_filled(&side->seen) = true;
	}
	free(name);
}

/* Returns TRUE for what isn't told of a directory that was moved away. While
   one is removed what is in it becomes missing, and a mailbox that is a
   directory at first one without what makes it a mailbox. */
static bool verdict_is_of_place(const struct location *location,
				struct mail_verdict verdict)
{
	return verdict.state == MBA_STATE_MISSING ||
		(verdict.state == MBA_STATE_NOT_MAILBOX &&
		 !location->format->files);
}

void mail_question_look(const struct location *location,
			struct mail_question *question)
{
	question->verdict = mail_look(location, question->dir_fd,
				      question->name,
				      question->path->storage_name,
				      &question->op, &question->is_dir);
	question->look_errno = errno;
	question->is_elsewhere =
		verdict_is_of_place(location, question->verdict) &&
		question->dir_fd != AT_FDCWD &&
		!mail_is_nowhere(location, question->dir_fd,
				 question->path->mail_path,
				 question->path->mail_dir_len,
				 question->verdict.state == MBA_STATE_MISSING ?
				 NULL : location->format->subdir);
}

static void question_error(struct mail_side *side,
			   const struct mail_question *question)
{
	side_error(side, question->op, question->path->mail_path,
		   strerror(question->look_errno));
	/* lstat() isn't denied for a file, but for all of a directory that
	   can't be searched: one error is enough */
	if (question->look_errno == EACCES && question->dir_fd != AT_FDCWD &&
	    strcmp(question->op, "lstat") == 0)
		dir_is_failed(side, side->seen.path, question->verdict);
}

/* Returns what a look says, in a directory that was seen last. */
static struct mail_verdict
question_verdict(struct mail_side *side, const struct mail_question *question)
{
	struct mail_verdict verdict = question->verdict;

	if (verdict.reason == MBA_REASON_ERROR)
		question_error(side, question);
	else if (verdict.state != MBA_STATE_MISSING)
		*mail_seen_filled(&side->seen) = true;
	else
		return seen_missing(side, question->dir_fd);
	return verdict;
}

/* The same for a mailbox with an absolute path. */
static struct mail_verdict
question_inbox_verdict(struct mail_side *side,
		       const struct mail_question *question)
{
	if (question->verdict.reason == MBA_REASON_ERROR)
		question_error(side, question);
	if (question->verdict.state == MBA_STATE_MISSING &&
	    !inbox_root_usable(side, question->path))
		return mail_is_unknown(MBA_REASON_MAIL_ROOT);
	return question->verdict;
}

static void question_init(struct mail_question *question,
			  const struct location_path *path)
{
	memset(question, 0, sizeof(*question));
	question->path = path;
	question->dir_fd = AT_FDCWD;
	question->name = path->mail_path;
	if (path->mail_path[0] != '/' && path->mail_dir_len > 0)
		question->name += path->mail_dir_len + 1;
}

/* Returns why a path's directory couldn't be opened for a question, 0 if it
   wasn't tried last. */
static int stack_open_errno(const struct mail_side *side,
			    const struct location_path *path)
{
	const struct dir_stack *stack = &side->stack;

	return stack->path_len == path->mail_dir_len &&
		memcmp(stack->path, path->mail_path, stack->path_len) == 0 ?
		side->open_errno : 0;
}

static struct timespec clock_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now;
}

/* A look was made that began then. */
static void side_looked(struct mail_side *side, struct timespec begin)
{
	struct timespec end = clock_now();
	int64_t nsecs = (end.tv_sec - begin.tv_sec) * (int64_t)1000000000 +
		end.tv_nsec - begin.tv_nsec;

	if (mail_side_is_slow(side))
		return;
	if (nsecs >= SLOW_NSECS)
		side->slow_looks++;
	else if (side->slow_looks > 0)
		side->slow_looks--;
}

/* Look and answer, in the stack's directory, or by why it can't be opened. */
static struct mail_verdict look_in_stack(struct mail_side *side,
					 struct mail_question *question,
					 int open_errno, size_t depth)
{
	const struct location_path *path = question->path;
	int fd = -1;

	mail_seen_seek(&side->seen, path->mail_path, path->mail_dir_len);
	dir_stack_seek(&side->stack, path->mail_path, path->mail_dir_len);
	if (open_errno == 0)
		fd = dir_stack_fd(&side->stack, &depth);
	else
		errno = open_errno;
	if (fd == -1) {
		stack_failed(side, depth);
		return side->failed;
	}
	question->dir_fd = fd;
	mail_question_look(side->location, question);
	side->is_elsewhere = question->is_elsewhere;
	return question->is_elsewhere ? question->verdict :
		question_verdict(side, question);
}

/* Ask, look and answer, by what is held open. */
static struct mail_verdict look_by_stack(struct mail_side *side,
					 struct mail_question *question)
{
	int open_errno = stack_open_errno(side, question->path);
	size_t depth = side->open_depth;
	struct mail_verdict verdict;
	struct timespec begin;

	side->open_errno = 0;
	if (is_in_failed_dir(side, question->path))
		return side->failed;
	begin = clock_now();
	verdict = look_in_stack(side, question, open_errno, depth);
	side_looked(side, begin);
	return verdict;
}

/* Returns TRUE if the mail root still is the directory that it was at first. If
   not, that is reported, and it isn't used any more. */
static bool mail_root_is_same(struct mail_side *side)
{
	struct stat st;

	if (stat(side->location->mail_root, &st) == 0) {
		if (inode_is_same(&st, &side->root_st))
			return true;
		errno = ESTALE;
	}
	side_error(side, "stat", "", strerror(errno));
	side->root_ok = -1;
	return false;
}

/* Look once more, all the way from the root. What is known of directories may
   be known of others. */
static struct mail_verdict look_anew(struct mail_side *side,
				     struct mail_question *question)
{
	struct mail_verdict verdict;

	if (!mail_root_is_same(side))
		return mail_is_unknown(MBA_REASON_MAIL_ROOT);
	dir_unref(side, &side->asked_dir);
	dir_stack_seek(&side->stack, "", 0);
	mail_seen_cut(&side->seen, 0, 0);
	failed_dir_forget(side);
	side->is_elsewhere = false;
	verdict = look_by_stack(side, question);
	if (!side->is_elsewhere)
		return verdict;
	side_error(side, "open", question->path->mail_path, strerror(ESTALE));
	return mail_is_unknown(MBA_REASON_ERROR);
}

static struct mail_verdict look_below_root(struct mail_side *side,
					   struct mail_question *question)
{
	struct mail_verdict verdict;

	if (!mail_root_usable(side))
		return mail_is_unknown(MBA_REASON_MAIL_ROOT);
	side->is_elsewhere = false;
	verdict = look_by_stack(side, question);
	return side->is_elsewhere ? look_anew(side, question) : verdict;
}

enum mba_state mail_side_look(struct mail_side *side,
			      const struct location_path *path,
			      enum mba_reason *reason_r, bool *is_dir_r)
{
	struct mail_question question;
	struct mail_verdict verdict;

	question_init(&question, path);
	if (path->mail_path[0] != '/')
		verdict = look_below_root(side, &question);
	else {
		mail_question_look(side->location, &question);
		verdict = question_inbox_verdict(side, &question);
	}
	*reason_r = verdict.reason;
	*is_dir_r = question.is_dir;
	return verdict.state;
}

bool mail_side_is_slow(const struct mail_side *side)
{
	return side->slow_looks == SLOW_LOOKS;
}

/* Open a question's directory. */
static bool asked_dir_open(struct mail_side *side,
			   const struct location_path *path)
{
	struct mail_dir *dir;
	int fd;

	dir_unref(side, &side->asked_dir);
	dir_stack_seek(&side->stack, path->mail_path, path->mail_dir_len);
	fd = dir_stack_fd(&side->stack, &side->open_depth);
	if (fd == -1) {
		side->open_errno = errno;
		return false;
	}
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd == -1)
		return false;
	dir = side->asked_dir = mem_new(sizeof(*dir));
	dir->refs = 1;
	dir->fd = fd;
	dir->path_len = path->mail_dir_len;
	dir->path = mem_printf("%.*s", (int)path->mail_dir_len,
			       path->mail_path);
	side->dirs_held++;
	return true;
}

bool mail_side_ask(struct mail_side *side, const struct location_path *path,
		   unsigned int max_dirs, struct mail_question *question_r)
{
	const struct mail_dir *dir = side->asked_dir;

	question_init(question_r, path);
	if (path->mail_path[0] == '/')
		return true;
	/* what is learnt by the answers comes first */
	if (side->root_ok <= 0 || side->open_errno != 0 ||
	    is_in_failed_dir(side, path))
		return false;
	if (dir == NULL || dir->path_len != path->mail_dir_len ||
	    memcmp(dir->path, path->mail_path, dir->path_len) != 0) {
		if (side->dirs_held >= max_dirs || !asked_dir_open(side, path))
			return false;
	}
	question_r->dir = side->asked_dir;
	question_r->dir->refs++;
	question_r->dir_fd = side->asked_dir->fd;
	return true;
}

enum mba_state mail_side_answer(struct mail_side *side,
				struct mail_question *question,
				enum mba_reason *reason_r, bool *is_dir_r)
{
	const struct location_path *path = question->path;
	struct mail_verdict verdict;

	if (path->mail_path[0] == '/')
		verdict = question_inbox_verdict(side, question);
	else if (is_in_failed_dir(side, path)) {
		/* that wasn't known when it was asked */
		verdict = side->failed;
		question->is_dir = false;
	} else {
		mail_seen_seek(&side->seen, path->mail_path,
			       path->mail_dir_len);
		verdict = !question->is_elsewhere ?
			question_verdict(side, question) :
			look_anew(side, question);
	}
	dir_unref(side, &question->dir);
	*reason_r = verdict.reason;
	*is_dir_r = question->is_dir;
	return verdict.state;
}

void mail_question_free(struct mail_side *side, struct mail_question *question)
{
	dir_unref(side, &question->dir);
}

/* Look at a path without anything that is known of it. What can't be told is an
   error, with errno and *op_r. */
static struct mail_verdict
look_afresh(const struct mail_side *side, const struct location_path *path,
	    const char **op_r, bool *is_dir_r)
{
	struct mail_verdict verdict = mail_is_missing;
	int fd, look_errno;
	const char *name;
	char *full;

	full = path->mail_path[0] != '/' ?
		mem_printf("%s/%s", side->location->mail_root,
			   path->mail_path) : mem_strdup(path->mail_path);
	*op_r = "open";
	fd = long_path_open(full, &name);
	if (fd != -1) {
		verdict = mail_look(side->location, fd, name,
				    path->storage_name, op_r, is_dir_r);
	} else if (!ENOTFOUND(errno))
		verdict = mail_is_unknown(MBA_REASON_ERROR);
	look_errno = errno;
	if (fd != -1)
		long_path_close(fd);
	free(full);
	errno = look_errno;
	return verdict;
}

enum mba_state mail_side_look_afresh(struct mail_side *side,
				     const struct location_path *path,
				     enum mba_reason *reason_r, bool *is_dir_r)
{
	bool is_below = path->mail_path[0] != '/';
	struct mail_verdict verdict;
	enum mba_state state;
	int look_errno;
	const char *op;

	verdict = look_afresh(side, path, &op, is_dir_r);
	look_errno = errno;
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
