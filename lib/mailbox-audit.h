/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef MAILBOX_AUDIT_H
#define MAILBOX_AUDIT_H

/* libmailboxaudit: which of a Dovecot user's index directories belong to
   mailboxes, how many inodes the others take, and which names the rules of
   mailbox_filter hide. It needs libc and libjansson, no Dovecot.

   The map of the library. A folder uses those that stand in brackets, and no
   two files use each other in a circle.

   base/             what everything stands on
     alloc.c         allocations that end the process instead of failing
     count.c         adds counts up
     cursor.c        bounded reads of what anybody may have written
     dir-stack.c     directories of any depth with few descriptors
     error-sink.c    tells a failed call below a root
     escape.c        bytes as they are printed: what can be seen, else \xNN
     fd.c            opens, reads and closes descriptors
     file-time.c     what time it is for files
     hex.c           two hex digits
     hidden-chars.h  which characters are escaped, also by imap_mailbox_log
     inode-id.h      which inode it is, by whatever path
     jobs-parse.c    how many looks are made at once
     json.h          JSON, in which all strings are escaped in one way
     levels.c        levels of a name as people write them
     long-path.c     paths that are longer than a system call takes
     name-set.c      names that were met, in little memory
     path.c          paths as text
     state-names.c   what states, reasons and kinds are called
     thread.c        starts a thread
     time-parse.c    a time as Dovecot's settings have it
     version.c       which version this is
   rules/            name rules (base)
     rules.c         a set of rules
     rules-file.c    reads a file of them
     rules-parse.c   takes text apart into rules
     rule.c          one rule: parsed
     rule-match.c    one rule: matched
     glob.c          the pattern of one level of a name
     rules-match.c   decides whether a name is hidden, and by which rule
   mail/             the mail side: what a mail location holds (base)
     mail-format.c   the table of mail formats
     location.c      where a namespace's indexes and mails stand
     name.c          a name on disk as clients see it and as rules match it
     mutf7.c         what stands encoded in a name on disk
     mail-look.c     what a path of the mail tree is for each format
     mail-seen.c     what is known of the directories on the way there
     mail-side.c     follows the walk in the mail tree, one look an entry
     look-queue.c    looks in order, many in flight where these are slow
     look-pool.c     the threads that make them
     probe.c         what a path is for mbox: mailbox or not
     mbox-from.c     whether a line is an mbox From_ line
     subscriptions.c reads the subscription file
   index/            the index side: what an index root holds (base)
     walk.c          walks an index root, without following symlinks
     walk-ahead.c    looks at directories to which it comes later
     index-files.c   Dovecot's own files, and what each is for
     index-busy.c    whether somebody uses an index file
     index-header.c  what an index file itself says
     index-ext-table.c the extensions that are known
     index-exts.c    an index's extensions and keywords
     index-records.c its messages, or a list's mailboxes
     index-log.c     a log's transactions
     index-log-scan.c what a whole log holds
     index-log-check.c what Dovecot refuses of a transaction
     index-problem.c the first thing that makes no sense
     index-load.c    the index file as it is
     index-replay.c  does to a state what is in a log
     index-state.c   what an index says now: the file, and the logs since
     index-cache.c   a cache's fields, and when they were used
     index-cache-chain.c a cache's records of a message
     index-list.c    the list of all mailboxes
     index-evidence.c what all this proves about a mailbox's use
     index-dir.c     reads the index files of a directory
     index-verdicts.c what was found of them
     index-verify-log.c what of a log Dovecot would refuse
     index-verify-cache.c the same of a cache
     index-verify.c  compares what they say with each other
     list-index.c    a location's list of all mailboxes, which may be changing
     index-use.c     what an entry's indexes prove of its mailbox's use
     other-root.c    whether a namespace that nobody told of has its root there
     index-side.c    puts every inode of it into one class, finds the entries
     index-side-thread.c the same in a thread, while the caller looks at mails
   audit/            both sides put together (base, rules, mail, index)
     audit.c         a user's namespaces, and how their roots are related
     audit-namespace.c one namespace: what is found is decided about and counted
     entry-decide.c  what an entry is: its mailbox, its state, its rule
     entry-queue.c   decides about entries in order, many looks in flight
     keep-names.c    names that no rule hides
     clean.c         removes a bogus entry: only here files are removed
     clean-scope.c   where something is removed: formats, the root's lock
     clean-used.c    whether most used entries are bogus
     audit-subscriptions.c subscribed names that no mailbox has
     audit-list-names.c the same of the mailbox list index
     bogus-names.c   which names are these, many looks in flight
     audit-roots.c   compares roots, by what is there
     user-roots.c    roots that several users have
     audit-errors.c  keeps the first errors and counts all
   inspect/          shows what is in index files (base, index)
     inspect.c       a path's indexes
     inspect-json.c  one as a JSON line
     inspect-text.c  one as lines for people
     inspect-names.c what both call things
   report/           writes what the audit found (base, and this header)
     report-json.c   JSON lines
     report-rows.c   rows for scripts: what each command has
     report-audit-rows.c what an audit found, as rows
     report-clean-rows.c what clean did, as rows
     report-row.c    one row, value by value
     report-text-table.c a table for people, aligned
     report-text-columns.c what people see of a row
     report-totals.c sums over a user's namespaces

   Conventions: functions that can fail return -1 and set *error_r to a string
   that the caller frees; it names the operation, the path and the reason.
   Strings that a struct points to belong to the caller unless said otherwise;
   a const char * that a function returns is a constant. What frees an object
   takes the address of the pointer to it, and sets that to NULL.
   Names and paths are bytes, ended by NUL. bytes are allocated bytes
   (st_blocks * 512), as du -B1 counts them. Running out of memory ends the
   process, as in Dovecot.

   Versions: until 1.0 each 0.x may change structs and functions, and has a
   soname of its own: a program never meets another library than the one that it
   was compiled for. Within a 0.x only what the functions find out gets better.
   Zero a struct before you fill it in, so that what a later 0.x adds is unset.

   Threads: an object is used by one thread at a time, different objects by as
   many as you like. Rules that nobody adds to any more may be shared. An audit
   reads with threads of its own, which end before mba_audit_run() returns; they
   block all signals. It holds fewer than 64 descriptors, and two more for each
   of the jobs, fewer of which there are where RLIMIT_NOFILE is low, and has the
   rights of the process: to know what Dovecot can open, be the user before.

   Callbacks run in the thread that called the function which they were given
   to, one at a time, before it returns. What they are handed is valid until
   they return, unless said otherwise; a namespace's counts grow until its audit
   is done. A callback may use all of the library but the audit that calls. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version that a program is compiled for, and the one that it runs with. */
