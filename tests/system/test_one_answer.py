# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""One answer, whichever Dovecot gives it. Each folder of tests/answer has

tree.tar.xz  homes, mail and indexes as Dovecot 2.3.19 made them
audit        the audit's JSON lines for them
session      what mailbox_filter shows there to clients, and their commands'
             results
log          what imap_mailbox_log writes of these

All are made here. Those of a new case, or of one that is made in another way,
stand below DIR, to be committed, after

    contrib/run-tests tests/system/test_one_answer.py -k made --basetemp=DIR
"""

import copy
import os
import re
import tarfile
import time

import pytest

import corpus
from accesslog import MARK, lines as log_lines
from audit import DESCRIPTION, MESSAGE, fill_home, json_lines, utility
from clock import DAY, age, past
from dovecot import Dovecot, IS_24, VERSION
from filter import with_filter
from imap import literal

CASES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..",
                     "answer")
TOPS = ["home", "mail", "index"]
# long ago, and when some mailboxes were last used
MADE_AT = 1700000000
USED_AT = MADE_AT + 40 * DAY


def make_mailboxes(server):
    corpus.fill(server, "alice")
    with server.imap("alice") as imap:
        corpus.commands(imap, "CREATE public_html/index", 'LIST "" "*"')


def make_homes(server):
    """Mailboxes between junk, hidden ones too, in two namespaces."""
    fill_home(server, "alice")
    with server.imap("alice") as imap:
        corpus.some_mailboxes(imap)
        corpus.commands(imap, 'LIST "" "*"')


def use(server):
    with server.imap("alice") as imap:
        corpus.append(imap, "status", 1)
        corpus.selected(imap, "select")
        corpus.selected(imap, "fetched", "FETCH 1:* (ENVELOPE BODYSTRUCTURE)",
                        "FETCH 2 BODY[]")
        corpus.commands(imap, "STATUS status (MESSAGES)", 'LIST "" "*"')


# how a server is described, and what it is filled by
MADE = {"homes": ({**DESCRIPTION, "users": ["alice"]}, make_homes),
        **{name: (corpus.description(name), make_mailboxes)
           for name in corpus.FORMATS if name != "mbox"}}


def with_plugins(case):
    return with_filter({**MADE[case][0],
                        "plugins": {"imap": ["imap_mailbox_log"]}})


# --- trees that move

def pack(server, path):
    with tarfile.open(path, "w:xz") as tar:
        for top in TOPS:
            tar.add(server.path(top), top)


def unpack(server, path):
    with tarfile.open(path) as tar:
        # links may lead anywhere
        tar.extraction_filter = lambda member, _: member
        tar.extractall(server.dir)
    for top in TOPS:
        server.chown("alice", server.path(top))


# --- what is answered

def audit(server, out):
    """Returns JSON lines without what is the place's: where it is, and how much
    room files take there, and in which order."""
    json_lines(out)
    text = re.sub(rb'"bytes":\d+', b'"bytes":0',
                  out.replace(server.dir.encode(), b"DIR"))
    return sorted(text.decode().splitlines())


def doveadm(server):
    return audit(server, server.doveadm("mailbox-audit", "-u", "alice", "-e",
                                        "-j").stdout)


SCRIPT = [
    'LIST "" "*"', 'LIST "" "%"', 'LIST "" "public_html/*"',
    'LIST "" ("a*" "%/b") RETURN (CHILDREN SPECIAL-USE)', 'XLIST "" "%"',
    'LIST "" "*" RETURN (SUBSCRIBED STATUS (MESSAGES UNSEEN))', 'LIST ""',
    "SELECT INBOX", "SELECT select", "EXAMINE public_html/index",
    "STATUS fetched (MESSAGES UIDNEXT)", "STATUS nowhere (MESSAGES)",
    "CREATE new", "CREATE new", "CREATE public_html/new",
    ("APPEND new", literal(MESSAGE)), ("APPEND nowhere", literal(MESSAGE)),
    "SELECT new", "COPY 1 select", "UID COPY 1 nowhere",
    "MOVE 1 public_html/new", "UNSELECT", 'LIST "" "*"',
    "RENAME new public_html/renamed", "RENAME public_html/new shown",
    "SUBSCRIBE public_html/renamed", "SUBSCRIBE select", 'LSUB "" "*"',
    'LIST (SUBSCRIBED) "" "*"', "UNSUBSCRIBE select", 'LIST "" "*"',
    "NOTIFY SET (PERSONAL (MessageNew))", "DELETE nowhere", "DELETE shown",
    "DELETE public_html/renamed",
]


# What Dovecot 2.4 itself answers otherwise: what stands in "session" and in
# "log", and what instead, in one case or in all.
ANSWERS_24 = [
    # MessageExpunge has to be named, too
    (None, "> NOTIFY SET (PERSONAL (MessageNew))\nOK\n",
     "cmd=NOTIFY reply=OK\n", "OK\n", "BAD\n"),
    # 2.3 deletes nothing with LAYOUT=index after a RENAME
    ("layout-index", "> DELETE shown\nNO\n",
     'cmd=DELETE mailbox="shown" reply=NO\n', "NO\n", "OK\n"),
    ("layout-index", "> DELETE public_html/renamed\nNO\n",
     'cmd=DELETE mailbox="public_html/renamed" reply=NO\n', "NO\n", "OK\n"),
]


# and 2.4.5 in "session", in one case
ANSWERS_245 = [
    ("homes", '* LSUB () "/" select\n', '* LSUB (\\NoInferiors) "/" select\n'),
]


def session(server):
    """Returns what was sent, and what came: names in any order, without
    \\Marked, which access times tell."""
    lines = []
    with server.imap("alice") as imap:
        for command in SCRIPT:
            parts = command if isinstance(command, tuple) else (command,)
            reply = imap.cmd(*parts)
            names = [re.sub(rb" ?\\(Un)?Marked", b"", line).decode()
                     for word in ("LIST", "LSUB", "XLIST", "STATUS")
                     for line in reply.starting(word + " ")]
            lines += ["> " + parts[0], *sorted(names), reply.status]
    return lines


def results(lines):
    return [line for line in lines if not line.startswith("*")]


def log(server):
    return [line.split(MARK, 1)[1] for line in log_lines(server)]


def expected(case, name):
    """Returns the lines of a file of tests/answer for this Dovecot."""
    with open(os.path.join(CASES, case, name)) as f:
        text = f.read()
    for only, *stands, old, new in ANSWERS_24 if IS_24 else []:
        if only in (None, case) and name != "audit":
            part = stands[name == "log"]
            assert text.count(part) == 1, part
            text = text.replace(part, part[:-len(old)] + new)
    for only, old, new in ANSWERS_245 if VERSION >= (2, 4, 5) else []:
        if (only, "session") == (case, name):
            assert text.count(old) == 1, old
            text = text.replace(old, new)
    return text.splitlines()


@pytest.mark.parametrize("case", MADE)
def test_made_here(dovecot, case, tmp_path):
    """The answer to what this Dovecot makes is the same after it moved."""
    description, make = MADE[case]
    server = Dovecot(**copy.deepcopy(description))
    try:
        now = int(time.time())
        with past(server, now - MADE_AT):
            make(server)
        # all of it becomes older once more
        age(server.path("index"), USED_AT - now)
        with past(server, now - USED_AT):
            use(server)
        server.start()
        found = doveadm(server)
        server.stop()
        assert server.crashes() == []
        pack(server, tmp_path / "tree.tar.xz")
    finally:
        server.remove()
    moved = dovecot(**copy.deepcopy(with_plugins(case)))
    unpack(moved, tmp_path / "tree.tar.xz")
    assert doveadm(moved) == found
    for name, text in (("audit", found), ("session", session(moved)),
                       ("log", log(moved))):
        (tmp_path / name).write_text("\n".join(text) + "\n")


@pytest.fixture(scope="module", params=MADE)
def there(request):
    """The trees of 2.3.19 on this Dovecot."""
    description = copy.deepcopy(with_plugins(request.param))
    if VERSION >= (2, 4, 2):
        # as whoever upgrades has to say
        description["settings"] = {**description.get("settings", {}),
                                   "mailbox_directory_name_legacy": True}
    server = Dovecot(**description)
    try:
        unpack(server, os.path.join(CASES, request.param, "tree.tar.xz"))
        server.start()
        yield request.param, server
        server.stop()
        assert server.crashes() == []
    finally:
        server.remove()


def test_audit(there):
    case, server = there
    assert doveadm(server) == expected(case, "audit")
    # the utility knows one namespace
    if not server.namespaces:
        assert audit(server, utility(server, "alice", "-e", "-j").stdout) == \
            expected(case, "audit")


def test_session(there):
    case, server = there
    assert session(server) == expected(case, "session")
    assert log(server) == expected(case, "log")


@pytest.mark.parametrize("case", MADE)
def test_results_are_those_of_stock_dovecot(dovecot, case):
    """So are those that differ between versions."""
    server = dovecot(**copy.deepcopy(MADE[case][0]))
    unpack(server, os.path.join(CASES, case, "tree.tar.xz"))
    assert results(session(server)) == results(expected(case, "session"))
