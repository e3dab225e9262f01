/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* index-side over real trees, with and without a thread. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "index-side.h"
#include "unit-index-log.h"
#include "unit.h"

struct entries {
	char *text;
	unsigned int errors;
};

static bool entries_add(const struct index_entry *entry, void *context)
{
	struct entries *entries = context;
	char *text;

	text = mem_printf("%s%s:%u%s|",
			  entries->text == NULL ? "" : entries->text,
			  entry->path, (unsigned int)entry->count.inodes,
			  entry->untouched ? ":untouched" : "");
	free(entries->text);
	entries->text = text;
	return false;
}

static void entries_error(const char *op, const char *path, const char *error,
			  void *context)
{
	struct entries *entries = context;

	(void)op;
	(void)path;
	(void)error;
	entries->errors++;
}

static bool entries_progress(const struct mba_count *totals, void *context)
{
	(void)totals;
	(void)context;
	return true;
}

typedef void walk_function_t(const struct index_side_settings *set,
				struct mba_count *totals_r,
				struct mba_count other_r[MBA_OTHER_COUNT]);

static void check_classes(walk_function_t *function, const char *imap_dir,
			  bool in_place, const char *expected,
			  const unsigned int others[MBA_OTHER_COUNT])
{
	struct entries entries = { NULL, 0 };
	const struct error_sink errors = { entries_error, &entries };
	const struct index_side_settings set = {
		.root = unit_path("root"), .root_fd = -1,
		.imap_dir = imap_dir,
		.in_place = in_place, .entry = entries_add,
		.progress = entries_progress, .context = &entries,
		.errors = &errors,
	};
	struct mba_count totals = { 0, 0, 0 }, other[MBA_OTHER_COUNT];
	uint64_t sum = 0;

	memset(other, 0, sizeof(other));
	function(&set, &totals, other);
	ck_assert_str_eq(entries.text, expected);
	ck_assert_uint_eq(entries.errors, 0);
	for (unsigned int i = 0; i < MBA_OTHER_COUNT; i++) {
		ck_assert_msg(other[i].inodes == others[i], "%s: %u != %u",
			      mba_other_name(i), (unsigned int)other[i].inodes,
			      others[i]);
		sum += other[i].inodes;
	}
	ck_assert_uint_lt(sum, totals.inodes);
	free(entries.text);
}

static walk_function_t *const functions[] = {
	index_side_walk, index_side_walk_threaded
};

START_TEST(every_inode_has_a_class)
{
	static const unsigned int others[MBA_OTHER_COUNT] = {
		[MBA_OTHER_STRUCTURE] = 3, [MBA_OTHER_INTERNAL] = 1,
		[MBA_OTHER_FOREIGN] = 2,
	};
	char log[40] = "";

	unit_write(unit_path("root/a/.imap/box/dovecot.index.log"), log,
		   sizeof(log));
	unit_write(unit_path("root/a/.imap/box/fts/db"), "x", 1);
	unit_write(unit_path("root/dovecot.list.index.log"), log, sizeof(log));
	check_classes(functions[_i], ".imap", false, "a/.imap/box:2|", others);
}
END_TEST

START_TEST(an_imap_dir_among_the_mails_is_none_of_them)
{
	static const unsigned int others[MBA_OTHER_COUNT] = {
		[MBA_OTHER_STRUCTURE] = 1, [MBA_OTHER_FOREIGN] = 2,
		[MBA_OTHER_MAIL] = 3,
	};
	char log[40] = "";

	unit_write(unit_path("root/a/box"), "x", 1);
	unit_write(unit_path("root/a/.imap/box/dovecot.index.log"), log,
		   sizeof(log));
	unit_write(unit_path("root/a/.imap/box/fts/db"), "x", 1);
	check_classes(functions[_i], ".imap", true, "a/.imap/box:2|", others);
}
END_TEST

START_TEST(what_is_not_index_is_mail_in_place)
{
	static const unsigned int others[MBA_OTHER_COUNT] = {
		[MBA_OTHER_STRUCTURE] = 0, [MBA_OTHER_INTERNAL] = 1,
		[MBA_OTHER_MAIL] = 6,
	};
	char log[40] = "";

	unit_write(unit_path("root/.box/dovecot.index.log"), log, sizeof(log));
	unit_write(unit_path("root/.box/cur/1"), "x", 1);
	unit_write(unit_path("root/dovecot-uidlist"), "x", 1);
	unit_write(unit_path("root/new/1"), "x", 1);
	check_classes(functions[_i], NULL, true, ".box:1:untouched|",
		      others);
}
END_TEST