#define MBA_VERSION "0.1.0"
const char *mba_version(void);

/*
 * Name rules: gitignore's language (gitignore(5)) over mailbox names.
 *
 * A rule is [!][/]pattern[/]. Without a '/' at its beginning or within, it is
 * for one level of a name, at any depth; with one it begins at the root. '*',
 * '?' and "[...]" stay within a level, "**" as a whole level stands for any
 * number of them, '\' takes the next byte as it is. A '/' at the end means
 * only names that are directories on disk. '!' shows again what an earlier rule
 * hides. Bytes are compared, so that upper and lower case differ.
 *
 * The last rule that matches a level of a name decides for it, and nothing
 * below a hidden level can be shown again. INBOX as the first level is never
 * hidden.
 *
 * Refused is what could match no name, which git takes and never matches: an
 * empty rule ("!", "/"), an empty level ("a//b"), a '[' that isn't closed
 * within its level, brackets without a byte that they match ("[!\x01-\xff]"),
 * an unknown class ("[[:letter:]]"), a '\' with nothing after it. A range that
 * ends before it begins is its first byte: "[bcz-a]" is b, c and z.
 *
 * Bounds: MBA_MAX_RULES rules in one set, and MBA_MAX_RULES_BYTES of them; a
 * file has no more bytes either. A rule takes 57 bytes of memory over its text,
 * each call that adds rules some 40 more. To match a name takes, for each rule,
 * one comparison a level where first byte, last byte, length or depth tell that
 * it doesn't match; else, for all levels together, at most as many steps as the
 * rule has bytes times those of the name, however many '*' and "**" there are.
 * To match allocates only for rules with "**" between other levels or at the
 * end: 8 bytes for each, freed before the answer.
 */

struct mba_rules;

#define MBA_MAX_RULES 10000
#define MBA_MAX_RULES_BYTES (1024 * 1024)

/* The rules that are in force where nothing is set. */
#define MBA_DEFAULT_RULES ".* public_html"

/* A rule as it was written. It belongs to the set, and stays where it is until
   the set is freed, or the default rules are replaced. */
struct mba_rule {
	/* the rule's text, with its leading '!' and trailing '/' */
	const char *text;
	/* the file's path, or the name given to mba_rules_add_words() */
	const char *source;
	/* 1-based; column counts bytes */
	unsigned int line, column;
	/* the rule re-includes ('!') */
	bool negated:1;
};

/* Returns a set of MBA_DEFAULT_RULES, whose source is "default". What is added
   first replaces them, be it no rule at all: mba_rules_add_words() with ""
   leaves a set that hides nothing. Freed by mba_rules_free(), which also takes
   a pointer to NULL. */
struct mba_rules *mba_rules_new(void);
void mba_rules_free(struct mba_rules **rules);

/* Add rules separated by blanks (space, tab, CR, LF), as in "mailbox_filter =
   .* public_html". "\ " is a blank within a rule, "\," a comma: one without '\'
   is refused, since who writes it means two rules. words and source are copied;
   source names the setting in messages. Returns 0 if ok, -1 if a rule doesn't
   parse ("SOURCE:LINE:COLUMN: reason: RULE", of RULE up to 200 bytes) or there
   are too many ("SOURCE:LINE: reason"); nothing is added then. */
int mba_rules_add_words(struct mba_rules *rules, const char *words,
			const char *source, char **error_r);

/* Add rules from a file: one a line; empty lines and lines that begin with
   '#' are skipped, "\#" is a rule's '#'; spaces at a line's end don't count
   unless escaped; a CR at a line's end and a byte order mark don't count.
   Returns 0 if ok, -1 if there is an error as above, the file can't be read, is
   larger than MBA_MAX_RULES_BYTES, has a NUL byte, or isn't a regular file
   (/dev/null is an empty one); nothing is added then. */
int mba_rules_add_file(struct mba_rules *rules, const char *path,
		       char **error_r);

/* Returns the number of rules. */
unsigned int mba_rules_count(const struct mba_rules *rules);
/* Returns a rule by its index, in the order in which they were added. The index
   is below mba_rules_count(). */
const struct mba_rule *mba_rules_get(const struct mba_rules *rules,
				     unsigned int idx);

