/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The table of formats and layouts: from a storage name to its index and its
   mails, and back. tests/system compares the same table with Dovecot. */

#include <stdlib.h>
#include <string.h>

#include "location.h"
#include "unit.h"

#define INDEX "/index"
#define FLAT .layout = "maildir++"
#define FS .layout = "fs"
#define LISTED .layout = "index"

static const struct location_case {
	/* mail root is "/mail" */
	struct mba_location set;
	const char *storage_name, *index_path, *mail_path;
} cases[] = {
	/* each row of the table: a mailbox, and INBOX; the index apart */
	{ { .driver = "mbox", .index_root = INDEX },
	  "foo/bar", "foo/.imap/bar", "foo/bar" },
	{ { .driver = "mbox", .index_root = INDEX, .inbox_path = "/in/box" },
	  "INBOX", ".imap/INBOX", "/in/box" },
	{ { .driver = "mbox", .index_root = INDEX },
	  "INBOX", ".imap/INBOX", "inbox" },
	{ { .driver = "mbox", .index_root = INDEX, .inbox_path = "/mail/a/b" },
	  "INBOX", ".imap/INBOX", "a/b" },
	/* the home ends in a slash; a level of it leads nowhere */
	{ { .driver = "mbox", .index_root = INDEX, .mail_root = "/home//",
	    .inbox_path = "/home//mbox" },
	  "INBOX", ".imap/INBOX", "mbox" },
	{ { .driver = "mbox", .index_root = INDEX, .mail_root = "/home//mail",
	    .inbox_path = "/home/mail//a/.//b/" },
	  "INBOX", ".imap/INBOX", "a/b" },
	{ { .driver = "mbox", .index_root = INDEX,
	    .mail_root = "/home/./mail/.", .inbox_path = "/home/mail/.mbox" },
	  "INBOX", ".imap/INBOX", ".mbox" },
	{ { .driver = "mbox", .index_root = INDEX, .mail_root = "/home/./x",
	    .inbox_path = "/home//xy" },
	  "INBOX", ".imap/INBOX", "/home/xy" },
	{ { .driver = "mbox", .index_root = INDEX, .mail_root = "//",
	    .inbox_path = "//mbox" },
	  "INBOX", ".imap/INBOX", "mbox" },
	{ { .driver = "maildir", .index_root = INDEX },
	  "foo.bar", ".foo.bar", ".foo.bar" },
	{ { .driver = "maildir", .index_root = INDEX, .inbox = true },
	  "INBOX", ".INBOX", "." },
	{ { .driver = "maildir", .index_root = INDEX },
	  "INBOX", ".INBOX", ".INBOX" },
	{ { .driver = "maildir", .index_root = INDEX, FS },
	  "foo/bar", "foo/bar", "foo/bar" },
	{ { .driver = "maildir", .index_root = INDEX, FS, .inbox = true },
	  "INBOX", "INBOX", "." },
	{ { .driver = "maildir", .index_root = INDEX, FS,
	    .inbox_path = "/mail/" },
	  "INBOX", "INBOX", "." },
	{ { .driver = "sdbox", .index_root = INDEX },
	  "foo/bar", "mailboxes/foo/bar", "mailboxes/foo/bar/dbox-Mails" },
	{ { .driver = "mdbox", .index_root = INDEX },
	  "INBOX", "mailboxes/INBOX", "mailboxes/INBOX/dbox-Mails" },
	{ { .driver = "mbox", .index_root = INDEX, .dirname = "MBX" },
	  "foo/bar", "foo/bar", "foo/bar/MBX" },
	{ { .driver = "mbox", .index_root = INDEX, .dirname = "MBX",
	    .inbox_path = "" },
	  "INBOX", "INBOX", "INBOX/MBX" },
	{ { .driver = "sdbox", .index_root = INDEX, .dirname = "X",
	    .dirname_in_index = true },
	  "foo/bar", "mailboxes/foo/bar/X", "mailboxes/foo/bar/X" },
	{ { .driver = "mbox", .index_root = INDEX, .dirname = "X",
	    .dirname_in_index = true },
	  "foo", "foo/X", "foo/X" },
	{ { .driver = "mbox", .index_root = INDEX, FLAT },
	  "foo.bar", ".imap/.foo.bar", ".foo.bar" },
	{ { .driver = "mbox", .index_root = INDEX, FLAT },
	  "INBOX", ".imap/.INBOX", ".INBOX" },
	{ { .driver = "mbox", .index_root = INDEX, .mailbox_dir = "mb" },
	  "foo/bar", "mb/foo/.imap/bar", "mb/foo/bar" },
	{ { .driver = "mbox", .index_root = INDEX, .mailbox_dir = "mb/" },
	  "INBOX", "mb/.imap/INBOX", "inbox" },
	{ { .driver = "maildir", .index_root = INDEX, FS, .dirname = "MD" },
	  "foo/bar", "foo/bar", "foo/bar/MD" },
	{ { .driver = "maildir", .index_root = INDEX, FS, .dirname = "MD",
	    .inbox = true },
	  "INBOX", "INBOX", "INBOX/MD" },
	/* Maildir++ has neither */
	{ { .driver = "maildir", .index_root = INDEX, .dirname = "MD",
	    .mailbox_dir = "mb" },
	  "foo", ".foo", ".foo" },

	/* without INDEX= */
	{ { .driver = "mbox" }, "foo/bar", "foo/.imap/bar", "foo/bar" },
	{ { .driver = "mbox", .inbox_path = "/in/box" },
	  "INBOX", ".imap/INBOX", "/in/box" },
	{ { .driver = "maildir" }, "foo", ".foo", ".foo" },
	{ { .driver = "maildir", .inbox = true }, "INBOX", ".", "." },
	{ { .driver = "maildir", .inbox = true, .inbox_path = "/mail/.in" },
	  "INBOX", ".in", ".in" },
	{ { .driver = "maildir", .inbox = true, .mail_root = "/home/u//",
	    .inbox_path = "/home/u//in" },
	  "INBOX", "in", "in" },
	{ { .driver = "maildir", FS }, "foo/bar", "foo/bar", "foo/bar" },
	{ { .driver = "maildir", FS, .inbox = true }, "INBOX", ".", "." },
	{ { .driver = "mbox", FLAT }, "foo.bar", ".imap/.foo.bar", ".foo.bar" },
	{ { .driver = "mbox", FLAT, .dirname = "MBX" },
	  "foo.bar", ".imap/.foo.bar", ".foo.bar" },
	{ { .driver = "sdbox" }, "foo/bar", "mailboxes/foo/bar/dbox-Mails",
	  "mailboxes/foo/bar/dbox-Mails" },
	{ { .driver = "mbox", .dirname = "MBX" },
	  "foo/bar", "foo/bar/MBX", "foo/bar/MBX" },
	{ { .driver = "mbox", .dirname = "MBX" },
	  "INBOX", "INBOX/MBX", "inbox" },
	{ { .driver = "mbox", FLAT, .inbox_path = "/mail/in/box" },
	  "INBOX", "in/.imap/box", "in/box" },
	{ { .driver = "mbox", FLAT, .inbox_path = "/mail/box" },
	  "INBOX", ".imap/box", "box" },
	{ { .driver = "maildir", FS, .dirname = "MD" },
	  "foo", "foo/MD", "foo/MD" },
	/* the same root, said twice, and with a slash */
	{ { .driver = "maildir", .inbox = true, .index_root = "/mail//" },
	  "INBOX", ".", "." },

	/* LAYOUT=index: the storage name is the GUID, nothing else counts */
#define GUID "0123456789abcdef0123456789abcdef"
	{ { .driver = "sdbox", .index_root = INDEX, LISTED },
	  GUID, "mailboxes/" GUID, "mailboxes/" GUID },
	{ { .driver = "sdbox", LISTED, .dirname_in_index = true,
	    .inbox = true },
	  GUID, "mailboxes/" GUID, "mailboxes/" GUID },
	{ { .driver = "maildir", LISTED, .inbox = true, .dirname = "MD" },
	  GUID, GUID, GUID },
	{ { .driver = "mbox", .index_root = INDEX, LISTED,
	    .inbox_path = "/in/box" },
	  GUID, ".imap/" GUID, GUID },
	{ { .driver = "mbox", LISTED, .mailbox_dir = "mb",
	    .inbox_path = "/mail/in/box" },
	  GUID, "mb/.imap/" GUID, "mb/" GUID },
	{ { .driver = "mbox", LISTED, .dirname = "MBX" }, GUID, GUID, GUID },

	/* bytes are bytes */
	{ { .driver = "mbox", .index_root = INDEX },
	  "a b/\xff\n", "a b/.imap/\xff\n", "a b/\xff\n" },
	{ { .driver = "mbox", .index_root = INDEX },
	  "x/.imap/y", "x/.imap/.imap/y", "x/.imap/y" },
	/* it only begins like DIRNAME= */
	{ { .driver = "sdbox", .index_root = INDEX },
	  "dbox-Mails2", "mailboxes/dbox-Mails2",
	  "mailboxes/dbox-Mails2/dbox-Mails" },
};
#define CASES_COUNT (int)(sizeof(cases) / sizeof(cases[0]))

