/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <errno.h>

#include "unit-mail.h"

int unit_mail_errno = EIO;

struct location *unit_mail_location(const char *driver, const char *dirname)
{
	const struct mba_location set = {
		.prefix = "", .type = "private", .driver = driver,
		.layout = "fs", .mail_root = unit_path("mail"),
		.index_root = unit_path("index"), .dirname = dirname,
	};

	return location_init(&set);
}

enum mba_reason unit_mail_look(unit_mail_look_t *look, struct mail_side *side,
			       const struct location *location,
			       const char *name, enum mba_state expected)
{
	struct location_path path;
	enum mba_reason reason;
	enum mba_state state;
	bool is_dir;

	location_from_storage_name(location, name, &path);
	/* what a call before left says nothing */
	errno = unit_mail_errno;
	state = look(side, &path, &reason, &is_dir);
	location_path_free(&path);
	if (state != expected)
		ck_abort_msg("%s is %s", name, mba_state_name(state));
	return reason;
}
