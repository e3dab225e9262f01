/* What is missing is only missing if that is sure. A file server that isn't
   mounted leaves an empty directory behind, a symlink to it dangles: everything
   there would look as if it were deleted. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "dir-stack.h"
#include "mail-side.h"

struct verdict {
	enum mba_state state;
	enum mba_reason reason;
};

struct mail_side {
	const struct location *location;
	const struct error_sink *errors;

	struct dir_stack stack;
	/* A directory that couldn't be opened, NULL if none; and what that says
	   of everything below. */
	char *failed_dir;
	struct verdict failed;
	/* the mail root and the directory of an INBOX elsewhere: 1 usable,
	   0 unknown yet, -1 not usable */
	int root_ok, inbox_ok;
};

static const struct verdict verdict_mailbox = { MBA_STATE_MAILBOX, 0 };
static const struct verdict verdict_refused = { MBA_STATE_NOT_MAILBOX, 0 };
static const struct verdict verdict_missing = { MBA_STATE_MISSING, 0 };
static const struct verdict verdict_symlink =
	{ MBA_STATE_UNKNOWN, MBA_REASON_SYMLINK };
static const struct verdict verdict_error =
	{ MBA_STATE_UNKNOWN, MBA_REASON_ERROR };
static const struct verdict verdict_no_root =
	{ MBA_STATE_UNKNOWN, MBA_REASON_MAIL_ROOT };

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

/* Returns 1 if a directory has entries, 0 if not, -1 with errno if it can't be
   read. */
static int dir_has_entries(int fd)
{
	const struct dirent *d;
	DIR *dir;
	int dir_fd, ret = 0;

	dir_fd = openat_noatime(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd == -1)
		return -1;
	dir = fdopendir(dir_fd);
	if (dir == NULL) {
		(void)close(dir_fd);
		return -1;
	}
	errno = 0;
	while (ret == 0 && (d = readdir(dir)) != NULL) {
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			ret = 1;
	}
	if (ret == 0 && errno != 0)
		ret = -1;
	(void)closedir(dir);
	return ret;
}

/* Open a root that must be there and hold something. Returns -1 if it can't be
   used; that was reported. */
static int root_open(struct mail_side *side, const char *path)
{
	int ret, fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1) {
		side_error(side, "open", path, strerror(errno));
		return -1;
	}
	ret = dir_has_entries(fd);
	/* names in it may be found without reading it */
	if (ret > 0 || (ret < 0 && errno == EACCES))
		return fd;
	side_error(side, "readdir", path, ret < 0 ? strerror(errno) :
		   "Directory is empty, is the file system mounted?");
	(void)close(fd);
	return -1;
}

