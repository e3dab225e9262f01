# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""LAYOUT=index: directories are called by GUIDs, the mailbox list index has the
names. Dovecot is the oracle: what it lists, where it says that an index is,
what it opens."""

import dataclasses
import json
import os
import shutil
import struct
import subprocess
import time

import pytest

from audit import imap_name, make_log, mutf7, write
from cleaning import clean
from dovecot import IS_24, Location, VERSION
from imap import literal, parse_list
from levels import Naming
from oracle import audit, dovecot_paths, make_atimes_old, snapshot

MESSAGE = b"From: a@example.org\r\nSubject: hello\r\n\r\nbody\r\n"
BASE = {
    "mbox": Location("mbox", "~/mail", inbox="mail/%u", layout="index"),
    "maildir": Location("maildir", "~/Maildir", layout="index"),
    "sdbox": Location("sdbox", "~/sdbox", layout="index"),
    "sdbox-mailboxdir": Location("sdbox", "~/sdbox", layout="index",
                                 mailbox_dir="mb"),
    "sdbox-fulldirname": Location("sdbox", "~/sdbox", layout="index",
                                  fulldirname="X"),
    # as mailbox_directory_name_legacy = no has it, which 2.4.2 begins with
    "mdbox-fulldirname": Location("mdbox", "~/mdbox", layout="index",
                                  fulldirname="dbox-Mails"),
    "maildir-fulldirname": Location("maildir", "~/Maildir", layout="index",
                                    fulldirname="X"),
    "mdbox": Location("mdbox", "~/mdbox", layout="index"),
    "mdbox-alt": Location("mdbox", "~/mdbox", layout="index",
                          options={"ALT": "mail/%u-alt"}),
    "maildir-listindex": Location(
        "maildir", "~/Maildir", layout="index",
        options={"LISTINDEX": "control/%u/names"}),
    "mbox-listindex": Location(
        "mbox", "~/mail", layout="index",
        options={"LISTINDEX": "control/%u/names"}),
}
LOCATIONS = {}
for case, loc in BASE.items():
    LOCATIONS[case] = loc
    LOCATIONS[case + "-apart"] = dataclasses.replace(loc, index="index/%u")
# these are in no layout that keeps names on disk
BOXES = ["full", "full/below", "a/b/c", ".git/x", "Zürich/Käse & Brot", "über",
         "what?", "it^41"]
OLD = time.time() - 3600


def start(dovecot, name, **more):
    server = dovecot(location=LOCATIONS[name], **more)
    root = server.path(server.location.mail, "alice")
    os.makedirs(root, exist_ok=True)
    server.chown("alice", server.users["alice"].home)
    return server


def fill(server, boxes=tuple(BOXES), empty=("empty",)):
    """Makes mailboxes with a message, and others without."""
    with server.imap("alice") as imap:
        for box in [*boxes, *empty]:
            imap.ok("CREATE", imap_name(box))
        for box in ["INBOX", *boxes]:
            imap.ok("APPEND", imap_name(box), literal(MESSAGE))


def listed(server):
    """Returns the names of all mailboxes that a LIST tells, as bytes."""
    with server.imap("alice") as imap:
        found = map(parse_list, imap.cmd('LIST "" "*"').starting("LIST ("))
        return {name for flags, name, *_ in found
                if b"\\noselect" not in map(bytes.lower, flags) and
                b"\\nonexistent" not in map(bytes.lower, flags)}


def index_root(server):
    return server.path(server.location.index or server.location.mail, "alice")


def names(report):
    """Returns {name as clients write it: entry}; each name is there once."""
    found = {}
    for entry in report.entries.values():
        key = None if entry["name"] is None else mutf7(entry["name"].decode())
        assert key not in found
        found[key] = entry
    return found


def list_index(server):
    """Returns what the paths of the list index's files begin with."""
    found = [os.path.join(top, name[:-len(".log")])
             for root in (server.dir + "/control", index_root(server))
             for top, _, files in os.walk(root) for name in files
             if name in ("dovecot.list.index.log", "names.log")]
    assert len(found) == 1
    return found[0]


def list_files(server):
    prefix = list_index(server)
    return [prefix + end for end in ("", ".log", ".log.2")
            if os.path.exists(prefix + end)]


def entry_dir(server, name):
    return dovecot_paths(server, "index", [name])[name]


