/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What both writers of an inspection call things. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "index-use.h"
#include "inspect-private.h"

char *inspect_file_name(const struct inspection *inspection,
			enum index_dir_file_id id)
{
	return mem_printf("%s/%s%s", inspection->dir, inspection->prefix,
			  index_dir_suffix(id));
}

const char *inspect_result_name(enum index_state_result result)
{
	static const char *const names[] = {
		[INDEX_STATE_OK] = "ok",
		[INDEX_STATE_MISMATCH] = "changing",
		[INDEX_STATE_UNKNOWN] = "unknown",
	};

	return names[result];
}

const char *inspect_list_flag_name(int bit)
{
	static const char *const names[8] = {
		"noinferiors", "sync-exists", "nonexistent", "corrupted-name",
		"noselect", "0x20", "0x40", "0x80"
	};

	return names[bit];
}

const char *inspect_guid(const unsigned char *guid,
			 char hex[INDEX_GUID_SIZE * 2 + 1])
{
	for (int i = 0; i < INDEX_GUID_SIZE; i++)
		(void)snprintf(hex + (size_t)i * 2, 3, "%02x", guid[i]);
	return hex;
}

char *inspect_box_name(const struct index_ext_state *ext)
{
	char *name = mem_new(ext->hdr_len + 1);
	size_t len = ext->hdr_len;
	bool is_prefix_inbox;

	/* an extension may be introduced whose header is never written */
	if (len > 0)
		memcpy(name, ext->hdr, len);
	len = index_own_name_len((unsigned char *)name, len, &is_prefix_inbox);
	name[len] = '\0';
	for (size_t i = 0; i < len; i++) {
		if (name[i] == '\0')
			name[i] = '/';
	}
	return name;
}

uint32_t inspect_recent_count(const struct index_state *state)
{
	uint32_t idx;

	(void)index_records_find(&state->records, state->hdr.first_recent_uid,
				 &idx);
	return state->records.count - idx;
}

static const char *failure(int error)
{
	switch (error) {
	case ELOOP:
		return "it is a symbolic link";
	case EINVAL:
	case ENXIO:
		return "it is no regular file";
	case EFBIG:
		return "it is larger than an index of Dovecot's gets";
	default:
		return strerror(error);
	}
}

char *inspect_file_error(const struct inspection *inspection,
			 enum index_dir_file_id id)
{
	const struct index_dir_file *file = &inspection->index->files[id];
	char *name, *error;

	if (file->failed == NULL && file->error == NULL)
		return NULL;
	name = inspect_file_name(inspection, id);
	if (file->failed != NULL) {
		error = mem_printf("%s(%s) failed: %s", file->failed, name,
				   failure(file->failed_errno));
	} else {
		error = mem_printf("%s: %s", name, file->error);
	}
	free(name);
	return error;
}