/* Whatever is to be made: a file of a log's header; a directory, if its name
   ends in '/'; a symlink whose text is as long, if it begins with '@'. */
static void make(const char *name)
{
	static const char log[INDEX_LOG_HEADER_SIZE + 1] =
		"1234567890123456789012345678901234567890";

	if (name[strlen(name) - 1] == '/')
		unit_mkdir(unit_path("root/%s", name));
	else if (*name != '@')
		unit_write(unit_path("root/%s", name), log, sizeof(log) - 1);
	else {
		unit_mkdir(unit_path("root/box"));
		ck_assert_int_eq(symlink(log, unit_path("root/%s", name + 1)),
				 0);
	}
}

#define BOX_LOG "box/dovecot.index.log"

static const struct {
	const char *names[3], *imap_dir;
	bool in_place;
	/* in the order of their paths */
	const char *entries;
} holdings[] = {
	{ { BOX_LOG }, NULL, false, "box untouched|" },
	{ { BOX_LOG, "box/dovecot.index.cache" }, NULL, false, "box|" },
	{ { BOX_LOG, "box/dovecot.index.log.2" }, NULL, false, "box|" },
	{ { "box/dovecot.index.log.2" }, NULL, false, "box|" },
	{ { "@" BOX_LOG }, NULL, false, "box|" },
	{ { BOX_LOG, "box/dovecot.index.lock" }, NULL, false,
	  "box others locked|" },
	{ { BOX_LOG, "box/dovecot.index.pvt" }, NULL, false, "box others|" },
	{ { "box/dovecot.index.pvt" }, NULL, false, "box others private|" },
	{ { "box/dovecot.index.pvt", "box/dovecot.index.pvt.log", "box/x" },
	  NULL, false, "box others private|" },
	{ { BOX_LOG, "box/dovecot-uidlist" }, NULL, false, "box others|" },
	{ { BOX_LOG, "box/x" }, NULL, false, "box others|" },
	{ { BOX_LOG, "box/x" }, NULL, true, "box untouched others|" },
	{ { BOX_LOG, "box/dovecot-uidlist" }, NULL, true, "box others|" },
	/* what is below */
	{ { BOX_LOG, "box/sub/" }, NULL, false, "box untouched dirs|" },
	{ { BOX_LOG, "box/a/b/x" }, NULL, false, "box others dirs|" },
	{ { BOX_LOG, "box/a/b/dovecot-acl" }, NULL, false,
	  "box others dirs|" },
	{ { BOX_LOG, "box/sub/dovecot.index.log" }, NULL, false,
	  "box/sub untouched|box untouched dirs|" },
	{ { BOX_LOG, "box/sub/dovecot.index.log", "box/sub/x" }, NULL, false,
	  "box/sub others|box untouched dirs|" },
	{ { BOX_LOG, "box/sub/dovecot.index.log", "box/sub/dovecot-acl" },
	  NULL, false, "box/sub others|box untouched dirs|" },
	/* what is directly in .imap is an entry, but for what holds something
	   else and no index */
	{ { ".imap/box/" }, ".imap", false, ".imap/box untouched|" },
	{ { ".imap/box/sub/" }, ".imap", false, ".imap/box untouched dirs|" },
	{ { ".imap/box/dovecot-acl" }, ".imap", false, ".imap/box others|" },
	{ { ".imap/box/x" }, ".imap", true, NULL },
	{ { ".imap/box/sub/x" }, ".imap", true, NULL },
	{ { ".imap/box/x", ".imap/box/dovecot-acl" }, ".imap", false, NULL },
	{ { ".imap/" BOX_LOG, ".imap/box/x" }, ".imap", true,
	  ".imap/box others|" },
	{ { ".imap/" BOX_LOG, ".imap/db/x" }, ".imap", false,
	  ".imap/box untouched|" },
	{ { ".imap/box/" }, NULL, false, NULL },
	/* the namespace's own list; another one's */
	{ { "dovecot.list.index.log", BOX_LOG }, NULL, false,
	  "box untouched|" },
	{ { "a/dovecot.list.index.log", "a/" BOX_LOG }, NULL, false,
	  "a/box untouched other-root|" },
	{ { "a/dovecot.list.index.log", "a/b/c/" BOX_LOG }, NULL, false,
	  "a/b/c/box untouched other-root|" },
	{ { "a/.imap/dovecot.list.index.log", "a/.imap/box/" }, ".imap", false,
	  "a/.imap/box untouched other-root|" },
	{ { "a/dovecot.list.index.log", "a/.imap/box/" }, ".imap", false,
	  "a/.imap/box untouched|" },
};