def orphan(server, name, guid="0123456789abcdef" * 2, age=OLD):
    """Copies a mailbox to another GUID, with its mails; nobody names that.
    Returns the path of its index's directory."""
    copies = {kind: dovecot_paths(server, kind, [name])[name]
              for kind in ("index", "mailbox")}
    for source in set(copies.values()):
        copy = os.path.join(os.path.dirname(source), guid)
        subprocess.run(["cp", "-a", source, copy], check=True)
        for top, _, files in os.walk(copy):
            for file in files:
                os.utime(os.path.join(top, file), (age, age))
    return os.path.join(os.path.dirname(copies["index"]), guid)


@pytest.mark.parametrize("name", LOCATIONS)
def test_names_and_states_are_dovecots(dovecot, name):
    server = start(dovecot, name)
    fill(server)
    expected = listed(server)
    report = audit(server)
    found = names(report)
    assert set(found) == expected
    paths = dovecot_paths(server, "index", BOXES + ["INBOX", "empty"])
    root = index_root(server)
    assert {os.path.relpath(path, root).encode()
            for path in paths.values()} == set(report.entries)
    for box, path in paths.items():
        entry = found[mutf7(box)]
        assert os.fsencode(os.path.relpath(path, root)) in report.entries
        assert report.entries[os.path.relpath(path, root).encode()] is entry
        # a dbox without a mail may have nothing there but its index
        assert (entry["state"], entry["reason"]) == ("mailbox", None) or \
            (box == "empty" and IS_24 and "dbox" in name and
             (entry["state"], entry["reason"]) == ("unknown", "not-judged"))
        assert entry["messages"] == (0 if box == "empty" else 1)
        assert (entry["hidden_by"] is not None) == box.startswith(".git")
    assert report.namespaces[0]["layout"] == "index"
    with server.imap("alice") as imap:
        assert all(imap.cmd("EXAMINE", imap_name(box)).ok for box in paths)


@pytest.mark.parametrize("name", LOCATIONS)
def test_what_nobody_names_is_missing(dovecot, name):
    server = start(dovecot, name)
    fill(server, ["box/orphan"])
    copy = orphan(server, "box/orphan")
    report = audit(server)
    path = os.fsencode(os.path.relpath(copy, index_root(server)))
    entry = report.entries[path]
    assert (entry["state"], entry["reason"], entry["name"]) == \
        ("missing", None, b"box/orphan")
    assert report.namespaces[0]["bogus"]["entries"] == 1
    # it has no index of its own that would say its name
    shutil.rmtree(copy)
    make_log(copy)
    os.utime(copy + "/dovecot.index.log", (OLD, OLD))
    server.chown("alice", copy)
    entry = audit(server).entries[path]
    assert (entry["state"], entry["name"]) == ("missing", None)


def test_a_mailbox_that_may_just_be_made_is_not_missing(dovecot):
    server = start(dovecot, "sdbox-apart")
    fill(server, ["box"])
    copy = orphan(server, "box", age=time.time() + 1000)
    path = os.fsencode(os.path.relpath(copy, index_root(server)))
    assert audit(server).state(path) == ("unknown", "list-index")
    os.utime(copy + "/dovecot.index.log", (OLD, OLD))
    os.utime(copy + "/dovecot.index.cache", (OLD, OLD))
    assert audit(server).state(path) == ("missing", None)


@pytest.mark.skipif(VERSION < (2, 3, 17), reason="stock mends no such list")
@pytest.mark.parametrize("driver", ["maildir", "sdbox", "mdbox"])
def test_what_nobody_names_comes_back_when_the_list_is_mended(dovecot, driver):
    """As the manual says."""
    server = start(dovecot, driver)
    fill(server, ["box"])
    with server.imap("alice") as imap:
        imap.ok("CREATE lost")
        imap.ok("APPEND lost", literal(MESSAGE))
    path = os.path.relpath(entry_dir(server, "lost"), index_root(server))
    for file in os.listdir(os.path.join(index_root(server), path)):
        os.utime(os.path.join(index_root(server), path, file), (OLD, OLD))
    forget(server, "lost")
    assert names(audit(server))[b"lost"]["state"] == "missing"
    server.doveadm("force-resync", "-u", "alice", "INBOX")
    back = {name for name, e in names(audit(server)).items()
            if e["state"] == "mailbox"}
    assert b"lost" in back


def append_transaction(path, kind, payload):
    """Appends a record to a log, as Dovecot writes one."""
    words = (8 + len(payload)) >> 2
    size = bytes(0x80 | (words >> shift) & 0x7f for shift in (21, 14, 7, 0))
    with open(path, "ab") as f:
        f.write(size + struct.pack("=I", kind) + payload)


# lib-index/mail-transaction-log.h
EXTERNAL = 0x10000000
EXPUNGE_GUID = 0x2000 | 0xcd90
INDEX_DELETED = 0x20000


