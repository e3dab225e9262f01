# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""mailbox-audit inspect on files that are broken or were made to harm: it
answers, or names what is wrong; it doesn't wait, and takes no memory for what a
file merely claims to hold. The unit tests break the decoders' bytes."""

import json
import os
import pathlib
import re
import resource
import shutil
import struct
import subprocess
import threading

import pytest

import corpus
from audit import entries, json_lines, utility, write
from test_inspect import VALIDATOR

MEMORY = 64 << 20
MAX32 = 0xffffffff
VALUES = [0, 1, MAX32 - 1, MAX32]
# where a 32-bit length, offset, count or id stands: of index, log, cache
FIELDS = {
    "": [0, 4, 8, 12, 16, 28, 32, 40, 44, 48, 60, 64, 68] +
    list(range(120, 200, 4)),
    ".log": list(range(0, 40, 4)) + list(range(40, 240, 4)),
    ".cache": list(range(0, 60, 4)),
}


def limited():
    """What the program may have, its code and libraries not counted."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def answer(*paths):
    """Returns the lines of one run; it ends by itself with one of its own
    statuses."""
    result = subprocess.run(["mailbox-audit", "inspect", "-v", "-j", *paths],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, preexec_fn=limited)
    assert result.returncode in (0, 1), result
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    for line in lines:
        VALIDATOR.validate(line)
    assert len(lines) == len(paths)
    return lines


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    """A directory with an index of which each file holds something: that of
    tests/index which has an index file, beside the cache of another one."""
    cases = os.path.join(os.path.dirname(__file__), "..", "index")
    top = tmp_path_factory.mktemp("healthy")
    for suffix in ("", ".log"):
        shutil.copy(f"{cases}/list-mbox/dovecot.list.index{suffix}",
                    top / f"dovecot.index{suffix}")
    shutil.copy(f"{cases}/fetched-sdbox/dovecot.index.cache", top)
    return str(top)


def variants(healthy, suffix, where):
    """Makes a directory for each broken form of a file. Returns them."""
    with open(f"{healthy}/dovecot.index{suffix}", "rb") as f:
        data = f.read()
    for i, form in enumerate(broken(data, FIELDS[suffix])):
        directory = f"{where}/{i}"
        os.mkdir(directory)
        for other in FIELDS:
            path = f"dovecot.index{other}"
            if other != suffix:
                os.link(f"{healthy}/{path}", f"{directory}/{path}")
        write(f"{directory}/dovecot.index{suffix}", form)
        yield directory


def broken(data, fields):
    """Yields the forms: cut off, and with one field changed."""
    for size in list(range(0, min(len(data), 512), 7)) + \
            list(range(512, len(data), 512)):
        yield data[:size]
    for offset in fields:
        for value in VALUES:
            yield data[:offset] + struct.pack("=I", value) + data[offset + 4:]


@pytest.mark.parametrize("suffix", FIELDS)
def test_fields_and_sizes(suffix, healthy, tmp_path):
    directories = list(variants(healthy, suffix, tmp_path))
    lines = answer(*directories)
    assert answer(healthy)[0]["result"] == "ok"
    # most of them are seen to be broken
    seen = [line for line in lines if line["result"] != "ok" or
            line["problem"] or line["violations"] or
            any(f and f["error"] for f in line["files"].values())]
    assert len(seen) > len(lines) / 4


def test_sparse_files(tmp_path):
    for suffix in ("", ".log", ".log.2", ".cache"):
        path = tmp_path / f"dovecot.index{suffix}"
        path.touch()
        os.truncate(path, 100 << 30)
    (line,) = answer(str(tmp_path))
    for name in ("index", "log", "log2", "cache"):
        assert "larger than" in line["files"][name]["error"]


def test_what_is_no_regular_file(tmp_path):
    """Nobody writes to the FIFO, and the symlink's target isn't opened."""
    os.mkfifo(tmp_path / "dovecot.index.log")
    write(str(tmp_path / "target"), b"\7")
    os.symlink("target", tmp_path / "dovecot.index")
    os.mkdir(tmp_path / "dovecot.index.cache")
    (line,) = answer(str(tmp_path))
    assert line["result"] == "unknown"
    assert "no regular file" in line["files"]["log"]["error"]
    assert "no regular file" in line["files"]["cache"]["error"]
    assert "it is a symbolic link" in line["files"]["index"]["error"]


def header(seq, prev_seq=0, prev_offset=0):
    return struct.pack("=BBHIIIIIQB7x", 1, 3, 40, 1700000000, seq, prev_seq,
                       prev_offset, 1700000000, 0, 1)


def record(kind, data):
    size = (8 + len(data)) >> 2
    return bytes(0x80 | size >> shift & 0x7f for shift in (21, 14, 7, 0)) + \
        struct.pack("=I", kind) + data


def known_extensions():
    """Returns the names in the library's table."""
    path = os.path.join(os.path.dirname(__file__), "..", "..", "lib", "index",
                        "index-ext-table.c")
    with open(path, encoding="ascii") as file:
        names = re.findall(r'^\t\{ "([^"]+)", \w+, INDEX_COLUMN_', file.read(),
                           re.M)
    assert {"keywords", "list2", "msgs"} <= set(names)
    return [name.encode() for name in names]


