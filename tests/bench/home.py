# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The home that the figures are for: 60 mailboxes among the files of a person
who works there. Its numbers are near those of a home whose LIST filled a
server's index disk: 45,605 inodes, 55,721 names listed, 111,341 inodes left
under the index root by one LIST."""

import os

MAIL = (b"From ann@example.org Thu Nov  9 22:33:52 2023\n"
        b"From: ann@example.org\nSubject: hello\n\nHello!\n\n")
MAILBOXES = [f"Archive/{year}" for year in range(2000, 2024)] + \
    [f"lists/list{i}" for i in range(30)] + \
    ["Drafts", "Sent", "Spam", "Trash", "to do", "travel"]

# what the default rules hide and what they don't: (directory, of which there
# are so many, with so many files in each)
HIDDEN = [(".git/objects/", 200, 61), (".cache/browser/", 100, 110),
          (".local/share/app", 20, 246)]
VISIBLE = [("Documents/work/", 40, 100), ("src/project/module", 60, 160),
           ("photos/year", 16, 200)]
# behind the public_html symlink, outside of the home
PUBLISHED = [("pages", 50, 209)]


def make_tree(top, spec):
    for directory, dirs, files in spec:
        for i in range(dirs):
            path = os.path.join(top, f"{directory}{i}")
            os.makedirs(path)
            for j in range(files):
                with open(f"{path}/file{j}", "wb") as f:
                    f.write(b"no mail, just a file\n")


def make_mailboxes(top, names=MAILBOXES):
    for name in names:
        path = os.path.join(top, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(MAIL)


def make_home(server, user, hidden=True):
    """Fills a user's home, without the hidden names if they are not wanted."""
    home = server.users[user].home
    make_mailboxes(home)
    make_tree(home, VISIBLE)
    if hidden:
        make_tree(home, HIDDEN)
        www = os.path.join(server.dir, "www", user)
        make_tree(www, PUBLISHED)
        os.symlink(www, os.path.join(home, "public_html"))
        server.chown(user, www)
    server.chown(user, home)
