/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A slow file server: a file system that shows a directory, and takes its time
   for each answer, of as many questions as come at once. What it shows can be
   removed, and not changed otherwise.

	slowfs SOURCE MOUNTPOINT [-f] -o OPTION,...

   delay=MICROSECONDS	what each answer takes
   jitter=MICROSECONDS	and up to so much more, another time for each path
   errors=PERMILLE	of the paths, for those that can't be looked at (EIO);
			as many can't be opened or read (EACCES)
   spare=NAME		no errors for files and directories of that name
   seed=NUMBER		other times, and other errors
   fold			upper and lower case of a name are the same
   exact=NAME		but not in directories of that name
   nocache		the kernel asks each time, in place of once a second
   count=FILE		when it ends, how many answers there were, and how many
			at once

   What a path has to wait, and whether it fails, depends on the path and the
   seed alone: it is the same for whoever asks, in whatever order.

   Directories that were found are held open, and so are symlinks: what somebody
   has open stays what it is, though another one comes in its place. A file is
   looked up again in its directory, as there may be too many of them: another
   one is none (ESTALE). As with NFS, a file that is removed while somebody has
   it open stays in its directory under another name until it is closed. */

#define _GNU_SOURCE

#include "questions.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <search.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* An inode by a name in a directory. */
struct node {
	dev_t dev;
	ino_t ino;
	struct node *parent;
	char *path;
	const char *name;
	/* O_PATH; -1 if it isn't held open */
	int fd;
	/* of a file, by whom it is held open; its name then if it is removed */
	unsigned int opens;
	char removed[32];
	/* the kernel's that it hasn't forgotten, and nodes in it */
	uint64_t refs;
};

static struct {
	unsigned int delay, jitter, errors, seed;
	int fold, nocache;
	char *spare, *exact, *count;
	const char *source;
} options;

static struct node root = { .path = "/" };
/* a tsearch() tree of the others */
static void *nodes;
static pthread_mutex_t nodes_mutex = PTHREAD_MUTEX_INITIALIZER;

static const struct fuse_opt option_spec[] = {
	{ "delay=%u", offsetof(typeof(options), delay), 0 },
	{ "jitter=%u", offsetof(typeof(options), jitter), 0 },
	{ "errors=%u", offsetof(typeof(options), errors), 0 },
	{ "seed=%u", offsetof(typeof(options), seed), 0 },
	{ "spare=%s", offsetof(typeof(options), spare), 0 },
	{ "count=%s", offsetof(typeof(options), count), 0 },
	{ "exact=%s", offsetof(typeof(options), exact), 0 },
	{ "fold", offsetof(typeof(options), fold), 1 },
	{ "nocache", offsetof(typeof(options), nocache), 1 },
	FUSE_OPT_END
};

/* FNV-1a, and a mixer for its upper bits. */
static uint32_t path_hash(const char *path, uint32_t salt)
{
	uint32_t hash = 2166136261U ^ (options.seed * 2654435761U) ^ salt;

	for (; *path != '\0'; path++)
		hash = (hash ^ (unsigned char)*path) * 16777619U;
	hash ^= hash >> 15;
	hash *= 0x2c1b3c6dU;
	return hash ^ hash >> 12;
}

/* Returns 0, or the error that the answer is. */
static int answer(const char *path, uint32_t salt, int error)
{
	const char *name = strrchr(path, '/') + 1;

	if (path_hash(path, salt) % 1000 >= options.errors || *name == '\0' ||
	    (options.spare != NULL && strcmp(name, options.spare) == 0))
		return 0;
	return -error;
}

static int node_cmp(const void *p1, const void *p2)
{
	const struct node *node1 = p1, *node2 = p2;

	if (node1->dev != node2->dev)
		return node1->dev < node2->dev ? -1 : 1;
	if (node1->ino != node2->ino)
		return node1->ino < node2->ino ? -1 : 1;
	if (node1->parent != node2->parent)
		return node1->parent < node2->parent ? -1 : 1;
	return strcmp(node1->name, node2->name);
}

