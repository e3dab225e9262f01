/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Index roots of several users. */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit-clean.h"

/* Another user's roots, below the test's directory. */
static const struct {
	const char *index_root, *mail_root;
	/* why neither is cleaned; NULL if both are */
	const char *own, *others;
} user_cases[] = {
	{ "other", "mail", NULL, NULL },
	{ "index", "mail", "The index root is also a root of user bob",
	  "The index root is also a root of user ann" },
	{ "link", "mail", "The index root is also a root of user bob",
	  "The index root is also a root of user ann" },
	{ "index/sub", "mail", "Below the index root is a root of user bob",
	  "The index root is below that of user ann" },
	{ "other", "index/sub", "Below the index root is a root of user bob",
	  NULL },
	{ "", "mail", "The index root is below that of user bob",
	  "Below the index root is a root of user ann" },
	/* mails are above many an index root */
	{ "other", "", NULL, NULL },
	/* many a service's account has it for a home */
	{ "/", "/", NULL, NULL },
};

static void check_user(const struct mba_user_roots *users, const char *user,
		       const struct mba_location *roots, const char *expected)
{
	const struct mba_audit_settings set = {
		.clean = &clean.set, .user = user, .user_roots = users,
	};
	struct mba_audit *audit = mba_audit_init(&set);
	const struct mba_report *report;

	mba_audit_add(audit, roots, true);
	(void)mba_audit_run(audit, &report);
	ck_assert_pstr_eq(report->namespaces[0].clean.refused, expected);
	mba_audit_deinit(&audit);
}

START_TEST(an_index_root_of_two_users_is_cleaned_for_neither)
{
	struct mba_user_roots *users = mba_user_roots_init();
	char index_root[PATH_MAX], mail_root[PATH_MAX];
	struct mba_location others;

	clean_setup();
	others = clean.location;
	make_entry("junk");
	unit_mkdir(unit_path("index/sub"));
	unit_mkdir(unit_path("other"));
	ck_assert_int_eq(symlink("index", unit_path("link")), 0);
	strcpy(index_root, user_cases[_i].index_root);
	strcpy(mail_root, user_cases[_i].mail_root);
	if (index_root[0] != '/') {
		strcpy(index_root, unit_path("%s", user_cases[_i].index_root));
		strcpy(mail_root, unit_path("%s", user_cases[_i].mail_root));
	}
	others.index_root = index_root;
	others.mail_root = mail_root;
	mba_user_roots_add(users, "ann", &clean.location);
	mba_user_roots_add(users, "bob", &others);
	/* some more, who share nothing but the mails with them */
	others.index_root = unit_path("none");
	mba_user_roots_add(users, "carol", &others);
	others.index_root = index_root;

	clean.set.dry_run = true;
	check_user(users, "ann", &clean.location, user_cases[_i].own);
	if (index_root[1] != '\0')
		check_user(users, "bob", &others, user_cases[_i].others);
	mba_user_roots_deinit(&users);
}
END_TEST

START_TEST(an_index_root_that_came_later_is_not_cleaned)
{
	struct mba_user_roots *users = mba_user_roots_init();
	struct mba_location others;

	clean_setup();
	others = clean.location;
	mba_user_roots_add(users, "ann", &clean.location);
	make_entry("junk");
	check_user(users, "carol", &clean.location, "The user wasn't there "
		   "when the users' roots were looked at");
	check_user(users, "ann", &clean.location, "The index root was another "
		   "directory when the users' roots were looked at");
	ck_assert(exists(unit_path("index/.imap/junk")));
	/* it was looked at, but not as an index root */
	others.index_root = unit_path("none");
	others.mail_root = clean.location.index_root;
	mba_user_roots_add(users, "ann", &others);
	check_user(users, "ann", &clean.location, "The index root was another "
		   "directory when the users' roots were looked at");
	/* two names in turns are two users */
	others.index_root = others.mail_root = unit_path("none");
	mba_user_roots_add(users, "ann", &clean.location);
	mba_user_roots_add(users, "bob", &others);
	mba_user_roots_add(users, "ann", &clean.location);
	mba_user_roots_add(users, "bob", &clean.location);
	mba_user_roots_add(users, "ann", &clean.location);
	check_user(users, "bob", &clean.location,
		   "The index root is also a root of user ann");
	check_user(users, "ann", &clean.location,
		   "The index root is also a root of user bob");
	mba_user_roots_deinit(&users);
	/* one name twice is one user */
	users = mba_user_roots_init();
	mba_user_roots_add(users, "ann", &clean.location);
	mba_user_roots_add(users, "ann", &clean.location);
	check_user(users, "ann", &clean.location, NULL);
	ck_assert(!exists(unit_path("index/.imap/junk")));
	mba_user_roots_deinit(&users);
}
END_TEST

