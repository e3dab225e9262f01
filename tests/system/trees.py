# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Fills the locations of a Dovecot's users with mailboxes and whatever else
people keep there, as other programs would have: nothing is in an index yet.

    tree = Tree(["Sent", "Work/plan"], {".profile": b"umask 022\n"})
    Filler(server, "alice", namespace).fill(tree, inbox=True)
"""

import dataclasses
import os
import re

from audit import mutf7
from filter import MBOX, MESSAGE

# atime and mtime: new mail is \Marked
NEW, SEEN = (1700000000, 1700000100), (1700000100, 1700000000)


@dataclasses.dataclass
class Tree:
    """names are mailboxes, levels joined by "/". files are others, {path below
    the location: content}; None is a directory, a str a symlink's target."""
    names: list
    files: dict = dataclasses.field(default_factory=dict)


def layout_of(location):
    if location.layout is not None:
        return location.layout.lower()
    return "maildir++" if location.driver == "maildir" else "fs"


class Filler:
    """Fills a location of one user with a tree, as other programs would
    have."""

    def __init__(self, server, user, space, escape):
        self.server = server
        self.user = user
        self.location = space.location
        self.root = server.path(space.location.mail, user)
        self.prefix = space.prefix
        self.separator = space.separator
        self.escape = escape

    def fill(self, tree, inbox=False):
        os.makedirs(self.root, exist_ok=True)
        if self.location.driver == "virtual":
            self.files({f"{name}/dovecot-virtual": b"INBOX\n  all\n"
                        for name in tree.names})
        elif self.location.driver in ("sdbox", "mdbox") or \
                layout_of(self.location) == "index":
            self.own()
            self.doveadm(tree.names)
        else:
            for name in tree.names:
                self.mailbox(self.path(name))
            if inbox:
                self.mailbox(self.inbox())
        self.files(tree.files)
        self.own()

    def own(self):
        for top in ("home", "mail"):
            self.server.chown(self.user, os.path.join(self.server.dir, top))
        self.server.chown(self.user, self.root)

    def doveadm(self, names):
        """Only Dovecot itself can make these."""
        names = [self.prefix + name.replace("/", self.separator)
                 for name in names]
        self.server.doveadm("mailbox", "create", "-u", self.user, *names)
        self.server.doveadm("save", "-u", self.user, "-m", names[0],
                            input=MESSAGE)

    def path(self, name):
        loc = self.location
        levels = [mutf7(level).decode() for level in name.split("/")]
        if self.escape is not None and layout_of(loc) == "maildir++":
            levels = [re.sub(r"[.]", lambda m: f"{self.escape}2e", level)
                      for level in levels]
        if layout_of(loc) == "maildir++":
            path = "." + ".".join(levels)
        else:
            path = "/".join(levels)
        last = loc.fulldirname or loc.dirname or ""
        return os.path.join(self.root, loc.mailbox_dir or "", path, last)

    def inbox(self):
        loc = self.location
        if loc.inbox is not None:
            return self.server.path(loc.inbox, self.user)
        if loc.driver == "maildir":
            return self.root
        return self.path("inbox")

    def mailbox(self, path):
        path = path.rstrip("/")
        if self.location.driver == "mbox":
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(MBOX * 2)
            os.utime(path, NEW if path.endswith("Sent") else SEEN)
            return
        for name in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(path, name), exist_ok=True)
        with open(path + "/cur/1700000000.M1P1.host:2,S", "wb") as f:
            f.write(MESSAGE)
        for name in ("cur", "new", "tmp"):
            os.utime(os.path.join(path, name), SEEN)

    def files(self, files):
        for name, content in files.items():
            path = os.path.join(self.root, name)
            if content is None:
                os.makedirs(path, exist_ok=True)
                continue
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if isinstance(content, str):
                os.symlink(content, path)
                continue
            with open(path, "wb") as f:
                f.write(content)
            os.utime(path, SEEN)
