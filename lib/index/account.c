/* A directory's class depends on what is below, so it is only known when the
   directory is left. Files are classed by their names when they are seen; those
   of index files count for the entry that their directory turns out to be. */

#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "alloc.h"
#include "count.h"

/* What a log has to be if LIST, or a SELECT that failed, created it: its
   header and nothing else (lib-index/mail-transaction-log.h, struct
   mail_transaction_log_header). */
#define INDEX_LOG_NAME "dovecot.index.log"
#define INDEX_LOG_HEADER_SIZE 40

/* How many inodes go by between two calls of progress(). */
#define PROGRESS_INODES 8192

enum file_class {
	FILE_CLASS_FOREIGN,
	FILE_CLASS_INTERNAL,
	FILE_CLASS_INDEX,
};

static const struct {
	const char *name;
	enum file_class class;
	/* any name that begins so */
	bool prefix;
} file_names[] = {
	{ "dovecot.index", FILE_CLASS_INDEX, true },
	{ "dovecot.list.index", FILE_CLASS_INTERNAL, true },
	{ "dovecot.map.index", FILE_CLASS_INTERNAL, true },
	{ "dovecot.mailbox.log", FILE_CLASS_INTERNAL, true },
	{ "dovecot.autoexpunge.lock", FILE_CLASS_INTERNAL, false },
	{ "dovecot-uidlist", FILE_CLASS_INTERNAL, true },
	{ "dovecot-uidvalidity", FILE_CLASS_INTERNAL, true },
	{ "dovecot-keywords", FILE_CLASS_INTERNAL, true },
	{ "dovecot-acl", FILE_CLASS_INTERNAL, true },
	{ "dovecot-attributes", FILE_CLASS_INTERNAL, true },
	{ "dovecot-vsize.lock", FILE_CLASS_INTERNAL, false },
	{ "dovecot-shared", FILE_CLASS_INTERNAL, false },
	{ "mailboxes.lock", FILE_CLASS_INTERNAL, false },
	{ "maildirfolder", FILE_CLASS_INTERNAL, false },
	{ "subscriptions", FILE_CLASS_INTERNAL, false },
	{ ".subscriptions", FILE_CLASS_INTERNAL, false },
};

struct account_dir {
	struct mba_count self, index;
	int64_t mtime, newest_index_mtime;
	unsigned int index_files;
	/* there is nothing but a log, and it is only a header */
	bool log_is_header:1;
	bool is_nested:1;
	/* it is .imap/, directly in one, or anywhere below one */
	bool is_imap:1, in_imap:1, below_imap:1;
	/* what it holds, itself or below, entries not included */
	bool has_foreign:1, has_internal:1;
	/* it leads to an entry */
	bool has_entry:1;
};

struct account {
	const struct account_settings *set;
	struct mba_count *totals, *other;

	struct account_dir *dirs;
	size_t dirs_count, dirs_alloc;
};

static enum file_class file_class_find(const char *name)
{
	for (size_t i = 0; i < sizeof(file_names) / sizeof(file_names[0]);
	     i++) {
		if (file_names[i].prefix ?
		    strncmp(name, file_names[i].name,
			    strlen(file_names[i].name)) == 0 :
		    strcmp(name, file_names[i].name) == 0)
			return file_names[i].class;
	}
	return FILE_CLASS_FOREIGN;
}

static void count_inode(struct mba_count *count, const struct stat *st)
{
	count->inodes++;
	count->bytes += (uint64_t)st->st_blocks * 512;
}

static void count_inode_total(struct account *account, const struct stat *st)
{
	count_inode(account->totals, st);
	if (account->totals->inodes % PROGRESS_INODES == 0)
		account->set->progress(account->totals, account->set->context);
}

static void account_enter(const char *name, const struct stat *st,
			  bool is_other, void *context)
{
	struct account *account = context;
	const struct location *location = account->set->location;
	struct account_dir *dir, *parent;

	account->dirs = mem_grow(account->dirs, &account->dirs_alloc,
				 account->dirs_count + 1,
				 sizeof(*account->dirs));
	dir = &account->dirs[account->dirs_count++];
	memset(dir, 0, sizeof(*dir));
	dir->mtime = st->st_mtime;
	dir->is_nested = is_other;
	if (account->dirs_count > 1) {
		parent = dir - 1;
		dir->is_nested = is_other || parent->is_nested;
		dir->is_imap = location->imap_dir &&
			strcmp(name, LOCATION_IMAP_DIR) == 0;
		dir->in_imap = parent->is_imap;
		dir->below_imap = parent->is_imap || parent->below_imap;
	} else {
		/* a root can't be in itself */
		dir->is_nested = false;
	}
	count_inode(&dir->self, st);
	count_inode_total(account, st);
}