static bool holdings_add(const struct index_entry *entry, void *context)
{
	struct entries *entries = context;
	const struct index_entry_files *files = entry->files;
	char *text = mem_printf("%s%s%s%s%s%s%s%s|",
				entries->text == NULL ? "" : entries->text,
				entry->path,
				entry->untouched ? " untouched" : "",
				files->has_others ? " others" : "",
				files->has_dirs ? " dirs" : "",
				files->locked != 0 ? " locked" : "",
				entry->in_other_root ? " other-root" : "",
				entry->is_private ? " private" : "");

	free(entries->text);
	entries->text = text;
	return false;
}

START_TEST(what_entries_hold)
{
	struct entries entries = { NULL, 0 };
	const struct error_sink errors = { entries_error, &entries };
	/* a root isn't below itself */
	struct inode_id nested;
	const struct index_side_settings set = {
		.root = unit_path("root"), .root_fd = -1, .nested = &nested,
		.nested_count = 1,
		.imap_dir = holdings[_i].imap_dir,
		.in_place = holdings[_i].in_place, .roots_below = true,
		.entry = holdings_add, .progress = entries_progress,
		.context = &entries, .errors = &errors,
	};
	struct mba_count totals = { 0, 0, 0 }, other[MBA_OTHER_COUNT];
	struct stat st;

	memset(other, 0, sizeof(other));
	for (int i = 0; i < 3 && holdings[_i].names[i] != NULL; i++)
		make(holdings[_i].names[i]);
	ck_assert_int_eq(stat(set.root, &st), 0);
	nested = inode_id_get(&st);
	index_side_walk(&set, &totals, other);
	ck_assert_pstr_eq(entries.text, holdings[_i].entries);
	ck_assert_uint_eq(entries.errors, 0);
	free(entries.text);
}
END_TEST

static bool is_there(const char *name)
{
	return access(unit_path("root/%s", name), F_OK) == 0;
}

/* Only what holds nothing is removed, or would be: nothing of another root,
   nor what changed since. */
START_TEST(empty_directories_are_removed)
{
	static const char *const kept[] = {
		"foreign/x", "internal/dovecot-acl", "a/box/dovecot.index.log",
		"other/empty/", "b/dovecot.list.index.log", "b/empty/",
	};
	struct mba_count removed = { 0, 0, 0 };
	struct index_side_clean clean = {
		.dry_run = _i == 1, .removed = &removed,
	};
	struct entries entries = { NULL, 0 };
	const struct error_sink errors = { entries_error, &entries };
	struct inode_id nested;
	struct index_side_settings set = {
		.root_fd = -1, .roots_below = true, .nested = &nested,
		.nested_count = 1, .clean = &clean,
		.entry = entries_add, .progress = entries_progress,
		.context = &entries, .errors = &errors,
	};
	struct mba_count totals = { 0, 0, 0 }, other[MBA_OTHER_COUNT];
	struct stat st;

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		make(kept[i]);
	make("empty/");
	ck_assert_int_eq(stat(unit_path("root/other"), &st), 0);
	nested = inode_id_get(&st);
	ck_assert_int_eq(stat(unit_path("root/empty"), &st), 0);

	for (int more = 0; more <= 1; more++) {
		memset(other, 0, sizeof(other));
		set.root = unit_path("root");
		clean.before = st.st_ctime - 1 + more;
		index_side_walk(&set, &totals, other);
		ck_assert_uint_eq(removed.inodes, more);
		ck_assert(is_there("empty") == (more == 0 || clean.dry_run));
	}
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		ck_assert(is_there(kept[i]));
	ck_assert_uint_eq(entries.errors, 0);
	free(entries.text);
}
END_TEST

