# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What mailbox-audit inspect prints of indexes that hold something of
everything, and of files that can't be read: each line, and what no real index
has in JSON; ages in words; which paths it takes."""

import json
import os
import re
import socket
import struct
import subprocess
import time

import pytest

from audit import write
from test_inspect import VALIDATOR
from test_inspect_broken import MAX32, record

DAY = 86400
MADE = 1700000000
# two fill a line; two others are one too long for it
KEYWORDS = [b"k" * 30, b"l" * 31, b"m" * 31, b"n" * 31, b"a\nb"]
EXTERNAL, DSYNC = 0x10000000, 0x20000000
AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def inspect(*argv, prefix=(), **kwargs):
    return subprocess.run([*prefix, "mailbox-audit", "inspect", *argv],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=600, **kwargs)


def printed(path, *argv, status=1):
    """Returns the lines, without ages."""
    result = inspect(*argv, str(path))
    assert (result.returncode, result.stderr) == (status, b""), result
    return re.sub(r"\d+ [a-z]+ (ago|ahead)", "N ago", result.stdout.decode())


def check_escaped(value):
    """An object says so where one of its own strings has an escape."""
    parts = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict):
        strings = [text for part in parts
                   for text in (part if isinstance(part, list) else [part])
                   if isinstance(text, str)]
        assert ("escaped" in value) == any("\\" in s for s in strings), value
    for part in parts:
        if isinstance(part, (dict, list)):
            check_escaped(part)


def printed_json(*argv, status=1):
    result = inspect("-v", "--json", *map(str, argv))
    assert (result.returncode, result.stderr) == (status, b""), result
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    for line in lines:
        VALIDATOR.validate(line)
        check_escaped(line)
    return lines


def log_header(seq, prev_seq=0, prev_offset=0, modseq=5):
    return struct.pack("=BBHIIIIIQB7x", 1, 3, 40, MADE, seq, prev_seq,
                       prev_offset, MADE + seq, modseq, 1)


def numbers(*values):
    return struct.pack(f"={len(values)}I", *values)


def padded(data):
    return data + bytes(-len(data) % 4)


def append(*uids):
    return record(EXTERNAL | 0x2, b"".join(numbers(uid, 0) for uid in uids))


def header_update(offset, value):
    return record(EXTERNAL | 0x20, struct.pack("=HHI", offset, 4, value))


def intro(name, header=b"", size=0, reset_id=0):
    """An extension with its header."""
    data = record(0x40, struct.pack(
        "=IIIHHHH", MAX32, reset_id, len(header), size, 4 if size else 0, 0,
        len(name)) + padded(name))
    return data if header == b"" else data + \
        record(0x10000, numbers(0, len(header)) + padded(header))


def record_update(*updates):
    return record(0x200, b"".join(numbers(uid) + padded(data)
                                  for uid, data in updates))


def keyword(name, uid):
    return record(0x400, struct.pack("=BBH", 0, 0, len(name)) + padded(name) +
                  numbers(uid, uid))


def flags(kind, uid, add):
    return record(kind | 0x4, struct.pack("=IIBBBx", uid, uid, add, 0, 0))


def cache(*fields):
    """Fields are (name, size, type, decision, last used)."""
    names = b"".join(field[0] + b"\0" for field in fields)
    columns = list(zip(*fields))
    body = numbers(len(fields), *columns[4], *columns[1]) + \
        bytes(columns[2]) + bytes(columns[3]) + names
    return struct.pack("=BBBxIIIIII", 1, 8, 1, MADE, 77, 2, 3, 0, 1) + \
        b"\x80\x80\x80\x88" + numbers(0, len(body) + 8) + body


def write_old(path, data):
    write(str(path), data)
    os.utime(path, (MADE, MADE))


def make_mailbox(top):
    older = log_header(1) + append(1, 2, 3, 4) + header_update(24, 7) + \
        header_update(84, MADE) + header_update(88, 3) + \
        header_update(48, 3) + flags(0, 1, 0x08) + flags(DSYNC, 2, 0x04) + \
        b"".join(keyword(name, 1) for name in KEYWORDS) + \
        record(EXTERNAL | 0xcd91, numbers(4, 4)) + \
        record(0x200000, numbers(0)) + \
        intro(b"dbox-hdr", numbers(9) + bytes(range(16)) + b"\1\0\0\0") + \
        intro(b"box-name", b"a\xff\0b\0") + intro(b"modseq", size=8) + \
        intro(b"sort-s", size=4)
    newer = log_header(3, 1, len(older)) + \
        record(EXTERNAL | 0x20000, numbers(0)) + \
        intro(b"cache", size=4, reset_id=77) + record_update((9, numbers(0)))
    write_old(top / "dovecot.index.log.2", older)
    write_old(top / "dovecot.index.log", newer)
    write_old(top / "dovecot.index.cache", cache(
        (b"flags", 4, 3, 0x82, MADE), (b"hdr.\x1b", MAX32, 4, 1, MADE + 9),
        (b"date.save", 4, 0, 0, 0)))
    write_old(top / "dovecot.index.thread", b"")


def make_list(top):
    names = b"\0" + numbers(1) + b"one\0" + numbers(2) + b"t/\xff\0" + \
        numbers(3) + b"three\0" + numbers(0)
    guid = bytes(range(16))
    write_old(top / "dovecot.list.index.log", log_header(2) + record(
        EXTERNAL | 0x2, numbers(1, 0, 2, 255, 3, 0, 4, 0)) +
        header_update(24, 7) + intro(b"list", names, 28) + record_update(
            (1, numbers(1, 0) + guid + numbers(6)),
            (2, numbers(2, 1) + guid + numbers(MAX32)),
            (3, numbers(3, 77) + guid[::-1] + numbers(8)),
            (4, numbers(9, 1) + guid + numbers(9))) +
        intro(b"msgs", size=16) + record_update(
            (1, numbers(5, 4, 3, 6)), (2, numbers(0, 0, 0, 0)),
            (4, numbers(MAX32, MAX32, MAX32, MAX32))))


TEXT = """\
index             TOP/dovecot.index
use               somebody changed flags or expunged messages (changed)
  then or later   N ago (2023-11-14T22:13:21Z, 1700000001) by change
  nothing before  N ago (2023-11-14T22:13:20Z, 1700000000)
