/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What is known of roots, and what can't be told. */

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit-roots.h"
#include "unit-mail.h"

static char mail_root[PATH_MAX], index_root[PATH_MAX], home[PATH_MAX];

/* Which root can't be told, if nobody may go into "closed". */
static const struct {
	const char *type, *mail, *index, *home;
	bool removes;
	/* NULL if all can be told */
	const char *failed;
} cases[] = {
	{ "private", "mail", "index", "home", true, NULL },
	/* nothing is there, and nothing can be */
	{ "private", "none/mail", "index", "home", true, NULL },
	{ "private", "file/mail", "file/index", "file/home", true, NULL },
	{ "private", "closed/mail", "index", "home", false, "closed/mail" },
	{ "private", "mail", "closed/index", "home", false, "closed/index" },
	/* the home only counts where something is removed */
	{ "private", "mail", "index", "closed/home", false, NULL },
	{ "private", "mail", "index", "closed/home", true, "closed/home" },
	/* nor do a user's sessions go where he may not */
	{ "public", "closed/mail", "closed/index", "closed/home", true, NULL },
	{ "shared", "closed/mail", "closed/index", "closed/home", true, NULL },
	{ "public", "loop/mail", "index", "home", true, "loop/mail" },
};

static void root_set(char path[PATH_MAX], const char *name)
{
	strcpy(path, unit_path("%s", name));
}

static struct location *roots_make(const char *type, const char *mail,
				   const char *index, const char *home_name)
{
	const struct mba_location set = {
		.prefix = "", .type = type, .driver = "mbox", .layout = "fs",
		.mail_root = mail_root, .index_root = index_root,
		.home = home,
	};

	root_set(mail_root, mail);
	root_set(index_root, index);
	root_set(home, home_name);
	unit_mkdir(unit_path("mail/below"));
	unit_mkdir(unit_path("index"));
	unit_mkdir(unit_path("home"));
	unit_write(unit_path("file"), "x", 1);
	unit_mkdir(unit_path("closed"));
	ck_assert_int_eq(symlink("loop", unit_path("loop")), 0);
	ck_assert_int_eq(chmod(unit_path("closed"), 0), 0);
	unit_become_nobody();
	return location_init(&set);
}

START_TEST(what_cannot_be_told_is_found)
{
	struct location *location =
		roots_make(cases[_i].type, cases[_i].mail, cases[_i].index,
			   cases[_i].home);
	const struct audit_root *failed;
	struct audit_roots roots;

	audit_roots_init(&roots, location, cases[_i].removes);
	failed = audit_roots_failed(&roots);
	if (cases[_i].failed == NULL)
		ck_assert_ptr_null(failed);
	else {
		ck_assert_ptr_nonnull(failed);
		ck_assert_str_eq(failed->path,
				 unit_path("%s", cases[_i].failed));
	}
	audit_roots_deinit(&roots);
	location_free(&location);
	ck_assert_int_eq(chmod(unit_path("closed"), 0700), 0);
}
END_TEST

static const struct {
	const char *root, *top;
	bool is_below;
	unsigned int errors;
} below[] = {
	{ "mail/below", "mail", true, 0 },
	{ "mail", "mail/below", false, 0 },
	{ "mail", "index", false, 0 },
	/* it isn't below itself */
	{ "mail", "mail", false, 0 },
	/* what isn't there may come to be anywhere */
	{ "none", "index", true, 0 },
	/* nothing is above what is no directory, or that can't be told */
	{ "file", "index", true, 1 },
};

START_TEST(a_root_may_be_below_another)
{
	struct location *location = roots_make("private", below[_i].root,
					       below[_i].top, "home");
	struct audit_roots roots;

	audit_roots_init(&roots, location, false);
	ck_assert_int_eq(audit_root_is_below(&roots.mail, &roots.index,
					     &unit_errors),
			 below[_i].is_below);
	ck_assert_uint_eq(unit_errors_count, below[_i].errors);
	audit_roots_deinit(&roots);
	location_free(&location);
	ck_assert_int_eq(chmod(unit_path("closed"), 0700), 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("audit-roots");

	tcase_add_loop_test(tcase, what_cannot_be_told_is_found, 0,
			    sizeof(cases) / sizeof(cases[0]));
	tcase_add_loop_test(tcase, a_root_may_be_below_another, 0,
			    sizeof(below) / sizeof(below[0]));
	return unit_run(tcase);
}