START_TEST(a_closed_directory_among_the_mails_is_no_entry)
{
	struct entries entries = { NULL, 0 };
	const struct error_sink errors = { entries_error, &entries };
	const struct index_side_settings set = {
		.root = unit_path("root"), .root_fd = -1,
		.in_place = _i == 1, .entry = entries_add,
		.progress = entries_progress, .context = &entries,
		.errors = &errors,
	};
	struct mba_count totals = { 0, 0, 0 }, other[MBA_OTHER_COUNT];

	memset(other, 0, sizeof(other));
	make("closed/");
	ck_assert_int_eq(chmod(unit_path("root/closed"), 0), 0);
	unit_become_nobody();
	index_side_walk(&set, &totals, other);
	ck_assert_pstr_eq(entries.text, _i == 1 ? NULL : "closed:1|");
	ck_assert_uint_eq(entries.errors, 1);
	free(entries.text);
}
END_TEST

START_TEST(what_cant_be_told_may_be_another_root)
{
	struct entries entries = { NULL, 0 };
	const struct error_sink errors = { entries_error, &entries };
	const struct index_side_settings set = {
		.root = unit_path("root"), .root_fd = -1, .roots_below = true,
		.entry = holdings_add, .progress = entries_progress,
		.context = &entries, .errors = &errors,
	};
	struct mba_count totals = { 0, 0, 0 }, other[MBA_OTHER_COUNT];

	memset(other, 0, sizeof(other));
	make("a/" BOX_LOG);
	make("a/storage/");
	ck_assert_int_eq(chmod(unit_path("root/a/storage"), 0), 0);
	unit_become_nobody();
	index_side_walk(&set, &totals, other);
	ck_assert_ptr_nonnull(strstr(entries.text,
				     "a/box untouched other-root|"));
	/* nor can it be read */
	ck_assert_uint_eq(entries.errors, 2);
	free(entries.text);
}
END_TEST

/* An order of entries, and how many threads there were at the most. */
struct order {
	unsigned int entries, hash, threads;
};

static bool order_add(const struct index_entry *entry, void *context)
{
	struct order *order = context;
	unsigned int threads = unit_threads_count();

	order->entries++;
	for (const char *p = entry->path; *p != '\0'; p++)
		order->hash = order->hash * 31 + (unsigned char)*p;
	if (threads > order->threads)
		order->threads = threads;
	return false;
}

static struct order walk_order(walk_function_t *function)
{
	struct order order = { 0, 0, 0 };
	struct entries entries = { NULL, 0 };
	const struct error_sink errors = { entries_error, &entries };
	const struct index_side_settings set = {
		.root = unit_path("root"), .root_fd = -1, .imap_dir = ".imap",
		.share = true, .entry = order_add, .progress = entries_progress,
		.context = &order, .errors = &errors,
	};
	struct mba_count totals = { 0, 0, 0 }, other[MBA_OTHER_COUNT];

	memset(other, 0, sizeof(other));
	function(&set, &totals, other);
	ck_assert_uint_eq(totals.entries, order.entries);
	ck_assert_uint_eq(entries.errors, 0);
	return order;
}

/* More than there is room for what wasn't handled: the thread is still there
   then. */
START_TEST(a_large_tree_has_a_thread)
{
	static const unsigned int counts[] = { 10, 3000 };
	unsigned int before = unit_threads_count();
	struct order alone, threaded;
	char log[40] = "";

	for (unsigned int i = 0; i < counts[_i]; i++) {
		unit_write(unit_path("root/a%u/.imap/b%u/dovecot.index.log",
				     i % 10, i), log, sizeof(log));
	}
	alone = walk_order(index_side_walk);
	threaded = walk_order(index_side_walk_threaded);
	ck_assert_uint_eq(alone.entries, counts[_i]);
	ck_assert_uint_eq(alone.threads, before);
	ck_assert_uint_eq(threaded.entries, counts[_i]);
	ck_assert_uint_eq(threaded.hash, alone.hash);
	unit_threads_check(threaded.threads, before + (_i == 0 ? 0 : 1));
}
END_TEST

/* What is known of mailboxes' use, in the order of the entries, and how many
   descriptors there were at the most. */