static struct node *node_get(fuse_ino_t ino)
{
	return ino == FUSE_ROOT_ID ? &root : (struct node *)(uintptr_t)ino;
}

static void node_free(struct node *node)
{
	if (node->fd != -1)
		(void)close(node->fd);
	free(node->path);
	free(node);
}

/* Returns a new node for a name, which isn't looked at. */
static struct node *node_new(struct node *parent, const char *name)
{
	struct node *node = calloc(1, sizeof(*node));

	if (node == NULL ||
	    asprintf(&node->path, "%s/%s", parent == &root ? "" : parent->path,
		     name) < 0)
		abort();
	node->parent = parent;
	node->name = strrchr(node->path, '/') + 1;
	node->fd = -1;
	return node;
}

/* Returns the node that is known for an inode, a directory and a name: this
   one, if none is. */
static struct node *node_ref(struct node *node)
{
	struct node **found;

	pthread_mutex_lock(&nodes_mutex);
	found = tsearch(node, &nodes, node_cmp);
	if (found == NULL)
		abort();
	if (*found == node)
		node->parent->refs++;
	else {
		node_free(node);
		node = *found;
	}
	node->refs++;
	pthread_mutex_unlock(&nodes_mutex);
	return node;
}

static void node_unref(struct node *node, uint64_t refs)
{
	struct node *parent;

	pthread_mutex_lock(&nodes_mutex);
	while (node != &root && (node->refs -= refs) == 0) {
		parent = node->parent;
		(void)tdelete(node, &nodes, node_cmp);
		node_free(node);
		node = parent;
		refs = 1;
	}
	pthread_mutex_unlock(&nodes_mutex);
}

static bool node_is(const struct node *node, const struct stat *st)
{
	return node->dev == st->st_dev && node->ino == st->st_ino;
}