static struct location *location_new(const struct mba_location *set)
{
	struct mba_location copy = *set;

	copy.prefix = "";
	copy.type = "private";
	if (copy.mail_root == NULL)
		copy.mail_root = "/mail";
	return location_init(&copy);
}

START_TEST(a_storage_name_has_a_mail_path)
{
	struct location *location = location_new(&cases[_i].set);
	struct location_path path;

	location_from_storage_name(location, cases[_i].storage_name, &path);
	ck_assert_str_eq(path.mail_path, cases[_i].mail_path);
	ck_assert_str_eq(path.storage_name, cases[_i].storage_name);
	location_path_free(&path);
	location_free(&location);
}
END_TEST

START_TEST(a_storage_name_has_an_index_path)
{
	struct location *location = location_new(&cases[_i].set);
	char *path = location_get_index_path(location, cases[_i].storage_name);

	ck_assert_str_eq(path, cases[_i].index_path);
	free(path);
	location_free(&location);
}
END_TEST

START_TEST(an_index_path_leads_back)
{
	struct location *location = location_new(&cases[_i].set);
	struct location_path path;

	ck_assert(location_is_judged(location));
	ck_assert(location_from_index_path(location, cases[_i].index_path,
					   &path));
	ck_assert_str_eq(path.storage_name, cases[_i].storage_name);
	ck_assert_str_eq(path.mail_path, cases[_i].mail_path);
	location_path_free(&path);
	location_free(&location);
}
END_TEST

