# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Which index directories a cold index root holds after the commands that walk
the home: none for a hidden name, and with mailbox_filter_non_mailboxes none for
anything that is no mailbox."""

import os

import pytest

from filter import FORMATS, deliver, fill_mbox, files, hidden, with_filter

LOCATION = FORMATS["mbox"]
MAILBOXES = ["Sent", "Trash", "Archive/2024", "Archive/2025", "Work/a/plan",
             "Work/.drafts", "lists", ".old/mail", "public_html/mail"]
JUNK = [".profile", "notes.txt", ".git/HEAD", "public_html/index.html"] + \
    [f"src/file-{i}.c" for i in range(30)] + \
    [f"src/sub/{i}/Makefile" for i in range(20)] + \
    [f".git/objects/{i:02x}/{i * 7919:x}" for i in range(20)] + \
    [f".cache/app/{i}" for i in range(20)] + \
    [f"public_html/pics/{i}.jpeg" for i in range(20)]
WALKS = ["list", "list-status", "select", "status", "lmtp", "lda"]


def create(server, user):
    fill_mbox(server, user, MAILBOXES)
    fill_mbox(server, user, JUNK, b"no mailbox\n")
    # out of the home, as many homes have it
    outside = server.dir + "/outside-" + user
    os.mkdir(outside)
    os.rename(server.path("~/public_html", user), outside + "/html")
    os.symlink(outside + "/html", server.path("~/public_html", user))
    os.chmod(outside, 0o755)
    server.chown(user, outside)


def walk(server, how):
    """Lets the user of that name begin a walk."""
    if how in ("lmtp", "lda"):
        deliver(server, how, how)
    else:
        command = {
            "list": 'LIST "" "*"',
            "list-status": 'LIST "" "*" RETURN (STATUS (MESSAGES))',
            "select": "SELECT INBOX",
            "status": "STATUS Sent (MESSAGES)",
        }[how]
        with server.imap(how) as imap:
            imap.ok(command)


def entries(server, user):
    """Returns the names that have an index directory, and those directories
    that only lead to others."""
    root = server.path("index/%u", user)
    names, structure = set(), set()
    for path in files(root):
        if not os.path.isdir(os.path.join(root, path)):
            continue
        above, name = os.path.split(path)
        if os.path.basename(above) == ".imap":
            names.add(os.path.normpath(os.path.join(above, "..", name)))
        elif name != ".imap":
            structure.add(path)
    return names - {"INBOX"}, structure


@pytest.mark.parametrize("list_index", ["yes", "no"])
def test_no_index_directory_for_a_hidden_name(dovecot, list_index):
    description = dict(location=LOCATION, users=WALKS,
                       settings={"mailbox_list_index": list_index})
    plain = dovecot(**description)
    server = dovecot(**with_filter(description))
    probing = dovecot(**with_filter(description, rules="",
                                    mailbox_filter_non_mailboxes="yes"))
    for each in (plain, server, probing):
        for how in WALKS:
            create(each, how)
            walk(each, how)
    walked = WALKS if list_index == "yes" else ["list-status"]
    for how in WALKS:
        stock, _ = entries(plain, how)
        if how in walked:
            assert stock == set(MAILBOXES + JUNK)
        left, structure = entries(server, how)
        assert left == stock - hidden(sorted(stock))
        assert hidden([path + "/" for path in structure]) == set()
        left, structure = entries(probing, how)
        assert left == stock & set(MAILBOXES)
    for each in (server, probing):
        assert each.errors() == []