deleted           Dovecot has deleted this mailbox
messages          3: 1 seen, 1 deleted, 1 recent
  newest came on  N ago (2023-11-14T22:13:20Z, 1700000000)
next UID          5, first recent 3, UID validity 7, modseq 5
GUID              000102030405060708090a0b0c0d0e0f
stored name       a\\xff/b
keywords          kkkkkkkkkkkkkkkkkkkkkkkkkkkkkk llllllllllllllllllllllllllllll\
l
                  mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm
                  nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn a\\x0ab
extensions        keywords dbox-hdr box-name modseq sort-s cache
problem           a record is changed whose UID isn't lower than \
next_uid (log 3, offset 88)
log made          N ago (2023-11-14T22:13:23Z, 1700000003), number 3
                  after 1
  written         104 bytes, N ago (2023-11-14T22:13:20Z, 1700000000)
  wished+done     index-deleted:0+1 bookkeeping:2+0
older log made    N ago (2023-11-14T22:13:21Z, 1700000001), number 1
  written         652 bytes, N ago (2023-11-14T22:13:20Z, 1700000000)
  wished+done     expunge:0+1 append:0+1 flag-update:2+0 keyword-update:5+0
                  unknown:1+0 bookkeeping:6+4 by-clients:6 by-dsync:1
cache             96 bytes, 3 fields, 3 records, 2 continued, 1 deleted
  keeps           flags
  keeps a while   hdr.\\x1b
  last used       hdr.\\x1b N ago (2023-11-14T22:13:29Z, 1700000009)
threads           0 bytes, N ago (2023-11-14T22:13:20Z, 1700000000)
violated          TOP/dovecot.index.log.2 at 432: a transaction of \
unknown type 0x200000
violated          TOP/dovecot.index.log at 88: a record is changed \
whose UID isn't lower than next_uid: 9, 5
index             TOP/dovecot.list.index
extensions        list msgs
problem           a mailbox has no name, or no place in the list
log made          N ago (2023-11-14T22:13:22Z, 1700000002), number 2
  written         412 bytes, N ago (2023-11-14T22:13:20Z, 1700000000)
  wished+done     append:0+1 bookkeeping:5+1
mailboxes         4, each with GUID, UID validity and flags
mailbox           one
                  5 messages, 4 unseen, 3 recent, next UID 6
                  000102030405060708090a0b0c0d0e0f 6