static const struct {
	struct mba_location set;
	const char *index_path;
} unmapped[] = {
	{ { .driver = "mbox", .index_root = INDEX }, "." },
	{ { .driver = "mbox", .index_root = INDEX }, "foo" },
	{ { .driver = "mbox", .index_root = INDEX }, "foo/bar" },
	{ { .driver = "mbox", .index_root = INDEX }, ".imap" },
	{ { .driver = "mbox", .index_root = INDEX }, "x.imap/foo" },
	{ { .driver = "mbox", .index_root = INDEX }, "5imap/foo" },
	{ { .driver = "mbox", .index_root = INDEX }, ".imap/foo/bar" },
	{ { .driver = "mbox", .index_root = INDEX, .mailbox_dir = "mb" },
	  ".imap/foo" },
	{ { .driver = "mbox", .index_root = INDEX, .mailbox_dir = "mb" },
	  "mbx/.imap/foo" },
	{ { .driver = "mbox", .index_root = INDEX, .mailbox_dir = "mb" },
	  "xy/.imap/foo" },
	{ { .driver = "mbox", .index_root = INDEX, FLAT }, ".imap/foo" },
	{ { .driver = "mbox", .index_root = INDEX, FLAT }, "a/.imap/.foo" },
	{ { .driver = "maildir", .index_root = INDEX }, "." },
	{ { .driver = "maildir", .index_root = INDEX }, "foo" },
	{ { .driver = "maildir", .index_root = INDEX }, ".foo/bar" },
	{ { .driver = "maildir", .inbox = true }, ".INBOX" },
	{ { .driver = "sdbox", .index_root = INDEX }, "mailboxes" },
	{ { .driver = "sdbox", .index_root = INDEX }, "storage" },
	{ { .driver = "sdbox", .index_root = INDEX }, "mailboxesfoo" },
	{ { .driver = "sdbox" }, "mailboxes/foo" },
	{ { .driver = "sdbox" }, "mailboxes/dbox-Mails" },
	{ { .driver = "sdbox" }, "mailboxes/foo/dbox-Mail" },
	{ { .driver = "sdbox" }, "mailboxes/foo/dbox-Mail2" },
	{ { .driver = "sdbox" }, "mailboxes/foo2dbox-Mails" },
	/* no mailbox's name has DIRNAME= in it */
	{ { .driver = "sdbox", .index_root = INDEX },
	  "mailboxes/foo/dbox-Mails" },
	{ { .driver = "sdbox", .index_root = INDEX }, "mailboxes/dbox-Mails" },
	{ { .driver = "sdbox" }, "mailboxes/dbox-Mails/foo/dbox-Mails" },
	{ { .driver = "maildir", FS, .dirname = "MD", .index_root = INDEX },
	  "foo/MD/bar" },
	{ { .driver = "mbox", .dirname = "MBX", .index_root = INDEX },
	  "foo/MBX" },
};
#define UNMAPPED_COUNT (int)(sizeof(unmapped) / sizeof(unmapped[0]))