static bool mail_root_usable(struct mail_side *side)
{
	if (side->root_ok == 0) {
		side->stack.root_fd =
			root_open(side, side->location->mail_root);
		side->root_ok = side->stack.root_fd == -1 ? -1 : 1;
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

static struct verdict look_symlink(int dir_fd, const char *name)
{
	struct stat st;

	if (fstatat(dir_fd, name, &st, 0) == 0)
		return verdict_refused;
	if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)
		return verdict_symlink;
	return verdict_error;
}

/* stat() found nothing at a path: tell what is there instead. It is a mailbox
   if all of the path is there by now. */
static struct verdict look_closer(int dir_fd, const char *path)
{
	struct verdict verdict = verdict_missing;
	char *part = mem_strdup(path), *slash = part;
	struct stat st;

	do {
		slash = strchr(slash, '/');
		if (slash != NULL)
			*slash = '\0';
		if (fstatat(dir_fd, part, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			if (errno != ENOENT && errno != ENOTDIR)
				verdict = verdict_error;
			break;
		}
		verdict = !S_ISLNK(st.st_mode) ? verdict_refused :
			look_symlink(dir_fd, part);
		if (slash != NULL && !S_ISDIR(st.st_mode) &&
		    !S_ISLNK(st.st_mode)) {
			/* it has nothing below */
			break;
		}
		if (slash != NULL)
			*slash++ = '/';
		else if (verdict.state == MBA_STATE_NOT_MAILBOX)
			verdict = verdict_mailbox;
	} while (slash != NULL && verdict.state == MBA_STATE_NOT_MAILBOX);
	free(part);
	return verdict;
}

/* A mailbox that is a directory. */
static struct verdict look_dir(struct mail_side *side, int dir_fd,
			       const char *name)
{
	const struct location *location = side->location;
	const char *subdir = location->format->subdir;
	struct verdict verdict;
	struct stat st;
	char *path;

	path = subdir == NULL ? mem_strdup(name) :
		mem_printf("%s/%s", name, subdir);
	if (fstatat(dir_fd, path, &st, 0) == 0)
		verdict = verdict_mailbox;
	else if (errno == ELOOP)
		verdict = verdict_symlink;
	else if (errno != ENOENT && errno != ENOTDIR)
		verdict = verdict_error;
	else if (location->flat && fstatat(dir_fd, name, &st, 0) == 0 &&
		 S_ISDIR(st.st_mode)) {
		/* Maildir++: Dovecot creates what is missing in it */
		verdict = verdict_mailbox;
	} else {
		verdict = look_closer(dir_fd, path);
	}
	free(path);
	return verdict;
}

/* Let a verdict stand for all that is in the stack's directory. */
static void stack_dir_failed(struct mail_side *side, struct verdict verdict)
{
	free(side->failed_dir);
	side->failed_dir = mem_strdup(side->stack.path);
	side->failed = verdict;
}

static enum mba_probe_flags probe_flags(const struct mba_location *set)
{
	return set->no_compression ? MBA_PROBE_NO_COMPRESSION :
		set->compression ? MBA_PROBE_COMPRESSION : 0;
}

/* Look at the mailbox which has that name in a directory. */
static struct verdict look_name(struct mail_side *side, int dir_fd,
				const char *name,
				const struct location_path *path,
				bool *is_dir_r)
{
	const char *op = "stat";
	struct verdict verdict;
	int look_errno;

	if (!side->location->format->files) {
		*is_dir_r = true;
		verdict = look_dir(side, dir_fd, name);
	} else {
		verdict.state = mba_probe_mbox(
			dir_fd, name, path->storage_name,
			probe_flags(&side->location->set),
			&verdict.reason, &op, is_dir_r);
	}
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

/* Returns TRUE if path is dir or below. */
static bool path_is_below(const char *path, size_t path_len, const char *dir)
{
	size_t len = strlen(dir);

	return path_len >= len && memcmp(path, dir, len) == 0 &&
		(path_len == len || len == 0 || path[len] == '/');
}

/* Move the stack to a directory. */
static void stack_seek(struct dir_stack *stack, const char *path, size_t len)
{
	const char *end = path + len, *slash;

	while (!path_is_below(path, len, stack->path) && stack->count > 0)
		dir_stack_pop(stack);
	path += stack->path_len;
	while (path < end) {
		if (*path == '/')
			path++;
		slash = memchr(path, '/', end - path);
		if (slash == NULL)
			slash = end;
		dir_stack_push(stack, path, slash - path);
		path = slash;
	}
}

/* The stack's directory couldn't be opened. Find out what that says of
   everything below, and remember it. */
static void stack_failed(struct mail_side *side, size_t depth)
{
	struct dir_stack *stack = &side->stack;
	const char *name;
	char *dir;
	int fd, open_errno = errno;
	size_t ignored;

	while (stack->count > depth)
		dir_stack_pop(stack);
	free(side->failed_dir);
	side->failed_dir = dir = mem_strdup(stack->path);
	name = dir + stack->frames[stack->count - 1].name_pos;
	dir_stack_pop(stack);

	side->failed = verdict_error;
	if (open_errno == ELOOP)
		side->failed = verdict_symlink;
	else if ((open_errno == ENOENT || open_errno == ENOTDIR) &&
		 (fd = dir_stack_fd(stack, &ignored)) != -1) {
		side->failed = look_closer(fd, name);
		if (side->failed.reason == MBA_REASON_ERROR)
			open_errno = errno;
		else if (side->failed.state == MBA_STATE_MAILBOX &&
			 open_errno == ENOTDIR) {
			/* a file can't have anything below */
			side->failed = verdict_missing;
		} else if (side->failed.state == MBA_STATE_MAILBOX) {
			side->failed = verdict_error;
			open_errno = ESTALE;
		}
	}
	if (side->failed.reason == MBA_REASON_ERROR)
		side_error(side, "open", dir, strerror(open_errno));
}

static struct verdict look_below_root(struct mail_side *side,
				      const struct location_path *path,
				      bool *is_dir_r)
{
	const char *mail_path = path->mail_path;
	size_t depth;
	int fd;

	if (!mail_root_usable(side))
		return verdict_no_root;
	if (side->failed_dir != NULL &&
	    path_is_below(mail_path, path->mail_dir_len, side->failed_dir))
		return side->failed;
	stack_seek(&side->stack, mail_path, path->mail_dir_len);
	if ((fd = dir_stack_fd(&side->stack, &depth)) == -1) {
		stack_failed(side, depth);
		return side->failed;
	}
	return look_name(side, fd, path->mail_dir_len == 0 ? mail_path :
			 mail_path + path->mail_dir_len + 1, path, is_dir_r);
}

enum mba_state mail_side_look(struct mail_side *side,
			      const struct location_path *path,
			      enum mba_reason *reason_r, bool *is_dir_r)
{
	struct verdict verdict;

	*is_dir_r = false;
	if (path->mail_path[0] != '/') {
		verdict = look_below_root(side, path, is_dir_r);
	} else {
		verdict = look_name(side, AT_FDCWD, path->mail_path,
				    path, is_dir_r);
		if (verdict.state == MBA_STATE_MISSING &&
		    !inbox_root_usable(side, path))
			verdict = verdict_no_root;
	}
	*reason_r = verdict.reason;
	return verdict.state;
}
