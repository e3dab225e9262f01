# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What stands where a mailbox should be. Three opinions have to agree: the
audit's, the test's own look at the path, and what Dovecot answers when it is
asked to open the mailbox (check_states)."""

import bz2
import gzip
import itertools
import os
import shutil
import socket
import stat
import subprocess

import pytest

from audit import (ALWAYS_FULL, default_location, FROM, make_log, MESSAGE,
                   utility, write)
from dovecot import IS_24, Location
from imap import literal, quote
from oracle import audit, check_states

DATE = b" Thu Nov  9 22:33:52 2023\n"
MAILBOX = ("mailbox", None)
REFUSED = ("not-mailbox", None)
MISSING = ("missing", None)
NOT_JUDGED = ("unknown", "not-judged")
SYMLINK = ("unknown", "symlink")
COMPRESSED = ("unknown", "compressed")
INCOMPLETE = ("unknown", "incomplete")
EMPTY = ("unknown", "empty-directory")
LONG_LINE = ("unknown", "long-line")


def from_line(length):
    """Returns a mailbox whose first line has that many bytes."""
    sender = b"a" * (length - len(b"From " + DATE))
    return b"From " + sender + DATE + MESSAGE.split(b"\n", 1)[1]


def mbox(path, data, state):
    write(path, data)
    return state


def make_socket(path):
    sock = socket.socket(socket.AF_UNIX)
    # longer than a socket's address may be
    directory, name = os.path.split(path)
    old = os.getcwd()
    os.chdir(directory)
    sock.bind(name)
    os.chdir(old)
    sock.close()
    return REFUSED


def make_device(path, kind, minor, mode, state):
    os.mknod(path, kind | mode, os.makedev(1, minor))
    return state


def make_directory(path, *below):
    os.makedirs(os.path.join(path, *below))
    return REFUSED


def make_link(path, target, state):
    os.symlink(target, path)
    return state


def make_loop(path):
    os.symlink(os.path.basename(path) + "2", path)
    os.symlink(os.path.basename(path), path + "2")
    return SYMLINK


# {name: what makes it; that returns the state}
MBOX_KINDS = {
    "mailbox": lambda p: mbox(p, MESSAGE, MAILBOX),
    "only a From line": lambda p: mbox(p, FROM, MAILBOX),
    "binary mail": lambda p: mbox(p, MESSAGE + bytes(range(256)), MAILBOX),
    "crlf": lambda p: mbox(p, MESSAGE.replace(b"\n", b"\r\n"), MAILBOX),
    "empty": lambda p: mbox(p, b"", MAILBOX),
    "directory": make_directory,
    "directory with more": lambda p: make_directory(p, "sub"),
    "junk": lambda p: mbox(p, b"hello\n", REFUSED),
    "one byte": lambda p: mbox(p, b"F", REFUSED),
    "zeros": lambda p: mbox(p, bytes(10000), REFUSED),
    "leading newline": lambda p: mbox(p, b"\n" + MESSAGE, REFUSED),
    "quoted From": lambda p: mbox(p, b">" + MESSAGE, REFUSED),
    "no date": lambda p: mbox(p, b"From a@example.org\n\nhello\n", REFUSED),
    "a sentence": lambda p: mbox(p, b"From here on it's text.\n", REFUSED),
    "lower case": lambda p: mbox(p, b"f" + MESSAGE[1:], REFUSED),
    "no newline": lambda p: mbox(p, FROM[:-1], REFUSED),
    "7,000 bytes": lambda p: mbox(p, from_line(7000), MAILBOX),
    "8,191 bytes": lambda p: mbox(p, from_line(8191), None),
    "8,192 bytes": lambda p: mbox(p, from_line(8192), None),
    "8,193 bytes": lambda p: mbox(p, from_line(8193), None),
    "9,000 bytes": lambda p: mbox(p, from_line(9000), REFUSED),
    "9,000 bytes, date first": lambda p: mbox(
        p, FROM[:-1] + b" " + b"x" * 9000 + MESSAGE, LONG_LINE),
    "9,000 bytes with CR": lambda p: mbox(
        p, (FROM + b"x\n" * 4500).replace(b"\n", b"\r"), LONG_LINE),
    "8,000 bytes with CR": lambda p: mbox(
        p, (FROM + b"x\n" * 4000).replace(b"\n", b"\r"), REFUSED),
    "fifo": lambda p: os.mkfifo(p) or MAILBOX,
    "socket": make_socket,
    "char device": lambda p: make_device(p, stat.S_IFCHR, 3, 0o666, MAILBOX),
    "block device": lambda p: make_device(p, stat.S_IFBLK, 0, 0, REFUSED),
    "dev null": lambda p: make_link(p, "/dev/null", MAILBOX),
    "gzip": lambda p: mbox(p, gzip.compress(MESSAGE), REFUSED),
    "gzip.gz": lambda p: mbox(p, gzip.compress(MESSAGE), COMPRESSED),
    "bzip2.bz2": lambda p: mbox(p, bz2.compress(MESSAGE), COMPRESSED),
    "bzip2.gz": lambda p: mbox(p, bz2.compress(MESSAGE), REFUSED),
    "mailbox.gz": lambda p: mbox(p, MESSAGE, MAILBOX),
    "junk.gz": lambda p: mbox(p, b"hello\n", REFUSED),
    ".gz": lambda p: mbox(p, gzip.compress(MESSAGE), COMPRESSED),
    "directory with more/.gz": lambda p: mbox(p, gzip.compress(MESSAGE),
                                              COMPRESSED),
    "dangling": lambda p: make_link(p, "nowhere", SYMLINK),
    "loop": make_loop,
    "link to a mailbox": lambda p: make_link(p, "mailbox", MAILBOX),
    "link to junk": lambda p: make_link(p, "junk", REFUSED),
    "link to a link": lambda p: make_link(p, "link to a mailbox", MAILBOX),
    "link to a directory": lambda p: make_link(p, "directory", REFUSED),
    "link out of the home": lambda p: make_link(p, "/etc/passwd", REFUSED),
    "removed": lambda p: MISSING,
    "junk/below a file": lambda p: MISSING,
    "nowhere/removed": lambda p: MISSING,
    "dangling/box": lambda p: SYMLINK,
    "loop/box": lambda p: SYMLINK,
    "link to junk/box": lambda p: None,
    "directory with more/sub/x": lambda p: mbox(p, MESSAGE, MAILBOX),
}


def make_kinds(server, kinds, path_of, entry_of):
    """Makes each kind, and an entry for it. Returns the states that are told
    by the kinds."""
    root = server.path("index/%u", "alice")
    states = {}
    for name, make in kinds.items():
        states[name] = make(path_of(name))
        make_log(os.path.join(root, entry_of(name)))
    for path in (root, server.users["alice"].home):
        server.chown("alice", path)
    return states


def make_mboxes(server):
    def entry(name):
        return os.path.join(os.path.dirname(name), ".imap",
                            os.path.basename(name))

    home = server.users["alice"].home
    return make_kinds(server, MBOX_KINDS,
                      lambda name: os.path.join(home, name), entry)


def by_name(report):
    return {e["name"].decode(): (e["state"], e["reason"])
            for e in report.entries.values()}


def check_kinds(server, told, examine=True):
    report = audit(server)
    states = by_name(report)
    assert states.keys() == told.keys()
    assert {n: s for n, s in states.items() if told[n] is not None} == \
        {n: s for n, s in told.items() if s is not None}
    check_states(server, report, examine=examine)
    return report


def test_mbox(dovecot):
    server = dovecot(location=default_location())
    told = make_mboxes(server)
    check_kinds(server, told)


COMPRESSION = "mail_compress" if IS_24 else "zlib"


@pytest.mark.parametrize("plugins", [None, {"imap": [COMPRESSION]}])
def test_compressed_mbox(dovecot, plugins):
    """With the plugin Dovecot opens what the audit doesn't call bogus, and
    without it nothing that the utility, told so, calls bogus."""
    server = dovecot(location=default_location(), plugins=plugins)
    make_mboxes(server)
    states = by_name(audit(server))
    compressed = [n for n, s in states.items() if s == COMPRESSED]
    assert {"gzip.gz", "bzip2.bz2"} <= set(compressed)
    with server.imap("alice") as imap:
        opened = {n for n in states if n.endswith(("gz", "zip", "bz2")) and
                  imap.cmd("EXAMINE", quote(n)).ok}
    if plugins is None:
        assert opened == {"mailbox.gz"}
        out = utility(server, "alice", "-e", "-s", "not-mailbox",
                      "--no-compression").stdout.decode()
        for name in compressed:
            assert f" {name}\n" in out
    else:
        # a whole name that is an extension has none
        assert opened >= set(compressed) - {".gz"}
        assert not any(states[n][0] in ("not-mailbox", "missing")
                       for n in opened)


def test_inbox(dovecot):
    """INBOX elsewhere is found, is missing, is junk, is a link."""
    server = dovecot(location=default_location())
    inbox = server.path("mail/%u", "alice")
    make_log(server.path("index/%u/.imap/INBOX", "alice"))
    write(os.path.join(server.users["alice"].home, "INBOX"), b"not this\n")
    for path in (server.path("index/%u", "alice"),
                 server.users["alice"].home):
        server.chown("alice", path)
    # the spool isn't mounted while it is empty
    other = server.path("mail/other")
    write(other)
    for state, make in ((MISSING, lambda: None),
                        (MAILBOX, lambda: write(inbox, MESSAGE)),
                        (REFUSED, lambda: write(inbox, b"junk\n")),
                        (SYMLINK, lambda: (os.unlink(inbox),
                                           os.symlink("x", inbox)))):
        make()
        if os.path.lexists(inbox):
            os.lchown(inbox, server.users["alice"].uid, -1)
        assert by_name(audit(server)) == {"INBOX": state}
    os.unlink(inbox)
    os.unlink(other)
    report = audit(server, status=75)
    assert by_name(report) == {"INBOX": ("unknown", "mail-root")}


AUTO = """
namespace inbox {
  mailbox Trash {
    auto = subscribe
  }
}
"""


def test_what_dovecot_makes_again(dovecot):
    """An INBOX and a mailbox of auto whose files somebody removed are missing,
    though Dovecot lists and opens them. Then they are there again."""
    server = dovecot(location=default_location(), extra=AUTO)
    write(server.path("mail/other"))
    paths = {"INBOX": server.path("mail/%u", "alice"),
             "Trash": server.users["alice"].home + "/Trash"}
    write(server.users["alice"].home + "/box", MESSAGE)
    server.chown("alice", server.users["alice"].home)
    with server.imap("alice") as imap:
        for name in ("box", *paths):
            imap.ok("APPEND", name, literal(MESSAGE))
    for path in paths.values():
        os.unlink(path)
    assert by_name(audit(server)) == \
        {"box": MAILBOX, "INBOX": MISSING, "Trash": MISSING}
    server.doveadm("mailbox-audit", "clean", "-u", "alice", "-a", "0", "-U",
                   "-g", "0", "--force")
    assert by_name(audit(server)) == {"box": MAILBOX, "INBOX": MISSING}
    with server.imap("alice") as imap:
        assert imap.list().keys() == {b"box", b"INBOX", b"Trash"}
        for name in paths:
            imap.ok("EXAMINE", name)
    assert by_name(audit(server)) == \
        {"box": MAILBOX, "INBOX": MAILBOX, "Trash": MAILBOX}


def maildir(path, *names):
    os.mkdir(path)
    for name in names:
        os.mkdir(os.path.join(path, name))


def make_maildir(path, *names, state):
    maildir(path, *names)
    return state


SUBDIRS = [names for count in range(4)
           for names in itertools.combinations(("cur", "new", "tmp"), count)]


def maildir_kinds(flat):
    """flat is Maildir++, where any directory with a '.' is a mailbox:
    Dovecot creates what is missing in it. Else it opens one that has tmp."""
    kinds = {
        "empty": lambda p: make_maildir(p, state=MAILBOX if flat else REFUSED),
        "file": lambda p: mbox(p, b"junk\n", REFUSED),
        "mbox": lambda p: mbox(p, MESSAGE, REFUSED),
        "link": lambda p: make_link(p, os.path.dirname(p) + "/target",
                                    MAILBOX),
        "dangling": lambda p: make_link(p, "nowhere", SYMLINK),
        "loop": make_loop,
        "link-to-file": lambda p: make_link(p, "/etc/passwd", REFUSED),
        "fifo": lambda p: os.mkfifo(p) or REFUSED,
        "removed": lambda p: MISSING,
        "tmp-is-a-file": lambda p: os.mkdir(p) or
        mbox(p + "/tmp", b"x\n", MAILBOX),
        "others": lambda p: os.makedirs(p + "/other") or
        (MAILBOX if flat else REFUSED),
        "tmp-dangles": lambda p: make_maildir(p, "cur", state=None) or
        make_link(p + "/tmp", "nowhere", MAILBOX if flat else SYMLINK),
    }
    for names in SUBDIRS:
        state = MAILBOX if flat or "tmp" in names else \
            INCOMPLETE if names else REFUSED
        kinds["box-" + "-".join(names)] = \
            lambda p, names=names, state=state: \
            make_maildir(p, *names, state=state)
    return kinds


@pytest.mark.parametrize("layout", ["maildir++", "fs"])
def test_maildir(dovecot, layout):
    server = dovecot(location=Location("maildir", "~/Maildir", layout=layout,
                                       index="index/%u"))
    flat = layout == "maildir++"
    root = os.path.join(server.users["alice"].home, "Maildir")
    maildir(root, "cur", "new", "tmp")
    maildir(root + "/target", "cur", "new", "tmp")
    dot = "." if flat else ""
    told = make_kinds(server, maildir_kinds(flat),
                      lambda name: os.path.join(root, dot + name),
                      lambda name: dot + name)
    check_kinds(server, told)


@pytest.mark.parametrize("driver", ["sdbox", "mdbox"])
def test_dbox(dovecot, driver):
    def box(path):
        os.makedirs(os.path.join(path, "dbox-Mails"))
        return MAILBOX

    kinds = {
        "box": box,
        "sub/box": box,
        "sub": lambda p: NOT_JUDGED,
        "empty": lambda p: os.mkdir(p) or NOT_JUDGED,
        "file": lambda p: mbox(p, b"junk\n", NOT_JUDGED),
        "link": lambda p: make_link(p, "box", MAILBOX),
        "dangling": lambda p: make_link(p, "nowhere", SYMLINK),
        "loop": make_loop,
        "removed": lambda p: NOT_JUDGED,
        "removed/box": lambda p: NOT_JUDGED,
    }
    server = dovecot(location=Location(driver, "~/dbox", index="index/%u"))
    root = os.path.join(server.users["alice"].home, "dbox", "mailboxes")
    os.makedirs(root)
    below = "/dbox-Mails" if ALWAYS_FULL else ""
    told = make_kinds(server, kinds, lambda name: os.path.join(root, name),
                      lambda name: "mailboxes/" + name + below)
    check_kinds(server, told, examine=False)
    # Dovecot looks into the indexes, which are made up: without them it has
    # nothing but the mail side to go by
    shutil.rmtree(server.path("index/alice"))
    with server.imap("alice") as imap:
        opened = {name for name in told if imap.cmd("EXAMINE", quote(name)).ok}
    assert opened == {n for n, state in told.items() if state == MAILBOX}


@pytest.mark.parametrize("index", ["index/%u", None])
@pytest.mark.parametrize("driver", ["sdbox", "mdbox"])
def test_dbox_that_lost_its_directory(dovecot, driver, index):
    """2.4 opens it from its index, if that is still there: it isn't bogus,
    even if 2.3 refuses it."""
    server = dovecot(location=Location(driver, "~/dbox", index=index))
    with server.imap("alice") as imap:
        imap.ok("CREATE box")
        imap.ok("APPEND box", literal(MESSAGE))
    home = server.users["alice"].home + "/dbox"
    shutil.rmtree(home + "/mailboxes/box")
    report = audit(server)
    states = by_name(report)
    assert states.get("box") == (None if index is None else NOT_JUDGED)
    with server.imap("alice") as imap:
        opened = imap.cmd("EXAMINE box").ok
    assert opened == (IS_24 and index is not None)


def test_removed_meanwhile(dovecot):
    """A mailbox that comes back is one again."""
    server = dovecot(location=default_location())
    path = os.path.join(server.users["alice"].home, "box")
    write(path, MESSAGE)
    server.chown("alice", server.users["alice"].home)
    with server.imap("alice") as imap:
        imap.ok("SELECT box")
    assert by_name(audit(server))["box"] == MAILBOX
    os.rename(path, path + ".away")
    assert by_name(audit(server))["box"] == MISSING
    shutil.copy(path + ".away", path)
    server.chown("alice", server.users["alice"].home)
    assert by_name(audit(server))["box"] == MAILBOX


@pytest.fixture
def mounted():
    """mounted(path) makes a file system of its own of a directory; umount()
    takes it away. Nobody else sees it: the tests have a mount namespace."""
    paths = []

    def mount(path):
        os.makedirs(path)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", path], check=True)
        paths.append(path)

    yield mount
    for path in paths:
        if os.path.ismount(path):
            umount(path)


def umount(path):
    subprocess.run(["umount", path], check=True)


UNMOUNTED = {
    "mbox": Location("mbox", "~/mail", inbox="mail/%u", index="index/%u"),
    "mbox-dirname": Location("mbox", "~/mail", index="index/%u",
                             dirname="MBX"),
    "mbox-mailboxdir": Location("mbox", "~/mail", inbox="mail/%u",
                                index="index/%u", mailbox_dir="mb"),
    "maildir-fs": Location("maildir", "~/mail", layout="fs",
                           index="index/%u"),
}


@pytest.mark.parametrize("name", UNMOUNTED)
def test_sub_directory_that_is_not_mounted(dovecot, mounted, name):
    """All that its file system held is unknown, and nothing is an error."""
    server = dovecot(location=UNMOUNTED[name])
    home = server.users["alice"].home
    top = home + ("/mail/mb/sub" if name == "mbox-mailboxdir" else "/mail/sub")
    mounted(top)
    write(home + "/mail/other")
    server.chown("alice", home)
    below = {"sub/box", "sub/a/box", "sub/a/b/box", "sub/a/b/box2"}
    with server.imap("alice") as imap:
        for box in sorted(below | {"here"}):
            imap.ok("CREATE", quote(box))
            imap.ok("APPEND", quote(box), literal(MESSAGE))
            imap.ok("STATUS", quote(box), "(MESSAGES)")
    before = by_name(audit(server))
    assert {before[box] for box in below} == {MAILBOX}
    umount(top)
    after = by_name(audit(server))
    assert {after[box] for box in below} == {EMPTY}
    assert after["here"] == MAILBOX
    # the directory itself isn't below
    assert {box for box, (state, _) in after.items()
            if state in ("missing", "not-mailbox")} <= {"sub"}
    # a new one has nothing else
    os.mkdir(top + "/lost+found")
    assert by_name(audit(server)) == after
    # now they are gone
    write(top + "/file", b"x\n")
    after = by_name(audit(server))
    assert {after[box] for box in below} == {MISSING}
