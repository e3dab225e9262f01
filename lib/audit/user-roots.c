/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* By one user's mails another one's indexes are bogus. Users follow each other:
   when the second of two with one index root comes, the first one's clean is
   over. So all roots are looked at before, and kept here by device and inode,
   together with the directories above them: whichever of two roots is the upper
   one is found when it is looked up, and so is the lower one, on the way up
   from it. Directories are few above and shared by all, and a user's own are
   two or three. */

#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "user-roots.h"

/* What a directory is to a user. */
enum user_dir_kind {
	/* it was looked at as his index root */
	USER_DIR_SEEN,
	USER_DIR_ROOT,
	USER_DIR_INDEX_ROOT,
	/* a root is below */
	USER_DIR_ABOVE,

	USER_DIR_KINDS
};

struct user_dir {
	/* first, for walk_id_cmp() */
	struct walk_id id;
	/* For each kind the first user, and one with another name: from 1 on,
	   0 for none. More needn't be known. */
	unsigned int users[USER_DIR_KINDS][2];
};

struct mba_user_roots {
	/* tsearch() tree of struct user_dir */
	void *dirs;
	char **names;
	size_t names_count, names_alloc;
	/* tsearch() tree of these */
	void *known;
};

/* with a user's name at the end */
static const char *const refusals[USER_DIR_KINDS] = {
	[USER_DIR_ROOT] = "The index root is also a root of user",
	[USER_DIR_INDEX_ROOT] = "The index root is below that of user",
	[USER_DIR_ABOVE] = "Below the index root is a root of user",
};

struct mba_user_roots *mba_user_roots_init(void)
{
	return mem_new(sizeof(struct mba_user_roots));
}

static int name_compare(const void *p1, const void *p2)
{
	return strcmp(p1, p2);
}

/* They are those of names[]. */
static void name_keep(void *name)
{
	(void)name;
}

void mba_user_roots_deinit(struct mba_user_roots **_users)
{
	struct mba_user_roots *users = *_users;

	*_users = NULL;
	tdestroy(users->dirs, free);
	tdestroy(users->known, name_keep);
	for (size_t i = 0; i < users->names_count; i++)
		free(users->names[i]);
	free(users->names);
	free(users);
}

static struct user_dir *
user_dir_find(const struct mba_user_roots *users, const struct walk_id *id)
{
	struct user_dir **found = tfind(id, &users->dirs, walk_id_cmp);

	return found == NULL ? NULL : *found;
}

/* Let a directory be something to the user who was added last, unless it is to
   two users, who are enough. */
static void user_dir_mark(struct mba_user_roots *users,
			  const struct walk_id *id, enum user_dir_kind kind)
{
	struct user_dir *dir = user_dir_find(users, id);
	unsigned int user = users->names_count, *marks;

	if (dir == NULL) {
		dir = mem_new(sizeof(*dir));
		dir->id = *id;
		if (tsearch(dir, &users->dirs, walk_id_cmp) == NULL)
			mem_missing();
	}
	marks = dir->users[kind];
	if (marks[0] == 0)
		marks[0] = user;
	else if (marks[1] == 0 && strcmp(users->names[marks[0] - 1],
					 users->names[user - 1]) != 0)
		marks[1] = user;
}

/* Returns TRUE if a root may hold what is the user's. Else a symlink to another
   one's index root would be enough to keep it from being cleaned; and the root
   of the file system, above all others, is the home of many a service's
   account. */
static bool user_root_counts(const struct audit_root *root,
			     const struct audit_root *top)
{
	struct stat st;

	return !audit_root_equals(root, top) &&
		(faccessat(AT_FDCWD, root->path, W_OK, AT_EACCESS) == 0 ||
		 (stat(root->path, &st) == 0 && st.st_uid == geteuid()));
}

static void user_root_add(struct mba_user_roots *users,
			  const struct audit_roots *roots,
			  const struct audit_root *root)
{
	bool is_index_root = root == &roots->index;
	struct walk_id id = root->id;
	char *path;

	if (!root->exists)
		return;
	if (is_index_root)
		user_dir_mark(users, &root->id, USER_DIR_SEEN);
	if (!user_root_counts(root, &roots->top))
		return;
	user_dir_mark(users, &root->id, USER_DIR_ROOT);
	if (is_index_root)
		user_dir_mark(users, &root->id, USER_DIR_INDEX_ROOT);
	path = mem_strdup(root->path);
	/* All the way up, also from a directory that is above two users' roots:
	   it may be mounted elsewhere, too. */
	while (audit_dir_go_up(&path, &id) > 0)
		user_dir_mark(users, &id, USER_DIR_ABOVE);
	free(path);
}

void mba_user_roots_add(struct mba_user_roots *users, const char *user,
			const struct mba_location *set)
{
	struct location *location = location_init(set);
	struct audit_roots roots;
	char *name;

	if (users->names_count == 0 ||
	    strcmp(users->names[users->names_count - 1], user) != 0) {
		users->names = mem_grow(users->names, &users->names_alloc,
					users->names_count + 1,
					sizeof(*users->names));
		name = mem_strdup(user);
		users->names[users->names_count++] = name;
		if (tsearch(name, &users->known, name_compare) == NULL)
			mem_missing();
	}
	audit_roots_init(&roots, location, true);
	user_root_add(users, &roots, &roots.mail);
	user_root_add(users, &roots, &roots.index);
	for (size_t i = 0; i < roots.others_count; i++)
		user_root_add(users, &roots, &roots.others[i]);
	audit_roots_deinit(&roots);
	location_free(&location);
}

/* Returns a sentence if a directory is something to another user. */
static char *user_dir_refusal(const struct mba_user_roots *users,
			      const struct walk_id *id, const char *user,
			      enum user_dir_kind kind)
{
	const struct user_dir *dir = user_dir_find(users, id);
	char *name, *sentence;

	for (unsigned int i = 0; dir != NULL && i < 2; i++) {
		if (dir->users[kind][i] == 0)
			break;
		name = users->names[dir->users[kind][i] - 1];
		if (strcmp(name, user) == 0)
			continue;
		name = mba_escape(name);
		sentence = mem_printf("%s %s", refusals[kind], name);
		free(name);
		return sentence;
	}
	return NULL;
}

char *user_roots_refusal(const struct mba_user_roots *users, const char *user,
			 const struct audit_root *index_root)
{
	const struct user_dir *dir = user_dir_find(users, &index_root->id);
	struct walk_id id = index_root->id;
	char *refusal, *path;

	if (tfind(user, &users->known, name_compare) == NULL) {
		return mem_strdup("The user wasn't there when the users' roots "
				  "were looked at");
	}
	if (dir == NULL || dir->users[USER_DIR_SEEN][0] == 0)
		return mem_strdup("The index root was another directory when "
				  "the users' roots were looked at");
	refusal = user_dir_refusal(users, &index_root->id, user,
				   USER_DIR_ROOT);
	if (refusal == NULL) {
		refusal = user_dir_refusal(users, &index_root->id, user,
					   USER_DIR_ABOVE);
	}
	path = mem_strdup(index_root->path);
	while (refusal == NULL && audit_dir_go_up(&path, &id) > 0) {
		refusal = user_dir_refusal(users, &id, user,
					   USER_DIR_INDEX_ROOT);
	}
	free(path);
	return refusal;
}
