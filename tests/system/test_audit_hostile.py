# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The owner of the trees changes them while they are walked."""

import ctypes
import os
import threading

import pytest

from audit import default_location, make_log, MESSAGE, utility, write
from oracle import Report

RENAME_EXCHANGE = 2
AT_FDCWD = -100
LIBC = ctypes.CDLL(None, use_errno=True)
RUNS = 60


def exchange(path1, path2):
    """Swaps two names at once."""
    if LIBC.renameat2(AT_FDCWD, os.fsencode(path1), AT_FDCWD,
                      os.fsencode(path2), RENAME_EXCHANGE) < 0:
        raise OSError(ctypes.get_errno(), path1)


class Swapping:
    """Calls a function over and over while a test runs."""

    def __init__(self, swap):
        self.swap = swap
        self.count = 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stop.is_set():
            self.swap()
            self.count += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.stop.set()
        self.thread.join()
        assert self.count > RUNS


def outside(server):
    """A tree that the audit must not count."""
    top = os.path.join(server.dir, "outside")
    make_log(os.path.join(top, ".imap", "secret"))
    for i in range(100):
        make_log(os.path.join(top, ".imap", f"secret{i}"))
    # the links in a deep path lead to this as well
    make_log(os.path.join(top, "x/.imap/secret"))
    return top


@pytest.mark.parametrize("levels", [1, 60])
def test_directories_become_symlinks(dovecot, levels):
    """No look outside of the index root, whatever is swapped when."""
    server = dovecot(location=default_location())
    root = server.path("index/%u", "alice")
    path = os.path.join(root, *["x"] * levels)
    for i in range(20):
        make_log(os.path.join(path, ".imap", f"box{i}"))
    make_log(os.path.join(root, ".imap", "box"))
    os.symlink(outside(server), os.path.join(root, "link"))
    server.chown("alice", root)
    swapped = os.path.join(root, *["x"] * (levels // 2 + 1))
    seen = set()
    with Swapping(lambda: exchange(swapped, root + "/link")):
        # on a busy machine it may take longer to meet both
        runs = 0
        while runs < RUNS or (len(seen) == 1 and runs < 20 * RUNS):
            runs += 1
            report = Report(utility(server, "alice", "-e", "-j",
                                    check=False))
            assert report.status in (os.EX_OK, os.EX_IOERR), report.stderr
            totals = report.namespaces[0]["totals"]
            assert not any(b"secret" in p for p in report.entries)
            # the tree may be met twice, under both names
            assert totals["inodes"] <= 4 + 2 * (levels + 1 + 40)
            seen.add(totals["inodes"])
    assert len(seen) > 1


def test_files_and_directories_come_and_go(dovecot):
    server = dovecot(location=default_location())
    root = server.path("index/%u", "alice")
    home = server.users["alice"].home
    for i in range(50):
        make_log(os.path.join(root, f"d{i}", ".imap", "box"))
        os.mkdir(f"{home}/d{i}")
        write(f"{home}/d{i}/box", MESSAGE)
    for top in (root, home):
        server.chown("alice", top)
    position = 0

    def churn():
        nonlocal position
        position = (position + 1) % 50
        name = f"d{position}"
        os.rename(f"{root}/{name}", f"{root}/away")
        os.rename(f"{root}/away", f"{root}/{name}")
        os.rename(f"{home}/{name}/box", f"{home}/{name}/b")
        os.rename(f"{home}/{name}/b", f"{home}/{name}/box")

    with Swapping(churn):
        for _ in range(RUNS):
            report = Report(utility(server, "alice", "-e", "-j",
                                    check=False))
            assert report.status in (os.EX_OK, os.EX_IOERR), report.stderr
            assert {(e["state"], e["reason"])
                    for e in report.entries.values()} <= {
                ("mailbox", None), ("missing", None), ("unknown", "error")}
    report = Report(utility(server, "alice", "-e", "-j"))
    assert report.namespaces[0]["states"]["mailbox"]["entries"] == 50


def test_mail_directories_become_symlinks(dovecot):
    """On the mail side links are followed, as Dovecot does: what is there is
    one or the other, and never a crash."""
    server = dovecot(location=default_location())
    root = server.path("index/%u", "alice")
    home = server.users["alice"].home
    make_log(os.path.join(root, *["x"] * 40, ".imap", "box"))
    os.makedirs(os.path.join(home, *["x"] * 40))
    write(os.path.join(home, *["x"] * 40, "box"), MESSAGE)
    os.symlink("nowhere", home + "/link")
    for top in (root, home):
        server.chown("alice", top)
    swapped = os.path.join(home, *["x"] * 10)
    with Swapping(lambda: exchange(swapped, home + "/link")):
        for _ in range(RUNS):
            report = Report(utility(server, "alice", "-e", "-j",
                                    check=False))
            assert report.status in (os.EX_OK, os.EX_IOERR), report.stderr
            entry, = report.entries.values()
            assert (entry["state"], entry["reason"]) in (
                ("mailbox", None), ("unknown", "symlink"),
                ("unknown", "error"))
