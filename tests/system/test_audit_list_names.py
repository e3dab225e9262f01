# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Names in the mailbox list index that are no mailboxes and have no entry."""

import os
import random
import shutil
import struct
import threading

import pytest

from audit import (
    imap_name, json_lines, LOCATIONS, mutf7, name_bytes, unescape, utility,
    write)
from cleaning import clean
from imap import literal
from oracle import audit, dovecot_paths
from test_audit_layout_index import LOCATIONS as LISTED

CASES = ["mbox", "mbox-in-place", "mbox-maildir++", "mbox-mailboxdir",
         "maildir", "maildir-fs", "maildir-in-place", "sdbox", "sdbox-in-place",
         "mdbox-fulldirname"]
ALL = {**{name: LOCATIONS[name] for name in CASES},
       "layout-index": LISTED["maildir-apart"],
       "layout-index-sdbox": LISTED["sdbox"],
       "layout-index-mbox": LISTED["mbox-listindex-apart"]}
MESSAGE = b"From: a@example.org\r\nSubject: hello\r\n\r\nbody\r\n"
GONE = {"gone": None, "dir/gone": None, "public_html/gone": "public_html",
        "Zürich/Käse": None}
BOXES = ["kept", "dir/kept", *GONE]


def names(report):
    """Returns {name: rule} of the names that are told."""
    listed = report.namespaces[0]["names"]["list_index"]
    found = {unescape(name["mailbox"]).decode(): name["hidden_by"]
             for name in listed["names"]}
    assert listed["total"] == len(found)
    assert listed["hidden"] == sum(rule is not None
                                   for rule in found.values())
    return found


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.exists(path):
        os.unlink(path)


def own_paths(server, kind, boxes):
    """Returns what is nobody else's of mailboxes."""
    return [os.path.dirname(path) if path.endswith(("/dbox-Mails", "/X"))
            else path for path in dovecot_paths(server, kind, boxes).values()]


def fill(dovecot, location, **more):
    server = dovecot(location=location, **more)
    os.makedirs(server.path(location.mail, "alice"), exist_ok=True)
    server.chown("alice", server.users["alice"].home)
    with server.imap("alice") as imap:
        for box in BOXES:
            imap.ok("CREATE", imap_name(box))
            imap.ok("APPEND", imap_name(box), literal(MESSAGE))
        imap.ok("APPEND INBOX", literal(MESSAGE))
        imap.list()
        for box in BOXES:
            imap.ok("STATUS", imap_name(box), "(MESSAGES)")
    return server


@pytest.mark.parametrize("name", ALL)
def test_names_without_mailbox_and_entry(dovecot, name):
    server = fill(dovecot, ALL[name])
    assert names(audit(server)) == {}
    # a mailbox that has no index
    if LOCATIONS.get(name, server.location).index is not None:
        remove(*own_paths(server, "index", ["kept"]))
    assert names(audit(server)) == {}
    # all before the first is removed: Dovecot would look for them
    paths = [path for kind in ("mailbox", "index")
             for path in own_paths(server, kind, GONE)]
    for path in paths:
        remove(path)
    # else it may be a file system that isn't mounted
    for path in paths:
        above = os.path.dirname(path)
        if os.path.isdir(above) and os.listdir(above) == []:
            write(above + "/other", b"x\n")
    report = audit(server)
    assert names(report) == GONE
    with server.imap("alice") as imap:
        assert not any(imap.cmd("EXAMINE", imap_name(box)).ok for box in GONE)


def test_a_name_with_an_entry_has_that(dovecot):
    server = fill(dovecot, LOCATIONS["maildir"])
    remove(*own_paths(server, "mailbox", ["gone"]))
    report = audit(server)
    assert names(report) == {}
    assert report.entries[b".gone"]["state"] == "missing"


