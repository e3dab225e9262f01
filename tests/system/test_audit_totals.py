# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Every inode below the index root is counted once, as du counts it, whatever
stands there; audit() compares with du and with the test's own walk."""

import os
import stat
import subprocess

import pytest

from audit import (default_location, fill_boxes, LOCATIONS, make_log, MESSAGE,
                   write_home, write)
from oracle import audit, run_du


def clutter(top, outside):
    """Puts into a directory what others leave in index directories."""
    def path(*names):
        return os.path.join(top, *names)

    os.makedirs(path("fts", "deep", "deeper"))
    write(path("fts", "deep", "deeper", "segment.1"), b"x" * 70000)
    os.makedirs(path("empty", "also empty"))
    write(path("dovecot.index.log.lock"))
    write(path("dovecot.index.log.2"), b"x" * 5000)
    write(path("dovecot.index.cache.lock"), b"x")
    write(path("dovecot-uidlist.lock"))
    write(path(".nfs0000000000000001"), b"x" * 20)
    # a hole: allocated bytes are not the size
    with open(path("sparse"), "wb") as f:
        f.truncate(1 << 20)
    os.link(path("fts", "deep", "deeper", "segment.1"), path("link"))
    os.link(path("dovecot.index.log.2"), path("dovecot.index.backup"))
    write(outside, b"x" * 9000)
    os.link(outside, path("link from outside"))
    os.symlink("/etc", path("link to a directory"))
    os.symlink("fts", path("link in the tree"))
    os.symlink("x" * 300, path("a symlink that needs a block of its own"))
    os.symlink("nowhere", path("dangling"))
    os.mkfifo(path("fifo"))


@pytest.mark.parametrize("name", LOCATIONS)
def test_totals_are_dus(dovecot, name):
    server = dovecot(location=LOCATIONS[name])
    fill_boxes(server)
    before = audit(server)
    root = before.namespaces[0]["index_root"]
    tops = [root] + [os.path.join(root, os.fsdecode(path))
                     for path in list(before.entries)[:2] if path != b"."]
    for i, top in enumerate(tops):
        clutter(top, os.path.join(server.dir, f"outside{i}"))
    for top in (root, server.dir + "/home/alice"):
        server.chown("alice", top)
    report = audit(server)
    totals = report.namespaces[0]["totals"]
    assert totals["inodes"] > before.namespaces[0]["totals"]["inodes"] + 30
    assert totals["bytes"] < run_du(root, "-B1", "--apparent-size")


def test_a_hard_link_counts_where_it_is_seen_first(dovecot):
    """The other links of a file don't count, not even for another class."""
    server = dovecot(location=default_location())
    write_home(server, "alice", ".profile", b"")
    root = server.path("index/%u", "alice")
    for name in ("one", "two"):
        make_log(os.path.join(root, ".imap", name))
    log = os.path.join(root, ".imap", "one", "dovecot.index.log")
    os.link(log, os.path.join(root, ".imap", "two", "dovecot.index.log.2"))
    os.link(log, os.path.join(root, "foreign"))
    server.chown("alice", root)
    ns = audit(server).namespaces[0]
    # the root, .imap, one, two, and two logs
    assert ns["totals"]["inodes"] == 6


def test_foreign_and_structure(dovecot):
    server = dovecot(location=default_location())
    write_home(server, "alice", ".profile", b"")
    root = server.path("index/%u", "alice")
    make_log(os.path.join(root, "a/b/.imap/box"))
    os.makedirs(os.path.join(root, "empty/empty"))
    os.makedirs(os.path.join(root, "a/b/.imap/box/fts/empty"))
    write(os.path.join(root, "a/b/.imap/box/fts/db"), b"x")
    os.makedirs(os.path.join(root, "control"))
    write(os.path.join(root, "control/dovecot-uidlist"), b"x")
    server.chown("alice", root)
    report = audit(server)
    other = {kind: count["inodes"] for kind, count
             in report.namespaces[0]["other"].items()}
    # the root, a, a/b, .imap, empty twice, fts/empty; fts and db; control
    # with its file
    assert other == {"structure": 7, "foreign": 2, "internal": 2, "nested": 0,
                     "mail": 0}
    entry = report.entries[b"a/b/.imap/box"]
    assert (entry["inodes"], entry["untouched"]) == (2, False)


