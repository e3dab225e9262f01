/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Dovecot writes all names for each sync that adds one. That is well for a
   refresh, which adds many; but each hidden mailbox is added on its own, and of
   3,000 names 450 kB would be written for each. */

#include "lib.h"
#include "buffer.h"
#include "hash.h"
#include "mail-index.h"
#include "mailbox-list-index-sync.h"
#include "filter-index-names.h"

/* Several parts of a header that are written in one transaction are read back
   only if the length of each but the last is a multiple of this. */
#define FILTER_HDR_ALIGN sizeof(uint32_t)

/* Returns where the names end, or 0 if the last one's id is another. */
static size_t
filter_index_names_find_end(const void *data, size_t size, uint32_t last_id)
{
	size_t pos = sizeof(struct mailbox_list_index_header), len;
	uint32_t id, prev_id = 0;
	const char *end;

	while (pos < size && size - pos > sizeof(id)) {
		memcpy(&id, CONST_PTR_OFFSET(data, pos), sizeof(id));
		if (id <= prev_id)
			break;
		len = sizeof(id);
		end = memchr(CONST_PTR_OFFSET(data, pos + len), '\0',
			     size - pos - len);
		if (end == NULL)
			return 0;
		pos = end + 1 - (const char *)data;
		prev_id = id;
	}
	return prev_id == last_id ? pos : 0;
}

static void
filter_index_names_get_new(struct mailbox_list_index_sync_context *sync,
			   buffer_t *names)
{
	const char *name;

	for (uint32_t id = sync->orig_highest_name_id + 1;
	     id <= sync->ilist->highest_name_id; id++) {
		name = hash_table_lookup(sync->ilist->mailbox_names,
					 POINTER_CAST(id));
		i_assert(name != NULL);
		buffer_append(names, &id, sizeof(id));
		buffer_append(names, name, strlen(name) + 1);
	}
	/* ends them */
	buffer_append_zero(names, sizeof(uint32_t));
}

void filter_index_names_append(struct mailbox_list_index_sync_context *sync)
{
	const uint32_t ext_id = sync->ilist->ext_id;
	struct mailbox_list_index_header *hdr;
	unsigned char head[FILTER_HDR_ALIGN];
	const void *data;
	buffer_t *names;
	size_t size, end;

	if (sync->orig_highest_name_id == sync->ilist->highest_name_id)
		return;
	mail_index_get_header_ext(sync->view, ext_id, &data, &size);
	end = size < sizeof(head) ? 0 :
		filter_index_names_find_end(data, size,
					     sync->orig_highest_name_id);
	names = buffer_create_dynamic(default_pool, 256);
	filter_index_names_get_new(sync, names);
	if (end >= sizeof(head) && size - end >= names->used) {
		/* the end of the sync resets the flag, which is the head's
		   first byte */
		memcpy(head, data, sizeof(head));
		hdr = (void *)head;
		hdr->refresh_flag = 0;
		mail_index_update_header_ext(sync->trans, ext_id, 0, head,
					     sizeof(head));
		mail_index_update_header_ext(sync->trans, ext_id, end,
					     names->data, names->used);
		sync->orig_highest_name_id = sync->ilist->highest_name_id;
	}
	buffer_free(&names);
}