mailbox           one/t/\\xff
                  messages unknown
                  000102030405060708090a0b0c0d0e0f 4294967295 noinferiors
                  sync-exists nonexistent corrupted-name noselect \
0x20 0x40 0x80
mailbox           three
                  messages unknown
                  0f0e0d0c0b0a09080706050403020100 8
mailbox           one/?
                  4294967295 messages, 4294967295 unseen, 4294967295 \
recent, next UID 4294967295
                  000102030405060708090a0b0c0d0e0f 9
violated          TOP/dovecot.list.index.log at 0: mailbox 3: its \
parent 77 leads to no root
violated          TOP/dovecot.list.index.log at 0: mailbox 4: there \
is no name 9
index             TOP/dovecot.map.index
messages          1: 0 seen, 0 deleted, 1 recent
next UID          2, first recent 1, UID validity 7, modseq 6
log made          N ago (2023-11-14T22:13:21Z, 1700000001), number 1
  written         72 bytes, N ago (2023-11-14T22:13:20Z, 1700000000)
  wished+done     append:0+1 bookkeeping:0+1
verified          nothing contradicts itself
"""


@pytest.fixture
def everything(tmp_path):
    make_mailbox(tmp_path)
    make_list(tmp_path)
    write_old(tmp_path / "dovecot.map.index.log", log_header(1) +
              header_update(24, 7) + append(1))
    return str(tmp_path)


def test_text(everything):
    assert printed(everything, "--verify").replace(everything, "TOP") == TEXT
    # without --verify the problems are told all the same
    assert printed(everything).replace(everything, "TOP").splitlines() == \
        [line for line in TEXT.splitlines()
         if not line.startswith(("violated", "verified"))]


def test_json(everything):
    box, names, mails = printed_json(everything)
    assert (box["problem"]["log_file_seq"], box["problem"]["offset"]) == (3, 88)
    assert box["violations"] == [{
        "file": everything + "/dovecot.index.log.2", "offset": 432,
        "violated": "a transaction of unknown type 0x200000"}, {
        "file": everything + "/dovecot.index.log", "offset": 88,
        "violated": box["problem"]["text"] + ": 9, 5"}]
    state = box["state"]
    assert state["is_deleted"] and state["escaped"] and state["recent"] == 1
    assert [(ext["name"], ext["box_name"]) for ext in state["extensions"]
            if "escaped" in ext] == [("box-name", "a\\xff/b")]
    assert state["extensions"][1]["header"] == {
        "rebuild_count": 9, "mailbox_guid": bytes(range(16)).hex(), "flags": 1}
    assert [t["code"] for t in box["files"]["log2"]["transactions"]
            if t["type"] == "unknown"] == [0x200000]
    fields = box["files"]["cache"]["fields"]
    assert [(f["name"], f["size"], f["forced"], "escaped" in f, f["last_used"])
            for f in fields] == [
                ("flags", 4, True, False, MADE),
                ("hdr.\\x1b", None, False, True, MADE + 9),
                ("date.save", 4, False, False, None)]
    assert box["files"]["thread"] == {"size": 0, "mtime": MADE, "error": None}
    assert box["evidence"] == {
        "level": "changed", "last_used": MADE + 1, "proof": "change",
        "proof_name": None, "since": MADE, "not_opened_since": None}
    assert names["evidence"] is None and mails["evidence"] is None
    assert names["problem"]["log_file_seq"] == names["problem"]["offset"] == 0
    assert [b["name"] for b in names["mailboxes"]] == \
        ["one", "one/t/\\xff", "three", "one/?"]
    assert [b["recent"] for b in names["mailboxes"]] == [3, None, None, MAX32]
    assert names["mailboxes"][1]["flags"] == [
        "noinferiors", "sync-exists", "nonexistent", "corrupted-name",
        "noselect", "0x20", "0x40", "0x80"]
    assert mails["mailboxes"] is None and mails["violations"] == []


LITTLE = """\
index             TOP/dovecot.index
use               somebody changed flags or expunged messages (changed)
  then or later   N ago (2023-11-14T22:13:20Z, 1700000000) by change
  nothing before  N ago (2023-11-14T22:13:20Z, 1700000000)
messages          1: 1 seen, 0 deleted, 1 recent
next UID          2, first recent 1, UID validity 7
log made          N ago (2023-11-14T22:13:22Z, 1700000002), number 2
  written         52 bytes, N ago (2023-11-14T22:13:20Z, 1700000000)
  wished+done     index-undeleted:0+1