def forget(server, name):
    """Takes a mailbox out of the list, and leaves its files."""
    guid = os.path.basename(entry_dir(server, name))
    prefix = list_index(server)
    out = subprocess.run(["mailbox-audit", "inspect", "-j", prefix + ".log"],
                         check=True, stdout=subprocess.PIPE).stdout
    # none was deleted before
    uid = [box["guid"] for box in json.loads(out)["mailboxes"]].index(guid) + 1
    append_transaction(prefix + ".log", EXTERNAL | EXPUNGE_GUID,
                       struct.pack("=I", uid) + bytes.fromhex(guid))


def mark_deleted(directory):
    append_transaction(directory + "/dovecot.index.log",
                       EXTERNAL | INDEX_DELETED, bytes(4))


@pytest.mark.parametrize("name", LOCATIONS)
def test_an_index_that_was_deleted_says_so(dovecot, name):
    server = start(dovecot, name)
    fill(server, ["box", "gone"])
    directory = entry_dir(server, "gone")
    mark_deleted(directory)
    found = names(audit(server))
    assert (found[b"gone"]["state"], found[b"gone"]["reason"]) == \
        ("unknown", "index-deleted")
    assert found[b"box"]["state"] == "mailbox"
    with server.imap("alice") as imap:
        assert not imap.cmd("EXAMINE gone").ok


@pytest.mark.skipif(IS_24, reason="2.4 deletes it")
def test_what_dovecot_fails_to_delete(dovecot):
    server = start(dovecot, "sdbox-apart")
    fill(server, ["box"])
    with server.imap("alice") as imap:
        assert not imap.cmd("DELETE empty").ok
    found = names(audit(server))
    assert (found[b"empty"]["state"], found[b"empty"]["reason"]) == \
        ("unknown", "index-deleted")


LITTLE = struct.pack("=H", 1)[0]


def index_header(major=7, compat=LITTLE):
    """Returns an index file without mailboxes."""
    return struct.pack("=BBHIIB3xI", major, 3, 120, 120, 8, compat,
                       1700000000).ljust(120, b"\0")


def log_header():
    """Returns a log without transactions, with which an index begins."""
    return struct.pack("=BBHIIIIIQB7x", 1, 3, 40, 1700000000, 2, 0, 0,
                       1700000000, 1, LITTLE)


def huge(path):
    write(path, log_header())
    os.truncate(path, 100 << 30)


# what stands in the place of a list index
BROKEN = {
    "gone": lambda path: None,
    "empty": lambda path: write(path, b""),
    "short": lambda path: write(path, index_header()[:100]),
    "future": lambda path: write(path, index_header(major=8)),
    "foreign": lambda path: write(path, index_header(compat=1 - LITTLE)),
    "directory": lambda path: os.mkdir(path + ".log"),
    "fifo": lambda path: os.mkfifo(path + ".log"),
    "symlink": lambda path: os.symlink("/dev/zero", path),
    "huge": lambda path: huge(path + ".log"),
    "without-mailboxes": lambda path: write(path + ".log", log_header()),
}


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("name", ["maildir-apart", "sdbox"])
def test_without_a_list_index_nothing_is_known_but_names(dovecot, name, how):
    server = start(dovecot, name)
    fill(server, ["a/b", "full"])
    orphan(server, "full")
    prefix = list_index(server)
    for file in list_files(server):
        os.unlink(file)
    BROKEN[how](prefix)
    server.chown("alice", index_root(server))
    report = audit(server)
    assert {(e["state"], e["reason"]) for e in report.entries.values()} == \
        {("unknown", "list-index")}
    found = {e["name"] for e in report.entries.values()}
    assert {b"INBOX", b"a/b", b"full"} <= found


SEPARATORS = {
    "dot": dict(separator="."),
    "dot-escape": dict(separator=".", visible_escape="^"),
    "slash-escape": dict(separator="/", visible_escape="~"),
    "utf8": dict(separator="/", utf8=True),
    "listescape": dict(separator=".", visible_escape="^", storage_escape="+"),
    "prefix": dict(separator=".", visible_escape="^", prefix="My.Mail."),
}
LEVELS = [["Work", "plan"], [".git", "x"], ["v1", "2"], ["Zürich", "Käse"],
          ["til~de"], ["pl+us"], ["ca^ret"], ["public_html"]]
WITH_SEPARATOR = [["v1.2"], [".git.refs", "x"], ["a/b"], ["..."]]