/* The way up from a root ends where it is known for two users: not where it is
   known for the one who has the index root above. */
START_TEST(the_way_up_from_a_root)
{
	struct mba_user_roots *users = mba_user_roots_init();
	struct mba_location location;
	char mail_root[PATH_MAX];

	clean_setup();
	make_entry("junk");
	unit_mkdir(unit_path("index/dir"));
	unit_mkdir(unit_path("index/dir/ann"));
	unit_mkdir(unit_path("index/dir/bob"));
	location = clean.location;
	strcpy(mail_root, unit_path("index/dir/ann"));
	location.mail_root = mail_root;
	mba_user_roots_add(users, "ann", &location);
	strcpy(mail_root, unit_path("index/dir/bob"));
	location.index_root = unit_path("none");
	mba_user_roots_add(users, "bob", &location);
	check_user(users, "ann", &clean.location,
		   "Below the index root is a root of user bob");
	mba_user_roots_deinit(&users);
}
END_TEST

/* Roots of all kinds are looked at, and only those that may be the user's. */
static const struct {
	const char *mail_root, *other_root, *inbox;
	/* of what bob has */
	mode_t mode;
	const char *expected;
} root_cases[] = {
	{ "none", "index/sub", NULL, 0700,
	  "Below the index root is a root of user bob" },
	{ "none", NULL, "index/sub/inbox", 0700,
	  "Below the index root is a root of user bob" },
	{ "index/sub", NULL, NULL, 0700,
	  "Below the index root is a root of user bob" },
	/* he may write to it, as root may to all, or it is his */
	{ "index/sub", NULL, NULL, 0500,
	  "Below the index root is a root of user bob" },
};

START_TEST(roots_of_another_user)
{
	struct mba_user_roots *users = mba_user_roots_init();
	const char *others[] = { NULL, NULL };
	struct mba_location location;

	clean_setup();
	make_entry("junk");
	unit_mkdir(unit_path("index/sub"));
	unit_become_nobody();
	ck_assert_int_eq(chmod(unit_path("index/sub"), root_cases[_i].mode),
			 0);
	location = clean.location;
	location.mail_root = unit_path("%s", root_cases[_i].mail_root);
	location.index_root = unit_path("none");
	if (root_cases[_i].other_root != NULL)
		others[0] = unit_path("%s", root_cases[_i].other_root);
	if (root_cases[_i].inbox != NULL)
		location.inbox_path = unit_path("%s", root_cases[_i].inbox);
	location.other_roots = others;
	mba_user_roots_add(users, "bob", &location);
	mba_user_roots_add(users, "ann", &clean.location);
	check_user(users, "ann", &clean.location, root_cases[_i].expected);
	mba_user_roots_deinit(&users);
}
END_TEST

/* Where a user may not write, nothing is his: a link to it would be enough to
   keep it from being cleaned. What the process may become again, as
   root between two users, has no part in it. */
START_TEST(roots_of_somebody_else)
{
	struct mba_user_roots *users = mba_user_roots_init();
	char *root = strdup(unit_path("other"));
	char *path = strdup(unit_path("other/below"));
	struct mba_location location;

	clean_setup();
	make_entry("junk");
	/* root's */
	unit_mkdir(path);
	ck_assert_int_eq(chmod(path, 0555), 0);
	ck_assert_int_eq(chmod(root, 0555), 0);
	ck_assert_int_eq(chmod(unit_path("."), 0711), 0);
	if (_i == 0)
		unit_become_nobody();
	else
		ck_assert_int_eq(seteuid(65534), 0);
	clean.location.mail_root = root;
	location = clean.location;
	location.index_root = root;
	mba_user_roots_add(users, "bob", &location);
	clean.location.index_root = path;
	mba_user_roots_add(users, "ann", &clean.location);
	clean.set.dry_run = true;
	check_user(users, "ann", &clean.location, NULL);
	mba_user_roots_deinit(&users);
	/* nor does anybody know what is above it */
	users = mba_user_roots_init();
	mba_user_roots_add(users, "ann", &clean.location);
	check_user(users, "ann", &clean.location, NULL);
	mba_user_roots_deinit(&users);
	if (_i != 0)
		ck_assert_int_eq(seteuid(0), 0);
	free(path);
	free(root);
}
END_TEST

/* Where he may write, what is there may be his, whosever the directory is. */
START_TEST(roots_that_anybody_may_write_to)
{
	struct mba_user_roots *users = mba_user_roots_init();
	struct mba_location location;

	clean_setup();
	make_entry("junk");
	unit_become_nobody();
	location = clean.location;
	location.mail_root = location.index_root = unit_path("..");
	mba_user_roots_add(users, "b\nb", &location);
	mba_user_roots_add(users, "ann", &clean.location);
	clean.set.dry_run = true;
	check_user(users, "ann", &clean.location,
		   access(unit_path(".."), W_OK) == 0 ?
		   "The index root is below that of user b\\x0ab" : NULL);
	mba_user_roots_deinit(&users);
}
END_TEST