older log made    N ago (2023-11-14T22:13:21Z, 1700000001), number 1
  written         92 bytes, N ago (2023-11-14T22:13:20Z, 1700000000)
  wished+done     append:0+1 flag-update:1+0 bookkeeping:0+1 by-clients:1
cache             60 bytes, 1 fields, 3 records, 2 continued, 1 deleted
  keeps           flags
"""


def test_what_is_not_there_is_not_mentioned(tmp_path):
    """There is no modseq, no log is missing between the two, no field was used,
    and there was one change."""
    older = log_header(1, modseq=0) + header_update(24, 7) + append(1) + \
        flags(0, 1, 0x08)
    write_old(tmp_path / "dovecot.index.log.2", older)
    write_old(tmp_path / "dovecot.index.log",
              log_header(2, 1, len(older), modseq=0) +
              record(EXTERNAL | 0x40000, numbers(0)))
    write_old(tmp_path / "dovecot.index.cache", cache((b"flags", 4, 3, 2, 0)))
    assert printed(tmp_path, status=0).replace(str(tmp_path), "TOP") == LITTLE


def make_unreadable(top):
    """One file after another, each wrong in its own way."""
    index = struct.pack("=BBHIIB3x", 7, 3, 120, 120, 8, 1) + bytes(104)
    write_old(top / "dovecot.index", b"\6" + index[1:])
    os.mkfifo(top / "dovecot.index.log")
    os.truncate(os.open(top / "dovecot.index.log.2", os.O_CREAT | os.O_WRONLY),
                1 << 40)
    os.symlink("target", top / "dovecot.index.cache")
    os.mkdir(top / "dovecot.index.thread")
    write_old(top / "dovecot.list.index", index[:99])
    write_old(top / "dovecot.list.index.log", log_header(1)[:39])
    # the index of a machine of the other kind; the log is of this one
    write_old(top / "dovecot.map.index", struct.pack(
        ">BBHIIB3x", 7, 3, 120, 120, 8, 0) + bytes(104))
    write_old(top / "dovecot.map.index.log", log_header(1) + append(1))


UNREADABLE = """\
index             TOP/dovecot.index
use               it can't be told (unknown)
unknown           a file couldn't be read
error             TOP/dovecot.index: Its major version isn't 7
error             open(TOP/dovecot.index.log) failed: it is no regular file
error             read(TOP/dovecot.index.log.2) failed: it is larger than an \
index of Dovecot's gets
error             open(TOP/dovecot.index.cache) failed: it is a symbolic link
error             open(TOP/dovecot.index.thread) failed: it is no regular file
violated          TOP/dovecot.index at 0: Its major version isn't 7: \
major_version 6, base_header_size 120, header_size 120, record_size 8, the \
file has 120 bytes
violated          TOP/dovecot.index.log at 0: a file couldn't be read
index             TOP/dovecot.list.index
unknown           It is shorter than an index's header
error             TOP/dovecot.list.index: It is shorter than an index's header
error             TOP/dovecot.list.index.log: hdr_size is more than the \
file's size
violated          TOP/dovecot.list.index at 0: It is shorter than an index's \
header: major_version 0, base_header_size 0, header_size 0, record_size 0, \
the file has 99 bytes
violated          TOP/dovecot.list.index.log at 0: hdr_size is more than the \
file's size: major_version 1, hdr_size 40, the file has 39 bytes
index             TOP/dovecot.map.index
unknown           It was written by a machine with the other endianness
error             TOP/dovecot.map.index: It was written by a machine with \
the other endianness
log made          N ago (2023-11-14T22:13:21Z, 1700000001), number 1
  written         56 bytes, N ago (2023-11-14T22:13:20Z, 1700000000)
  wished+done     append:0+1
