/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A slow file server: a file system that shows a directory, and takes its time
   for each answer. As many questions as come are answered at once, by a thread
   each. What it shows can be removed, and not changed otherwise. As with NFS, a
   file that somebody has open stays under another name until it is closed:
   libfuse does that.

	slowfs SOURCE MOUNTPOINT [-f] -o OPTION,...

   delay=MICROSECONDS	what each answer takes
   jitter=MICROSECONDS	and up to so much more, another time for each path
   errors=PERMILLE	of the paths, for those that can't be looked at (EIO);
			as many can't be opened or read (EACCES)
   spare=NAME		no errors for files and directories of that name
   seed=NUMBER		other times, and other errors
   nocache		the kernel asks each time, in place of once a second
   count=FILE		when it ends, how many answers there were, and how many
			at once

   What a path has to wait, and whether it fails, depends on the path and the
   seed alone: it is the same for whoever asks, in whatever order. */

#define _GNU_SOURCE
#define FUSE_USE_VERSION 35

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* libfuse's own default is 10 */
#define MAX_THREADS 320

static struct {
	unsigned int delay, jitter, errors, seed;
	int nocache;
	char *spare, *count;
	const char *source;
	int source_fd;
} options;

static atomic_uint answers, at_once, most_at_once;

static const struct fuse_opt option_spec[] = {
	{ "delay=%u", offsetof(typeof(options), delay), 0 },
	{ "jitter=%u", offsetof(typeof(options), jitter), 0 },
	{ "errors=%u", offsetof(typeof(options), errors), 0 },
	{ "seed=%u", offsetof(typeof(options), seed), 0 },
	{ "spare=%s", offsetof(typeof(options), spare), 0 },
	{ "count=%s", offsetof(typeof(options), count), 0 },
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

/* Take the time of an answer. Returns 0, or the error that it is. */
static int answer(const char *path, uint32_t salt, int error)
{
	unsigned int usecs = options.delay, count = ++at_once, most;
	const char *name = strrchr(path, '/') + 1;
	struct timespec delay;

	answers++;
	most = most_at_once;
	while (count > most &&
	       !atomic_compare_exchange_weak(&most_at_once, &most, count)) ;
	if (options.jitter > 0)
		usecs += path_hash(path, salt + 1) % options.jitter;
	delay.tv_sec = usecs / 1000000;
	delay.tv_nsec = usecs % 1000000 * 1000;
	if (usecs > 0)
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &delay, NULL);
	at_once--;
	if (path_hash(path, salt) % 1000 >= options.errors || *name == '\0' ||
	    (options.spare != NULL && strcmp(name, options.spare) == 0))
		return 0;
	return -error;
}

/* The path below the source. */
static const char *below(const char *path)
{
	return path[1] == '\0' ? "." : path + 1;
}

static int slow_getattr(const char *path, struct stat *st,
			struct fuse_file_info *fi)
{
	int ret = answer(path, 10, EIO);

	(void)fi;
	if (ret == 0 && fstatat(options.source_fd, below(path), st,
				AT_SYMLINK_NOFOLLOW) < 0)
		ret = -errno;
	return ret;
}

static int slow_readlink(const char *path, char *buffer, size_t size)
{
	int ret = answer(path, 20, EIO);
	ssize_t len;

	if (ret < 0)
		return ret;
	len = readlinkat(options.source_fd, below(path), buffer, size - 1);
	if (len < 0)
		return -errno;
	buffer[len] = '\0';
	return 0;
}

static int slow_open(const char *path, struct fuse_file_info *fi)
{
	int fd, ret = answer(path, 30, EACCES);

	if (ret < 0)
		return ret;
	fd = openat(options.source_fd, below(path),
		    (fi->flags & ~(O_CREAT | O_EXCL)) | O_NOATIME);
	if (fd == -1)
		return -errno;
	fi->fh = fd;
	return 0;
}

static int slow_read(const char *path, char *buffer, size_t size, off_t offset,
		     struct fuse_file_info *fi)
{
	int ret = answer(path, 40, EIO);

	if (ret < 0)
		return ret;
	ret = pread(fi->fh, buffer, size, offset);
	return ret < 0 ? -errno : ret;
}

static int slow_release(const char *path, struct fuse_file_info *fi)
{
	(void)path;
	(void)close(fi->fh);
	return 0;
}

