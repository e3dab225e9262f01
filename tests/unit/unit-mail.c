/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "unit-mail.h"

struct location *unit_mail_location(const char *driver, const char *dirname)
{
	const struct mba_location set = {
		.prefix = "", .type = "private", .driver = driver,
		.layout = "fs", .mail_root = unit_path("mail"),
		.index_root = unit_path("index"), .dirname = dirname,
	};

	return location_init(&set);
}