/* Look at a node. Returns 0 if ok, or the error. */
static int node_stat(const struct node *node, struct stat *st_r)
{
	if (node->fd != -1)
		return fstat(node->fd, st_r) == 0 ? 0 : -errno;
	if (fstatat(node->parent->fd, node->name, st_r,
		    AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return node_is(node, st_r) ? 0 : -ESTALE;
}

/* Look for a new node. */
static int node_find(struct node *node, struct stat *st_r)
{
	int ret = answer(node->path, 10, EIO), dir_fd = node->parent->fd;

	if (ret < 0)
		return ret;
	if (fstatat(dir_fd, node->name, st_r, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISDIR(st_r->st_mode) || S_ISLNK(st_r->st_mode)) {
		node->fd = openat(dir_fd, node->name,
				  O_PATH | O_NOFOLLOW | O_CLOEXEC);
		/* it may be another one by now */
		if (node->fd == -1 || fstat(node->fd, st_r) < 0)
			return -errno;
	}
	node->dev = st_r->st_dev;
	node->ino = st_r->st_ino;
	return 0;
}

/* Returns the name that a directory has for another spelling of it. */
static const char *name_fold(const struct node *dir, const char *name,
			     char spelled[NAME_MAX + 1])
{
	const struct dirent *d;
	DIR *stream;
	int fd;

	if (strlen(name) > NAME_MAX ||
	    (options.exact != NULL && dir->name != NULL &&
	     strcmp(dir->name, options.exact) == 0))
		return name;
	fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	stream = fd == -1 ? NULL : fdopendir(fd);
	strcpy(spelled, name);
	while (stream != NULL && (d = readdir(stream)) != NULL) {
		if (strcasecmp(d->d_name, name) == 0)
			strcpy(spelled, d->d_name);
	}
	if (stream != NULL)
		(void)closedir(stream);
	return spelled;
}

static void slow_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	const double timeout = options.nocache ? 0 : 1;
	struct fuse_entry_param entry = {
		.attr_timeout = timeout, .entry_timeout = timeout,
	};
	char spelled[NAME_MAX + 1];
	struct node *node = node_new(node_get(parent), !options.fold ? name :
				     name_fold(node_get(parent), name,
					       spelled));
	int ret = node_find(node, &entry.attr);

	if (ret == 0)
		entry.ino = (uintptr_t)node_ref(node);
	else
		node_free(node);
	/* that nothing is there may be remembered, too */
	if (ret == 0 || (ret == -ENOENT && !options.nocache))
		(void)fuse_reply_entry(req, &entry);
	else
		(void)fuse_reply_err(req, -ret);
}

static void slow_forget(fuse_req_t req, fuse_ino_t ino, uint64_t lookups)
{
	node_unref(node_get(ino), lookups);
	fuse_reply_none(req);
}

static void slow_getattr(fuse_req_t req, fuse_ino_t ino,
			 struct fuse_file_info *fi)
{
	const struct node *node = node_get(ino);
	int ret = answer(node->path, 10, EIO);
	struct stat st;

	(void)fi;
	if (ret == 0)
		ret = node_stat(node, &st);
	if (ret == 0)
		(void)fuse_reply_attr(req, &st, options.nocache ? 0 : 1);
	else
		(void)fuse_reply_err(req, -ret);
}

static void slow_readlink(fuse_req_t req, fuse_ino_t ino)
{
	const struct node *node = node_get(ino);
	int ret = answer(node->path, 20, EIO);
	char buffer[PATH_MAX];
	ssize_t len;

	if (ret == 0) {
		len = readlinkat(node->fd, "", buffer, sizeof(buffer) - 1);
		if (len < 0)
			ret = -errno;
		else
			buffer[len] = '\0';
	}
	if (ret == 0)
		(void)fuse_reply_readlink(req, buffer);
	else
		(void)fuse_reply_err(req, -ret);
}

static void node_opened(struct node *node)
{
	pthread_mutex_lock(&nodes_mutex);
	node->opens++;
	pthread_mutex_unlock(&nodes_mutex);
}

static void node_closed(struct node *node)
{
	pthread_mutex_lock(&nodes_mutex);
	if (--node->opens == 0 && node->name == node->removed)
		(void)unlinkat(node->parent->fd, node->name, 0);
	pthread_mutex_unlock(&nodes_mutex);
}

/* Remove a file that was looked at. */
static int node_unlink(const struct node *looked)
{
	struct node **found, *node;
	int dir_fd = looked->parent->fd, ret;

	pthread_mutex_lock(&nodes_mutex);
	found = tfind(looked, &nodes, node_cmp);
	node = found == NULL ? NULL : *found;
	if (node == NULL || node->opens == 0)
		ret = unlinkat(dir_fd, looked->name, 0);
	else {
		(void)snprintf(node->removed, sizeof(node->removed),
			       ".nfs%016jx", (uintmax_t)node->ino);
		ret = renameat(dir_fd, node->name, dir_fd, node->removed);
		node->name = node->removed;
	}
	ret = ret < 0 ? -errno : 0;
	pthread_mutex_unlock(&nodes_mutex);
	return ret;
}

static void slow_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct node *node = node_new(node_get(parent), name);
	struct stat st;
	int ret = node_find(node, &st);

	if (ret == 0)
		ret = node_unlink(node);
	node_free(node);
	(void)fuse_reply_err(req, -ret);
}

/* That a file was closed is told without waiting for an answer; an NFS client
   has removed it before it asks for the directory. */
static void slow_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	const struct timespec delay = { .tv_nsec = 10 * 1000 * 1000 };
	struct node *node = node_new(node_get(parent), name);
	int ret = answer(node->path, 70, EACCES), tries = 100;

	while (ret == 0 && unlinkat(node->parent->fd, name, AT_REMOVEDIR) < 0) {
		if (errno != ENOTEMPTY || --tries == 0)
			ret = -errno;
		else
			(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &delay, NULL);
	}
	node_free(node);
	(void)fuse_reply_err(req, -ret);
}