START_TEST(no_mailbox_has_its_index_there)
{
	struct location *location = location_new(&unmapped[_i].set);
	struct location_path path;

	ck_assert_msg(!location_from_index_path(location,
						unmapped[_i].index_path, &path),
		      "%s", unmapped[_i].index_path);
	location_free(&location);
}
END_TEST

/* A Maildir's root, by the namespace's prefix. */
static const struct {
	struct mba_location set;
	bool is_mailbox;
} top_cases[] = {
	{ { .driver = "maildir", .prefix = "x/", FS }, true },
	{ { .driver = "maildir", .prefix = "INBOX2/", FS }, true },
	{ { .driver = "maildir", .prefix = "in/", FS }, true },
	{ { .driver = "mbox", .prefix = "x/", FS }, false },
	{ { .driver = "maildir", .prefix = "x/", LISTED }, false },
	{ { .driver = "maildir", .prefix = "x/", FS, .mailbox_dir = "m" },
	  false },
	{ { .driver = "maildir", .prefix = "x/", FS, .dirname = "D" }, false },
	{ { .driver = "maildir", .prefix = "x/", FS, .inbox_is_prefix = true },
	  false },
	{ { .driver = "maildir", .prefix = "", FS }, false },
	{ { .driver = "maildir", .prefix = "/", FS }, false },
	{ { .driver = "maildir", .prefix = "xy", FS }, false },
	{ { .driver = "maildir", .prefix = "inbox/", FS }, false },
};
#define TOP_CASES_COUNT (int)(sizeof(top_cases) / sizeof(top_cases[0]))

START_TEST(the_root_may_be_a_mailbox)
{
	struct mba_location set = top_cases[_i].set;
	struct location *location;
	struct location_path path;
	bool found;

	set.type = "private";
	set.mail_root = "/mail";
	set.index_root = INDEX;
	set.separator = '/';
	location = location_init(&set);
	found = location_from_index_path(location, ".", &path);
	ck_assert(found == top_cases[_i].is_mailbox);
	if (found) {
		ck_assert_str_eq(path.storage_name, "");
		ck_assert_str_eq(path.mail_path, ".");
		ck_assert_uint_eq(path.mail_dir_len, 0);
		location_path_free(&path);
	}
	location_free(&location);
}
END_TEST