def test_a_log_that_wants_gigabytes(tmp_path):
    """Extensions whose headers have almost 16 MiB, each written at its end:
    some 80 bytes each. Headers of those that are known are kept."""
    size = (16 << 20) - 4
    known = known_extensions()
    log = header(1)
    for i in range(500):
        name = known[i] if i < len(known) else b"x%07d" % i
        intro = struct.pack("=IIIHHHH", MAX32, 0, size, 32767, 1, 0,
                            len(name)) + name + bytes(-len(name) % 4)
        log += record(0x40, intro)
        log += record(0x10000, struct.pack("=III", size - 4, 4, 1))
    write(str(tmp_path / "dovecot.index.log"), log)
    (line,) = answer(str(tmp_path))
    assert line["result"] == "ok"
    assert len(line["state"]["extensions"]) == 500


def test_a_list_of_many_mailboxes(tmp_path):
    """Eight bytes each, as long as nothing is said of them."""
    log = header(1) + record(0x40, struct.pack(
        "=IIIHHHH", MAX32, 0, 16, 28, 4, 0, 4) + b"list")
    log += record(0x10000002, b"".join(
        struct.pack("=II", uid, 0) for uid in range(1, 60001)))
    write(str(tmp_path / "dovecot.list.index.log"), log)
    (line,) = answer(str(tmp_path))
    assert len(line["mailboxes"]) == 60000
    assert {mailbox["name"] for mailbox in line["mailboxes"]} == {"?"}


def test_a_log_that_wants_time(tmp_path):
    """All messages change their flags, again and again."""
    log = header(1) + record(0x10000002, b"".join(
        struct.pack("=IB3x", uid, 0) for uid in range(1, 40000)))
    log += record(4, struct.pack("=IIBBBx", 1, 39999, 8, 0, 0)) * 60000
    write(str(tmp_path / "dovecot.index.log"), log)
    (line,) = answer(str(tmp_path))
    assert line["state"]["messages"] is None
    assert line["state"]["next_uid"] == 40000
    assert line["problem"]["text"] == "to know its messages takes too long"


# an extension's offset, size and alignment in a record of twelve bytes or more;
# Dovecot drops all but the first
PLACES = {"whole": (8, 4, 4), "unaligned": (6, 4, 4), "past": (14, 4, 1),
          "far": (60000, 4, 1), "odd": (5, 4, 5)}


def move_extension(path, name, place):
    """Changes where an extension of an index file is in each record."""
    with open(path, "r+b") as f:
        data = f.read()
        f.seek(data.index(struct.pack("=H", len(name)) + name) - 6)
        f.write(struct.pack("=HHH", *place))


def test_extensions_that_are_in_no_record(dovecot):
    """Those that Dovecot drops are named, and not shown."""
    description = corpus.description("sdbox")
    description["settings"]["mail_index_rewrite_min_log_bytes"] = "1"
    server = dovecot(**description)
    with server.imap("alice") as imap:
        for name in PLACES:
            corpus.commands(imap, f"CREATE {name}")
            corpus.append(imap, name, 1)
            for line in ("FETCH 1 ENVELOPE", "STORE 1 +FLAGS (\\Seen)"):
                corpus.selected(imap, name, line)
    server.restart()
    paths = {corpus.level(directory): directory
             for directory, _ in corpus.indexes(server, "alice")}
    for name, place in PLACES.items():
        dropped = name != "whole"
        move_extension(f"{paths[name]}/dovecot.index", b"cache", place)
        (line,) = answer(paths[name])
        names = [ext["name"] for ext in line["state"]["extensions"]]
        assert ("cache" not in names) == dropped, name
        assert (line["problem"] is not None) == dropped, line
        assert len(line["violations"]) == dropped, line
    with server.imap("alice") as imap:
        for name in PLACES:
            corpus.selected(imap, name)
    server.stop()
    for name in PLACES:
        said = [line for line in server.errors() if paths[name] + "/" in line
                and "Dropped broken extension" in line]
        assert (said != []) == (name != "whole"), (name, server.errors())


def types_at(cache, count):
    """Returns where the types of a cache's fields stand: before the decisions
    and the names, which begin with that of the first field."""
    return cache.rindex(b"flags\0date.sent\0") - 2 * count