/* Returns the levels of a name that somebody wrote, as mba_rules_match() takes
   them, and sets *len_r to their length. '/' joins levels. \xNN is a byte other
   than NUL: "\x2f" a '/' within a level. Another '\' is a byte like others. A
   NUL follows the levels. The caller frees them. */
char *mba_levels_parse(const char *name, size_t *len_r);
/* Returns what mba_levels_parse() takes for the levels, escaped as by
   mba_escape(). The caller frees it. */
char *mba_levels_print(const char *levels, size_t len);

/* Whether a name is a directory on disk, for rules that end in '/'. */
enum mba_dir {
	MBA_DIR_NO,
	MBA_DIR_YES,
	MBA_DIR_UNKNOWN
};

enum mba_match {
	MBA_MATCH_VISIBLE,
	MBA_MATCH_HIDDEN,
	/* only for MBA_DIR_UNKNOWN: it depends on whether the name is a
	   directory */
	MBA_MATCH_UNDECIDED
};

/* Returns whether a name is hidden: it, or one of its parents.

   levels are the levels of the name, as the layout keeps them: decoded to
   UTF-8, without the namespace's prefix, joined by NUL bytes, of len bytes in
   all. '/' and '.' are bytes like others in them. Empty levels count as levels,
   but no rule hides them. The first visible_len bytes are a parent that is
   known to be visible and isn't asked again; 0 asks all levels. dir says
   whether the name is a directory; parents always are.

   hidden_len_r, if not NULL, is set to the length of the topmost hidden level's
   name, 0 if the answer isn't MBA_MATCH_HIDDEN. rule_r, if not NULL, is set to
   the rule that decided, which may begin with '!', or to NULL if none matched;
   if dir is unknown, to the one that decides for a directory. */
enum mba_match
mba_rules_match(const struct mba_rules *rules, const char *levels, size_t len,
		size_t visible_len, enum mba_dir dir, size_t *hidden_len_r,
		const struct mba_rule **rule_r);

/*
 * States.
 */

/* What an entry's path is on the mail side. */
enum mba_state {
	/* Dovecot opens it */
	MBA_STATE_MAILBOX,
	/* something is there that Dovecot refuses */
	MBA_STATE_NOT_MAILBOX,
	/* nothing is there: ENOENT or ENOTDIR */
	MBA_STATE_MISSING,
	/* can't be told, see enum mba_reason */
	MBA_STATE_UNKNOWN,

	MBA_STATE_COUNT
};
/* NOT_MAILBOX and MISSING are bogus */
#define MBA_STATE_BIT(state) (1U << (state))
#define MBA_STATES_BOGUS \
	(MBA_STATE_BIT(MBA_STATE_NOT_MAILBOX) | \
	 MBA_STATE_BIT(MBA_STATE_MISSING))
#define MBA_STATES_ALL (MBA_STATE_BIT(MBA_STATE_COUNT) - 1)

/* Why a state is unknown. */
enum mba_reason {
	MBA_REASON_NONE,
	/* a dangling or looping symlink: its target may be unmounted */
	MBA_REASON_SYMLINK,
	/* a compressed mailbox that a compression plugin opens */
	MBA_REASON_COMPRESSED,
	/* a From_ line without an end in what is read of it: whether Dovecot
	   opens it depends on all of the file */
	MBA_REASON_LONG_LINE,
	/* a Maildir without tmp/, which Dovecot doesn't open; there may be
	   mail in it */
	MBA_REASON_INCOMPLETE,
	/* nothing is there, but the directory in which it would be is empty:
	   its file system may be unmounted */
	MBA_REASON_EMPTY_DIRECTORY,
	/* reading it would erase the mark of new mail (atime < mtime) */
	MBA_REASON_ATIME,
	/* a system call failed: there is a struct mba_error for it */
	MBA_REASON_ERROR,
	/* the mail root is missing, empty or unreadable: there is an error */
	MBA_REASON_MAIL_ROOT,
	/* driver, layout or ITERINDEX that the audit doesn't judge; or nothing
	   on the mail side for an sdbox or mdbox index with a root of its own:
	   Dovecot 2.4 opens such a mailbox from its index alone
	   (dbox-storage.c, dbox_mailbox_check_existence()) */
	MBA_REASON_NOT_JUDGED,
	/* no mailbox of this location has its index at this path */
	MBA_REASON_UNMAPPED,
	/* another namespace with other mails, or with mails of another format,
	   uses the same index root; or it has a user's own flags of somebody
	   else's mailbox (INDEXPVT); or it is the index of an sdbox's or
	   mdbox's mailbox, which is a part of its mails, where mails are of
	   another format */
	MBA_REASON_SHARED_ROOT,
	/* a namespace that the audit wasn't told of has its index root below
	   this one, with its mailbox list index or the log of what was
	   subscribed and deleted, and the entry is below it; or it can't be
	   told, and there is an error */
	MBA_REASON_OTHER_ROOT,
	/* LAYOUT=index: the mailbox list index, which has the names, isn't
	   there or can't be understood, is being changed, or may be about to
	   get this one */
	MBA_REASON_LIST_INDEX,
	/* LAYOUT=index: the mailbox has a name, but its index says that it was
	   deleted */
	MBA_REASON_INDEX_DELETED,
	/* The index is on a file system on which upper and lower case are the
	   same, and holds more than a log's header: a mailbox whose name
	   differs in case may have its index here. */
	MBA_REASON_LETTER_CASE,
	/* The index can be read but not understood: a newer Dovecot's, another
	   machine's, or a broken one. It can't be told whose it is. */
	MBA_REASON_NOT_UNDERSTOOD,
	/* Clients may open mailboxes anywhere by their paths, and the index
	   holds more than a log's header: with ".." in its name, or a path
	   below the index root, another mailbox may have it. */
	MBA_REASON_FULL_ACCESS,