START_TEST(the_directory_of_a_mailbox_is_told)
{
	static const struct {
		const char *storage_name;
		size_t mbox, sdbox;
	} lens[] = {
		{ "foo", 0, strlen("mailboxes") },
		{ "foo/bar", strlen("foo"), strlen("mailboxes/foo") },
	};
	const struct mba_location mbox = { .driver = "mbox" };
	const struct mba_location sdbox = { .driver = "sdbox" };
	struct location *location1 = location_new(&mbox);
	struct location *location2 = location_new(&sdbox);
	struct location_path path;

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		location_from_storage_name(location1, lens[i].storage_name,
					   &path);
		ck_assert_uint_eq(path.mail_dir_len, lens[i].mbox);
		location_path_free(&path);
		location_from_storage_name(location2, lens[i].storage_name,
					   &path);
		ck_assert_uint_eq(path.mail_dir_len, lens[i].sdbox);
		location_path_free(&path);
	}
	location_free(&location1);
	location_free(&location2);
}
END_TEST

START_TEST(only_guids_are_mailboxes_of_layout_index)
{
	static const struct mba_location set = { .driver = "mbox", LISTED };
	static const char *const paths[] = {
		".", ".imap", GUID, ".imap/" GUID "0", ".imap/INBOX",
		".imap/0123456789ABCDEF0123456789abcdef", "x/.imap/" GUID,
		".imap/0123456789abcdef0123456789abcde",
		".imap/0123456789abcdef0123456789abcde/", ".imap/.." GUID,
	};
	struct location *location = location_new(&set);
	struct location_path path;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		ck_assert_msg(!location_from_index_path(location, paths[i],
							&path), "%s",
			      paths[i]);
	}
	location_free(&location);
}
END_TEST

START_TEST(the_list_index_is_where_dovecot_has_it)
{
	static const struct {
		struct mba_location set;
		const char *path;
	} lists[] = {
		{ { .driver = "mbox", .index_root = INDEX },
		  "/index/.imap/dovecot.list.index" },
		{ { .driver = "mbox" }, "/mail/.imap/dovecot.list.index" },
		{ { .driver = "mbox", .dirname = "MBX" },
		  "/mail/dovecot.list.index" },
		{ { .driver = "sdbox", .index_root = INDEX, LISTED },
		  "/index/dovecot.list.index" },
		{ { .driver = "maildir", .list_index = "names" },
		  "/mail/names" },
		{ { .driver = "maildir", .list_index = "/list/names" },
		  "/list/names" },
		{ { .driver = "mbox", .list_index = "/list/names" },
		  "/list/.imap/names" },
		{ { .driver = "sdbox", .index_root = INDEX,
		    .list_index = "list/names" }, "/index/list/names" },
		{ { .driver = "mbox", .index_root = "",
		    .list_index = "/list/names" }, "/list/.imap/names" },
	};
	static const struct mba_location memory = {
		.driver = "mbox", .index_root = "", .list_index = "names"
	};
	struct location *location;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		location = location_new(&lists[i].set);
		ck_assert_str_eq(location->list_index, lists[i].path);
		location_free(&location);
	}
	location = location_new(&memory);
	ck_assert_ptr_null(location->list_index);
	location_free(&location);
}
END_TEST

START_TEST(layout_index_has_the_namespaces_separator)
{
	static const struct {
		char separator, escape_char, storage_sep;
	} seps[] = {
		{ '/', '\0', '/' }, { '.', '\0', '.' }, { '\0', '\0', '~' },
		{ '^', '\0', '~' }, { '~', '~', '^' }, { '^', '+', '^' },
	};
	/* and no INBOX elsewhere */
	struct mba_location set = {
		.driver = "sdbox", LISTED, .inbox_path = "/in/box"
	};
	struct location *location;

	for (size_t i = 0; i < sizeof(seps) / sizeof(seps[0]); i++) {
		set.separator = seps[i].separator;
		set.storage_escape_char = seps[i].escape_char;
		location = location_new(&set);
		ck_assert_int_eq(location->storage_sep, seps[i].storage_sep);
		ck_assert_ptr_null(location->inbox_path);
		location_free(&location);
	}
}
END_TEST