def test_what_clean_leaves_in_the_list(dovecot):
    server = dovecot()
    home = server.users["alice"].home
    for name in ("junk", ".git/config", "public_html/x"):
        path = os.path.join(home, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write(path, b"hello\n")
    server.chown("alice", home)
    with server.imap("alice") as imap:
        imap.list()
    assert names(audit(server)) == {}
    assert len(clean(server, "alice")) > 1
    expected = {"junk": None, ".git/config": ".*",
                "public_html/x": "public_html"}
    assert names(audit(server)) == expected
    table = server.doveadm("-f", "tab", "mailbox-audit", "-u", "alice").stdout
    assert [line.split("\t")[-8:] for line in table.decode().splitlines()
            if "\tlisted\t" in line] == \
        [["listed", "3", "0", "0", "2", "0", "0", "-"]]
    assert b"\nlisted " in server.doveadm("mailbox-audit", "-u",
                                          "alice").stdout
    # and LIST makes the entries anew, or not
    with server.imap("alice") as imap:
        imap.list()
    audit(server)


def test_a_mailbox_that_is_not_listed_any_more(dovecot):
    server = fill(dovecot, LOCATIONS["mbox"])
    with server.imap("alice") as imap:
        imap.ok("DELETE gone")
        imap.ok("RENAME dir/gone dir/new")
        imap.list()
    assert names(audit(server)) == {}


def test_without_a_list_index_there_are_none(dovecot):
    server = fill(dovecot, LOCATIONS["mbox"],
                  settings={"mailbox_list_index": False})
    assert names(audit(server)) == {}


def list_index(levels, mailboxes):
    """Returns an index file with mailboxes: (name id, parent's UID)."""
    header = b"\0" + b"".join(struct.pack("=I", i + 1) + level + b"\0"
                              for i, level in enumerate(levels))
    ext = struct.pack("=IIHHHH", len(header), 0, 8, 28, 4, 4) + \
        b"list\0\0\0\0" + header
    ext += bytes(-len(ext) % 8)
    little = struct.pack("=H", 1)[0]
    base = struct.pack("=BBHIIB3xIIIIIIIIIII", 7, 3, 120, 120 + len(ext), 36,
                       little, 1700000000, 0, 1, len(mailboxes) + 1,
                       len(mailboxes), 0, 0, 0, 1, 0, 0)
    base += struct.pack("=III", 1, 40, 40)
    records = b"".join(struct.pack("=IIII16sI", i + 1, 0, name, parent,
                                   bytes(16), 1)
                       for i, (name, parent) in enumerate(mailboxes))
    log = struct.pack("=BBHIIIIIQB7x", 1, 3, 40, 1700000000, 1, 0, 0,
                      1700000000, 1, little)
    return base.ljust(120, b"\0") + ext + records, \
        log[:12] + struct.pack("=I", 7) + log[16:]


LEVELS = [b"..", b"a/b", b"\x1b[31m\n", b"", b".", b"plain", b"x" * 300,
          b"/etc/passwd", b"\xff"]


def test_names_that_nobody_can_have_lead_nowhere(dovecot):
    server = fill(dovecot, LOCATIONS["mbox"])
    write(os.path.join(server.users["alice"].home, "plain"), b"no mailbox\n")
    prefix = os.path.join(server.path("index/%u", "alice"), ".imap",
                          "dovecot.list.index")
    for end in ("", ".log", ".log.2"):
        remove(prefix + end)
    boxes = [(i + 1, 0) for i in range(len(LEVELS))]
    # below each other, in a circle, and below what isn't there
    boxes += [(6, 1), (6, 2), (6, 12), (6, 4000000000), (4000000000, 0)]
    index, log = list_index(LEVELS, boxes)
    write(prefix, index)
    write(prefix + ".log", log)
    server.chown("alice", os.path.dirname(prefix))
    listed = audit(server).namespaces[0]["names"]["list_index"]
    assert {unescape(name["mailbox"]) for name in listed["names"]} == {
        b"\x1b[31m\n", b"plain", b"\xff"}


@pytest.mark.parametrize("content", [b"", b"\7" * 200])
def test_a_list_that_cannot_be_understood_is_null(dovecot, content):
    server = fill(dovecot, LOCATIONS["maildir"])
    prefix = server.path("index/%u", "alice") + "/dovecot.list.index"
    for end in ("", ".log", ".log.2"):
        remove(prefix + end)
    write(prefix, content)
    report = audit(server)
    assert report.namespaces[0]["names"]["list_index"] is None
    assert {e["state"] for e in report.entries.values()} == {"mailbox"}


WRITERS, AUDITS = 2, 200
# names that have to come to be meanwhile, however slow the writers are
NAMES = 40


def work(server, number, stop, known, failed):
    """Makes, renames and deletes mailboxes; each name that may come to be is
    noted before."""
    rand = random.Random(number)
    boxes = []

    def new():
        levels = [f"{number}{rand.choice(['a', 'Käse', 'x y', '.h'])}"
                  f"{rand.randrange(40)}"
                  for _ in range(rand.randrange(1, 4))]
        name = "/".join(levels)
        known.update("/".join(levels[:i + 1]) for i in range(len(levels)))
        return name

    try:
        with server.imap("alice") as imap:
            while not stop.is_set():
                for _ in range(8):
                    boxes.append(new())
                    imap.cmd("CREATE", imap_name(boxes[-1]))
                    imap.cmd("APPEND", imap_name(boxes[-1]), literal(MESSAGE))
                imap.list()
                for _ in range(4):
                    old, to = rand.choice(boxes), new()
                    # what is below an old name gets a new one, too
                    known.update(to + name[len(old):] for name in list(known)
                                 if name.startswith(old + "/"))
                    imap.cmd("RENAME", imap_name(old), imap_name(to))
                    boxes.append(to)
                    imap.cmd("STATUS", imap_name(to), "(MESSAGES)")
                while len(boxes) > 8:
                    imap.cmd("DELETE", imap_name(
                        boxes.pop(rand.randrange(len(boxes)))))
    except Exception as error:
        failed.append(error)


@pytest.mark.parametrize("name", ["mbox", "maildir", "sdbox", "layout-index",
                                  "layout-index-sdbox"])
def test_names_beside_clients(dovecot, name):
    """No audit of 1,000 has an error, and none tells a name that never was
    there."""
    server = fill(dovecot, ALL[name])
    known, failed, stop = set(BOXES) | {"INBOX", "dir"}, [], threading.Event()
    threads = [threading.Thread(target=work, args=(server, i, stop, known,
                                                   failed))
               for i in range(WRITERS)]
    for thread in threads:
        thread.start()
    entries, listed = set(), set()
    audits = 0
    try:
        while audits < AUDITS or (len(entries) <= NAMES and not failed):
            audits += 1
            lines = json_lines(utility(server, "alice", "-e", "-j").stdout)
            assert lines[-1]["complete"], lines[-1]["errors"]
            entries.update(name_bytes(line["entry"], "mailbox")
                           for line in lines[:-1])
            found = lines[-1]["namespaces"][0]["names"]["list_index"]
            listed.update(name_bytes(box, "mailbox") for box in
                          ([] if found is None else found["names"]))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failed == []
    # an entry may not tell its name
    entries.discard(None)
    assert (entries | listed) - {box.encode() for box in known} == set()
    # at rest they are what Dovecot lists, which may go on to list a level whose
    # mailbox is gone
    with server.imap("alice") as imap:
        told = imap.list()
        for box in names(audit(server)):
            assert not told[mutf7(box)] & {b"\\Noselect", b"\\NonExistent"}
            assert not imap.cmd("SELECT", imap_name(box)).ok