@pytest.mark.parametrize("how", SEPARATORS)
@pytest.mark.parametrize("name", ["sdbox-apart", "maildir", "mbox"])
def test_levels_are_those_of_list_and_the_filter(dovecot, name, how):
    """Whatever separates and escapes them: LIST with the filter shows what the
    audit says is visible."""
    case = dict(SEPARATORS[how])
    sep, prefix = case.pop("separator"), case.pop("prefix", "")
    naming = Naming("index", **case)
    described = naming.description(LOCATIONS[name])
    plugins = described.pop("plugins", {})
    server = dovecot(separator=sep, prefix=prefix, plugins={
        **plugins, "imap": ["mailbox_filter"]}, **described)
    os.makedirs(server.path(server.location.mail, "alice"), exist_ok=True)
    server.chown("alice", server.users["alice"].home)
    levels = [levels for levels in LEVELS + WITH_SEPARATOR
              if case.get("visible_escape") or
              not any(sep in level for level in levels)]
    boxes = [prefix + naming.shown(level, sep) for level in levels]
    fill(server, boxes, [])
    visible = listed(server)
    report = audit(server, same=how not in ("listescape",))
    found = names(report)
    assert {mutf7(box) for box in boxes} | {b"INBOX"} == set(found)
    assert {box for box, e in found.items()
            if e["hidden_by"] is None} == visible
    assert {e["state"] for e in found.values()} == {"mailbox"}
    assert len(visible) < len(found)
    # the same without the list index, from the mailboxes' own
    for file in list_files(server):
        os.unlink(file)
    report = audit(server, same=False)
    assert {e["state"] for e in report.entries.values()} == {"unknown"}
    if IS_24:
        assert set(names(report)) == set(found)
    elif not case.get("visible_escape"):
        # 2.3 leaves them escaped there
        assert {name.replace(b"^5e", b"^").replace(b"^2f", b"/")
                for name in names(report)} == set(found)


# what Dovecot has room for: in the list's mUTF-7 the second name has more bytes
# than a name may have for clients
LONG = {
    "4096 bytes": ["x" * 200] * 20 + ["y" * 76],
    "ampersands": ["&" * 120] * 33,
    "2048 levels": ["x"] * 2048,
}


@pytest.mark.parametrize("how", LONG)
def test_names_may_be_as_long_as_dovecot_lets_them(dovecot, how):
    server, box = start(dovecot, "maildir-apart"), "/".join(LONG[how])
    fill(server, [box])
    with server.imap("alice") as imap:
        assert len(box) < 4096 or not imap.cmd("CREATE", box + "y").ok
    report = audit(server)
    assert set(names(report)) == listed(server)
    assert {e["state"] for e in report.entries.values()} == {"mailbox"}
    # the list has the name still when nothing else has
    for kind in ("index", "mailbox"):
        shutil.rmtree(dovecot_paths(server, kind, [box])[box])
    told = audit(server).namespaces[0]["names"]["list_index"]["names"]
    assert [name["mailbox"] for name in told] == [box]


@pytest.mark.parametrize("name", LOCATIONS)
def test_clean_leaves_it_alone(dovecot, name):
    server = start(dovecot, name)
    fill(server, ["box", "INBOX/box"])
    copies = [orphan(server, "box", "f" * 32),
              orphan(server, "INBOX/box", "e" * 32)]
    make_log(orphan(server, "box"))
    for copy in copies:
        for file in os.listdir(copy):
            os.utime(os.path.join(copy, file), (0, 0))
    tops = [server.dir + "/" + top for top in ("home", "index", "mail",
                                               "control")]
    make_atimes_old(*tops)
    before = snapshot(*tops)
    lines = clean(server, "alice", "--used", "--used-age", "0s", "--min-age",
                  "0s", "--force")
    assert snapshot(*tops) == before
    done = lines[-1]["namespaces"][0]["clean"]
    assert done["entries"]["entries"] == 0
    assert done["refused"] is not None
    # what is below INBOX isn't it
    assert done["kept"]["inbox"]["entries"] == 0


def test_a_list_index_that_cannot_be_read_is_an_error(dovecot):
    server = start(dovecot, "sdbox-apart")
    fill(server, ["box"])
    os.chown(list_index(server) + ".log", 0, 0)
    os.chmod(list_index(server) + ".log", 0o600)
    report = audit(server, status=os.EX_TEMPFAIL)
    assert {(e["state"], e["reason"]) for e in report.entries.values()} == \
        {("unknown", "list-index")}
    assert [(e["op"], e["path"]) for e in report.errors] == \
        [("open", list_index(server) + ".log")]