START_TEST(what_is_not_known_is_not_judged)
{
	static const struct mba_location sets[] = {
		{ .driver = "imapc" }, { .driver = "virtual", FS },
		{ .driver = "" }, { .driver = "mbox", .layout = "imapc" },
		{ .driver = "virtual", .layout = "index" },
		{ .driver = "sdbox", .layout = "index", .iter_index = true },
		{ .driver = "mbox", .layout = "FS" },
		{ .driver = "mbox", .iter_index = true },
	};

	static const struct mba_location no_root = { .driver = "mbox" };
	struct location *location;

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		location = location_new(&sets[i]);
		ck_assert(!location_is_judged(location));
		location_free(&location);
	}
	location = location_init(&no_root);
	ck_assert(!location_is_judged(location));
	ck_assert_ptr_null(location->mail_root);
	location_free(&location);
}
END_TEST

START_TEST(roots_have_defaults)
{
	const struct mba_location in_place = { .driver = "mbox",
		.mail_root = "/mail///", .index_root = "/mail" };
	const struct mba_location memory = { .driver = "mbox",
		.index_root = "", .control_root = "/control/" };
	const struct mba_location top = { .driver = "mbox",
		.mail_root = "//", .index_root = "/" };
	struct location *location = location_new(&in_place);

	ck_assert_str_eq(location->mail_root, "/mail");
	ck_assert_str_eq(location->index_root, "/mail");
	ck_assert_str_eq(location->control_root, "/mail");
	ck_assert_int_eq(location->set.separator, '/');
	location_free(&location);
	location = location_new(&memory);
	ck_assert_ptr_null(location->index_root);
	ck_assert_str_eq(location->control_root, "/control");
	location_free(&location);
	location = location_new(&top);
	ck_assert_str_eq(location->mail_root, "/");
	ck_assert_str_eq(location->index_root, "/");
	location_free(&location);
}
END_TEST

static const struct {
	struct mba_location set1, set2;
	bool like;
} likes[] = {
	{ { .driver = "mbox" }, { .driver = "mbox" }, true },
	{ { .driver = "mbox" }, { .driver = "maildir" }, false },
	/* the same, said and unsaid; INBOX and names have no part in it */
	{ { .driver = "maildir" },
	  { .driver = "maildir", FLAT, .inbox = true, .inbox_path = "/in" },
	  true },
	{ { .driver = "sdbox" },
	  { .driver = "sdbox", .dirname = "dbox-Mails", .mailbox_dir =
	    "mailboxes/", .utf8 = true, .storage_escape_char = '^' }, true },
	{ { .driver = "maildir" }, { .driver = "maildir", FS }, false },
	{ { .driver = "sdbox" }, { .driver = "mdbox" }, false },
	{ { .driver = "sdbox" }, { .driver = "sdbox", LISTED }, false },
	{ { .driver = "sdbox" }, { .driver = "sdbox", .dirname = "D" }, false },
	{ { .driver = "mbox" }, { .driver = "mbox", .mailbox_dir = "D" },
	  false },
	{ { .driver = "sdbox", .index_root = INDEX, .dirname_in_index = true },
	  { .driver = "sdbox", .index_root = INDEX }, false },
	/* LAYOUT=index has its mailboxes in the list */
	{ { .driver = "sdbox", LISTED },
	  { .driver = "sdbox", LISTED, .list_index = "names" }, false },
	{ { .driver = "sdbox", LISTED }, { .driver = "sdbox", LISTED }, true },
	/* without indexes there is none */
	{ { .driver = "sdbox", LISTED },
	  { .driver = "sdbox", LISTED, .index_root = "" }, true },
	{ { .driver = "sdbox", LISTED, .index_root = "" },
	  { .driver = "sdbox", LISTED }, true },
	{ { .driver = "sdbox" }, { .driver = "sdbox", .list_index = "names" },
	  true },
	/* what isn't judged */
	{ { .driver = "virtual" }, { .driver = "virtual" }, true },
	{ { .driver = "virtual" }, { .driver = "imapc" }, false },
	{ { .driver = "mbox", .layout = "imapc" }, { .driver = "mbox" },
	  false },
};
#define LIKES_COUNT (int)(sizeof(likes) / sizeof(likes[0]))

