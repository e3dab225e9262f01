/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A probe decides as Dovecot's mbox driver opens, but leaves no trace: reading
   a file with atime < mtime would erase the mark of new mail (\Marked), opening
   a FIFO would wait for a writer, opening a device may do anything. Hence most
   is told by stat() alone, and the rest is read with O_NOATIME. What was put in
   a file's place meanwhile is no file that pread() reads: a FIFO keeps what is
   in it, and only a symlink leads to a device. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "mailbox-audit.h"
#include "mbox-from.h"

/* Dovecot's buffer. Where a From_ line is longer, Dovecot parses what it has of
   it, and then searches all of the file for the line's end. */
#define MBOX_PROBE_SIZE 8192
#define FROM_PREFIX "From "
#define FROM_PREFIX_LEN 5

struct probe {
	int dir_fd;
	const char *path;
	enum mba_probe_flags flags;
	/* what a compression plugin takes it for by its name, NULL for none */
	const struct compressed_format *format;
	struct stat st;
	bool is_symlink;

	enum mba_reason reason;
	const char *op;
};

static const struct compressed_format {
	const char *ext;
	const char *magic;
	size_t magic_len;
	/* some versions don't know it: they open a plain mbox of this name */
	bool not_always:1;
} compressed_formats[] = {
	{ .ext = ".gz", .magic = "\x1f\x8b", .magic_len = 2 },
	{ .ext = ".bz2", .magic = "BZh", .magic_len = 3 },
	{ .ext = ".xz", .magic = "\xfd" "7zXZ\0", .magic_len = 6,
	  .not_always = true },
	{ .ext = ".lz4", .magic = "Dovecot-LZ4\x0d\x2a\x9b\xc5",
	  .magic_len = 15 },
	{ .ext = ".zstd", .magic = "\x28\xb5\x2f\xfd", .magic_len = 4 },
};

/* The extension of the whole name decides (lib-compression/compression.c,
   compression_lookup_handler_from_ext()). */
static const struct compressed_format *
compressed_format_find(const char *storage_name)
{
	const struct compressed_format *format = compressed_formats, *end;
	size_t ext_len, len = strlen(storage_name);

	end = format + sizeof(compressed_formats) / sizeof(*format);
	for (; format < end; format++) {
		ext_len = strlen(format->ext);
		if (len >= ext_len && strcmp(storage_name + len - ext_len,
					     format->ext) == 0)
			return format;
	}
	return NULL;
}

static enum mba_state probe_unknown(struct probe *probe, enum mba_reason reason,
				    const char *op)
{
	probe->reason = reason;
	probe->op = op;
	return MBA_STATE_UNKNOWN;
}

static enum mba_state probe_failed(struct probe *probe, const char *op)
{
	if (errno == ENOENT || errno == ENOTDIR)
		return MBA_STATE_MISSING;
	return probe_unknown(probe, MBA_REASON_ERROR, op);
}

/* Returns TRUE if the type of file alone decides. */
static bool probe_type(const struct stat *st, enum mba_state *state_r)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		*state_r = MBA_STATE_MAILBOX;
		return st->st_size == 0;
	case S_IFIFO:
	case S_IFCHR:
		*state_r = MBA_STATE_MAILBOX;
		return true;
	default:
		*state_r = MBA_STATE_NOT_MAILBOX;
		return true;
	}
}

static bool
is_compressed(const struct compressed_format *format, const unsigned char *data,
	      size_t size)
{
	return format != NULL && size >= format->magic_len &&
		memcmp(data, format->magic, format->magic_len) == 0;
}

static enum mba_state
probe_data(struct probe *probe, const unsigned char *data, size_t size)
{
	if (size == 0) {
		/* truncated meanwhile */
		return MBA_STATE_MAILBOX;
	}
	if (is_compressed(probe->format, data, size))
		return probe_unknown(probe, MBA_REASON_COMPRESSED, NULL);
	if (size <= FROM_PREFIX_LEN ||
	    memcmp(data, FROM_PREFIX, FROM_PREFIX_LEN) != 0 ||
	    !mbox_from_is_valid(data + FROM_PREFIX_LEN, size - FROM_PREFIX_LEN))
		return MBA_STATE_NOT_MAILBOX;
	if (memchr(data, '\n', size) != NULL)
		return MBA_STATE_MAILBOX;
	if (size == MBOX_PROBE_SIZE && probe->st.st_size != MBOX_PROBE_SIZE)
		return probe_unknown(probe, MBA_REASON_LONG_LINE, NULL);
	return MBA_STATE_NOT_MAILBOX;
}

