# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Names are matched level by level as the layout keeps them, whatever separator
clients see and however names are escaped. The oracle is this file's own: it
makes what LIST has to show from the levels on disk. Stock Dovecot beside it
shows the rest, too."""

import os

import pytest

from dovecot import Location, User, VERSION
from filter import list_index, MBOX, MESSAGE, mutf7, with_filter
from levels import Naming

RULES = ".* public_html hid[/]den ülp"
SEPARATORS = "/.~|"
# each a name, by its levels
NAMES = [
    [".git", "config"],
    [".git", "refs", "heads"],
    [".profile"],
    [".hid~x|y.z"],
    # these look as if they were escaped
    ["+2egit", "+2b2egit"],
    ["^2egit", "^5e2egit"],
    ["public_html", "index"],
    ["public_html", "sub~a", "page"],
    ["public_html.VIS2"],
    ["public_html~VIS3", "x"],
    ["public_html/VIS4"],
    ["xpublic_html"],
    ["v.public_html", "x"],
    ["v~public_html", "x"],
    ["Work", ".svn", "entries"],
    ["Work", "plan"],
    ["Work", "plan.old"],
    ["Work", "to|do~.x"],
    ["Work", "public_html", "x"],
    ["Work", "public_html|y"],
    ["slash/.in", "the/name"],
    ["slash", ".in/x"],
    ["hid/den", "x"],
    ["hid", "den"],
    ["hid+2fden"],
    ["dots.in", "the.name"],
    ["tilde~in", "the~name"],
    ["pipe|in", "the|name"],
    ["ülp"],
    ["&APw-lp"],
    ["käse", "gouda"],
    ["käse", ".häagen"],
    ["käse.x"],
    ["a&b", ".c&d"],
    ["a&b", "c.&d"],
]
LAYOUTS = {
    "mbox": Location("mbox", "~", inbox="mail/%u", index="index/%u"),
    "maildir-fs": Location("maildir", "~/Maildir", index="index/%u",
                           layout="fs"),
    "maildir++": Location("maildir", "~/Maildir", index="index/%u"),
    "sdbox": Location("sdbox", "~/sdbox", index="index/%u"),
    "mdbox": Location("mdbox", "~/mdbox", index="index/%u"),
    "index": Location("sdbox", "~/sdbox", index="index/%u", layout="index"),
}
# a mailbox's directories, and where the names begin
INSIDE = {"sdbox": ["dbox-Mails"], "mdbox": ["dbox-Mails"]}
ROOTS = {"mbox": "~", "sdbox": "~/sdbox/mailboxes",
         "mdbox": "~/mdbox/mailboxes"}
ESCAPES = {
    "none": {},
    "visible": {"visible_escape": "^"},
    "utf8": {"utf8": True},
    "storage": {"storage_escape": "+"},
    "both": {"storage_escape": "+", "visible_escape": "^"},
}


def is_hidden(levels):
    """What RULES say."""
    return levels[0] == "hid/den" or \
        any(level.startswith(".") or level in ("public_html", "ülp")
            for level in levels)


class Format:
    """Makes names of a layout on disk."""

    def __init__(self, layout, escape):
        self.layout = layout
        kind = layout if layout in ("maildir++", "index") else "fs"
        self.naming = Naming(kind, **ESCAPES[escape])
        self.description = self.naming.description(LAYOUTS[layout])

    def names(self, sep):
        """Returns all names, parents included, as tuples of levels."""
        names = {tuple(name[:i + 1]) for name in NAMES
                 for i in range(len(name))}
        return sorted(name for name in names
                      if all(self.naming.holds(level, sep) for level in name))

    def make(self, server, cases):
        """Makes them for users, {user: (separator, prefix, ...)}."""
        if self.layout == "index":
            self.create(server, cases)
            return
        for user, (sep, *_) in cases.items():
            for name in self.names(sep):
                self.make_one(server.path(ROOTS.get(self.layout, "~/Maildir"),
                                          user), name, self.names(sep))
            server.chown(user, server.users[user].home)

    def make_one(self, root, name, names):
        path = os.path.join(os.fsencode(root), self.naming.path(name))
        if self.layout != "mbox":
            for inside in INSIDE.get(self.layout, ["cur", "new", "tmp"]):
                os.makedirs(os.path.join(path, os.fsencode(inside)))
        elif any(other[:len(name)] == name and other != name
                 for other in names):
            os.makedirs(path, exist_ok=True)
        else:
            with open(path, "wb") as f:
                f.write(MBOX)

    def create(self, server, cases):
        """Only Dovecot can make them: all users of one separator and prefix
        at once."""
        groups = {}
        for user, (sep, prefix, *_) in cases.items():
            groups.setdefault((sep, prefix), []).append(user)
        for (sep, prefix), users in groups.items():
            path = server.path("users-of-a-group")
            with open(path, "w") as f:
                f.writelines(user + "\n" for user in users)
            server.doveadm("mailbox", "create", "-F", path, *[
                prefix + self.naming.shown(name, sep)
                for name in self.names(sep)])

    def shown(self, names, prefix, sep):
        """Returns the names that clients see, as LIST tells them."""
        shown = {"INBOX"} | ({prefix[:-1]} if prefix else set())
        shown |= {prefix + self.naming.shown(name, sep) for name in names}
        return {mutf7(name).encode() for name in shown}


def users(variants, turn):
    """Returns {user: (separator, prefix, variant)} and the users. Every second
    separator has a prefix, the others in the next turn."""
    cases = {f"u{i}": case for i, case in enumerate(
        (sep, "Mail" + sep if turn % 2 else "", variant)
        for turn, sep in enumerate(SEPARATORS, turn) for variant in variants)}
    return cases, [User(name, fields={
        "namespace/inbox/separator": sep,
        **({"namespace/inbox/prefix": prefix} if prefix else {}),
        **({"mailbox_list_index": "no"} if variant == "off" else {})})
        for name, (sep, prefix, variant) in cases.items()]


def listed(server, user):
    with server.imap(user) as imap:
        return set(imap.list())


@pytest.mark.parametrize("escape", ESCAPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_rules_see_the_levels_on_disk(dovecot, layout, escape):
    """Without the mailbox list index, with a cold one, and with one that stock
    Dovecot filled; of LAYOUT=index it is the layout."""
    form = Format(layout, escape)
    turn = list(LAYOUTS).index(layout) + list(ESCAPES).index(escape)
    cases, all_users = users(["on"] if layout == "index" else ["off", "on"],
                             turn)
    server = dovecot(**with_filter(form.description, RULES),
                     users=all_users)
    form.make(server, cases)
    for filled in (False, True):
        if filled:
            server.doveadm("mailbox", "list", "-A")
        for user, (sep, prefix, variant) in cases.items():
            expected = form.shown([name for name in form.names(sep)
                                   if not is_hidden(name)], prefix, sep)
            for _ in range(2 if variant == "on" and not filled else 1):
                assert listed(server, user) == expected, cases[user]
    assert server.errors() == []

    # the same on stock Dovecot, where nothing is hidden
    cases, all_users = users(["on" if layout == "index" else "off"], turn)
    plain = dovecot(**form.description, users=all_users)
    form.make(plain, cases)
    for user, (sep, prefix, _) in cases.items():
        assert listed(plain, user) == \
            form.shown(form.names(sep), prefix, sep), cases[user]


@pytest.mark.parametrize("sep", SEPARATORS)
def test_list_index_keeps_hidden_names(dovecot, sep):
    """Also those that it knows by another name than they have on disk: it is
    filled with the names that clients see."""
    server = dovecot(**with_filter({"location": LAYOUTS["mbox"],
                                    "separator": sep}))
    Format("mbox", "none").make(server, {"alice": (sep, "")})
    server.deliver("alice", MESSAGE)
    server.doveadm("mailbox", "list", "-u", "alice")
    before = list_index(server, "alice")
    for _ in range(2):
        with server.imap("alice") as imap:
            imap.list()
            imap.ok("SELECT INBOX")
        server.deliver("alice", MESSAGE)
    assert {"INBOX"} < before.keys()
    assert list_index(server, "alice") == before


@pytest.mark.skipif(VERSION < (2, 4, 5), reason="LIST renames nothing")
@pytest.mark.parametrize("layout", ["mbox", "maildir++"])
def test_what_is_hidden_is_not_renamed(dovecot, layout):
    """Stock Dovecot takes each of these for a name of two levels, which it
    would write in another way."""
    form = Format(layout, "storage")
    names = [form.naming.path([level]) for level in (".cache.d", ".a.b")]
    left = []
    for description in (form.description, with_filter(form.description, ".*")):
        server = dovecot(**description, separator=".")
        root = server.path(ROOTS.get(layout, "~/Maildir"), "alice")
        for level in (".cache.d", ".a.b"):
            form.make_one(root, [level], [])
        server.chown("alice", server.users["alice"].home)
        with server.imap("alice") as imap:
            imap.cmd('LIST "" "*"')
        left.append([name in os.listdir(os.fsencode(root))
                     for name in names])
    assert left == [[False, False], [True, True]]
