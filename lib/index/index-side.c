/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A directory's class depends on what is below, so it is only known when the
   directory is left. Files are classed by their names when they are seen; those
   of index files count for the entry that their directory turns out to be. */

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "count.h"
#include "index-files.h"
#include "index-side.h"
#include "other-root.h"

struct side_dir {
	struct mba_count self, index;
	struct index_entry_files files;
	int64_t mtime, newest_index_mtime;
	unsigned int index_files, private_files;
	/* there is nothing but a log, and it is only a header */
	bool log_is_header:1;
	bool is_nested:1;
	/* it is the root of a namespace that nobody told of, or below one; it
	   was found out whether it is */
	bool in_other_root:1, is_looked:1;
	/* upper and lower case are the same in it, or in one above; it was
	   found out that they aren't */
	bool is_folded:1, is_exact:1;
	/* it is an imap_dir, directly in one, or anywhere below one */
	bool is_imap:1, in_imap:1, below_imap:1;
	/* what it holds, itself or below, entries not included */
	bool has_foreign:1, has_internal:1;
	/* it held a directory, whether that is still there or not */
	bool had_dirs:1;
	/* it leads to an entry */
	bool has_entry:1;
};

struct index_side {
	const struct index_side_settings *set;
	struct mba_count *totals, *other;

	/* NULL if there is nothing to walk */
	struct walk *walk;
	struct walk_settings walk_set;
	struct side_dir *dirs;
	size_t dirs_count, dirs_alloc;
	bool stopped;
};

static void count_inode(struct mba_count *count, const struct stat *st)
{
	count->inodes++;
	count->bytes += (uint64_t)st->st_blocks * 512;
}

/* Returns whether to go on. */
static bool side_progress(struct index_side *side)
{
	if (!side->stopped)
		side->stopped = !side->set->progress(side->totals,
						     side->set->context);
	return !side->stopped;
}

static void count_inode_total(struct index_side *side, const struct stat *st)
{
	count_inode(side->totals, st);
	if (side->totals->inodes % INDEX_SIDE_PROGRESS_INODES == 0)
		(void)side_progress(side);
}

static int64_t newest_change(const struct stat *st)
{
	return st->st_mtime > st->st_ctime ? st->st_mtime : st->st_ctime;
}

/* Find out whether a directory that holds another one is the root of a
   namespace that nobody told of. What can't be told may be. */
static void side_look_for_root(const struct index_side *side,
			       struct side_dir *dir,
			       const struct walk_place *child)
{
	const char *name, *slash = strrchr(child->path, '/');
	char *path;
	int ret;

	/* .imap is looked for from the directory above */
	if (!side->set->roots_below || dir == side->dirs || dir->is_looked ||
	    dir->is_nested || dir->in_other_root || dir->is_imap ||
	    dir->below_imap)
		return;
	dir->is_looked = true;
	ret = other_root_find(child->parent_fd, side->set->imap_dir != NULL,
			      &name);
	if (ret != 0)
		dir->in_other_root = true;
	if (ret < 0) {
		path = mem_printf("%.*s", (int)(slash - child->path),
				  child->path);
		error_sink_add_below(side->set->errors, "stat",
				     side->set->root, path, name);
		free(path);
	}
}

static bool has_letters(const char *name)
{
	while (*name != '\0' && !isalpha((unsigned char)*name))
		name++;
	return *name != '\0';
}

/* Find out whether upper and lower case are the same in a directory, by another
   one in it. If that can't be told, which is reported, they may be. */
static void side_look_for_case(const struct index_side *side,
			       struct side_dir *dir,
			       const struct walk_place *child,
			       const struct stat *st)
{
	int ret;

	if (dir->is_folded || dir->is_exact || !has_letters(child->name))
		return;
	ret = index_is_folded(child->parent_fd, child->name, st);
	dir->is_exact = ret == 0;
	dir->is_folded = !dir->is_exact;
	if (ret < 0) {
		error_sink_add_below(side->set->errors, "stat",
				     side->set->root, child->path, "");
	}
}

static void side_enter(const struct walk_place *place, const struct stat *st,
		       bool is_other, void *context)
{
	struct index_side *side = context;
	const char *imap_dir = side->set->imap_dir;
	struct side_dir *dir, *parent;

	side->dirs = mem_grow(side->dirs, &side->dirs_alloc,
			      side->dirs_count + 1, sizeof(*side->dirs));
	dir = &side->dirs[side->dirs_count++];
	memset(dir, 0, sizeof(*dir));
	dir->mtime = st->st_mtime;
	dir->files.changed = newest_change(st);
	dir->files.mode = st->st_mode;
	dir->is_nested = is_other;
	if (side->dirs_count > 1) {
		parent = dir - 1;
		side_look_for_root(side, parent, place);
		side_look_for_case(side, parent, place, st);
		dir->in_other_root = parent->in_other_root;
		dir->is_folded = parent->is_folded;
		dir->is_nested = is_other || parent->is_nested;
		dir->is_imap = imap_dir != NULL &&
			strcmp(place->name, imap_dir) == 0;
		dir->in_imap = parent->is_imap;
		dir->below_imap = parent->is_imap || parent->below_imap;
	} else {
		/* a root can't be in itself */
		dir->is_nested = false;
	}
	count_inode(&dir->self, st);
	count_inode_total(side, st);
}

