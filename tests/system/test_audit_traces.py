# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The audit changes nothing, and waits for nobody."""

import os
import subprocess

import pytest

from audit import (default_location, fill_boxes, fill_home, LOCATIONS,
                   make_log, MESSAGE, utility, write)
from dovecot import Location
from oracle import audit, make_atimes_old, Report, snapshot

SOME = ["mbox", "mbox-in-place", "mbox-dirname", "maildir", "maildir-in-place",
        "maildir-control", "sdbox", "mdbox-in-place"]


def tops(server):
    return [os.path.join(server.dir, name)
            for name in ("home", "mail", "index", "control")]


@pytest.mark.parametrize("name", SOME)
def test_nothing_changes(dovecot, name):
    """Names, inodes, sizes, times: atime as well, which was made so old that
    reading would set it."""
    server = dovecot(location=LOCATIONS[name])
    fill_boxes(server)
    make_atimes_old(*tops(server))
    before = snapshot(*tops(server))
    server.doveadm("mailbox-audit", "-u", "alice", "-e", "-j")
    assert snapshot(*tops(server)) == before
    utility(server, "alice", "-e")
    assert snapshot(*tops(server)) == before
    assert len(before) > 20


def test_reading_would_be_seen(dovecot):
    """What the test above relies on."""
    server = dovecot()
    fill_home(server, "alice")
    make_atimes_old(*tops(server))
    before = snapshot(*tops(server))
    subprocess.run(["cat", server.users["alice"].home + "/notes"], check=True,
                   stdout=subprocess.DEVNULL)
    after = snapshot(*tops(server))
    changed = {path for path in before if before[path] != after[path]}
    assert changed == {os.fsencode(server.users["alice"].home + "/notes")}


def test_nothing_is_made_for_who_never_logged_in(dovecot):
    server = dovecot(users=["alice", "bob"])
    before = snapshot(server.dir)
    report = audit(server, "bob")
    assert report.namespaces[0]["totals"]["inodes"] == 0
    after = snapshot(server.dir)
    ours = {p: v for p, v in after.items()
            if not p.startswith(os.fsencode(server.dir + "/run")) and
            os.path.basename(p) not in (b"log", b"stderr")}
    assert ours == {p: before.get(p) for p in ours}


def flags(imap, name):
    return imap.list("", name)[name.encode()]


def test_marked_survives(dovecot):
    """Dovecot takes atime < mtime of an mbox for new mail."""
    server = dovecot(location=default_location(),
                     settings={"mailbox_list_index": False})
    home = server.users["alice"].home
    for name in ("new", "old"):
        write(os.path.join(home, name), MESSAGE)
        make_log(server.path("index/%u/.imap/" + name, "alice"))
    for top in (home, server.path("index/%u", "alice")):
        server.chown("alice", top)
    os.utime(home + "/new", (1700000000, 1700000001))
    os.utime(home + "/old", (1700000001, 1700000000))
    with server.imap("alice") as imap:
        assert b"\\Marked" in flags(imap, "new")
        assert b"\\UnMarked" in flags(imap, "old")
        report = audit(server)
        assert {e["state"] for e in report.entries.values()} == {"mailbox"}
        assert b"\\Marked" in flags(imap, "new")
        assert b"\\UnMarked" in flags(imap, "old")


def test_others_files_with_new_mail_are_not_read(dovecot):
    """O_NOATIME is for one's own files; without it, reading would take the
    mark away. Where there is no mark, it may be read."""
    server = dovecot(location=default_location())
    home = server.users["alice"].home
    for name in ("new", "old"):
        write(os.path.join(home, name), MESSAGE)
        make_log(server.path("index/%u/.imap/" + name, "alice"))
        os.chmod(os.path.join(home, name), 0o644)
    server.chown("alice", server.path("index/%u", "alice"))
    os.utime(home + "/new", (1700000000, 1700000001))
    os.utime(home + "/old", (1700000001, 1700000000))
    before = snapshot(home)
    report = audit(server)
    assert {e["name"]: (e["state"], e["reason"])
            for e in report.entries.values()} == {
        b"new": ("unknown", "atime"), b"old": ("mailbox", None)}
    path = os.fsencode(home + "/new")
    assert snapshot(home)[path] == before[path]


def test_never_waits_for_a_fifo(dovecot):
    """Not in the place of a mailbox, an index file, a subscription file, a
    directory; reading one would wait for ever."""
    server = dovecot(location=default_location())
    home, root = server.users["alice"].home, server.path("index/%u", "alice")
    for name in ("box", "link"):
        make_log(os.path.join(root, ".imap", name))
    os.mkfifo(home + "/box")
    os.symlink("box", home + "/link")
    os.mkfifo(root + "/.imap/box/dovecot.index")
    os.mkfifo(root + "/dovecot.list.index.log")
    for top in (home, root):
        server.chown("alice", top)
    report = audit(server)
    assert {e["state"] for e in report.entries.values()} == {"mailbox"}
    os.mkfifo(home + "/.subscriptions")
    server.chown("alice", home)
    report = audit(server, status=75)
    assert report.errors[0]["path"] == home + "/.subscriptions"


def test_a_fifo_instead_of_roots(dovecot):
    """To the utility: doveadm doesn't get so far."""
    server = dovecot(location=Location("mbox", "~/mail", inbox="mail/%u",
                                       index="~/index"))
    home = server.users["alice"].home

    def failed_path():
        result = utility(server, "alice", "-e", "-j", check=False)
        assert result.returncode == os.EX_IOERR
        return Report(result).errors[0]["path"]

    make_log(home + "/index/.imap/box")
    os.mkfifo(home + "/mail")
    server.chown("alice", home)
    assert failed_path() == home + "/mail"
    os.rename(home + "/index", home + "/away")
    os.mkfifo(home + "/index")
    server.chown("alice", home)
    assert failed_path() == home + "/index"