struct uses {
	uint64_t hash, messages;
	unsigned int count, descriptors, inherited;
	/* nobody is to be asked again */
	bool ended;
};

static bool uses_add(const struct index_entry *entry, void *context)
{
	struct uses *uses = context;
	unsigned int descriptors = unit_descriptors_count();

	uses->count++;
	ck_assert(entry->use.has_messages);
	uses->messages += entry->use.messages;
	uses->hash = uses->hash * 31 + entry->use.messages;
	for (const char *p = entry->path; *p != '\0'; p++)
		uses->hash = uses->hash * 31 + (unsigned char)*p;
	ck_assert_uint_eq(entry->own.name_len, 4);
	for (const char *p = entry->own.name; *p != '\0'; p++)
		uses->hash = uses->hash * 31 + (unsigned char)*p;
	if (descriptors > uses->descriptors)
		uses->descriptors = descriptors;
	ck_assert_uint_eq(unit_inherited_count(), uses->inherited);
	return false;
}

static bool uses_progress(const struct mba_count *totals, void *context)
{
	struct uses *uses = context;

	(void)totals;
	ck_assert(!uses->ended);
	uses->ended = uses->count == 800;
	return !uses->ended;
}

static struct uses walk_uses(walk_function_t *function, bool share)
{
	struct uses uses = { .inherited = unit_inherited_count() };
	struct entries entries = { NULL, 0 };
	const struct error_sink errors = { entries_error, &entries };
	const struct index_side_settings set = {
		.root = unit_path("root"), .root_fd = -1, .use = true,
		.share = share, .entry = uses_add,
		.progress = uses_progress, .context = &uses, .errors = &errors,
	};
	struct mba_count totals = { 0, 0, 0 }, other[MBA_OTHER_COUNT];
	unsigned int before = unit_descriptors_count();

	memset(other, 0, sizeof(other));
	function(&set, &totals, other);
	ck_assert_uint_eq(entries.errors, 0);
	ck_assert_uint_eq(unit_descriptors_count(), before);
	return uses;
}

/* Add the mailbox's own name, of four digits. */
static void log_add_name(unsigned int number)
{
	uint32_t ext_name[2], name;
	char digits[16];

	memcpy(ext_name, "box-name", 8);
	(void)snprintf(digits, sizeof(digits), "%04u", number);
	memcpy(&name, digits, sizeof(name));
	LOG_ADD(&newer, INTRO, UINT32_MAX, 0, 4, 0, PAIR(0, 8), ext_name[0],
		ext_name[1]);
	LOG_ADD(&newer, EXT_HEADER, PAIR(0, 4), name);
}

/* The walk goes on meanwhile, and is stopped while directories are held. */
START_TEST(a_walk_with_a_thread_shares_what_it_reads)
{
	struct uses alone, threaded;

	for (unsigned int i = 0; i < 1000; i++) {
		log_begin(&newer, 1, 0, 0);
		log_append(&newer, 1, i % 50 + 1);
		log_add_name(i);
		unit_write(unit_path("root/a%u/b%u/dovecot.index.log", i % 10,
				     i), newer.data, newer.size);
	}
	alone = walk_uses(index_side_walk, true);
	ck_assert_uint_eq(alone.count, 800);
	ck_assert_uint_gt(alone.messages, 800);
	threaded = walk_uses(index_side_walk_threaded, _i == 1);
	ck_assert_uint_eq(threaded.count, alone.count);
	ck_assert_uint_eq(threaded.messages, alone.messages);
	ck_assert_uint_eq(threaded.hash, alone.hash);
	/* of each thread a file is open, beside those that are held */
	ck_assert_uint_le(threaded.descriptors, alone.descriptors + 2 +
			  (_i == 1 ? 16 : 0));
	if (_i == 1)
		ck_assert_uint_gt(threaded.descriptors, alone.descriptors + 2);
}
END_TEST

static void tell_path(const char *op, const char *path, const char *error,
		      void *context)
{
	char *told = context;

	(void)op;
	(void)error;
	/* in the thread that asked */
	ck_assert_int_eq(gettid(), getpid());
	strcat(told, strstr(path, "root"));
	strcat(told, "|");
}

/* The root's path is another one for the thread: "." is what its entry is
   called. */
