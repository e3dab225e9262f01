# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Names are matched level by level as the layout keeps them, whatever separator
clients see and however names are escaped. The oracle is this file's own: it
makes what LIST has to show from the levels on disk and the default rules. Stock
Dovecot beside it shows the rest, too."""

import os

import pytest

from dovecot import IS_24, Location, User
from filter import list_index, MBOX, MESSAGE, mutf7, with_filter

SEPARATORS = "/.~|"
# each a name, by its levels
NAMES = [
    [".git", "config"],
    [".git", "refs", "heads"],
    [".profile"],
    [".hid~x|y.z"],
    ["public_html", "index"],
    ["public_html", "sub~a", "page"],
    ["public_html.VIS2"],
    ["public_html~VIS3", "x"],
    ["xpublic_html"],
    ["Work", ".svn", "entries"],
    ["Work", "plan"],
    ["Work", "plan.old"],
    ["Work", "to|do~.x"],
    ["Work", "public_html", "x"],
    ["Work", "public_html|y"],
    ["dots.in", "the.name"],
    ["tilde~in", "the~name"],
    ["pipe|in", "the|name"],
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
}
ESCAPES = ["none", "visible", "utf8", "storage", "both"]


def is_hidden(levels):
    """The default rules: ".*" and "public_html"."""
    return any(level.startswith(".") or level == "public_html"
               for level in levels)


class Format:
    """How names of a layout stand on disk, and how clients see them."""

    def __init__(self, layout, escape):
        location = LAYOUTS[layout]
        self.flat = layout == "maildir++"
        self.mbox = layout == "mbox"
        self.root = {"mbox": "~", "sdbox": "~/sdbox/mailboxes"}.get(
            layout, "~/Maildir")
        self.inside = ["dbox-Mails"] if layout == "sdbox" else \
            ["cur", "new", "tmp"]
        self.sep = "." if self.flat else "/"
        self.visible_escape = "^" if escape in ("visible", "both") else None
        self.storage_escape = "+" if escape in ("storage", "both") else None
        self.utf8 = escape == "utf8"
        options = {}
        if self.visible_escape:
            options["BROKENCHAR"] = self.visible_escape
        if self.utf8:
            options["UTF-8"] = True
        self.description = {"location": Location(
            **{**location.__dict__, "options": options})}
        if self.storage_escape and IS_24:
            self.description["settings"] = {
                "mailbox_list_storage_escape_char": "+"}
        elif self.storage_escape:
            self.description["plugins"] = {"": ["listescape"]}
            self.description["plugin_settings"] = {"listescape_char": "+"}

    def names(self):
        """Returns all names, parents included, as tuples of levels."""
        names = {tuple(name[:i + 1]) for name in NAMES
                 for i in range(len(name))}
        if self.flat and self.storage_escape is None:
            # a level can't hold the layout's separator
            names = {n for n in names if not any("." in x for x in n)}
        return sorted(names)

    def on_disk(self, level):
        if self.storage_escape:
            level = "".join(f"+{ord(c):02x}" if c in "+/" + self.sep else c
                            for c in level)
        return level if self.utf8 else mutf7(level)

    def make(self, server, user):
        root = server.path(self.root, user)
        names = self.names()
        for name in names:
            parts = [self.on_disk(level) for level in name]
            path = os.path.join(root, "." + ".".join(parts) if self.flat
                                else "/".join(parts))
            if not self.mbox:
                for inside in self.inside:
                    os.makedirs(os.path.join(path, inside))
            elif any(other[:len(name)] == name and other != name
                     for other in names):
                os.makedirs(path, exist_ok=True)
            else:
                with open(path, "wb") as f:
                    f.write(MBOX)
        server.chown(user, server.users[user].home)

    def shown(self, names, prefix, sep):
        """Returns the names that clients see, as LIST tells them."""
        shown = {"INBOX"} | ({prefix[:-1]} if prefix else set())
        for name in names:
            levels = name
            if self.visible_escape:
                levels = ["".join(f"^{ord(c):02x}" if c in "^" + sep else c
                                  for c in level) for level in name]
            shown.add(prefix + sep.join(levels))
        return {mutf7(name).encode() for name in shown}


def users(variants):
    """Returns {user: (separator, prefix, variant)} and the users."""
    cases = {f"u{i}": case for i, case in enumerate(
        (sep, prefix and "Mail" + sep, variant) for sep in SEPARATORS
        for prefix in ("", "Mail") for variant in variants)}
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
    """With the mailbox list index off, cold, or filled by stock Dovecot."""
    form = Format(layout, escape)
    names = form.names()
    visible = [name for name in names if not is_hidden(name)]
    cases, all_users = users(["off", "cold", "full"])
    server = dovecot(**with_filter(form.description), users=all_users)
    for user, (sep, prefix, variant) in cases.items():
        form.make(server, user)
        if variant == "full":
            server.doveadm("mailbox", "list", "-u", user)
        expected = form.shown(visible, prefix, sep)
        for _ in range(2 if variant == "cold" else 1):
            assert listed(server, user) == expected, cases[user]
    assert server.errors() == []

    # the same on stock Dovecot, where nothing is hidden
    cases, all_users = users(["off"])
    plain = dovecot(**form.description, users=all_users)
    for user, (sep, prefix, _) in cases.items():
        form.make(plain, user)
        assert listed(plain, user) == form.shown(names, prefix, sep), \
            cases[user]


@pytest.mark.parametrize("sep", SEPARATORS)
def test_list_index_keeps_hidden_names(dovecot, sep):
    """Also those that it knows by another name than they have on disk: it is
    filled with the names that clients see."""
    server = dovecot(**with_filter({"location": LAYOUTS["mbox"],
                                    "separator": sep}))
    Format("mbox", "none").make(server, "alice")
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