static void account_index_file(struct account_dir *dir, const char *name,
			       const struct stat *st)
{
	dir->log_is_header = dir->index_files++ == 0 &&
		S_ISREG(st->st_mode) && st->st_size == INDEX_LOG_HEADER_SIZE &&
		strcmp(name, INDEX_LOG_NAME) == 0;
	if (dir->index_files == 1 || st->st_mtime > dir->newest_index_mtime)
		dir->newest_index_mtime = st->st_mtime;
}

/* Returns TRUE if a directory is among the mails. */
static bool account_is_mail(const struct account *account,
			    const struct account_dir *dir)
{
	return account->set->in_place && !dir->is_imap && !dir->below_imap;
}

/* Returns where a file of a directory is counted. */
static struct mba_count *
account_file_class(struct account *account, struct account_dir *dir,
		   const char *name, const struct stat *st)
{
	switch (file_class_find(name)) {
	case FILE_CLASS_INDEX:
		account_index_file(dir, name, st);
		return &dir->index;
	case FILE_CLASS_INTERNAL:
		dir->has_internal = true;
		return &account->other[MBA_OTHER_INTERNAL];
	case FILE_CLASS_FOREIGN:
		break;
	}
	dir->has_foreign = true;
	return &account->other[account_is_mail(account, dir) ?
			       MBA_OTHER_MAIL : MBA_OTHER_FOREIGN];
}

static void account_file(const char *name, const struct stat *st, bool is_again,
			 void *context)
{
	struct account *account = context;
	struct account_dir *dir = &account->dirs[account->dirs_count - 1];
	struct mba_count *count;

	if (dir->is_nested) {
		count = &account->other[MBA_OTHER_NESTED];
	} else {
		count = account_file_class(account, dir, name, st);
	}
	if (!is_again) {
		count_inode(count, st);
		count_inode_total(account, st);
	}
}

static enum mba_other account_dir_class(const struct account *account,
					const struct account_dir *dir)
{
	if (dir->is_nested)
		return MBA_OTHER_NESTED;
	if (account_is_mail(account, dir))
		return MBA_OTHER_MAIL;
	if (dir->has_entry)
		return MBA_OTHER_STRUCTURE;
	if (dir->has_foreign)
		return MBA_OTHER_FOREIGN;
	return dir->has_internal ? MBA_OTHER_INTERNAL : MBA_OTHER_STRUCTURE;
}

static void account_entry(struct account *account, struct account_dir *dir,
			  const char *path, bool is_complete)
{
	struct account_entry entry = {
		.path = *path == '\0' ? "." : path,
		.count = dir->index,
		.mtime = dir->index_files > 0 ? dir->newest_index_mtime :
			dir->mtime,
		.is_unreadable = !is_complete,
	};
	/* the directory is the mailbox's own, and so are other files in it */
	bool is_mail = account_is_mail(account, dir);

	entry.untouched = is_complete && !dir->has_internal &&
		(!dir->has_foreign || is_mail) &&
		(dir->index_files == 0 || dir->log_is_header);
	entry.count.entries = 1;
	if (is_mail)
		count_add(&account->other[MBA_OTHER_MAIL], &dir->self);
	else
		count_add(&entry.count, &dir->self);
	account->totals->entries++;
	account->set->entry(&entry, account->set->context);
}

static void account_leave(const char *path, bool is_complete, void *context)
{
	struct account *account = context;
	struct account_dir *dir = &account->dirs[--account->dirs_count];
	struct account_dir *parent = account->dirs_count == 0 ? NULL : dir - 1;
	bool is_entry, may_be_entry;

	/* a directory that can't be read may hold an index, but not among
	   the mails */
	may_be_entry = dir->in_imap || !account_is_mail(account, dir);
	is_entry = !dir->is_nested &&
		(dir->index_files > 0 || dir->in_imap ||
		 (!is_complete && may_be_entry));
	if (is_entry)
		account_entry(account, dir, path, is_complete);
	else {
		count_add(&account->other[account_dir_class(account, dir)],
			  &dir->self);
	}
	if (parent == NULL)
		return;
	if (is_entry || dir->has_entry)
		parent->has_entry = true;
	if (!is_entry) {
		parent->has_foreign = parent->has_foreign || dir->has_foreign;
		parent->has_internal =
			parent->has_internal || dir->has_internal;
	}
}

void account_tree(const struct account_settings *set,
		  struct mba_count *totals_r,
		  struct mba_count other_r[MBA_OTHER_COUNT])
{
	const struct walk_callbacks callbacks = {
		.enter = account_enter,
		.file = account_file,
		.leave = account_leave,
	};
	struct account account = {
		.set = set, .totals = totals_r, .other = other_r,
	};

	(void)walk_tree(set->location->index_root, set->nested,
			set->nested_count, &callbacks, &account,
			set->errors);
	free(account.dirs);
}