/* A log that LIST, or a SELECT that failed, left is a header and nothing
   else. */
static bool is_header_log(enum index_file file, const struct stat *st)
{
	return file == INDEX_FILE_LOG && S_ISREG(st->st_mode) &&
		st->st_size == INDEX_LOG_HEADER_SIZE;
}

static void side_index_file(struct side_dir *dir, enum index_file file,
			    const struct stat *st)
{
	struct index_entry_files *files = &dir->files;
	unsigned int idx = file - INDEX_FILE_FIRST_REMOVABLE;

	if (file >= INDEX_FILE_FIRST_REMOVABLE) {
		files->st[idx] = *st;
		files->found |= 1U << idx;
	} else {
		files->has_others = true;
		if (file == INDEX_FILE_LOCK && st->st_mtime > files->locked)
			files->locked = st->st_mtime;
	}
	if (newest_change(st) > files->changed)
		files->changed = newest_change(st);
	if (file == INDEX_FILE_PRIVATE)
		dir->private_files++;
	dir->log_is_header = dir->index_files++ == 0 &&
		is_header_log(file, st);
	if (dir->index_files == 1 || st->st_mtime > dir->newest_index_mtime)
		dir->newest_index_mtime = st->st_mtime;
}

/* Returns TRUE if a directory is among the mails. */
static bool side_is_mail(const struct index_side *side,
			 const struct side_dir *dir)
{
	return side->set->in_place && !dir->is_imap && !dir->below_imap;
}

/* Returns where a file of a directory is counted. */
static struct mba_count *
side_file_class(struct index_side *side, struct side_dir *dir,
		const char *name, const struct stat *st)
{
	enum index_file file = index_file_find(name);

	switch (file) {
	case INDEX_FILE_INTERNAL:
		dir->has_internal = true;
		return &side->other[MBA_OTHER_INTERNAL];
	case INDEX_FILE_FOREIGN:
		dir->has_foreign = true;
		break;
	default:
		side_index_file(dir, file, st);
		return &dir->index;
	}
	return &side->other[side_is_mail(side, dir) ?
			       MBA_OTHER_MAIL : MBA_OTHER_FOREIGN];
}

static void side_file(const char *name, const struct stat *st, bool is_again,
		      void *context)
{
	struct index_side *side = context;
	struct side_dir *dir = &side->dirs[side->dirs_count - 1];
	struct mba_count *count;

	if (dir->is_nested)
		count = &side->other[MBA_OTHER_NESTED];
	else
		count = side_file_class(side, dir, name, st);
	if (!is_again) {
		count_inode(count, st);
		count_inode_total(side, st);
	}
}

static enum mba_other side_dir_class(const struct index_side *side,
				     const struct side_dir *dir)
{
	if (dir->is_nested)
		return MBA_OTHER_NESTED;
	if (side_is_mail(side, dir))
		return MBA_OTHER_MAIL;
	if (dir->has_entry)
		return MBA_OTHER_STRUCTURE;
	if (dir->has_foreign)
		return MBA_OTHER_FOREIGN;
	return dir->has_internal ? MBA_OTHER_INTERNAL : MBA_OTHER_STRUCTURE;
}

bool index_side_is_leaf(const char *name, const struct stat *st)
{
	return is_header_log(index_file_find(name), st);
}

void index_side_use(struct index_entry *entry, const char *root,
		    const struct error_sink *errors)
{
	if (!entry->untouched) {
		index_use_read(entry->place, entry->is_unreadable ? NULL :
			       entry->files, root, errors, &entry->use,
			       &entry->own);
		return;
	}
	/* a log that is a header only says no more than when it was made */
	entry->use.evidence = MBA_EVIDENCE_UNTOUCHED;
	entry->use.since = entry->mtime;
	entry->use.has_messages = true;
}

/* Returns TRUE if the entry's directory is gone. */
static bool side_entry(struct index_side *side, struct side_dir *dir,
		       const struct walk_place *place, bool is_complete)
{
	struct index_entry entry = {
		.path = *place->path == '\0' ? "." : place->path,
		.count = dir->index, .self = dir->self,
		.mtime = dir->index_files > 0 ? dir->newest_index_mtime :
			dir->mtime,
		.place = place, .files = &dir->files,
		.is_unreadable = !is_complete,
		.in_other_root = dir->in_other_root,
		.is_folded = dir->is_folded,
		.is_private = dir->index_files > 0 &&
			dir->private_files == dir->index_files,
	};
	/* the directory is the mailbox's own, and so are other files in it */
	bool is_mail = side_is_mail(side, dir), is_gone;

	if (!side_progress(side))
		return false;
	if (dir->has_foreign || dir->has_internal)
		dir->files.has_others = true;
	entry.untouched = is_complete && !dir->has_internal &&
		(!dir->has_foreign || is_mail) &&
		(dir->index_files == 0 || dir->log_is_header);
	entry.count.entries = 1;
	if (is_mail)
		count_add(&side->other[MBA_OTHER_MAIL], &dir->self);
	else
		count_add(&entry.count, &dir->self);
	side->totals->entries++;
	if (side->set->use)
		index_side_use(&entry, side->set->root, side->set->errors);
	is_gone = side->set->entry(&entry, side->set->context);
	free(entry.own.name);
	return is_gone;
}

