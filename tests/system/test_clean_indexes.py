# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What is in an index tells whose it is: what can't be understood may be
anybody's."""

import os
import shutil
import signal
import struct

import pytest

from audit import (MESSAGE, as_user, entries, json_lines, location_options,
                   report, write)
from cleaning import LOG_UPDATE, clean, removed
from corpus import description
from dovecot import Location
from imap import literal


def change(name, offset, data):
    """Returns what writes into a file of an index."""
    def write_at(path):
        with open(f"{path}/dovecot.index{name}", "r+b") as f:
            f.seek(offset)
            f.write(data)
    return write_at


def cut(name, size):
    return lambda path: os.truncate(f"{path}/dovecot.index{name}", size)


def append(name, data):
    def write_more(path):
        with open(f"{path}/dovecot.index{name}", "ab") as f:
            f.write(data)
    return write_more


def remove(name):
    return lambda path: os.unlink(f"{path}/dovecot.index{name}")


# What is done to an index that Dovecot wrote: its name in the table is that of
# the mailbox.
UNCLEAR = {
    "version": change("", 0, b"\x08"),
    "version-of-log": change(".log", 0, b"\x02"),
    "byte-order": change("", 12, b"\x00"),
    "new-flag": change("", 12, b"\x03"),
    "byte-order-of-log": change(".log", 32, b"\x00"),
    "corrupt": change("", 20, b"\x01"),
    "corrupt-log": change(".log", 4, bytes(4)),
    "empty": cut("", 0),
    "empty-log": cut(".log", 0),
    "short": cut("", 50),
    "short-log": cut(".log", 30),
    "garbage": change("", 0, b"garbage" * 20),
    # a type that no Dovecot has written so far
    "new-record": append(".log", struct.pack("=4BI", 0x80, 0x80, 0x80, 0x82,
                                             0x08000000)),
    "torn": append(".log", LOG_UPDATE[:-4]),
    "large": cut("", 300 << 20),
}
CLEAR = {
    "as-it-was": lambda path: None,
    "one-more-record": append(".log", LOG_UPDATE),
    # a clean that was killed leaves it so
    "no-log": remove(".log"),
    # a full disk does
    "nothing": lambda path: [os.truncate(file.path, 0)
                             for file in os.scandir(path)
                             if file.name.startswith("dovecot.index")],
    "other-cache": change(".cache", 0, b"\x77"),
}


@pytest.mark.parametrize("layout", ["maildir++", "fs"])
def test_what_is_not_understood_is_nobodys(dovecot, layout):
    server = dovecot(location=Location("maildir", "~/Maildir", layout=layout,
                                       index="index/%u"))
    root = server.path("index/%u", "alice")
    dot = "." if layout == "maildir++" else ""
    with server.imap("alice") as imap:
        imap.ok("CREATE box")
        imap.ok("APPEND box", literal(MESSAGE))
        imap.ok("SELECT box")
        # enough for an index file
        for i in range(300):
            imap.ok(f"STORE 1 FLAGS (keyword-with-a-long-name-{i % 20})")
    server.restart()
    box = f"{root}/{dot}box"
    assert os.path.exists(f"{box}/dovecot.index")
    for name, damage in {**UNCLEAR, **CLEAR}.items():
        shutil.copytree(box, f"{root}/{dot}{name}")
        damage(f"{root}/{dot}{name}")
    server.chown("alice", root)
    found = entries(json_lines(server.doveadm(
        "mailbox-audit", "-u", "alice", "-e", "-j").stdout))
    assert {name: entry["reason"] for name, entry in found.items()
            if entry["state"] == "unknown"} == \
        dict.fromkeys(UNCLEAR, "not-understood")
    lines = clean(server, "alice", "-U", "-g", "0", "-f")
    assert removed(lines) == set(CLEAR)
    [namespace] = report(lines)["namespaces"]
    assert namespace["clean"]["kept"]["unknown"]["entries"] == len(UNCLEAR)


def read_all(path):
    files = {}
    for file in os.scandir(path):
        with open(file.path, "rb") as f:
            files[file.name] = f.read()
    return files


def write_all(server, path, files):
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    for name, data in files.items():
        write(f"{path}/{name}", data)
    server.chown("alice", path)


def rotated(server, path):
    """Returns a mailbox's index as a disk leaves it that had space for another
    log, but not for the index: that goes on in the older log."""
    before, index = None, b""
    with server.imap("alice") as imap:
        imap.ok("CREATE box")
        imap.ok("APPEND box", literal(MESSAGE))
        imap.ok("SELECT box")
        imap.ok("FETCH 1 (ENVELOPE)")
        while not before or index == before:
            before = index
            for i in range(20):
                imap.ok(f"STORE 1 FLAGS (keyword-{i})")
            index = read_all(path).get("dovecot.index", b"")
    server.restart()
    return {**read_all(path), "dovecot.index": before}


def test_what_a_killed_clean_leaves(dovecot):
    """The next one takes it; if the mailbox is made anew, Dovecot has nothing
    to complain of."""
    server = dovecot(**description("mbox"))
    top = server.path("index/%u/.imap", "alice")
    mail = server.path("~/mail", "alice")
    files = rotated(server, f"{top}/box")
    os.rename(f"{mail}/box", f"{mail}/other")
    for when in range(1, len(files) + 2):
        write_all(server, f"{top}/box", files)
        done = as_user(
            server, "alice", "mailbox-audit", "clean", "-a", "0", "-U", "-g",
            "0", "-f", *location_options(server, "alice", server.location),
            prefix=["strace", "-f", "-o", "/dev/null", "-e",
                    f"inject=unlinkat:signal=KILL:when={when}"])
        assert done.returncode == -signal.SIGKILL
        os.rename(f"{top}/box", f"{server.dir}/rest-{when}")
    names = [f"rest-{when}" for when in range(1, len(files) + 2)]
    assert [len(os.listdir(f"{server.dir}/{name}")) for name in names] == \
        [4, 3, 2, 1, 0]
    for name in names:
        shutil.copytree(f"{server.dir}/{name}", f"{top}/{name}")
    server.chown("alice", top)
    assert removed(clean(server, "alice", "-U", "-g", "0", "-f")) >= set(names)
    for name in names:
        shutil.move(f"{server.dir}/{name}", f"{top}/{name}")
        shutil.copy(f"{mail}/other", f"{mail}/{name}")
    server.chown("alice", top)
    server.chown("alice", mail)
    with server.imap("alice") as imap:
        for name in names:
            imap.ok(f"SELECT {name}")
            imap.ok("STORE 1 FLAGS (keyword)")
    assert server.errors() == []