	MBA_REASON_COUNT
};

/*
 * The probe: what a path is for Dovecot's mbox driver.
 */

enum mba_probe_flags {
	/* Where the file can't be opened with O_NOATIME, don't read it at all:
	   the state is unknown, with MBA_REASON_ATIME. Without this flag that
	   holds only for files with atime < mtime. */
	MBA_PROBE_NOATIME_ONLY		= 0x01,
	/* The server doesn't load zlib / mail_compress: it opens no compressed
	   mailbox. */
	MBA_PROBE_NO_COMPRESSION	= 0x02,
	/* The server does load it: it opens nothing but a compressed mailbox
	   where the name has the extension of one. With neither flag, what
	   only such a server opens is unknown, and what it refuses isn't. Not
	   both flags. */
	MBA_PROBE_COMPRESSION		= 0x04
};

/* Returns what dir_fd/path is for mbox, decided as Dovecot opens it: by stat()
   alone for an empty file, a FIFO, a device, a directory; else by the first
   8192 bytes, which have to begin with a From_ line. Where it is longer than
   that, the state is unknown if its date is within them, and else not-mailbox
   (lib-storage/index/mbox/istream-raw-mbox.c, lib-mail/mbox-from.c).
   Symlinks are followed. path may have slashes. Whether a mailbox has the name
   of a compressed one is told by storage_name ("INBOX" for INBOX=).
   If the state is unknown, *reason_r says why, else it is MBA_REASON_NONE. With
   MBA_REASON_ERROR, errno is set and *op_r names the system call. is_dir_r, if
   not NULL, is set to whether it is a directory. */
enum mba_state mba_probe_mbox(int dir_fd, const char *path,
			      const char *storage_name,
			      enum mba_probe_flags flags,
			      enum mba_reason *reason_r, const char **op_r,
			      bool *is_dir_r);

/*
 * Locations: where a namespace keeps mails and indexes.
 */

/* mail_location and the namespace around it, as Dovecot understands them
   (lib-storage/mailbox-list.h, struct mailbox_list_settings). Paths are
   absolute and expanded. Unset strings are NULL, but for prefix, type and
   driver; "" for inbox_path, dirname and mailbox_dir says that there is none,
   whatever the driver's default is. */
struct mba_location {
	/* namespace prefix, "" for none */
	const char *prefix;
	/* "private", "shared" or "public" */
	const char *type;
	/* "mbox", "maildir", "sdbox" (or "dbox"), "mdbox"; others are not
	   judged */
	const char *driver;
	/* "fs", "maildir++", "index"; NULL is the driver's default; others are
	   not judged */
	const char *layout;
	/* NULL if there are no mails on disk: nothing is judged then */
	const char *mail_root;
	/* INDEX=; NULL is the mail root, "" is INDEX=MEMORY */
	const char *index_root;
	/* CONTROL=; NULL is the mail root */
	const char *control_root;
	/* The user's home, NULL if it isn't known or he has none: where the
	   index root is it or holds it, clean leaves empty directories. */
	const char *home;
	/* INBOX=; NULL is the driver's default */
	const char *inbox_path;
	/* DIRNAME= or FULLDIRNAME=; NULL is the driver's default */
	const char *dirname;
	/* MAILBOXDIR=; NULL is the driver's default */
	const char *mailbox_dir;
	/* SUBSCRIPTIONS=; NULL is the driver's default */
	const char *subscriptions;
	/* LISTINDEX=: the mailbox list index, where that is elsewhere or has
	   another name; NULL is the default */
	const char *list_index;
	/* Other roots of this namespace that may stand below an index root:
	   INDEXPVT, INDEXCACHE, LISTINDEX, VOLATILEDIR, ALT. Ends with NULL;
	   may be NULL. */
	const char *const *other_roots;
	/* Names that LIST shows, with all their parents, whatever the rules
	   say: those of the configuration with auto or special_use. Without
	   the prefix, for mba_levels_parse(), their levels as clients see them
	   (UTF-8, vname_escape_char). Ends with NULL; may be NULL. */
	const char *const *keep;
	/* hierarchy separator of the names that clients see; '\0' is the
	   layout's */
	char separator;
	/* storage_name_escape_char (listescape) and vname_escape_char
	   (BROKENCHAR), '\0' if unset */
	char storage_escape_char, vname_escape_char;
	/* FULLDIRNAME: dirname is also the last directory of the index path */
	bool dirname_in_index:1;
	/* names on disk are UTF-8 instead of mUTF-7 */
	bool utf8:1;
	/* the namespace holds the user's INBOX */
	bool inbox:1;
	/* Clients call its INBOX by the prefix alone, as they do where others
	   share theirs, but for mail_shared_explicit_inbox. */
	bool inbox_is_prefix:1;
	/* names are iterated from the index directory (ITERINDEX): a missing
	   mail says nothing, so states aren't judged */
	bool iter_index:1;
	/* The server doesn't load zlib / mail_compress, or it does: of an mbox
	   that is compressed or has the name of such a one, MBA_PROBE_NO_-
	   COMPRESSION and MBA_PROBE_COMPRESSION say what that means. Neither
	   is set if it isn't known. */
	bool no_compression:1;
	bool compression:1;
	/* clients may open any path (mail_full_filesystem_access) */
	bool full_access:1;
};

