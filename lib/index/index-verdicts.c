/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <stdarg.h>
#include <stdlib.h>

#include "alloc.h"
#include "index-verify-private.h"

void verdict_add(struct verify *verify, enum index_dir_file_id file,
		 uint64_t offset, const char *format, ...)
{
	struct index_verdicts *verdicts = verify->verdicts;
	struct index_verdict *verdict;
	va_list args;

	if (verdicts->count > INDEX_VERDICTS_MAX)
		return;
	if (verdicts->count == INDEX_VERDICTS_MAX)
		format = "more is violated than is told";
	verdicts->verdicts = mem_grow(verdicts->verdicts, &verdicts->alloc,
				      verdicts->count + 1, sizeof(*verdict));
	verdict = &verdicts->verdicts[verdicts->count++];
	verdict->file = file;
	verdict->offset = offset;
	va_start(args, format);
	verdict->text = mem_vprintf(format, args);
	va_end(args);
}

bool verdict_exists(const struct verify *verify, enum index_dir_file_id file,
		    uint64_t offset)
{
	const struct index_verdicts *verdicts = verify->verdicts;

	for (size_t i = 0; i < verdicts->count; i++) {
		if (verdicts->verdicts[i].file == file &&
		    verdicts->verdicts[i].offset == offset)
			return true;
	}
	return false;
}

void index_verdicts_free(struct index_verdicts *verdicts)
{
	for (size_t i = 0; i < verdicts->count; i++)
		free(verdicts->verdicts[i].text);
	free(verdicts->verdicts);
}
