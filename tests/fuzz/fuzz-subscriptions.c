/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A subscription file, for the layouts fs and Maildir++. */

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "subscriptions.h"

/* No name leads out of the mail root. */
static void check_name(const char *name, void *context)
{
	const struct location *location = context;
	struct location_path path;
	const char *p;

	FUZZ_ASSERT(*name != '\0' && *name != '/' && *name != '~');
	for (p = name; p != NULL; p = strchr(p, '/')) {
		p += *p == '/' ? 1 : 0;
		FUZZ_ASSERT(strncmp(p, "../", 3) != 0 && strcmp(p, "..") != 0);
	}
	location_from_storage_name(location, name, &path);
	location_path_free(&path);
	free(location_get_index_path(location, name));
}

static void fail(const char *op, const char *path, const char *error,
		 void *context)
{
	(void)context;
	fprintf(stderr, "%s(%s) failed: %s\n", op, path, error);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const drivers[] = { "mbox", "maildir" };
	const struct error_sink errors = { fail, NULL };
	struct mba_location set = {
		.prefix = "", .type = "private", .mail_root = "/mail",
		.control_root = "/proc/self/fd"
	};
	struct location *location;
	char fd_name[16];
	int fd = memfd_create("subscriptions", MFD_CLOEXEC);

	FUZZ_ASSERT(write(fd, data, size) == (ssize_t)size);
	(void)snprintf(fd_name, sizeof(fd_name), "%d", fd);
	set.subscriptions = fd_name;
	for (unsigned int i = 0; i < 2; i++) {
		set.driver = drivers[i];
		location = location_init(&set);
		subscriptions_read(location, check_name, location, &errors);
		location_free(&location);
	}
	(void)close(fd);
	return 0;
}