/* Return the names of drivers and layouts that Dovecot has, by index; NULL
   after the last one. The audit doesn't judge all of them. */
const char *mba_driver_name(unsigned int idx);
const char *mba_layout_name(unsigned int idx);

/* Returns the length of an index root's path without the directory that
   Dovecot's mbox appends to it ("/.imap"). */
size_t mba_index_root_len(const char *path);

struct mba_count {
	/* 0 for what isn't counted in entries */
	uint64_t entries;
	uint64_t inodes;
	uint64_t bytes;
};

/*
 * Clean: removes bogus entries, and the directories that this empties.
 */

/* Parse a time as Dovecot's settings have it, into seconds: a number and a
   unit, "s", "min", "h", "d", "w", or a longer form such as "30 days"; 0 needs
   none. Returns 0 if ok, -1 if it isn't one. */
int mba_time_parse(const char *text, int64_t *seconds_r, char **error_r);

/* Returns the time of now by the clock that files are stamped with. time() can
   be behind it, and a new file be from the future. */
int64_t mba_file_time(void);

/* How Dovecot locks index files where leases don't tell who uses them (NFS):
   its setting lock_method. */
enum mba_lock_method {
	MBA_LOCK_METHOD_FCNTL,
	MBA_LOCK_METHOD_FLOCK
};

/* By default only an entry goes whose whole content is worthless: nothing but
   one dovecot.index.log that is a header without anything after it, or no file
   at all. Times are in seconds. Fill in all three: with a min_age of 0
   nothing is too young, and with a now of 0 everything changed in the future
   and is kept.

   While an entry is removed its log is held by a lease, of which SIGURG would
   tell: a program that handles SIGURG gets it now and then. Where there are no
   leases, the log is locked with lock_method. The index root is locked with
   flock() meanwhile, so that the second clean of the same root is refused. */
struct mba_clean_settings {
	/* keep what changed less than this ago */
	int64_t min_age;
	/* with used: keep what changed less than this ago and isn't
	   untouched */
	int64_t used_age;
	/* mba_file_time(), epoch seconds */
	int64_t now;
	enum mba_lock_method lock_method;
	/* Also take bogus entries that hold more. That can lose what only the
	   index knows, if the mailbox comes back: flags and UIDVALIDITY of a
	   read-only or compressed mbox, an mbox's GUID, private \Seen flags, a
	   Maildir's modseqs. */
	bool used:1;
	/* take all decisions, but remove nothing */
	bool dry_run:1;
	/* with used: even if most used entries are bogus */
	bool force:1;
};
#define MBA_CLEAN_MIN_AGE (60 * 60)
#define MBA_CLEAN_USED_AGE (30 * 24 * 60 * 60)

/* Why an entry is kept. */
enum mba_kept {
	/* it isn't: it was removed, or would have been */
	MBA_KEPT_NOT,
	/* it is a mailbox's */
	MBA_KEPT_MAILBOX,
	/* its state is unknown, see enum mba_reason */
	MBA_KEPT_UNKNOWN,
	/* its state isn't one of those to be cleaned */
	MBA_KEPT_STATE,
	/* it is INBOX's */
	MBA_KEPT_INBOX,
	/* it holds what isn't an index's, or isn't a regular file with one
	   name, or its log isn't a log's header */
	MBA_KEPT_FILES,
	/* it holds more than an untouched log */
	MBA_KEPT_USED,
	/* it changed too short a time ago, or in the future */
	MBA_KEPT_RECENT,
	/* a session has it open, or it is locked */
	MBA_KEPT_OPEN,
	MBA_KEPT_LOCKED,
	/* it changed since it was seen */
	MBA_KEPT_CHANGED,
	/* a system call failed: there is a struct mba_error for it */
	MBA_KEPT_ERROR,
	/* nothing is removed in this namespace: see refused */
	MBA_KEPT_REFUSED,

	MBA_KEPT_COUNT
};

/* Returns a reason's name as the reports print it; NULL for MBA_KEPT_NOT. */
const char *mba_kept_name(enum mba_kept kept);

/* Returns what was done with an entry, as the reports print it: "removed", with
   dry_run "would-remove"; "kept". */
const char *mba_clean_action(const struct mba_clean_settings *set,
			     enum mba_kept kept);

/* What was removed in a namespace, or would have been. */
struct mba_clean_report {
	/* NULL if nothing was to be cleaned */
	const struct mba_clean_settings *set;
	/* entries, with their inodes and bytes, counted from calls that
	   succeeded */
	struct mba_count removed;
	/* directories that held nothing any more */
	struct mba_count removed_dirs;
	/* what is left, by enum mba_kept */
	struct mba_count kept[MBA_KEPT_COUNT];
	/* why nothing is removed, a sentence; NULL if there is no reason */
	const char *refused;
};

/*
 * Evidence of use.
 *
 * That a mailbox was used can be proven, that it wasn't can only be bounded: a
 * client that just looks (EXAMINE, STATUS) leaves no trace. So "never-opened"
 * and "opened" say what there is proof of since the index was made, and nothing
 * about what was before.
 */

/* What is proven of a mailbox's use by its index. A later one is more. */
enum mba_evidence {
	/* it can't be told */
	MBA_EVIDENCE_UNKNOWN,
	/* a log without anything in it, left by LIST or a failed SELECT */
	MBA_EVIDENCE_UNTOUCHED,
	/* no message ever was in it, so that its use leaves no trace */
	MBA_EVIDENCE_EMPTY,
	/* it has messages, and there is no proof that somebody selected it */
	MBA_EVIDENCE_NEVER_OPENED,
	/* somebody selected it */
	MBA_EVIDENCE_OPENED,
	/* somebody changed flags or keywords, or expunged messages */
	MBA_EVIDENCE_CHANGED,
	/* somebody read messages on a later day than the first */
	MBA_EVIDENCE_READ,

