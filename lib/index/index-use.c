/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "index-dir.h"
#include "index-use.h"

#define INDEX_PREFIX "dovecot.index"

/* Tell of files that couldn't be read. Of one that isn't a file, or is larger
   than Dovecot's, nothing is known, but nothing failed. One that is gone was
   replaced. */
static void tell_failures(const struct index_dir *dir,
			  const struct walk_place *place, const char *root,
			  const struct error_sink *errors)
{
	const struct index_dir_file *file;
	char *name;

	for (int id = 0; id < INDEX_DIR_FILES; id++) {
		file = &dir->files[id];
		if (file->failed == NULL || file->failed_errno == EINVAL ||
		    file->failed_errno == EFBIG ||
		    file->failed_errno == ELOOP ||
		    file->failed_errno == ESTALE)
			continue;
		name = mem_printf(INDEX_PREFIX"%s", index_dir_suffix(id));
		errno = file->failed_errno;
		error_sink_add_below(errors, file->failed, root, place->path,
				     name);
		free(name);
	}
}

void index_use_read(const struct walk_place *place, const char *root,
		    const struct error_sink *errors, struct mba_use *use_r)
{
	struct index_dir dir;

	memset(use_r, 0, sizeof(*use_r));
	if (place->fd == -1)
		return;
	index_dir_read(place->fd, INDEX_PREFIX, &dir);
	tell_failures(&dir, place, root, errors);
	use_r->evidence = dir.evidence.level;
	use_r->last_used = dir.evidence.last_used;
	use_r->proof = dir.evidence.proof;
	use_r->since = dir.evidence.since;
	use_r->not_opened_since = dir.evidence.not_opened_since;
	if (dir.result == INDEX_STATE_OK && !dir.state.records.exhausted) {
		use_r->messages = dir.state.hdr.messages_count;
		use_r->has_messages = true;
	}
	index_dir_free(&dir);
}
