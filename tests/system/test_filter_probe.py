# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""mailbox_filter_non_mailboxes hides the files that Dovecot refuses to open,
and no others; Dovecot's own SELECT is the judge."""

import bz2
import gzip
import os
import socket
import time

import pytest

from dovecot import IS_24, Location
from filter import MBOX, fill_mbox, with_filter
from imap import quote

LOCATION = Location("mbox", "~", inbox="mail/%u", index="index/%u")
FROM = b"From a@example.org Thu Jan  1 00:00:00 2026"
CONTENTS = {
    "mailbox": MBOX,
    "sub/mailbox": MBOX,
    "empty": b"",
    "from-alone": FROM + b"\n",
    "header-7000": FROM + b"\nX: " + b"x" * 7000 + b"\n\n",
    "text": b"hello\n",
    "sub/text": b"hello\n",
    "binary": bytes(range(256)) * 40,
    "one-byte": b"F",
    "no-newline": FROM,
    "no-date": b"From a@example.org\n\nbody\n",
    "word": b"From here to there\n",
    "leading-newline": b"\n" + MBOX,
    "quoted-from": b">" + MBOX,
    "long-from": b"From " + b"a" * 9000 + FROM[5:] + b"\n\n",
    "longish-from": b"From " + b"a" * 7000 + FROM[6:] + b"\n\n",
    "mailbox.gz": gzip.compress(MBOX),
    "mailbox.bz2": bz2.compress(MBOX),
    "gzipped": gzip.compress(MBOX),
    "text.gz": b"hello\n",
    "plain.gz": MBOX,
    "plain.xz": MBOX,
    "sub/plain.zstd": MBOX,
    "empty.bz2": b"",
    "sub/.gz": MBOX,
    ".gz": MBOX,
    "old-mac": FROM + b"\r" + b"x\r" * 5000,
    "short-mac": FROM + b"\r" + b"x\r" * 50,
}
# with it Dovecot opens compressed mailboxes
COMPRESSION = "mail_compress" if IS_24 else "zlib"


def create(server, user):
    for name, content in CONTENTS.items():
        fill_mbox(server, user, [name], content)
    home = server.users[user].home
    os.symlink("mailbox", home + "/link-to-mailbox")
    os.symlink("text", home + "/link-to-text")
    os.symlink("sub", home + "/link-to-directory")
    os.symlink("/dev/null", home + "/null")
    os.symlink("nowhere", home + "/dangling")
    os.symlink("loop", home + "/loop")
    os.mkfifo(home + "/fifo")
    os.mkdir(home + "/directory")
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(home + "/socket")
    sock.close()
    server.chown(user, home)
    for name in ("unreadable", "others"):
        with open(f"{home}/{name}", "wb") as f:
            f.write(b"hello\n")
    # O_NOATIME isn't permitted for another's file
    os.chmod(home + "/others", 0o644)
    os.chmod(home + "/unreadable", 0)


def listed(server, user):
    """Returns what LIST tells, but for when somebody looked at it."""
    with server.imap(user) as imap:
        return {name: flags - {b"\\Marked", b"\\UnMarked"}
                for name, flags in imap.list().items()}


def opens(server, user, names):
    with server.imap(user) as imap:
        return {name for name in names
                if imap.cmd("EXAMINE", quote(name)).ok}


@pytest.mark.parametrize("list_index,plugins", [
    ("yes", []), ("no", []), ("yes", [COMPRESSION])])