START_TEST(errors_are_told_once_with_their_paths)
{
	char told[4096] = "";
	const struct error_sink errors = { tell_path, told };
	struct entries entries = { NULL, 0 };
	struct index_side_settings set = {
		.root_fd = -1, .use = true, .share = true,
		.entry = entries_add, .progress = entries_progress,
		.context = &entries, .errors = &errors,
	};
	struct mba_count totals = { 0, 0, 0 }, other[MBA_OTHER_COUNT];

	memset(other, 0, sizeof(other));
	/* more than are walked without a thread */
	for (unsigned int i = 0; i < 1000; i++)
		unit_mkdir(unit_path("root/%u", i));
	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 1);
	unit_write(unit_path("root/dovecot.index.log"), newer.data,
		   newer.size);
	ck_assert_int_eq(chmod(unit_path("root/dovecot.index.log"), 0), 0);
	ck_assert_int_eq(chmod(unit_path("root/999"), 0), 0);
	unit_become_nobody();
	set.root = unit_path("root");
	functions[_i](&set, &totals, other);
	ck_assert_str_eq(told, "root/999|root/dovecot.index.log|");
	ck_assert_str_eq(entries.text, "999:1|.:2|");
	free(entries.text);
}
END_TEST

/* When progress was made, in inodes. */
struct progress {
	uint64_t inodes[8];
	unsigned int count;
};

static bool progress_add(const struct mba_count *totals, void *context)
{
	struct progress *progress = context;

	ck_assert_uint_lt(progress->count, 8);
	progress->inodes[progress->count++] = totals->inodes;
	return true;
}

static struct progress walk_progress(walk_function_t *function)
{
	static const struct error_sink errors = { tell_path, NULL };
	struct progress progress = { .count = 0 };
	const struct index_side_settings set = {
		.root = unit_path("root"), .root_fd = -1,
		.progress = progress_add, .context = &progress,
		.errors = &errors,
	};
	struct mba_count totals = { 0, 0, 0 }, other[MBA_OTHER_COUNT];

	memset(other, 0, sizeof(other));
	function(&set, &totals, other);
	ck_assert_uint_eq(totals.inodes, 2 * INDEX_SIDE_PROGRESS_INODES + 1);
	return progress;
}

START_TEST(progress_is_told_without_entries)
{
	const uint64_t every = INDEX_SIDE_PROGRESS_INODES;
	struct progress progress;
	char name[16];
	int fd;

	unit_mkdir(unit_path("root"));
	fd = open(unit_path("root"), O_RDONLY | O_DIRECTORY);
	ck_assert_int_ne(fd, -1);
	for (unsigned int i = 0; i < 2 * every; i++) {
		(void)snprintf(name, sizeof(name), "%u", i);
		ck_assert_int_eq(mknodat(fd, name, S_IFREG | 0600, 0), 0);
	}
	(void)close(fd);
	progress = walk_progress(functions[_i]);
	ck_assert_uint_eq(progress.count, 2);
	ck_assert_uint_eq(progress.inodes[0], every);
	ck_assert_uint_eq(progress.inodes[1], 2 * every);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("index-side");

	tcase_add_loop_test(tcase, every_inode_has_a_class, 0, 2);
	tcase_add_loop_test(tcase, what_is_not_index_is_mail_in_place, 0, 2);
	tcase_add_loop_test(tcase, an_imap_dir_among_the_mails_is_none_of_them,
			    0, 2);
	tcase_add_loop_test(tcase, what_entries_hold, 0,
			    sizeof(holdings) / sizeof(holdings[0]));
	tcase_add_loop_test(tcase, empty_directories_are_removed, 0, 2);
	tcase_add_loop_test(tcase,
			    a_closed_directory_among_the_mails_is_no_entry, 0,
			    2);
	tcase_add_test(tcase, what_cant_be_told_may_be_another_root);
	tcase_add_loop_test(tcase, a_large_tree_has_a_thread, 0, 2);
	tcase_add_loop_test(tcase, a_walk_with_a_thread_shares_what_it_reads,
			    0, 2);
	tcase_add_loop_test(tcase, errors_are_told_once_with_their_paths,
			    0, 2);
	tcase_add_loop_test(tcase, progress_is_told_without_entries, 0, 2);
	return unit_run(tcase);
}
