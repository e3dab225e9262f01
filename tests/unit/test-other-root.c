/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Which directory is another namespace's index root. */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "other-root.h"
#include "unit.h"

static void make_file(const char *path)
{
	unit_write(path, "", 0);
}

static void make_link(const char *path)
{
	unit_write(unit_path("file"), "", 0);
	ck_assert_int_eq(symlink("../file", path), 0);
}

static void make_loop(const char *path)
{
	ck_assert_int_eq(symlink(path, path), 0);
}

static void make_closed(const char *path)
{
	unit_mkdir(path);
	ck_assert_int_eq(chmod(path, 0), 0);
}

#define LIST_LOG "dovecot.list.index.log"

static const struct {
	const char *name;
	void (*make)(const char *path);
	/* what is found in a root with directories .imap, and in another one */
	int found_imap, found;
} cases[] = {
	{ LIST_LOG, make_file, 0, 1 },
	{ ".imap/" LIST_LOG, make_file, 1, 1 },
	{ "dovecot.mailbox.log", make_file, 0, 1 },
	{ ".imap/dovecot.mailbox.log", make_file, 1, 1 },
	{ "storage/dovecot.map.index.log", make_file, 0, 1 },
	{ "dovecot.list.index", make_file, 0, 0 },
	{ "storage/" LIST_LOG, make_file, 0, 0 },
	{ "storage/dovecot.map.index", make_file, 0, 0 },
	{ "box/" LIST_LOG, make_file, 0, 0 },
	/* names of mailboxes, of a file, of nothing that Dovecot makes */
	{ LIST_LOG, unit_mkdir, 0, 0 },
	{ ".imap/" LIST_LOG, unit_mkdir, 0, 0 },
	{ "dovecot.mailbox.log", unit_mkdir, 0, 0 },
	{ "storage", make_file, 0, 0 },
	{ ".imap", make_file, 0, 0 },
	{ LIST_LOG, make_link, 0, 0 },
	{ "storage", make_loop, 0, 0 },
	{ ".imap", make_loop, 0, 0 },
	/* it can't be told */
	{ "storage", make_closed, 0, -1 },
	{ ".imap", make_closed, -1, -1 },
};

START_TEST(a_root_is_told_by_its_list)
{
	const char *name = "";
	int fd;

	unit_mkdir(unit_path("root"));
	cases[_i].make(unit_path("root/%s", cases[_i].name));
	unit_become_nobody();
	fd = open(unit_path("root"), O_PATH | O_DIRECTORY);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(other_root_find(fd, true, &name),
			 cases[_i].found_imap);
	ck_assert_int_eq(other_root_find(fd, false, &name), cases[_i].found);
	if (cases[_i].found != 0)
		ck_assert_int_eq(strncmp(name, cases[_i].name,
					 strlen(cases[_i].name)), 0);
	(void)close(fd);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("other-root");

	tcase_add_loop_test(tcase, a_root_is_told_by_its_list, 0,
			    sizeof(cases) / sizeof(cases[0]));
	return unit_run(tcase);
}
