# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Index files that a real Dovecot makes, of all kinds: what the tests of
inspect look at, and where the cases of tests/index come from.

    server = dovecot(**description("mdbox"))
    fill(server, "alice")
    for directory, prefix in indexes(server, "alice"): ...

Each mailbox is called by what was done with it.
"""

import os
import re

from audit import MESSAGE, write_home
from dovecot import IS_24, Location
from imap import literal

FORMATS = {
    "mbox": Location("mbox", "~/mail", inbox="mail/%u", index="index/%u"),
    "maildir": Location("maildir", "~/Maildir", index="index/%u"),
    "sdbox": Location("sdbox", "~/sdbox", index="index/%u"),
    "mdbox": Location("mdbox", "~/mdbox", index="index/%u"),
    "layout-index": Location("sdbox", "~/sdbox", index="index/%u",
                             layout="index"),
}
PREFIXES = ["dovecot.index", "dovecot.list.index", "dovecot.map.index"]
SUFFIXES = ["", ".log", ".log.2", ".cache", ".thread"]


def description(driver):
    return {"location": FORMATS[driver], "users": ["alice"],
            # whatever its age
            "settings": {"mail_index_log_rotate_max_size": "8k",
                         # a checksum of each message's headers, with mbox
                         "pop3_uidl_format": "%{md5}" if IS_24 else "%m"}}


def message(i):
    return (f"From: sender{i}@example.org\r\nSubject: number {i}\r\n"
            f"Message-ID: <{i}@example.org>\r\n"
            "Date: Thu, 9 Nov 2023 22:33:52 +0000\r\n\r\n"
            f"body {i}\r\n").encode()


def append(imap, name, count):
    """Appends messages, hundred at a time."""
    for first in range(0, count, 100):
        batch = [literal(message(i))
                 for i in range(first, min(first + 100, count))]
        assert imap.cmd(f"APPEND {name}", *batch).ok


def commands(imap, *lines):
    for line in lines:
        reply = imap.cmd(line)
        assert reply.ok, (line, reply)


def selected(imap, name, *lines):
    commands(imap, f"SELECT {name}", *lines, "UNSELECT")


def some_mailboxes(imap):
    """Mailboxes with few messages, or none."""
    for name in ("empty", "status", "select", "keywords", "expunged",
                 "fetched", "condstore", "qresync", "sorted", "threaded",
                 "lost", "purged", "a/b/c"):
        commands(imap, f"CREATE {name}")
        if name != "empty":
            append(imap, name, 5)
    commands(imap, "STATUS status (MESSAGES UNSEEN RECENT SIZE)")
    selected(imap, "select")
    selected(imap, "fetched", "FETCH 1:* (ENVELOPE BODYSTRUCTURE)",
             "FETCH 1 BODY[]")
    selected(imap, "keywords", *(f"STORE {i % 5 + 1} +FLAGS (keyword{i})"
                                 for i in range(40)),
             "STORE 2 -FLAGS (keyword1)")
    selected(imap, "expunged", "STORE 2,4 +FLAGS (\\Deleted)", "EXPUNGE",
             "STORE 1 +FLAGS (\\Seen \\Flagged)", "STORE 2 +FLAGS (\\Deleted)")
    commands(imap, "SELECT condstore (CONDSTORE)", "STORE 1:3 +FLAGS (\\Seen)",
             "STORE 2 (UNCHANGEDSINCE 1) +FLAGS (\\Flagged)", "UNSELECT")
    selected(imap, "sorted", "SORT (FROM SUBJECT) UTF-8 ALL")
    selected(imap, "threaded", "THREAD REFERENCES UTF-8 ALL")
    selected(imap, "purged", "FETCH 1:* ENVELOPE",
             "STORE 1:2 +FLAGS (\\Deleted)", "EXPUNGE")
    selected(imap, "lost", "FETCH 1:* ENVELOPE")


def resynchronize(imap):
    """What clients do that were away."""
    commands(imap, "ENABLE QRESYNC", "SELECT qresync",
             "STORE 1:2 +FLAGS (\\Seen)")
    (status,) = imap.cmd("STATUS qresync (UIDVALIDITY HIGHESTMODSEQ)"
                         ).starting("STATUS")
    numbers = dict(re.findall(r"([A-Z]+) (\d+)", status.decode()))
    commands(imap, "STORE 4 +FLAGS (\\Deleted)", "EXPUNGE", "UNSELECT")
    reply = imap.cmd("SELECT qresync (QRESYNC ({UIDVALIDITY} {HIGHESTMODSEQ} "
                     "1:5))".format(**numbers))
    assert reply.starting("VANISHED (EARLIER) 4"), reply
    commands(imap, "UNSELECT")


def list_only(server, user):
    """A mailbox that somebody else made, and Dovecot lists; dbox has none."""
    driver = server.location.driver
    if driver == "mbox":
        write_home(server, user, "mail/listed", MESSAGE)
    elif driver == "maildir":
        write_home(server, user, "Maildir/.listed/cur/1.a:2,", MESSAGE)
        for name in ("new", "tmp"):
            os.mkdir(server.path(f"~/Maildir/.listed/{name}", user))
        server.chown(user, server.path("~/Maildir/.listed", user))
    with server.imap(user) as imap:
        commands(imap, 'LIST "" "*"')


def many_messages(imap, count):
    """Messages, and changes that make a log be rotated."""
    commands(imap, "CREATE many")
    append(imap, "many", count)
    for part in range(3):
        selected(imap, "many", *(f"STORE {n} +FLAGS (\\Seen)"
                                 for n in range(1 + part, count // 2, 8)))
    selected(imap, "many", f"STORE {count - 100}:* +FLAGS (\\Deleted)",
             "EXPUNGE", "FETCH 1:20 (FLAGS ENVELOPE)")


def fill(server, user, many=0):
    """Does to mailboxes what people do; one has many messages."""
    with server.imap(user) as imap:
        some_mailboxes(imap)
        resynchronize(imap)
        if many:
            many_messages(imap, many)
        commands(imap, "SUBSCRIBE select", 'LIST "" "*"',
                 'LIST "" "*" RETURN (STATUS (MESSAGES UNSEEN))')
    list_only(server, user)
    server.doveadm("mailbox", "cache", "purge", "-u", user, "purged")
    for directory, prefix in indexes(server, user):
        path = os.path.join(directory, prefix)
        if "lost" in directory.split("/") and os.path.exists(path):
            os.unlink(path)


def indexes(server, user):
    """Yields (directory, prefix) of each index below a user's index root."""
    for directory, _, files in sorted(os.walk(server.path("index/%u", user))):
        for prefix in PREFIXES:
            if any(prefix + suffix in files for suffix in SUFFIXES):
                yield directory, prefix


def level(directory):
    """Returns the last level of a mailbox's name as the directory of its index
    has it: 2.4.2 put those of dbox beside the mails, one directory deeper."""
    above, last = os.path.split(directory)
    return os.path.basename(above) if last == "dbox-Mails" else last


def mailbox_name(directory, line):
    """Returns the last level of a mailbox's name, from its directory or, with
    LAYOUT=index, from its index."""
    for ext in line["state"]["extensions"]:
        if ext["box_name"] is not None:
            return ext["box_name"].split("/")[-1]
    return level(directory).split(".")[-1]