static void slow_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	const int flags = (fi->flags & ~(O_CREAT | O_EXCL)) | O_NOATIME |
		O_NOFOLLOW | O_CLOEXEC;
	struct node *node = node_get(ino);
	int fd = -1, ret = answer(node->path, 30, EACCES);
	struct stat st;

	if (ret == 0) {
		fd = openat(node->parent->fd, node->name, flags);
		if (fd == -1 || fstat(fd, &st) < 0)
			ret = -errno;
		else if (!node_is(node, &st))
			ret = -ESTALE;
	}
	fi->fh = fd;
	if (ret == 0) {
		node_opened(node);
		(void)fuse_reply_open(req, fi);
		return;
	}
	if (fd != -1)
		(void)close(fd);
	(void)fuse_reply_err(req, -ret);
}

static void slow_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		      struct fuse_file_info *fi)
{
	int ret = answer(node_get(ino)->path, 40, EIO);
	char *buffer = malloc(size);
	ssize_t len = 0;

	if (buffer == NULL)
		abort();
	if (ret == 0) {
		len = pread(fi->fh, buffer, size, offset);
		if (len < 0)
			ret = -errno;
	}
	if (ret == 0)
		(void)fuse_reply_buf(req, buffer, len);
	else
		(void)fuse_reply_err(req, -ret);
	free(buffer);
}

static void slow_release(fuse_req_t req, fuse_ino_t ino,
			 struct fuse_file_info *fi)
{
	(void)close(fi->fh);
	node_closed(node_get(ino));
	(void)fuse_reply_err(req, 0);
}

static void slow_opendir(fuse_req_t req, fuse_ino_t ino,
			 struct fuse_file_info *fi)
{
	const struct node *node = node_get(ino);
	int fd = -1, ret = answer(node->path, 50, EACCES);

	if (ret == 0) {
		fd = openat(node->fd, ".", O_RDONLY | O_DIRECTORY | O_NOATIME |
			    O_CLOEXEC);
		if (fd == -1)
			ret = -errno;
	}
	if (ret < 0) {
		(void)fuse_reply_err(req, -ret);
		return;
	}
	fi->fh = (uint64_t)(uintptr_t)fdopendir(fd);
	(void)fuse_reply_open(req, fi);
}

/* The whole of a directory is one answer. */
static void slow_readdir(fuse_req_t req, fuse_ino_t ino, size_t size,
			 off_t offset, struct fuse_file_info *fi)
{
	DIR *dir = (DIR *)(uintptr_t)fi->fh;
	int ret = offset != 0 ? 0 : answer(node_get(ino)->path, 60, EIO);
	char *buffer = malloc(size);
	const struct dirent *d;
	struct stat st;
	size_t len = 0, d_len;

	if (buffer == NULL)
		abort();
	memset(&st, 0, sizeof(st));
	seekdir(dir, offset);
	while (ret == 0 && (d = readdir(dir)) != NULL) {
		st.st_mode = DTTOIF(d->d_type);
		st.st_ino = d->d_ino;
		d_len = fuse_add_direntry(req, buffer + len, size - len,
					  d->d_name, &st, d->d_off);
		if (d_len > size - len)
			break;
		len += d_len;
	}
	if (ret == 0)
		(void)fuse_reply_buf(req, buffer, len);
	else
		(void)fuse_reply_err(req, -ret);
	free(buffer);
}

static void slow_releasedir(fuse_req_t req, fuse_ino_t ino,
			    struct fuse_file_info *fi)
{
	(void)ino;
	(void)closedir((DIR *)(uintptr_t)fi->fh);
	(void)fuse_reply_err(req, 0);
}

/* The kernel asks one question after the other in a directory, unless the
   answer to its first one says otherwise. libfuse 3.14 (Debian 12) takes
   FUSE_CAP_PARALLEL_DIROPS and doesn't pass it on: so it is added where libfuse
   writes that answer. */
ssize_t writev(int fd, const struct iovec *iov, int count)
{
	static atomic_bool is_later;
	struct fuse_init_out {
		uint32_t major, minor, max_readahead, flags;
	} *init;

	if (count == 2 && iov[1].iov_len > sizeof(*init) &&
	    !atomic_exchange(&is_later, true)) {
		init = iov[1].iov_base;
		init->flags |= 1U << 18;
	}
	return syscall(SYS_writev, fd, iov, count);
}

