/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "str.h"
#include "imap-utf7.h"
#include "dovecot-list-compat.h"
#include "filter-levels.h"
#include "filter-list.h"

void filter_levels_append_raw(struct filter_list *flist, string_t *levels,
			      const char *raw_level)
{
	const size_t len = str_len(levels);

	if (!flist->utf8 && strchr(raw_level, '&') != NULL) {
		if (imap_utf7_to_utf8(raw_level, levels) == 0)
			return;
		str_truncate(levels, len);
	}
	str_append(levels, raw_level);
}

void filter_levels_append(struct filter_list *flist, string_t *levels,
			  const char *storage_level)
{
	char escape_char = list_storage_escape_char(flist->list);

	if (escape_char == '\0' ||
	    strchr(storage_level, escape_char) == NULL) {
		filter_levels_append_raw(flist, levels, storage_level);
		return;
	}
	T_BEGIN {
		list_name_unescape(&storage_level, escape_char);
		filter_levels_append_raw(flist, levels, storage_level);
	} T_END;
}

void filter_levels_append_name(struct filter_list *flist, string_t *levels,
			       const char *storage_name)
{
	const char *end;

	while ((end = strchr(storage_name, flist->sep)) != NULL) {
		T_BEGIN {
			filter_levels_append(flist, levels,
				t_strdup_until(storage_name, end));
		} T_END;
		str_append_c(levels, '\0');
		storage_name = end + 1;
	}
	filter_levels_append(flist, levels, storage_name);
}