/* A path as long as there can be: the way up has none. */
START_TEST(a_root_that_is_deep)
{
	struct mba_user_roots *users = mba_user_roots_init();
	struct mba_location location;
	char path[PATH_MAX];

	clean_setup();
	make_entry("junk");
	memset(path, 'd', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	for (size_t i = strlen(strcpy(path, unit_path("index")));
	     i < sizeof(path) - 2; i += NAME_MAX - 1)
		path[i] = '/';
	unit_mkdir(path);
	location = clean.location;
	location.mail_root = path;
	location.index_root = unit_path("none");
	mba_user_roots_add(users, "bob", &location);
	mba_user_roots_add(users, "ann", &clean.location);
	check_user(users, "ann", &clean.location,
		   "Below the index root is a root of user bob");
	mba_user_roots_deinit(&users);
}
END_TEST

/* Leave the process so many descriptors, or all of them. */
static void limit_descriptors(rlim_t count)
{
	struct rlimit limit;
	int fd;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	if (count != RLIM_INFINITY) {
		fd = open("/", O_RDONLY);
		ck_assert_int_ne(fd, -1);
		ck_assert_int_eq(close(fd), 0);
		limit.rlim_cur = fd + count;
	}
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Where it can't be told what is above a root, that may be anybody's. */
START_TEST(the_way_up_that_fails)
{
	struct mba_user_roots *users = mba_user_roots_init();
	struct mba_location location;
	char *refusal;

	clean_setup();
	make_entry("junk");
	unit_mkdir(unit_path("other"));
	location = clean.location;
	location.index_root = location.mail_root = unit_path("other");
	mba_user_roots_add(users, "carol", &location);
	limit_descriptors(0);
	mba_user_roots_add(users, "bob", &location);
	limit_descriptors(RLIM_INFINITY);
	mba_user_roots_add(users, "ann", &clean.location);
	check_user(users, "ann", &clean.location,
		   "It can't be told what is above a root of user bob");
	limit_descriptors(1);
	mba_user_roots_add(users, "ann", &clean.location);
	limit_descriptors(RLIM_INFINITY);
	check_user(users, "bob", &location,
		   "It can't be told what is above a root of user ann");
	mba_user_roots_deinit(&users);

	users = mba_user_roots_init();
	mba_user_roots_add(users, "ann", &clean.location);
	limit_descriptors(0);
	ck_assert_int_gt(asprintf(&refusal, "It can't be told what is above "
				  "the index root: open(%s/..) failed: Too "
				  "many open files",
				  clean.location.index_root), 0);
	check_user(users, "ann", &clean.location, refusal);
	/* whoever looks for leaks needs some, too */
	limit_descriptors(RLIM_INFINITY);
	free(refusal);
	mba_user_roots_deinit(&users);
}
END_TEST

/* Who can't go to a root of his own keeps nobody else's from being cleaned. */
START_TEST(a_root_that_its_user_has_closed)
{
	struct mba_user_roots *users = mba_user_roots_init();
	struct mba_location location;

	clean_setup();
	make_entry("junk");
	unit_mkdir(unit_path("closed"));
	unit_write(unit_path("file"), "", 0);
	unit_become_nobody();
	ck_assert_int_eq(chmod(unit_path("closed"), 0600), 0);
	location = clean.location;
	location.mail_root = unit_path("closed");
	location.index_root = unit_path("file");
	mba_user_roots_add(users, "bob", &location);
	mba_user_roots_add(users, "ann", &clean.location);
	check_user(users, "ann", &clean.location, NULL);
	mba_user_roots_deinit(&users);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("user-roots");

	tcase_add_loop_test(tcase,
			    an_index_root_of_two_users_is_cleaned_for_neither,
			    0, sizeof(user_cases) / sizeof(user_cases[0]));
	tcase_add_test(tcase, an_index_root_that_came_later_is_not_cleaned);
	tcase_add_test(tcase, the_way_up_from_a_root);
	tcase_add_loop_test(tcase, roots_of_another_user, 0,
			    sizeof(root_cases) / sizeof(root_cases[0]));
	if (geteuid() == 0)
		tcase_add_loop_test(tcase, roots_of_somebody_else, 0, 2);
	tcase_add_test(tcase, roots_that_anybody_may_write_to);
	tcase_add_test(tcase, a_root_that_is_deep);
	tcase_add_test(tcase, the_way_up_that_fails);
	tcase_add_test(tcase, a_root_that_its_user_has_closed);
	return unit_run(tcase);
}
