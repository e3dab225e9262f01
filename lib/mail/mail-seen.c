/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "mail-seen.h"
#include "path.h"

/* Make room for what is known of a directory so deep. */
static void seen_grow(struct mail_seen *seen, size_t depth)
{
	seen->filled = mem_grow(seen->filled, &seen->filled_alloc, depth + 1,
				sizeof(*seen->filled));
}

void mail_seen_init(struct mail_seen *seen)
{
	memset(seen, 0, sizeof(*seen));
	seen->path = mem_grow(NULL, &seen->path_alloc, 1, 1);
	seen->path[0] = '\0';
	seen_grow(seen, 0);
	seen->filled[0] = true;
}

void mail_seen_deinit(struct mail_seen *seen)
{
	free(seen->path);
	free(seen->filled);
}

void mail_seen_cut(struct mail_seen *seen, size_t len, size_t depth)
{
	seen->path[len] = '\0';
	seen->path_len = len;
	seen->depth = depth;
}

void mail_seen_seek(struct mail_seen *seen, const char *path, size_t len)
{
	const char *end = path + len, *pos, *slash;

	while (!path_is_below(path, len, seen->path) && seen->depth > 0) {
		slash = strrchr(seen->path, '/');
		mail_seen_cut(seen, slash == NULL ? 0 : slash - seen->path,
			      seen->depth - 1);
		/* the one that was left */
		seen->filled[seen->depth] = true;
	}
	pos = path + seen->path_len;
	while (pos < end) {
		pos = path_name_end(*pos == '/' ? pos + 1 : pos, end);
		seen_grow(seen, ++seen->depth);
		seen->filled[seen->depth] = false;
	}
	seen->path = mem_grow(seen->path, &seen->path_alloc, len + 1, 1);
	memcpy(seen->path, path, len);
	mail_seen_cut(seen, len, seen->depth);
}

bool *mail_seen_filled(struct mail_seen *seen)
{
	return &seen->filled[seen->depth];
}
