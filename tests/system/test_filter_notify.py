# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""NOTIFY tells of hidden mailboxes what it tells on stock Dovecot. It hears
only of those that have a record in the mailbox list index."""

import os
import re
import subprocess
import time

import pytest

from dovecot import Location
from filter import MESSAGE, fill_mbox, program, with_filter
from imap import literal, quote

RULES = "junk-* .*"
LOCATIONS = {
    "mbox": Location("mbox", "~", inbox="mail/%u", index="index/%u"),
    "maildir++": Location("maildir", "~/Maildir", index="index/%u"),
    "maildir-fs": Location("maildir", "~/Maildir", index="index/%u",
                           layout="fs"),
    "sdbox": Location("sdbox", "~/sdbox", index="index/%u"),
    "mdbox": Location("mdbox", "~/mdbox", index="index/%u"),
}
DETAIL = {"recipient_delimiter": "+", "lmtp_save_to_detail_mailbox": "yes"}


def fill(server, location, names):
    """Makes the mailboxes, and no record of them."""
    if location.driver == "mbox":
        fill_mbox(server, "alice", names)
    else:
        server.doveadm("mailbox", "create", "-u", "alice", *names)
    for top, _, files in os.walk(server.dir):
        for name in files:
            if name.startswith("dovecot.list.index"):
                os.unlink(os.path.join(top, name))


def deliver(server, how, name):
    if how == "imap":
        with server.imap("alice") as imap:
            imap.ok("APPEND", quote(name), literal(MESSAGE))
    elif how == "lmtp":
        server.deliver("alice+" + name, MESSAGE)
    else:
        subprocess.run([program("dovecot-lda"), "-c", server.config, "-d",
                        "alice", "-m", name], input=MESSAGE, check=True)


def comparable(reply):
    """Returns the lines without what differs between any two servers."""
    return [re.sub(rb"(UIDVALIDITY|HIGHESTMODSEQ) \d+", rb"\1", line)
            for line in reply.untagged]


def told(listener, word, patience=15):
    """Returns what NOTIFY told, until it told of the word."""
    lines = []
    end = time.monotonic() + patience
    while time.monotonic() < end and word not in b"".join(lines):
        time.sleep(0.1)
        lines += comparable(listener.ok("NOOP"))
    return lines


@pytest.mark.parametrize("status", ["", "STATUS "], ids=["", "status"])
@pytest.mark.parametrize("name", LOCATIONS)
def test_new_mail_is_told(dovecot, name, status):
    location = LOCATIONS[name]
    names = ["junk-1", "good-1", "junk-2", "sub/junk-3"]
    results = []
    description = dict(location=location, settings=DETAIL)
    for server in (dovecot(**description),
                   dovecot(**with_filter(description, RULES))):
        fill(server, location, names + ["junk-4"])
        with server.imap("alice") as imap:
            imap.list()
        listener = server.imap("alice")
        result = comparable(listener.ok(
            f"NOTIFY SET {status}(mailboxes ({' '.join(names)}) "
            "(MessageNew MessageExpunge))"))
        for each, how in zip(names, ("lmtp", "lda", "imap", "imap")):
            deliver(server, how, each)
            lines = told(listener, each.encode())
            assert lines, each
            result += lines
        listener.logout()
        # the order of mailboxes is that of the directories or of the index
        results.append(sorted(result, key=lambda line: line.split()[2]))
    assert results[0] == results[1]


def test_subscribed_mailboxes_are_told(dovecot):
    location = LOCATIONS["maildir++"]
    server = dovecot(**with_filter(dict(location=location), RULES))
    fill(server, location, ["junk-1", "good-1"])
    with server.imap("alice") as imap:
        imap.ok("SUBSCRIBE junk-1")
        imap.list()
    listener = server.imap("alice")
    listener.ok("NOTIFY SET (subscribed (MessageNew MessageExpunge))")
    deliver(server, "lda", "junk-1")
    assert told(listener, b"junk-1")
    listener.logout()


def test_odd_names(dovecot):
    location = LOCATIONS["mbox"]
    description = dict(location=location)
    replies = []
    for server in (dovecot(**description),
                   dovecot(**with_filter(description, RULES))):
        fill(server, location, ["junk-1"])
        with server.imap("alice") as imap:
            replies.append([imap.cmd(
                "NOTIFY SET (mailboxes", name,
                "(MessageNew MessageExpunge))").status for name in (
                    '""', ".", "junk-1/../junk-1", "junk-1//a", "/junk-1",
                    "junk-none", "(junk-1 junk-1)", "()", "~junk-1",
                    literal(b"junk-\xff"), literal(b"junk-&"))])
    assert replies[0] == replies[1]


# what is told after each of these, by which one client watches another
STEPS = ["CREATE good-2", "RENAME good-2 junk-2", "RENAME junk-2 good-3",
         "CREATE junk-3/sub", "CREATE junk-3/.sub2", "RENAME junk-3 good-4",
         "RENAME good-4 junk-4", "DELETE junk-4/sub",
         "RENAME junk-1 sub/junk-5", "DELETE sub/junk-5", "DELETE good-3",
         "RENAME good-1 good-5"]


@pytest.mark.parametrize("name", LOCATIONS)
def test_names_are_told_as_by_stock(dovecot, name):
    location = LOCATIONS[name]
    description = dict(location=location)
    servers = (dovecot(**description),
               dovecot(**with_filter(description, RULES)))
    listeners, actors = [], []
    for server in servers:
        fill(server, location, ["junk-1", "good-1"])
        with server.imap("alice") as imap:
            imap.list()
            imap.ok("STATUS junk-1 (MESSAGES)")
            imap.list()
        listeners.append(server.imap("alice"))
        listeners[-1].ok("NOTIFY SET (personal (MailboxName "
                         "SubscriptionChange MessageNew MessageExpunge))")
        actors.append(server.imap("alice"))
    differ = []
    for step in STEPS:
        if name == "maildir++":
            step = step.replace("/.sub2", "/junk-sub2")
        for actor in actors:
            actor.cmd(step)
            actor.list()
        # the delay of NOTIFY is half a second, that of a refresh a whole one
        time.sleep(1.7)
        heard = [sorted(comparable(each.ok("NOOP"))) for each in listeners]
        if heard[0] != heard[1]:
            differ.append((step, *heard))
    for each in listeners + actors:
        each.logout()
    assert differ == []