def test_fields_that_dovecot_knows(dovecot):
    """Of another type they are broken; doveadm dump doesn't know them."""
    server = dovecot(**corpus.description("sdbox"))
    with server.imap("alice") as imap:
        corpus.commands(imap, "CREATE box")
        corpus.append(imap, "box", 1)
        corpus.selected(imap, "box", "FETCH 1 ENVELOPE")
    server.restart()
    (path,) = [directory for directory, _ in corpus.indexes(server, "alice")
               if corpus.level(directory) == "box"]
    files = {file.path: pathlib.Path(file.path).read_bytes()
             for file in os.scandir(path) if file.is_file()}
    (line,) = answer(path)
    names = [field["name"] for field in line["files"]["cache"]["fields"]]
    assert line["violations"] == [] and len(names) > 10
    cache = files[f"{path}/dovecot.index.cache"]
    for i, name in enumerate(names):
        if name.startswith("hdr."):
            # Dovecot's own code doesn't always survive it
            continue
        for file, data in files.items():
            write(file, data)
        changed = bytearray(cache)
        at = types_at(cache, len(names)) + i
        changed[at] = (changed[at] + 1) % 5
        write(f"{path}/dovecot.index.cache", changed)
        server.chown("alice", path)
        (line,) = answer(path)
        assert f"field {name}: type" in line["violations"][0]["violated"]
        said = server.doveadm("fetch", "-u", "alice", "imap.envelope",
                              "mailbox", "box").stderr.decode()
        assert f"registered field {name} type changed" in said, said


def change_for_ever(imap, stop, states):
    """Changes a mailbox; notes what it is after each change."""
    uid = 1
    while not stop.is_set():
        imap.cmd("APPEND busy", corpus.literal(corpus.message(uid)))
        uid += 1
        states.append((states[-1][0] + 1, uid))
        if uid % 10 == 0:
            corpus.selected(imap, "busy", "STORE 1:3 +FLAGS (\\Deleted)",
                            "EXPUNGE")
            states.append((states[-1][0] - 3, uid))


def inspected(path):
    """What an inspection says: (messages, next UID), None if it is changing."""
    (line,) = answer(path)
    assert line["result"] in ("ok", "changing"), line
    if line["result"] != "ok":
        return None
    return line["state"]["messages"], line["state"]["next_uid"]


def audited(server):
    """What an audit says: (messages,), None if it is changing."""
    found = entries(json_lines(utility(server, "alice", "--entries",
                                       "--json").stdout))
    messages = found["busy"]["messages"]
    return None if messages is None else (messages,)


@pytest.mark.parametrize("driver", ["mbox", "maildir", "sdbox", "mdbox"])
def test_beside_a_writer(driver, dovecot):
    """The answer is a state that was there, or that it is changing; 1,000 in
    four formats."""
    server = dovecot(**corpus.description(driver))
    states, stop = [(0, 1)], threading.Event()
    with server.imap("alice") as imap:
        corpus.commands(imap, "CREATE busy")
        path = [d for d, _ in corpus.indexes(server, "alice")
                if corpus.level(d).lstrip(".") == "busy"][0]
        writer = threading.Thread(target=change_for_ever,
                                  args=(imap, stop, states))
        writer.start()
        try:
            seen = [ask() for _ in range(125)
                    for ask in (lambda: inspected(path),
                                lambda: audited(server))]
        finally:
            stop.set()
            writer.join()
    known = [state for state in seen if state is not None]
    assert len(known) > len(seen) / 2
    assert len(set(known)) > 10 and len(states) > 20
    allowed = set(states) | {(messages,) for messages, _ in states}
    assert not [state for state in known if state not in allowed]
    assert os.path.exists(f"{path}/dovecot.index.log.2")
    assert inspected(path) == states[-1]


def resize_for_ever(paths, stop):
    """Files become shorter and longer while they are read."""
    sizes = {path: os.path.getsize(path) for path in paths}
    turn = 0
    while not stop.is_set():
        for path, size in sizes.items():
            os.truncate(path, [0, 1, 40, size // 2, size - 1, 2 * size,
                               1 << 20, size][turn % 8])
        turn += 1


@pytest.mark.any_dovecot
def test_files_that_grow_and_shrink(healthy, tmp_path):
    paths = [tmp_path / os.path.basename(name) for name in os.listdir(healthy)]
    for path in paths:
        shutil.copy(f"{healthy}/{path.name}", path)
    stop = threading.Event()
    changer = threading.Thread(target=resize_for_ever, args=(paths, stop))
    changer.start()
    try:
        results = [answer(str(tmp_path))[0]["result"] for _ in range(200)]
    finally:
        stop.set()
        changer.join()
    assert set(results) <= {"ok", "changing", "unknown"}