violated          TOP/dovecot.map.index at 0: It was written by a machine \
with the other endianness: major_version 7, base_header_size 30720, \
header_size 2013265920, record_size 134217728, the file has 120 bytes
"""


def test_what_cant_be_read(tmp_path):
    make_unreadable(tmp_path)
    assert printed(tmp_path, "-v").replace(str(tmp_path), "TOP") == UNREADABLE
    box, names, mails = printed_json(tmp_path)
    assert [line["result"] for line in (box, names, mails)] == ["unknown"] * 3
    assert {name: file["error"].replace(str(tmp_path), "TOP")
            for name, file in box["files"].items()} == dict(zip(
                ("index", "log", "log2", "cache", "thread"),
                [line[18:] for line in UNREADABLE.splitlines()
                 if line.startswith("error")]))
    assert names["files"]["index"]["error"] and \
        not mails["files"]["log"]["error"]


@pytest.mark.parametrize("ago, words", [
    (47 * 3600 + 1800, "47 hours ago"), (49 * 3600, "2 days ago"),
    (119 * 60, "119 minutes ago"), (121 * 60, "2 hours ago"),
    (150, "2 minutes ago"), (-49 * 3600, "2 days ahead"),
    (-5 * DAY - 1800, "5 days ahead")])
def test_ages(ago, words, tmp_path):
    path = tmp_path / "dovecot.index.log"
    write(str(path), log_header(1))
    stamp = int(time.time()) - ago
    os.utime(path, (stamp, stamp))
    assert f"  written         40 bytes, {words} (" in \
        inspect(str(tmp_path)).stdout.decode()


def test_seconds(tmp_path):
    write(str(tmp_path / "dovecot.index.log"), log_header(1))
    assert re.search(r"  written         40 bytes, \d+ seconds? ago \(",
                     inspect(str(tmp_path)).stdout.decode())


FILLED = log_header(1) + header_update(24, 7) + append(1)


@pytest.mark.parametrize("level, words, log, last_used", [
    ("untouched", "nothing is in it but what LIST leaves", log_header(1), 0),
    ("empty", "it never had a message, so that use leaves no trace",
     log_header(1) + header_update(24, 7), 0),
    ("never-opened", "no proof that somebody selected it", FILLED, 0),
    ("opened", "somebody selected it", FILLED + header_update(48, 2), 0),
    ("read", "somebody read messages",
     FILLED + intro(b"cache", size=4, reset_id=77), MADE + 2 * DAY),
    ("unknown", "it can't be told", b"", 0)])
def test_levels(level, words, log, last_used, tmp_path):
    write_old(tmp_path / "dovecot.index.log", log)
    if last_used > 0:
        write_old(tmp_path / "dovecot.index.cache",
                  cache((b"hdr.\xff", MAX32, 4, 2, last_used)))
    status = 1 if level == "unknown" else 0
    text = printed(tmp_path, status=status)
    assert f"\nuse               {words} ({level})\n" in text
    line, = printed_json(tmp_path, status=status)
    assert line["evidence"]["level"] == level
    assert line["evidence"]["proof_name"] == \
        (None if last_used == 0 else "hdr.\\xff")
    assert (" by cache-field hdr.\\xff\n" in text) == (last_used > 0)


def test_messages_that_nobody_selected(tmp_path):
    write_old(tmp_path / "dovecot.index.log",
              FILLED + header_update(84, MADE) + header_update(88, 1))
    assert "\n  unopened since  N ago (2023-11-14T22:13:20Z, 1700000000)\n" \
        in printed(tmp_path, status=0)


@pytest.mark.parametrize("stamp", [-1 << 63, 1 - (1 << 63), -5, 0, 1 << 32,
                                   1 << 40, (1 << 63) - 1])
def test_times_that_no_clock_has(stamp, tmp_path):
    """Who owns a file may give it any. The proof stays, its time doesn't."""
    for name, data in ((".log", log_header(1) + header_update(24, 7) +
                        append(1) + flags(0, 1, 0x08)), (".thread", b"")):
        write(str(tmp_path / f"dovecot.index{name}"), data)
        subprocess.run(["touch", "-d", f"@{stamp}",
                        tmp_path / f"dovecot.index{name}"], check=False)
    line, = printed_json(tmp_path, status=0)
    written = os.stat(tmp_path / "dovecot.index.log").st_mtime_ns // 10**9
    assert (line["files"]["log"]["mtime"] or 0) == written
    assert line["evidence"]["level"] == "changed"
    if not 0 <= written < 1 << 32:
        assert line["evidence"]["last_used"] == MADE
    assert f", {written})" in printed(tmp_path, status=0)


def index_header(indexid=MADE, log_seq=1, log_offset=40, uid_validity=7):
    return struct.pack("=BBHIIB3x", 7, 3, 120, 120, 8, 1) + \
        numbers(indexid, 0, uid_validity, 1, 0, 0, 0, 0, 1, 0, 0, log_seq,
                log_offset, log_offset) + bytes(48)


