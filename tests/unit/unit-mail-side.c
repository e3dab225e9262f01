/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "unit-mail-side.h"

struct location *location;

struct mail_side *begin(const char *driver, const char *dirname)
{
	unit_errors_count = 0;
	unit_write(unit_path("mail/other"), "x", 1);
	location = unit_mail_location(driver, dirname);
	return mail_side_init(location, &unit_errors);
}

void end(struct mail_side *side)
{
	mail_side_deinit(&side);
	location_free(&location);
}

enum mba_reason look(struct mail_side *side, const char *name,
		     enum mba_state expected)
{
	return unit_mail_look(mail_side_look, side, location, name, expected);
}

void check_last_error(const char *path, int error)
{
	ck_assert_uint_eq(unit_errors_count, 1);
	ck_assert_str_eq(unit_last_error,
			 unit_path("mail/%s: open: %s", path, strerror(error)));
}

void check_missing(struct mail_side *side, const char *name)
{
	ck_assert_int_eq(look(side, name, MBA_STATE_MISSING), MBA_REASON_NONE);
}

void check_unknown(struct mail_side *side, const char *name,
		   enum mba_reason reason)
{
	ck_assert_int_eq(look(side, name, MBA_STATE_UNKNOWN), reason);
}

bool ask(struct mail_side *side, const struct location_path *path,
	 struct mail_question *question_r)
{
	if (!mail_side_ask(side, path, 16, question_r))
		return false;
	mail_question_look(location, question_r);
	return true;
}

void limit_descriptors(int count)
{
	struct rlimit limit;
	int fd;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	if (count >= 0) {
		fd = dup(0);
		ck_assert_int_ne(fd, -1);
		ck_assert_int_eq(close(fd), 0);
		limit.rlim_cur = fd + count;
	}
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}