	MBA_EVIDENCE_COUNT
};

/* Returns its name as the reports print it: "unknown", "untouched", "empty",
   "never-opened", "opened", "changed", "read". */
const char *mba_evidence_name(enum mba_evidence evidence);

/* What an index proves of its mailbox's use. Times are epoch seconds, 0 where
   nothing is known. That there is no proof doesn't mean that nobody uses it. */
struct mba_use {
	enum mba_evidence evidence;
	/* somebody used it then or later; 0: there is no proof */
	int64_t last_used;
	/* What proves that, a constant, NULL without a proof: "cache-field",
	   "change", "first-recent-uid", "thread", "sort"; see
	   mailbox-audit-inspect(1) */
	const char *proof;
	/* of what was before, there is no evidence */
	int64_t since;
	/* nobody selected it since then: there are newer messages */
	int64_t not_opened_since;
	/* its messages, where they are known */
	uint32_t messages;
	bool has_messages:1;
};

/*
 * Clean of several users, one after the other. By one user's mails another
 * one's indexes are bogus: an index root that is also another user's root, that
 * has one below it, or that is below another user's index root, is cleaned for
 * nobody. So whoever cleans several users tells of the roots of all of them
 * before the first. A root in which a user may not write isn't his. Where it
 * can't be told what is above a root, nobody else's is cleaned.
 */

struct mba_user_roots;

/* Returns one without users, to be freed when all are cleaned. */
struct mba_user_roots *mba_user_roots_init(void);
void mba_user_roots_deinit(struct mba_user_roots **users);

/* Tell of a user's namespace; tell of all that he has, one after the other. Its
   roots are looked at with the rights of the process: be the user. Nothing of
   what is given has to stay. Memory grows by some 100 bytes for each directory
   that is a root or leads to one. */
void mba_user_roots_add(struct mba_user_roots *users, const char *user,
			const struct mba_location *location);

/*
 * The audit.
 */

/* Inodes under the index root that belong to no entry. */
enum mba_other {
	/* directories that only lead to entries, or to nothing */
	MBA_OTHER_STRUCTURE,
	/* list index, control files and other files of Dovecot's own */
	MBA_OTHER_INTERNAL,
	/* another root of the namespace, or one of another namespace, with
	   everything below */
	MBA_OTHER_NESTED,
	/* mails, where the index root is the mail root */
	MBA_OTHER_MAIL,
	/* the rest */
	MBA_OTHER_FOREIGN,

	MBA_OTHER_COUNT
};

/* A directory with index files of one mailbox, or of what Dovecot took for
   one. Valid during the callback. */
struct mba_entry {
	/* relative to the index root, "." if it is the root itself */
	const char *path;
	/* the name that clients see, with the namespace prefix; NULL if no
	   mailbox has its index here. Not UTF-8 if the name on disk isn't. */
	const char *mailbox;
	enum mba_state state;
	enum mba_reason reason;
	/* The rule that hides the name, NULL if it is visible. It is matched
	   level by level as the layout keeps it: the namespace's separator and
	   vname_escape_char have no part in it. */
	const struct mba_rule *hidden_by;
	/* the directory (unless it is the mailbox's own) and its index files */
	struct mba_count count;
	/* of the newest index file, else of the directory; epoch seconds */
	int64_t mtime;
	/* its mailbox's; not with clean */
	struct mba_use use;
	/* With clean, what was removed of it; its entries are 1 if all was, and
	   why not. */
	struct mba_count removed;
	enum mba_kept kept;
	/* nothing but one dovecot.index.log of a header's size, as LIST or a
	   failed SELECT leaves it, or no file at all */
	bool untouched:1;
};

/* An operation that failed. In a report its strings live as long as that, in a
   callback until it returns. */
struct mba_error {
	/* the system call, e.g. "open"; "audit" or "clean" if it is none */
	const char *op;
	/* of what it failed for; it isn't escaped */
	const char *path;
	/* strerror() or a sentence */
	const char *error;
};

/* A name of the mailbox list index. */
struct mba_list_name {
	/* as clients see it */
	const char *mailbox;
	/* the rule that hides it, NULL if it is visible */
	const struct mba_rule *hidden_by;
};
#define MBA_MAX_LIST_NAMES 1000

/* One namespace's part of the report. Pointers belong to the audit. */
struct mba_namespace_report {
	const struct mba_location *location;
	/* prefixes of other namespaces with the same mail and index roots and
	   format; ends with NULL */
	const char *const *aliases;
	/* effective roots; index_root is NULL for INDEX=MEMORY */
	const char *mail_root, *index_root, *layout;
	/* everything under the index root: the sum of states[] and other[] */
	struct mba_count totals;
	struct mba_count states[MBA_STATE_COUNT];
	/* of states[], the entries whose name a rule hides */
	struct mba_count states_hidden[MBA_STATE_COUNT];
	struct mba_count other[MBA_OTHER_COUNT];
	/* mailboxes without a proof of use, those of them whose name a rule
	   hides, and their messages where they are known; not with clean */
	struct mba_count unproven, unproven_hidden;
	uint64_t unproven_messages;
	/* bogus subscribed names that have no entry, as clients see them, if
	   the file has no more than 1 MiB; ends with NULL. None where another
	   namespace has the same index root. */
	const char *const *subscriptions;
	/* Bogus names of the mailbox list index that have no entry: the first
	   MBA_MAX_LIST_NAMES; all of them, and those that a rule hides. Not
	   with clean, nor where another namespace has the same index root. */
	const struct mba_list_name *list_names;
	unsigned int list_names_count;
	uint64_t list_names_total, list_names_hidden;
	/* what clean did; states and totals are those before it */
	struct mba_clean_report clean;
	/* the index root is the mail root */
	bool in_place:1;
	/* the list index' names can't be told: it can't be read or understood,
	   is being changed, or can't tell a separator within a level from one
	   between levels */
	bool list_names_unknown:1;
};

