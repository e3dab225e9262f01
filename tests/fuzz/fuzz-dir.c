/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A directory's index files, inspected and verified, as text and as JSON: u16
   sizes of the index, the log and the older log, then these; what is left is
   the cache. A size of 0 is a file that isn't there. */

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz-state.h"
#include "mailbox-audit.h"

#define DIRECTORY "dir.files"

static void write_file(const char *name, const struct index_state_file *file)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), DIRECTORY "/dovecot.index%s", name);
	/* to cut it off would be slower: ext4 writes it to the disk then */
	(void)unlink(path);
	if (file->data == NULL)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FUZZ_ASSERT(fd != -1);
	FUZZ_ASSERT(write(fd, file->data, file->size) == (ssize_t)file->size);
	FUZZ_ASSERT(close(fd) == 0);
}

/* Nothing that is in a file reaches a terminal. */
static void check_line(const char *line, void *context)
{
	(void)context;
	for (; *line != '\0'; line++)
		FUZZ_ASSERT((unsigned char)*line >= ' ' && *line != 0x7f);
}

static void inspect(void)
{
	struct mba_inspect_settings set = { .verify = true };
	char *error;

	for (int i = 0; i < 2; i++) {
		set.json = i == 1;
		if (mba_inspect(DIRECTORY, &set, check_line, NULL, &error) < 0)
			free(error);
	}
}

/* Take a file from the input. */
static void take(struct index_state_file *file, const uint8_t **data,
		 size_t *size, size_t file_size)
{
	if (file_size > *size)
		file_size = *size;
	if (file_size == 0)
		return;
	*file = (struct index_state_file) { *data, file_size };
	*data += file_size;
	*size -= file_size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct index_state_input input = { .index = { NULL, 0 } };
	struct index_state_file cache = { NULL, 0 };
	uint16_t sizes[3];

	if (size < sizeof(sizes))
		return 0;
	memcpy(sizes, data, sizeof(sizes));
	data += sizeof(sizes);
	size -= sizeof(sizes);
	take(&input.index, &data, &size, sizes[0]);
	take(&input.log, &data, &size, sizes[1]);
	take(&input.log2, &data, &size, sizes[2]);
	take(&cache, &data, &size, size);
	fuzz_state(&input);

	(void)mkdir(DIRECTORY, 0700);
	write_file("", &input.index);
	write_file(".log", &input.log);
	write_file(".log.2", &input.log2);
	write_file(".cache", &cache);
	inspect();
	return 0;
}
