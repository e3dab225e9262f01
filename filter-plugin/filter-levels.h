/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_LEVELS_H
#define FILTER_LEVELS_H

/* Rules see names level by level, as the layout keeps them: a storage name is
   split at the layout's own separator, each level is unescaped and turned from
   mUTF-7 into UTF-8, or left as it is on disk if it isn't valid. The
   namespace's prefix and separator, and the characters that clients see
   escaped, have no part in it. Levels are joined by NUL bytes, which no level
   can hold.

   The levels are appended within frames of the data stack: their string may
   not be on it. */

struct filter_list;

/* Append one level that is unescaped already. */
void filter_levels_append_raw(struct filter_list *flist, string_t *levels,
			      const char *raw_level);
/* Append one level of a storage name. */
void filter_levels_append(struct filter_list *flist, string_t *levels,
			  const char *storage_level);
/* Append all levels of a storage name. */
void filter_levels_append_name(struct filter_list *flist, string_t *levels,
			       const char *storage_name);

#endif