/* A user's report. It belongs to the audit. */
struct mba_report {
	/* NULL if no name was given */
	const char *user;
	const struct mba_namespace_report *namespaces;
	unsigned int namespaces_count;
	/* the first MBA_MAX_ERRORS, each once: what is looked at twice fails
	   twice */
	const struct mba_error *errors;
	unsigned int errors_count;
	/* of all, also of those that aren't listed */
	uint64_t errors_total;
};
#define MBA_MAX_ERRORS 64

#define MBA_DEFAULT_JOBS 16
#define MBA_MAX_JOBS 256

struct mba_audit;

struct mba_audit_settings {
	/* name for the report, may be NULL */
	const char *user;
	/* rules for hidden_by; NULL hides nothing */
	const struct mba_rules *rules;
	/* Called for each entry that is selected, in directory order; may be
	   NULL. Totals count all entries. */
	void (*entry)(const struct mba_namespace_report *ns,
		      const struct mba_entry *entry, void *context);
	/* Called for each error, also those over MBA_MAX_ERRORS; may be
	   NULL. */
	void (*error)(const struct mba_error *error, void *context);
	/* Called before each entry, each name without one that is looked up,
	   and now and then between them, with what was counted so far; may be
	   NULL. Returns whether to go on: if not, the entries that it was
	   called for before are the last ones, nothing more is removed, and the
	   report has an error that says so. Its totals are then those of what
	   was decided about. */
	bool (*progress)(const struct mba_namespace_report *ns, void *context);
	void *context;
	/* Clean what is audited; NULL changes nothing. Only entries with one of
	   the states are removed. */
	const struct mba_clean_settings *clean;
	/* with clean: the roots of all users of this run, of whom user is one;
	   NULL if there are no others */
	const struct mba_user_roots *user_roots;
	/* How many looks at the mail side are made at once where it is slow:
	   from 1 to MBA_MAX_JOBS; 0 is MBA_DEFAULT_JOBS. What is found, and in
	   which order, doesn't depend on it. Clean makes one at a time. */
	unsigned int jobs;
	/* MBA_STATE_BIT()s of the entries to select; 0 selects all */
	unsigned int states;
	/* Select only mailboxes without a proof of use since then, epoch
	   seconds, whose evidence reaches back as far; 0 selects all. Not with
	   clean. */
	int64_t unused_since;
	/* select only hidden, or only visible entries; not both */
	bool hidden:1;
	bool visible:1;
};

/* Parse a list of states, separated by commas: "mailbox", "not-mailbox",
   "missing", "unknown", and "bogus" for both of its states. Returns 0 if ok,
   -1 if a name is unknown. */
int mba_states_parse(const char *list, unsigned int *states_r, char **error_r);

/* Parse a number of jobs. Returns 0 if ok, -1 if it isn't one from 1 to
   MBA_MAX_JOBS. */
int mba_jobs_parse(const char *text, unsigned int *jobs_r, char **error_r);

/* Returns a state's, a reason's, a kind's name as the reports print it; NULL
   for MBA_REASON_NONE. */
const char *mba_state_name(enum mba_state state);
const char *mba_reason_name(enum mba_reason reason);
const char *mba_other_name(enum mba_other other);

/* Begin a user's audit. The settings are copied, what they point to isn't. */
struct mba_audit *mba_audit_init(const struct mba_audit_settings *set);
void mba_audit_deinit(struct mba_audit **audit);

/* Tell the audit of a namespace; give it all of the user's, so that their
   roots are known to each other. Those with report=TRUE are audited. The
   location is copied. Namespaces with the same mail and index roots are
   audited once. */
void mba_audit_add(struct mba_audit *audit, const struct mba_location *location,
		   bool report);

/* Run the audit. Returns 0 if ok, -1 if something couldn't be read or it was
   stopped: the report is there and says what. The report is valid until the
   audit runs again, which begins anew, or is freed. */
int mba_audit_run(struct mba_audit *audit, const struct mba_report **report_r);

/*
 * The report's writers: JSON lines, rows for scripts, tables for people. The
 * utility and doveadm print what they are handed here.
 */

/* Return one JSON line without newline, which doc/report.schema.json describes;
   the caller frees it. */
char *mba_json_entry(const struct mba_audit_settings *set,
		     const struct mba_namespace_report *ns,
		     const struct mba_entry *entry);
char *mba_json_report(const struct mba_report *report);
/* The user's totals in place of the namespaces. */
char *mba_json_totals(const struct mba_audit_settings *set,
		      const struct mba_report *report);

/* What a table has a row for. With clean in the audit's settings each is about
   what was removed and kept. */
