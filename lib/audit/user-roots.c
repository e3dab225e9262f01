/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* By one user's mails another one's indexes are bogus. Users follow each other:
   when the second of two with one index root comes, the first one's clean is
   over. So all roots are looked at before, and kept here by device and inode,
   together with the directories above them: whichever of two roots is the upper
   one is found when it is looked up, and so is the lower one, on the way up
   from it. Directories are few above and shared by all, and a user's own are
   two or three. */

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "fd.h"
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
	/* first, for inode_id_cmp() */
	struct inode_id id;
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
	/* The same as in a directory, of users with a root above which it can't
	   be told what is: anybody's index root may be there. */
	unsigned int lost[2];
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
user_dir_find(const struct mba_user_roots *users, const struct inode_id *id)
{
	struct user_dir **found = tfind(id, &users->dirs, inode_id_cmp);

	return found == NULL ? NULL : *found;
}

/* Add the user who was added last, unless there are two, who are enough. */
static void user_mark(const struct mba_user_roots *users, unsigned int marks[2])
{
	unsigned int user = users->names_count;

	if (marks[0] == 0)
		marks[0] = user;
	else if (marks[1] == 0 && strcmp(users->names[marks[0] - 1],
					 users->names[user - 1]) != 0)
		marks[1] = user;
}

/* Let a directory be something to the user who was added last. */
static void user_dir_mark(struct mba_user_roots *users,
			  const struct inode_id *id, enum user_dir_kind kind)
{
	struct user_dir *dir = user_dir_find(users, id);

	if (dir == NULL) {
		dir = mem_new(sizeof(*dir));
		dir->id = *id;
		if (tsearch(dir, &users->dirs, inode_id_cmp) == NULL)
			mem_missing();
	}
	user_mark(users, dir->users[kind]);
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

static bool user_dir_above(const struct inode_id *id, void *context)
{
	user_dir_mark(context, id, USER_DIR_ABOVE);
	return false;
}

/* Returns TRUE if errno says that the user himself can't go to a directory. He
   may have made it so, and nobody else has to suffer for that. */
static bool is_not_reached(void)
{
	return errno == EACCES || ENOTFOUND(errno);
}

static void user_root_add(struct mba_user_roots *users,
			  const struct audit_roots *roots,
			  const struct audit_root *root)
{
	bool is_index_root = root == &roots->index;
	const char *op;

	if (!root->exists)
		return;
	if (is_index_root)
		user_dir_mark(users, &root->id, USER_DIR_SEEN);
	if (!user_root_counts(root, &roots->top))
		return;
	user_dir_mark(users, &root->id, USER_DIR_ROOT);
	if (is_index_root)
		user_dir_mark(users, &root->id, USER_DIR_INDEX_ROOT);
	/* All the way up, also from a directory that is above two users' roots:
	   it may be mounted elsewhere, too. */
	if (audit_root_climb(root, user_dir_above, users, &op) < 0 &&
	    !is_not_reached())
		user_mark(users, users->lost);
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
	user_root_add(users, &roots, &roots.inbox);
	for (size_t i = 0; i < roots.others_count; i++)
		user_root_add(users, &roots, &roots.others[i]);
	audit_roots_deinit(&roots);
	location_free(&location);
}

/* Returns a sentence that the name of another user ends, NULL if there is
   none. */
static char *marks_refusal(const struct mba_user_roots *users,
			   const unsigned int marks[2], const char *user,
			   const char *sentence)
{
	char *name, *refusal;

	for (unsigned int i = 0; i < 2 && marks[i] != 0; i++) {
		name = users->names[marks[i] - 1];
		if (strcmp(name, user) == 0)
			continue;
		name = mba_escape(name);
		refusal = mem_printf("%s %s", sentence, name);
		free(name);
		return refusal;
	}
	return NULL;
}

/* Returns a sentence if a directory is something to another user. */
static char *user_dir_refusal(const struct mba_user_roots *users,
			      const struct inode_id *id, const char *user,
			      enum user_dir_kind kind)
{
	const struct user_dir *dir = user_dir_find(users, id);

	return dir == NULL ? NULL :
		marks_refusal(users, dir->users[kind], user, refusals[kind]);
}

struct climb {
	const struct mba_user_roots *users;
	const char *user;
	char *refusal;
};

static bool climb_refusal(const struct inode_id *id, void *context)
{
	struct climb *climb = context;

	climb->refusal = user_dir_refusal(climb->users, id, climb->user,
					  USER_DIR_INDEX_ROOT);
	return climb->refusal != NULL;
}

/* Returns a sentence if an index root is below another user's, or if that can't
   be told. */
static char *below_refusal(const struct mba_user_roots *users, const char *user,
			   const struct audit_root *index_root)
{
	struct climb climb = { .users = users, .user = user };
	const char *op, *reason;
	char *path;

	if (audit_root_climb(index_root, climb_refusal, &climb, &op) < 0) {
		reason = strerror(errno);
		path = mba_escape(index_root->path);
		climb.refusal = mem_printf("It can't be told what is above the "
			"index root: %s(%s/..) failed: %s", op, path, reason);
		free(path);
	}
	return climb.refusal;
}

char *user_roots_refusal(const struct mba_user_roots *users, const char *user,
			 const struct audit_root *index_root)
{
	const struct user_dir *dir = user_dir_find(users, &index_root->id);
	char *refusal;

	if (tfind(user, &users->known, name_compare) == NULL) {
		return mem_strdup("The user wasn't there when the users' roots "
				  "were looked at");
	}
	if (dir == NULL || dir->users[USER_DIR_SEEN][0] == 0)
		return mem_strdup("The index root was another directory when "
				  "the users' roots were looked at");
	refusal = marks_refusal(users, users->lost, user, "It can't be told "
				"what is above a root of user");
	if (refusal == NULL) {
		refusal = user_dir_refusal(users, &index_root->id, user,
					   USER_DIR_ROOT);
	}
	if (refusal == NULL) {
		refusal = user_dir_refusal(users, &index_root->id, user,
					   USER_DIR_ABOVE);
	}
	return refusal != NULL ? refusal :
		below_refusal(users, user, index_root);
}