@pytest.mark.parametrize("broken", [".log", ".log.2"])
def test_logs_that_the_state_does_not_need(broken, tmp_path):
    """The index begins after what is broken, and there are no modseqs."""
    log = log_header(1, modseq=0) + b"\x80\x80\x80\x81" + bytes(4)
    write_old(tmp_path / f"dovecot.index{broken}", log + append(1))
    if broken == ".log":
        write_old(tmp_path / "dovecot.index", index_header(log_offset=48))
    else:
        write_old(tmp_path / "dovecot.index.log", log_header(2) + append(1))
    text = printed(tmp_path)
    assert "a transaction is smaller than its header (log 1, offset 40)" in text
    line, = printed_json(tmp_path)
    assert line["result"] == "ok" and line["state"]["messages"] == 1


@pytest.mark.parametrize("modseq", [(1 << 32) + 1, (1 << 63) - 1, 1 << 63,
                                    (1 << 64) - 1])
def test_numbers_of_64_bits(modseq, tmp_path):
    """IMAP has 63; a number with more is none."""
    write_old(tmp_path / "dovecot.index.log", log_header(1, modseq=modseq))
    line, = printed_json(tmp_path, status=0)
    known = modseq if modseq < 1 << 63 else None
    assert line["files"]["log"]["initial_modseq"] == known
    assert line["state"]["modseq"] == known


def test_a_log_that_does_not_continue_the_index(tmp_path):
    """Nobody is writing: the state is what Dovecot makes of it."""
    write_old(tmp_path / "dovecot.index", index_header(log_seq=2))
    write_old(tmp_path / "dovecot.index.log", log_header(3, 1, 40) + append(1))
    text = "the log doesn't continue the index"
    assert f"\nproblem           {text} (log 3, offset 12)\n" in \
        printed(tmp_path)
    line, = printed_json(tmp_path)
    assert (line["result"], line["state"]["messages"]) == ("ok", 1)
    assert line["problem"]["text"] == text
    assert [(v["file"], v["offset"], v["violated"])
            for v in line["violations"]] == [(
                f"{tmp_path}/dovecot.index.log", 12, f"{text}: 1, 2")]


def test_a_problem_of_the_index_file(tmp_path):
    write_old(tmp_path / "dovecot.index", index_header())
    assert "\nproblem           its log is missing (index file, offset 60)\n" \
        in printed(tmp_path)
    line, = printed_json(tmp_path)
    assert line["problem"] == {"text": "its log is missing",
                               "log_file_seq": 0, "offset": 60}


@pytest.mark.parametrize("suffix", ["", ".log", ".log.2", ".cache",
                                    ".thread"])
def test_an_index_of_one_file(suffix, tmp_path):
    """Nothing is known without a log; that alone is a status."""
    data = {"": index_header(), ".cache": cache((b"flags", 4, 3, 2, 0)),
            ".thread": b""}
    write_old(tmp_path / f"dovecot.index{suffix}",
              data.get(suffix, log_header(1)))
    text = printed(tmp_path, status=int(suffix != ".log"))
    assert text.startswith(f"index             {tmp_path}/dovecot.index\n")
    assert text.count("\nunknown ") == int(suffix not in ("", ".log"))


HEALTHY = log_header(1) + header_update(24, 7) + append(1)


@pytest.mark.parametrize("suffix, make, violated", [
    (".cache", os.mkdir, False), (".thread", os.mkdir, False),
    (".cache", lambda path: write_old(path, b"\7" * 40), False),
    (".log", lambda path: write_old(path, log_header(1) + append(1)), True),
    (".log", lambda path: write_old(path, HEALTHY), None)])
def test_one_thing_that_is_wrong(suffix, make, violated, tmp_path):
    """The state is known all the same."""
    write_old(tmp_path / "dovecot.index.log", HEALTHY)
    make(tmp_path / f"dovecot.index{suffix}")
    # what contradicts itself is looked for if that is asked for
    text = printed(tmp_path, status=int(violated is False))
    assert "\nmessages          1: " in text and "\nproblem" not in text
    printed(tmp_path, "-v", status=int(violated is not None))