enum mba_table {
	/* each state and kind of a namespace of which there is something, and
	   one for all; with clean each reason why entries were kept, and one
	   for what was removed */
	MBA_TABLE_SUMMARY,
	/* each entry that is selected */
	MBA_TABLE_ENTRIES,
	/* each user */
	MBA_TABLE_TOTALS,

	MBA_TABLE_COUNT
};

/* A column of the rows for scripts. */
struct mba_column {
	const char *key;
	bool number:1;
};

/* Returns a table's column by its index, NULL after the last one. The first one
   is the user's name. */
const struct mba_column *
mba_column(const struct mba_audit_settings *set, enum mba_table table,
	   unsigned int idx);

/* Called for each row with a value for each column, valid during the call.
   The values are escaped by mba_escape(), "-" is none; bytes are numbers. */
typedef void mba_row_callback_t(const char *const *values, void *context);

/* Writes the row of an entry. */
void mba_row_entry(const struct mba_audit_settings *set,
		   const struct mba_namespace_report *ns,
		   const struct mba_entry *entry,
		   mba_row_callback_t *callback, void *context);
/* Writes the rows that a table has of a whole report: none for entries. */
void mba_rows_report(const struct mba_audit_settings *set, enum mba_table table,
		     const struct mba_report *report,
		     mba_row_callback_t *callback, void *context);

/* A table for people: it shows of each row what they look for, sizes as
   10.1 MB (powers of 1000), and columns as wide as they need to be. */
struct mba_text_table;

/* Called for each line, which has no newline and is valid during the call. */
typedef void mba_line_callback_t(const char *line, void *context);

/* Begin a table: with the names of users, with titles. The settings needn't
   stay. */
struct mba_text_table *
mba_text_table_init(const struct mba_audit_settings *set, enum mba_table table,
		    bool users, bool titles, mba_line_callback_t *callback,
		    void *context);
/* Add a row for scripts, of which nothing has to stay. The first rows are
   written together, once the widths are known. */
void mba_text_table_row(struct mba_text_table *table,
			const char *const *values);
/* Write what is left, and free the table. Also takes a pointer to NULL. */
void mba_text_table_deinit(struct mba_text_table **table);

/*
 * Inspection: what is in index files.
 */

struct mba_inspect_settings {
	/* one JSON line for each index, which doc/inspect.schema.json
	   describes, instead of lines for people */
	bool json:1;
	/* also compare counts, sequences, offsets and sizes with each other */
	bool verify:1;
};

/* Read the index files that a path stands for, and call back with what they
   say. A directory stands for all indexes in it: that of a mailbox
   (dovecot.index), of the list of mailboxes (dovecot.list.index), of mdbox's
   mails (dovecot.map.index). A file stands for the index that it belongs to,
   whatever that is called. Nothing is written or locked. A file that isn't
   regular, or larger than Dovecot lets it get, is named and not read. Returns 0
   if ok, 1 if something couldn't be read or understood, or contradicts itself:
   the lines say what; -1 if there is no index, or it isn't allowed to see
   whether there is one. */
int mba_inspect(const char *path, const struct mba_inspect_settings *set,
		mba_line_callback_t *callback, void *context, char **error_r);

/* Returns the bytes as UTF-8 that can be seen: each byte that isn't UTF-8, each
   backslash, and each byte of a control, directional or invisible character is
   \xNN. The caller frees it. JSON lines and rows hold strings of this form. */
char *mba_escape(const char *bytes);

/*
 * A complete program. It prints the bogus entries below an index root, and the
 * report. cc example.c $(pkg-config --cflags --libs mailbox-audit)
 *
 * #include <stdio.h>
 * #include <stdlib.h>
 * #include <string.h>
 * #include <mailbox-audit.h>
 *
 * static void print_entry(const struct mba_namespace_report *ns,
 *			   const struct mba_entry *entry, void *context)
 * {
 *	char *path = mba_escape(entry->path);
 *
 *	(void)ns;
 *	(void)context;
 *	printf("%s: %s\n", mba_state_name(entry->state), path);
 *	free(path);
 * }
 *
 * int main(int argc, char *argv[])
 * {
 *	struct mba_audit_settings set;
 *	struct mba_location location;
 *	const struct mba_report *report;
 *	struct mba_audit *audit;
 *	struct mba_rules *rules;
 *	char *error, *line;
 *	int ret;
 *
 *	if (argc != 4) {
 *		fprintf(stderr, "Usage: %s INDEX-ROOT MAIL-ROOT RULES\n",
 *			argv[0]);
 *		return 2;
 *	}
 *	rules = mba_rules_new();
 *	if (mba_rules_add_words(rules, argv[3], "RULES", &error) < 0) {
 *		fprintf(stderr, "%s\n", error);
 *		free(error);
 *		mba_rules_free(&rules);
 *		return 2;
 *	}
 *	memset(&set, 0, sizeof(set));
 *	set.rules = rules;
 *	set.states = MBA_STATES_BOGUS;
 *	set.entry = print_entry;
 *	memset(&location, 0, sizeof(location));
 *	location.prefix = "";
 *	location.type = "private";
 *	location.driver = "mbox";
 *	location.index_root = argv[1];
 *	location.mail_root = argv[2];
 *
 *	audit = mba_audit_init(&set);
 *	mba_audit_add(audit, &location, true);
 *	ret = mba_audit_run(audit, &report);
 *	line = mba_json_report(report);
 *	puts(line);
 *	free(line);
 *	mba_audit_deinit(&audit);
 *	mba_rules_free(&rules);
 *	return ret == 0 ? 0 : 1;
 * }
 */

#ifdef __cplusplus
}
#endif

#endif