START_TEST(locations_are_like_each_other)
{
	struct location *location1 = location_new(&likes[_i].set1);
	struct location *location2 = location_new(&likes[_i].set2);

	ck_assert(location_is_like(location1, location2) == likes[_i].like);
	ck_assert(location_is_like(location2, location1) == likes[_i].like);
	location_free(&location1);
	location_free(&location2);
}
END_TEST

START_TEST(inbox_is_taken)
{
	const struct mba_location without = { .driver = "maildir" };
	const struct mba_location with = { .driver = "maildir",
		.inbox = true };
	struct location *location = location_new(&without);
	struct location *other = location_new(&with);
	struct location_path path;

	location_take_inbox(location, other);
	location_free(&other);
	ck_assert(location->set.inbox);
	ck_assert(location_from_index_path(location, ".", &path));
	ck_assert_str_eq(path.storage_name, "INBOX");
	ck_assert_str_eq(path.mail_path, ".");
	location_path_free(&path);
	location_free(&location);
}
END_TEST

START_TEST(drivers_and_layouts_are_known)
{
	static const char *const drivers[] = {
		"mbox", "maildir", "sdbox", "mdbox", "dbox", "imapc", "pop3c",
		"virtual",
	};
	static const char *const layouts[] = {
		"fs", "maildir++", "index", "imapc",
	};
	unsigned int i;

	for (i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		struct mba_location set = {
			.prefix = "", .driver = drivers[i],
			.mail_root = "/mail",
		};
		struct location *location = location_init(&set);

		ck_assert_str_eq(mba_driver_name(i), drivers[i]);
		ck_assert_int_eq(location_is_judged(location), i < 5);
		location_free(&location);
	}
	ck_assert_ptr_null(mba_driver_name(i));
	for (i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		ck_assert_str_eq(mba_layout_name(i), layouts[i]);
	ck_assert_ptr_null(mba_layout_name(i));
}
END_TEST

START_TEST(an_index_root_is_told_from_what_mbox_appends)
{
	ck_assert_uint_eq(mba_index_root_len("/index/.imap"), 6);
	ck_assert_uint_eq(mba_index_root_len("/.imap"), 0);
	ck_assert_uint_eq(mba_index_root_len("/index"), 6);
	ck_assert_uint_eq(mba_index_root_len("/index/x.imap"), 13);
	ck_assert_uint_eq(mba_index_root_len("/index/.imap/x"), 14);
	ck_assert_uint_eq(mba_index_root_len("imap"), 4);
	ck_assert_uint_eq(mba_index_root_len(""), 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("location");

	tcase_add_loop_test(tcase, a_storage_name_has_a_mail_path, 0,
			    CASES_COUNT);
	tcase_add_loop_test(tcase, a_storage_name_has_an_index_path, 0,
			    CASES_COUNT);
	tcase_add_loop_test(tcase, an_index_path_leads_back, 0, CASES_COUNT);
	tcase_add_loop_test(tcase, no_mailbox_has_its_index_there, 0,
			    UNMAPPED_COUNT);
	tcase_add_loop_test(tcase, the_root_may_be_a_mailbox, 0,
			    TOP_CASES_COUNT);
	tcase_add_test(tcase, the_directory_of_a_mailbox_is_told);
	tcase_add_test(tcase, only_guids_are_mailboxes_of_layout_index);
	tcase_add_test(tcase, the_list_index_is_where_dovecot_has_it);
	tcase_add_test(tcase, layout_index_has_the_namespaces_separator);
	tcase_add_test(tcase, what_is_not_known_is_not_judged);
	tcase_add_test(tcase, roots_have_defaults);
	tcase_add_loop_test(tcase, locations_are_like_each_other, 0,
			    LIKES_COUNT);
	tcase_add_test(tcase, inbox_is_taken);
	tcase_add_test(tcase, drivers_and_layouts_are_known);
	tcase_add_test(tcase, an_index_root_is_told_from_what_mbox_appends);
	return unit_run(tcase);
}