/* Look once more at what was opened. Returns TRUE if its type decides. */
static bool probe_opened(struct probe *probe, int fd, enum mba_state *state_r)
{
	if (fstat(fd, &probe->st) == 0)
		return probe_type(&probe->st, state_r);
	*state_r = probe_unknown(probe, MBA_REASON_ERROR, "fstat");
	return true;
}

/* pread() fails for a directory, and for what has no positions. */
static enum mba_state probe_read_failed(struct probe *probe, int fd)
{
	int read_errno = errno;
	enum mba_state state;

	if (probe_opened(probe, fd, &state))
		return state;
	errno = read_errno;
	return probe_unknown(probe, MBA_REASON_ERROR, "read");
}

static enum mba_state probe_read(struct probe *probe, int fd)
{
	unsigned char data[MBOX_PROBE_SIZE];
	enum mba_state state;
	size_t size = 0;
	ssize_t ret;

	if (probe->is_symlink && probe_opened(probe, fd, &state))
		return state;
	do {
		ret = TEMP_FAILURE_RETRY(pread(fd, data + size,
					       sizeof(data) - size, size));
		if (ret < 0)
			return probe_read_failed(probe, fd);
		size += ret;
	} while (ret != 0 && size < sizeof(data) &&
		 (off_t)size < probe->st.st_size);
	return probe_data(probe, data, size);
}

static bool is_marked(const struct stat *st)
{
	return st->st_atim.tv_sec < st->st_mtim.tv_sec ||
		(st->st_atim.tv_sec == st->st_mtim.tv_sec &&
		 st->st_atim.tv_nsec < st->st_mtim.tv_nsec);
}

static enum mba_state probe_content(struct probe *probe)
{
	const int open_flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
		(probe->is_symlink ? 0 : O_NOFOLLOW);
	enum mba_state state;
	int fd;

	fd = openat(probe->dir_fd, probe->path, open_flags | O_NOATIME);
	if (fd < 0 && errno == EPERM) {
		/* somebody else's file */
		if ((probe->flags & MBA_PROBE_NOATIME_ONLY) != 0 ||
		    is_marked(&probe->st))
			return probe_unknown(probe, MBA_REASON_ATIME, NULL);
		fd = openat(probe->dir_fd, probe->path, open_flags);
	}
	if (fd < 0)
		return probe_failed(probe, "open");
	state = probe_read(probe, fd);
	close_keep_errno(fd);
	return state;
}

static enum mba_state probe_path(struct probe *probe)
{
	enum mba_state state;

	if (fstatat(probe->dir_fd, probe->path, &probe->st,
		    AT_SYMLINK_NOFOLLOW) < 0)
		return probe_failed(probe, "lstat");
	probe->is_symlink = S_ISLNK(probe->st.st_mode);
	if (probe->is_symlink &&
	    fstatat(probe->dir_fd, probe->path, &probe->st, 0) < 0) {
		if (ENOTFOUND(errno))
			return probe_unknown(probe, MBA_REASON_SYMLINK, NULL);
		return probe_unknown(probe, MBA_REASON_ERROR, "stat");
	}
	return probe_type(&probe->st, &state) ? state : probe_content(probe);
}

/* What would be a mailbox if its name weren't that of a compressed one: the
   plugin decompresses all of them, an empty file and /dev/null as well. */
static enum mba_state
probe_plain(struct probe *probe, const char *storage_name)
{
	if (probe->format == NULL ||
	    (probe->flags & MBA_PROBE_COMPRESSION) == 0 ||
	    strcmp(storage_name, probe->format->ext) == 0)
		return MBA_STATE_MAILBOX;
	return probe->format->not_always ?
		probe_unknown(probe, MBA_REASON_COMPRESSED, NULL) :
		MBA_STATE_NOT_MAILBOX;
}

enum mba_state mba_probe_mbox(int dir_fd, const char *path,
			      const char *storage_name,
			      enum mba_probe_flags flags,
			      enum mba_reason *reason_r, const char **op_r,
			      bool *is_dir_r)
{
	struct probe probe = { .dir_fd = dir_fd, .path = path, .flags = flags };
	enum mba_state state;

	if ((flags & MBA_PROBE_NO_COMPRESSION) == 0)
		probe.format = compressed_format_find(storage_name);
	state = probe_path(&probe);
	if (state == MBA_STATE_MAILBOX)
		state = probe_plain(&probe, storage_name);
	*reason_r = probe.reason;
	*op_r = probe.op;
	if (is_dir_r != NULL)
		*is_dir_r = S_ISDIR(probe.st.st_mode);
	return state;
}