/* Returns TRUE for the directory that fsck wants to find in the root of a file
   system which an index root may be. */
static bool is_lost_found(const struct walk_place *place)
{
	return strcmp(place->path, "lost+found") == 0;
}

/* Returns TRUE for an empty directory as a Maildir has it, which a symlink
   among the mails may lead to: without tmp/ Dovecot doesn't open it. Those that
   mirror a Maildir's led to entries. */
static bool is_maildirs(const struct side_dir *dir,
			const struct walk_place *place)
{
	return !dir->had_dirs && (strcmp(place->name, "cur") == 0 ||
				  strcmp(place->name, "new") == 0 ||
				  strcmp(place->name, "tmp") == 0);
}

/* Remove a directory that is no entry, if there is nothing in it. Returns TRUE
   if it is gone. */
static bool side_remove(struct index_side *side, const struct side_dir *dir,
			const struct walk_place *place)
{
	const struct index_side_clean *clean = side->set->clean;
	const char *op;
	int ret = 1;

	if (clean == NULL || side->dirs_count == 0 || dir->is_nested ||
	    dir->in_other_root || is_lost_found(place) ||
	    is_maildirs(dir, place) || (clean->is_mixed && !dir->is_imap))
		return false;
	if (dir->has_foreign || dir->has_internal || dir->files.has_dirs ||
	    dir->files.changed > clean->before)
		return false;
	if (!clean->dry_run)
		ret = walk_place_remove(place, &op);
	if (ret > 0)
		count_add(clean->removed, &dir->self);
	else if (ret < 0) {
		error_sink_add_below(side->set->errors, op, side->set->root,
				     place->path, "");
	}
	return ret > 0;
}

static void side_leave(const struct walk_place *place, bool is_complete,
		       void *context)
{
	struct index_side *side = context;
	struct side_dir *dir = &side->dirs[--side->dirs_count];
	struct side_dir *parent = side->dirs_count == 0 ? NULL : dir - 1;
	bool is_entry, may_be_entry, is_gone;

	/* a directory that can't be read may hold an index, but not among
	   the mails */
	may_be_entry = dir->in_imap || !side_is_mail(side, dir);
	/* what .imap has without an index isn't a mailbox's if it holds
	   something else: full-text indexes of all mailboxes stand there */
	is_entry = !dir->is_nested &&
		(dir->index_files > 0 || (dir->in_imap && !dir->has_foreign) ||
		 (!is_complete && may_be_entry));
	if (is_entry)
		is_gone = side_entry(side, dir, place, is_complete);
	else {
		count_add(&side->other[side_dir_class(side, dir)],
			  &dir->self);
		is_gone = is_complete && side_remove(side, dir, place);
	}
	if (parent == NULL)
		return;
	parent->had_dirs = true;
	if (!is_gone)
		parent->files.has_dirs = true;
	if (is_entry || dir->has_entry)
		parent->has_entry = true;
	if (!is_entry) {
		parent->has_foreign = parent->has_foreign || dir->has_foreign;
		parent->has_internal =
			parent->has_internal || dir->has_internal;
	}
}

struct index_side *index_side_init(const struct index_side_settings *set,
				   struct mba_count *totals_r,
				   struct mba_count other_r[MBA_OTHER_COUNT])
{
	static const struct walk_callbacks callbacks = {
		.enter = side_enter,
		.file = side_file,
		.leave = side_leave,
	};
	struct index_side *side = mem_new(sizeof(*side));

	side->set = set;
	side->totals = totals_r;
	side->other = other_r;
	side->walk_set = (struct walk_settings) {
		.root = set->root, .root_fd = set->root_fd,
		.others = set->nested, .others_count = set->nested_count,
		.one_mount = set->clean != NULL, .stopped = &side->stopped,
		.callbacks = &callbacks, .context = side,
		.errors = set->errors,
	};
	(void)walk_init(&side->walk_set, &side->walk);
	return side;
}

void index_side_deinit(struct index_side **_side)
{
	struct index_side *side = *_side;

	*_side = NULL;
	if (side->walk != NULL)
		walk_deinit(&side->walk);
	free(side->dirs);
	free(side);
}

bool index_side_continue(struct index_side *side,
			 const struct index_side_settings *set,
			 unsigned int steps)
{
	side->set = set;
	side->walk_set.errors = set->errors;
	side->walk_set.ahead = set->ahead;
	return side->walk != NULL && walk_continue(side->walk, steps);
}

void index_side_walk(const struct index_side_settings *set,
		     struct mba_count *totals_r,
		     struct mba_count other_r[MBA_OTHER_COUNT])
{
	struct index_side *side = index_side_init(set, totals_r, other_r);

	while (index_side_continue(side, set, UINT_MAX)) ;
	index_side_deinit(&side);
}