static int slow_unlink(const char *path)
{
	int ret = answer(path, 70, EACCES);

	if (ret == 0 && unlinkat(options.source_fd, below(path), 0) < 0)
		ret = -errno;
	return ret;
}

/* For libfuse, which gives a file that is open another name. */
static int slow_rename(const char *from, const char *to, unsigned int flags)
{
	return renameat2(options.source_fd, below(from), options.source_fd,
			 below(to), flags) < 0 ? -errno : 0;
}

/* That a file was closed is told without waiting for an answer. An NFS client
   has removed the file before it asks for the directory. */
static int slow_rmdir(const char *path)
{
	const struct timespec delay = { .tv_nsec = 10 * 1000 * 1000 };
	int ret = answer(path, 80, EACCES);

	for (int i = 0; ret == 0 && i < 100; i++) {
		if (unlinkat(options.source_fd, below(path),
			     AT_REMOVEDIR) == 0)
			return 0;
		if (errno != ENOTEMPTY)
			return -errno;
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &delay, NULL);
	}
	return ret < 0 ? ret : -ENOTEMPTY;
}

static int slow_opendir(const char *path, struct fuse_file_info *fi)
{
	int fd, ret = answer(path, 50, EACCES);

	if (ret < 0)
		return ret;
	fd = openat(options.source_fd, below(path),
		    O_RDONLY | O_DIRECTORY | O_NOATIME);
	if (fd == -1)
		return -errno;
	fi->fh = (uint64_t)(uintptr_t)fdopendir(fd);
	return 0;
}

static int slow_readdir(const char *path, void *buffer, fuse_fill_dir_t fill,
			off_t offset, struct fuse_file_info *fi,
			enum fuse_readdir_flags flags)
{
	DIR *dir = (DIR *)(uintptr_t)fi->fh;
	const struct dirent *d;
	struct stat st;
	int ret = answer(path, 60, EIO);

	(void)offset;
	(void)flags;
	if (ret < 0)
		return ret;
	memset(&st, 0, sizeof(st));
	while ((d = readdir(dir)) != NULL) {
		st.st_mode = DTTOIF(d->d_type);
		st.st_ino = d->d_ino;
		fill(buffer, d->d_name, &st, 0, 0);
	}
	return 0;
}

static int slow_releasedir(const char *path, struct fuse_file_info *fi)
{
	(void)path;
	(void)closedir((DIR *)(uintptr_t)fi->fh);
	return 0;
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

static void *slow_init(struct fuse_conn_info *conn, struct fuse_config *cfg)
{
	conn->want |= conn->capable & FUSE_CAP_PARALLEL_DIROPS;
	cfg->use_ino = 1;
	cfg->kernel_cache = 0;
	if (options.nocache) {
		cfg->entry_timeout = cfg->attr_timeout = 0;
		cfg->negative_timeout = 0;
	} else {
		cfg->negative_timeout = 1;
	}
	return NULL;
}

static void slow_destroy(void *context)
{
	FILE *file;

	(void)context;
	if (options.count == NULL ||
	    (file = fopen(options.count, "w")) == NULL)
		return;
	fprintf(file, "%u %u\n", answers, most_at_once);
	(void)fclose(file);
}

static const struct fuse_operations operations = {
	.init = slow_init,
	.destroy = slow_destroy,
	.getattr = slow_getattr,
	.readlink = slow_readlink,
	.open = slow_open,
	.read = slow_read,
	.release = slow_release,
	.unlink = slow_unlink,
	.rename = slow_rename,
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

int main(int argc, char *argv[])
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	char threads[64];

	if (fuse_opt_parse(&args, &options, option_spec, take_source) < 0 ||
	    options.source == NULL) {
		fprintf(stderr, "Usage: %s SOURCE MOUNTPOINT [-o ...]\n",
			argv[0]);
		return 64;
	}
	options.source_fd = open(options.source,
				 O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (options.source_fd == -1) {
		perror(options.source);
		return 66;
	}
	snprintf(threads, sizeof(threads), "-omax_threads=%u", MAX_THREADS);
	fuse_opt_add_arg(&args, threads);
	snprintf(threads, sizeof(threads), "-omax_idle_threads=%u",
		 MAX_THREADS);
	fuse_opt_add_arg(&args, threads);
	return fuse_main(args.argc, args.argv, &operations, NULL);
}