def test_a_list_whose_names_make_no_sense(tmp_path):
    names = b"\0" + numbers(2) + b"two\0" + numbers(1) + b"one\0" + numbers(0)
    write_old(tmp_path / "dovecot.list.index.log",
              log_header(1) + intro(b"list", names, 28))
    assert "\nproblem           the names' ids don't ascend\n" in \
        printed(tmp_path)


def make_paths(top):
    """Returns a directory with an index, in one that has odd things."""
    box = top / "new\nline\x1b"
    box.mkdir()
    write_old(box / "dovecot.index.log", log_header(1))
    write_old(box / "other.log.2", log_header(1))
    os.mkfifo(top / "fifo")
    os.mkfifo(box / "fifo")
    (top / "empty").mkdir()
    (top / "link").symlink_to(box)
    (top / "loop").symlink_to("loop")
    (top / "dangling").symlink_to("none")
    with socket.socket(socket.AF_UNIX) as bound:
        os.chdir(top)
        bound.bind("socket")
    (top / "-").symlink_to(box)
    return "new\nline\x1b"


def test_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    box = make_paths(tmp_path)
    # what stands for what: (path, directory, index)
    for path, directory, index in [
            (box, box, "dovecot.index"), (box + "//", box, "dovecot.index"),
            ("link", "link", "dovecot.index"), ("-", "-", "dovecot.index"),
            (box + "/dovecot.index", box, "dovecot.index"),
            (box + "/dovecot.index.log.2", box, "dovecot.index"),
            (box + "/dovecot.index.cache", box, "dovecot.index"),
            (box + "/dovecot.index.thread", box, "dovecot.index"),
            (box + "/other", box, "other"), (box + "/other.log", box, "other")]:
        # an older log alone is nothing to Dovecot
        line, = printed_json("--", path, status=int(index == "other"))
        assert (line["directory"], line["index"]) == \
            (directory.replace("\n", "\\x0a").replace("\x1b", "\\x1b"), index)
        assert ("escaped" in line) == (directory == box)
    for path, error in [
            ("", "open() failed: No such file"), ("empty", "empty holds no"),
            ("none\n", "open(none\\x0a) failed: No such file"),
            (box + "/dovecot.list.index", "list.index) failed: No such file"),
            ("loop/x", "stat(loop/x) failed: Too many levels"),
            ("fifo/", "stat(fifo/) failed: Not a directory")]:
        result = inspect("--", path)
        assert (result.returncode, result.stdout) == (os.EX_NOINPUT, b"")
        assert error in result.stderr.decode(), result
    printed_json("--", box + "/fifo")
    for path in "fifo", "socket", "dangling", "/dev/null", "/dev/tty":
        assert "failed: it is " in printed(path)
    # a path that fails doesn't hide others, whatever the order
    for paths in (["none", box], [box, "none"], ["fifo", "none", box]):
        result = inspect("-j", *paths)
        assert result.returncode == os.EX_NOINPUT
        assert result.stdout.splitlines()[-1].startswith(b'{"version":1')
    assert inspect("-j", "fifo", box).returncode == 1
    # an empty line stands between two that are there, and nowhere else
    for paths, count in [([box, box], 2), (["none", box, "none", box], 2),
                         (["none", box], 1), ([box, "none"], 1)]:
        heads = [line[:6] for line in inspect(*paths).stdout.splitlines()
                 if line == b"" or line.startswith(b"index ")]
        assert heads == [b"index ", b"", b"index "][:2 * count - 1]


def test_directories_that_are_closed(tmp_path):
    """What isn't allowed to be seen isn't said to be missing."""
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents:
        if parent.stat().st_mode & 1 == 0:
            parent.chmod(parent.stat().st_mode | 1)
    for name, mode in (("list", 0o644), ("nothing", 0o311)):
        (tmp_path / name).mkdir()
        write_old(tmp_path / name / "dovecot.index.log", log_header(1))
        (tmp_path / name).chmod(mode)
    for path, error in [
            ("list", "stat({}/dovecot.index) failed: Permission denied"),
            ("list/dovecot.index", "stat({}) failed: Permission denied"),
            ("nothing", "open({}) failed: Permission denied"),
            ("nothing/dovecot.index", "open({}) failed: Permission denied")]:
        path = str(tmp_path / path)
        result = inspect(path, prefix=AS_NOBODY)
        assert (result.returncode, result.stdout) == (os.EX_NOINPUT, b"")
        assert error.format(path) in result.stderr.decode() or \
            error.format(os.path.dirname(path)) in result.stderr.decode()
