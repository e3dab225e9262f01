# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What is in an index tells whose it is: what can't be understood may be
anybody's."""

import os
import shutil
import struct

import pytest

from audit import MESSAGE, entries, json_lines, report
from cleaning import LOG_UPDATE, clean, removed
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