static void slow_init(void *context, struct fuse_conn_info *conn)
{
	(void)context;
	conn->want |= conn->capable & FUSE_CAP_PARALLEL_DIROPS;
}

static const struct fuse_lowlevel_ops operations = {
	.init = slow_init,
	.lookup = slow_lookup,
	.forget = slow_forget,
	.getattr = slow_getattr,
	.readlink = slow_readlink,
	.open = slow_open,
	.read = slow_read,
	.release = slow_release,
	.unlink = slow_unlink,
	.rmdir = slow_rmdir,
	.opendir = slow_opendir,
	.readdir = slow_readdir,
	.releasedir = slow_releasedir,
};

/* The first argument is the source, all others are libfuse's. */
static int take_source(void *data, const char *arg, int key,
		       struct fuse_args *args)
{
	(void)data;
	(void)args;
	if (key != FUSE_OPT_KEY_NONOPT || options.source != NULL)
		return 1;
	options.source = arg;
	return 0;
}

/* What a path takes longer than another one. */
static unsigned int question_jitter(const struct fuse_in_header *question)
{
	const struct node *node = node_get(question->nodeid);
	const char *name = "";
	uint32_t hash;

	if (options.jitter == 0)
		return 0;
	if (question->opcode == FUSE_LOOKUP ||
	    question->opcode == FUSE_UNLINK || question->opcode == FUSE_RMDIR)
		name = (const char *)(question + 1);
	hash = path_hash(name, path_hash(node->path, question->opcode));
	return hash % options.jitter;
}

static int question_usecs(const struct fuse_in_header *question)
{
	const void *arg = question + 1;

	switch (question->opcode) {
	case FUSE_READDIR:
		/* the whole of a directory is one answer */
		if (((const struct fuse_read_in *)arg)->offset != 0)
			return -1;
		/* fall through */
	case FUSE_LOOKUP:
	case FUSE_GETATTR:
	case FUSE_READLINK:
	case FUSE_OPEN:
	case FUSE_READ:
	case FUSE_OPENDIR:
	case FUSE_UNLINK:
	case FUSE_RMDIR:
		return options.delay + question_jitter(question);
	default:
		return -1;
	}
}

static void write_count(const struct questions_count *count)
{
	FILE *file;

	if (options.count == NULL ||
	    (file = fopen(options.count, "w")) == NULL)
		return;
	fprintf(file, "%u %u\n", count->answers, count->at_once);
	(void)fclose(file);
}

/* Serve until it is unmounted. Returns 0 if ok. */
static int serve(struct fuse_args *args, const struct fuse_cmdline_opts *opts)
{
	struct fuse_session *session = fuse_session_new(args, &operations,
							sizeof(operations),
							NULL);
	struct questions_count count;
	int ret = 1;

	if (session != NULL && fuse_set_signal_handlers(session) == 0) {
		if (fuse_session_mount(session, opts->mountpoint) == 0 &&
		    fuse_daemonize(opts->foreground) == 0) {
			ret = questions_answer(session, question_usecs, &count);
			fuse_session_unmount(session);
			write_count(&count);
		}
		fuse_remove_signal_handlers(session);
	}
	if (session != NULL)
		fuse_session_destroy(session);
	return ret;
}

int main(int argc, char *argv[])
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct fuse_cmdline_opts opts;
	struct rlimit limit;
	int ret;

	if (fuse_opt_parse(&args, &options, option_spec, take_source) < 0 ||
	    fuse_parse_cmdline(&args, &opts) < 0 || options.source == NULL ||
	    opts.mountpoint == NULL) {
		fprintf(stderr, "Usage: %s SOURCE MOUNTPOINT [-o ...]\n",
			argv[0]);
		return 64;
	}
	root.fd = open(options.source, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root.fd == -1) {
		perror(options.source);
		return 66;
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	ret = serve(&args, &opts);
	free(opts.mountpoint);
	fuse_opt_free_args(&args);
	return ret == 0 ? 0 : 1;
}