def test_files_that_select_refuses_are_hidden(dovecot, list_index, plugins):
    description = dict(
        location=LOCATION, users=["alice", "bob"], plugins={"": plugins},
        settings={"mailbox_list_index": list_index})
    plain = dovecot(**description)
    server = dovecot(**with_filter(description, rules="",
                                   mailbox_filter_non_mailboxes="yes"))
    for each in (plain, server):
        for user in each.users:
            create(each, user)
    # bob's list index is already full of them
    server.doveadm("mailbox", "list", "-u", "bob")
    stock = listed(plain, "alice")
    selectable = {name for name, flags in stock.items()
                  if b"\\Noselect" not in flags}
    good = opens(plain, "alice", selectable)
    assert {b"mailbox", b"empty", b"fifo", b"null", b"header-7000"} <= good
    assert (b"mailbox.gz" in good) == (plugins != [])
    assert ({b"plain.gz", b"sub/plain.zstd", b"empty.bz2", b"sub/.gz"} <=
            good) == (plugins == [])
    assert {b"plain.xz", b".gz"} <= good
    bad = selectable - good
    assert {b"text", b"sub/text", b"no-date", b"leading-newline",
            b"gzipped", b"text.gz"} <= bad
    # it can't be told
    assert b"old-mac" in bad and b"short-mac" in bad
    bad -= {b"others", b"unreadable", b"dangling", b"loop", b"old-mac"}
    for user in server.users:
        for _ in range(2):
            assert listed(server, user) == {
                name: flags for name, flags in stock.items()
                if name not in bad}
    # and nothing but LIST is changed
    assert opens(server, "alice", selectable) == good


def test_parents_of_hidden_files_have_no_children(dovecot):
    server = dovecot(**with_filter(dict(location=LOCATION), rules="",
                                   mailbox_filter_non_mailboxes="yes"))
    fill_mbox(server, "alice", ["a/mailbox"])
    fill_mbox(server, "alice", ["a/text", "b/text", "b/c/text"], b"hello\n")
    with server.imap("alice") as imap:
        for _ in range(2):
            names = imap.list()
            assert names.keys() == {b"INBOX", b"a", b"a/mailbox", b"b", b"b/c"}
            assert b"\\HasChildren" in names[b"a"]
            assert b"\\HasChildren" in names[b"b"]
            assert b"\\HasNoChildren" in names[b"b/c"]
            assert b"\\HasChildren" in imap.list("", "%")[b"b"]


def test_a_file_that_becomes_a_mailbox_is_listed(dovecot):
    server = dovecot(**with_filter(dict(location=LOCATION), rules="",
                                   mailbox_filter_non_mailboxes="yes"))
    fill_mbox(server, "alice", ["file"], b"hello\n")
    with server.imap("alice") as imap:
        assert b"file" not in imap.list()
    fill_mbox(server, "alice", ["file"])
    with server.imap("alice") as imap:
        assert b"file" in imap.list()
    fill_mbox(server, "alice", ["file"], b"hello, again\n")
    with server.imap("alice") as imap:
        assert b"file" not in imap.list()


NEW = ["new", "sub/new"]


def create_new_mail(server):
    """Mailboxes that have been read and then got mail. Returns the time of the
    last access."""
    names = NEW + ["control"]
    fill_mbox(server, "alice", names)
    fill_mbox(server, "alice", ["text"], b"hello\n")
    with server.imap("alice") as imap:
        for name in names:
            imap.ok("SELECT", name)
            imap.ok("FETCH 1 BODY[]")
            imap.ok("CLOSE")
    now = int(time.time())
    for name in names + ["text"]:
        path = server.path("~/" + name, "alice")
        with open(path, "ab") as f:
            f.write(MBOX)
        os.utime(path, (now - 100, now - 10))
    return now - 100


@pytest.mark.parametrize("list_index", ["yes", "no"])
def test_the_mark_of_new_mail_survives(dovecot, list_index):
    """\\Marked is atime < mtime: the probe must not touch atime."""
    description = dict(location=LOCATION,
                       settings={"mailbox_list_index": list_index})
    plain = dovecot(**description)
    server = dovecot(**with_filter(description, rules="",
                                   mailbox_filter_non_mailboxes="yes"))
    create_new_mail(plain)
    atime = create_new_mail(server)
    # a file system that keeps no atime would let everything pass
    control = server.path("~/control", "alice")
    with open(control, "rb") as f:
        f.read()
    if os.stat(control).st_atime == atime:
        pytest.skip("the file system is mounted noatime")
    for _ in range(3):
        with plain.imap("alice") as imap:
            stock = imap.list()
        with server.imap("alice") as imap:
            names = imap.list()
        assert b"text" in stock and b"text" not in names
        for name in NEW:
            flags = names[name.encode()]
            assert flags == stock[name.encode()]
            assert list_index == "yes" or b"\\Marked" in flags
        for name in NEW + ["text"]:
            assert os.stat(server.path("~/" + name, "alice")).st_atime == atime