@pytest.mark.parametrize("index", ["index/%u", None])
def test_full_text_indexes_of_all_mailboxes(dovecot, index):
    """fts_lucene and fts_xapian have them in Dovecot's index root, which for
    mbox is .imap: no mailbox is missing there."""
    server = dovecot(location=default_location(mail="~/mail", index=index))
    write_home(server, "alice", "mail/box", MESSAGE)
    root = server.path(index or "~/mail", "alice")
    make_log(os.path.join(root, ".imap/box"))
    fts = ["lucene-indexes/segments_3", "xapian-indexes/db_1/flintlock"]
    for name in fts:
        path = os.path.join(root, ".imap", name)
        os.makedirs(os.path.dirname(path))
        write(path, b"x")
    server.chown("alice", root)
    report = audit(server)
    assert set(report.entries) == {b".imap/box"}
    # lucene-indexes with its file; xapian-indexes, db_1 with its file
    assert report.namespaces[0]["other"]["foreign"]["inodes"] == 5
    server.doveadm("mailbox-audit", "clean", "-u", "alice", "-a", "0", "-U",
                   "-g", "0", "--force")
    assert all(os.path.exists(os.path.join(root, ".imap", name))
               for name in fts)


@pytest.mark.parametrize("files,untouched", [
    ({"dovecot.index.log": 40}, True),
    ({}, True),
    ({"dovecot.index.log": 39}, False),
    ({"dovecot.index.log": 41}, False),
    ({"dovecot.index": 40}, False),
    ({"dovecot.index.log": 40, "dovecot.index.log.2": 40}, False),
    ({"dovecot.index.log": 40, "dovecot.index.cache": 0}, False),
    ({"dovecot.index.log": 40, "dovecot-keywords": 1}, False),
    ({"dovecot.index.log": 40, "notes": 1}, False),
])
def test_untouched(dovecot, files, untouched):
    server = dovecot(location=default_location())
    write_home(server, "alice", ".profile", b"")
    root = server.path("index/%u", "alice")
    box = os.path.join(root, ".imap", "box")
    os.makedirs(box)
    for name, size in files.items():
        write(os.path.join(box, name), b"\1" * size)
    newest = 0
    for i, name in enumerate(n for n in files if n.startswith("dovecot.in")):
        newest = 1000000000 + i
        os.utime(os.path.join(box, name), (newest, newest))
    server.chown("alice", root)
    entry = audit(server).entries[b".imap/box"]
    assert entry["untouched"] == untouched
    if newest:
        assert entry["mtime"] == newest


def test_no_index_root_is_no_error(dovecot):
    server = dovecot(users=["alice", "bob"])
    for user in ("alice", "bob"):
        report = audit(server, user)
        assert report.entries == {}
        assert report.namespaces[0]["totals"]["inodes"] == 0
        assert not os.path.lexists(server.path("index/%u", user))
    # an empty one is an inode
    os.mkdir(server.path("index/%u", "bob"))
    server.chown("bob", server.path("index/%u", "bob"))
    assert audit(server, "bob").namespaces[0]["totals"]["inodes"] == 1


def test_index_root_behind_a_symlink(dovecot):
    """du of the resolved root; the link itself isn't below."""
    server = dovecot(location=default_location())
    write_home(server, "alice", ".profile", b"")
    real = os.path.join(server.dir, "disk")
    make_log(os.path.join(real, ".imap", "box"))
    server.chown("alice", real)
    os.symlink(real, server.path("index/%u", "alice"))
    ns = audit(server).namespaces[0]
    assert ns["totals"] == {"entries": 1, "inodes": 4,
                            "bytes": run_du(real, "-B1")}
    assert ns["index_root"] == server.path("index/%u", "alice")


def test_files_without_permission_bits_are_counted(dovecot):
    server = dovecot(location=default_location())
    write_home(server, "alice", ".profile", b"")
    root = server.path("index/%u", "alice")
    make_log(os.path.join(root, ".imap", "box"))
    log = os.path.join(root, ".imap", "box", "dovecot.index.log")
    os.chmod(log, 0)
    os.mknod(os.path.join(root, "device"), stat.S_IFCHR | 0o600,
             os.makedev(1, 3))
    server.chown("alice", root)
    assert audit(server).namespaces[0]["totals"]["inodes"] == 5


@pytest.mark.parametrize("source, target, entries", [
    (".", "a/b/c", 1),
    ("a", "a/b", 0),
    ("a/b", "z", 2),
])
def test_a_directory_mounted_below_itself(dovecot, source, target, entries):
    """As for du: below itself not at all, elsewhere once more."""
    server = dovecot(location=default_location())
    write_home(server, "alice", ".profile", b"")
    root = server.path("index/%u", "alice")
    make_log(os.path.join(root, "a/b/.imap/box"))
    for path in ("a/b/c", "z"):
        os.makedirs(os.path.join(root, path))
    server.chown("alice", root)
    target = os.path.join(root, target)
    subprocess.run(["mount", "--bind", os.path.join(root, source), target],
                   check=True)
    try:
        totals = audit(server).namespaces[0]["totals"]
    finally:
        subprocess.run(["umount", target], check=True)
    assert totals["entries"] == entries
