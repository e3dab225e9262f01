# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""NOTIFY tells of hidden mailboxes what it tells on stock Dovecot. It hears
only of those that have a record in the mailbox list index."""

import dataclasses
import re

import pytest

from dovecot import Namespace, VERSION
from filter import DETAIL, FORMATS, create, deliver, forget_list_index, \
    list_index, with_filter
from imap import literal
from waiting import wait_for

RULES = "junk-* .*"


def fill(server, location, names):
    """Makes the mailboxes, subscribed, and no record of them."""
    create(server, "alice", location, names)
    with server.imap("alice") as imap:
        for name in names:
            imap.ok("SUBSCRIBE", name)
    forget_list_index(server, "alice")


def comparable(reply):
    """Returns the lines without what differs between any two servers."""
    return [re.sub(rb"(UIDVALIDITY|HIGHESTMODSEQ) \d+", rb"\1", line)
            for line in reply.untagged]


def tell(listener, name, what):
    """Returns what NOTIFY told, until it told that of the mailbox. The order is
    that of the directories or of the index."""
    lines = []

    def is_told():
        lines.extend(comparable(listener.ok("NOOP")))
        return any(re.search(what, line) and name.encode() in line
                   for line in lines)

    wait_for(is_told)
    return sorted(lines)


NAMES = ["junk-1", "junk-2", "sub/junk-3", "good-1"]
# the names that NOTIFY is asked for, and the formats
REQUESTS = [("SET (mailboxes ({})", FORMATS),
            ("SET STATUS (mailboxes ({})", FORMATS),
            ("SET (subtree ({})", ["mdbox"]),
            ("SET (subscribed", ["maildir++"])]


@pytest.mark.parametrize("what,name", [
    (what, name) for what, formats in REQUESTS for name in formats])
def test_what_happens_to_a_named_mailbox_is_told(dovecot, what, name):
    """Also if it happens to one that was never used before, or the mailbox is
    deleted unused."""
    location = FORMATS[name]
    description = dict(location=location, settings=DETAIL)
    results = []
    for server in (dovecot(**description),
                   dovecot(**with_filter(description, RULES))):
        fill(server, location, [*NAMES, "junk-4", "junk-gone"])
        with server.imap("alice") as imap:
            imap.list()
        listener = server.imap("alice")
        told = [sorted(comparable(listener.ok(
            "NOTIFY", what.format(" ".join(NAMES + ["junk-gone"])),
            "(MailboxName MessageNew MessageExpunge FlagChange))")))]
        for mailbox, how in zip(NAMES, ("lmtp", "lda", "imap", "imap")):
            deliver(server, how, "alice", mailbox)
            # of what was there before it tells as well
            told.append(tell(listener, mailbox, rb"\(MESSAGES %d " % (
                1 + (location.driver == "mbox"))))
        with server.imap("alice") as imap:
            imap.ok("DELETE junk-gone")
            imap.list()
        told.append(tell(listener, "junk-gone", rb"\\NonExistent"))
        listener.logout()
        results.append(told)
    assert all(results[0][1:])
    assert results[0] == results[1]


# stock Dovecot 2.4.5 panics
NOT_UTF8 = [literal(b"junk-\xff")] if VERSION < (2, 4, 5) else []


def test_odd_names(dovecot):
    location = FORMATS["mbox"]
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
                    literal(b"junk-&"), *NOT_UTF8)])
    assert replies[0] == replies[1]


def test_no_record_of_a_name_that_is_normalized(dovecot):
    """From 2.4.3 on the name is that of another mailbox, of which NOTIFY tells
    nothing then."""
    location = FORMATS["sdbox"]
    server = dovecot(**with_filter(dict(location=location), RULES))
    with server.imap("alice") as imap:
        imap.ok("CREATE junk-&AOk-")
        imap.ok("CREATE good-1")
    forget_list_index(server, "alice")
    with server.imap("alice") as imap:
        imap.list()
        imap.ok("NOTIFY SET (mailboxes", literal("junk-e\u0301"),
                "(MessageNew MessageExpunge))")
        names = list_index(server, "alice")
    assert "good-1" in names and not any("junk" in name for name in names)


# what is told after each of these, by which one client watches another
STEPS = ["CREATE good-2", "RENAME good-2 junk-2", "RENAME junk-2 good-3",
         "CREATE junk-3/sub", "CREATE junk-3/.sub2",
         "RENAME junk-3/sub junk-3/sub3", "RENAME junk-3 good-4",
         "RENAME good-4 junk-4", "DELETE junk-4/sub3",
         "RENAME junk-1 sub/junk-5", "DELETE sub/junk-5", "DELETE good-3",
         "RENAME good-1 good-5", "RENAME junk-6 good-6",
         "RENAME junk-7 junk-8", "RENAME INBOX junk-9", "CREATE INBOX/junk-a",
         "RENAME INBOX/junk-a good-7"]
# to another namespace and back
MOVES = ["RENAME good-1 Old/junk-1", "RENAME Old/junk-1 good-1",
         "RENAME junk-6 Old/good-6", "RENAME Old/good-6 junk-6",
         "RENAME sub Old/junk-9", "RENAME Old/junk-9 junk-sub",
         "RENAME junk-7 Old/junk-7", "DELETE Old/junk-7"]


def compare_steps(servers, steps):
    """Returns the steps after which the servers tell otherwise, and how often
    the first one told of an old name."""
    listeners, actors, differ, renames = [], [], [], 0
    for server in servers:
        listeners.append(server.imap("alice"))
        listeners[-1].ok("NOTIFY SET (personal (MailboxName "
                         "SubscriptionChange MessageNew MessageExpunge))")
        actors.append(server.imap("alice"))
    for step in steps:
        status = []
        for actor in actors:
            status.append(actor.cmd(step).status)
            actor.list()
        # NOOP tells at once of what is in the index
        heard = [sorted(comparable(each.ok("NOOP"))) for each in listeners]
        renames += b"OLDNAME" in b"".join(heard[0])
        if heard[0] != heard[1] or status[0] != status[1]:
            differ.append((step, status, *heard))
    for each in listeners + actors:
        each.logout()
    return differ, renames


def fill_used(servers, location):
    """Makes the same mailboxes on each. A hidden one is used, others get a
    delivery."""
    for server in servers:
        fill(server, location,
             ["junk-1", "junk-6", "junk-7", "good-1", "sub/a", "sub/junk-b",
              "INBOX/junk-c"])
        with server.imap("alice") as imap:
            imap.list()
            imap.ok("STATUS junk-1 (MESSAGES)")
            imap.ok("STATUS sub/junk-b (MESSAGES)")
            imap.ok("STATUS INBOX/junk-c (MESSAGES)")
            imap.list()
        deliver(server, "lmtp", "alice", "junk-6")
        deliver(server, "lda", "alice", "junk-7")


@pytest.mark.parametrize("name", FORMATS)
def test_names_are_told_as_by_stock(dovecot, name):
    description = dict(location=FORMATS[name], settings=DETAIL)
    servers = [dovecot(**description),
               dovecot(**with_filter(description, RULES))]
    fill_used(servers, FORMATS[name])
    # in maildir++ a name can't hold a dot
    steps = [step.replace("/.sub2", "/junk-sub2") for step in STEPS] \
        if name == "maildir++" else STEPS
    differ, renames = compare_steps(servers, steps)
    assert differ == []
    assert renames >= 6


@pytest.mark.parametrize("name", ["mbox", "maildir-fs", "sdbox"])
def test_renames_to_another_namespace_are_told_as_by_stock(dovecot, name):
    """As a new name there."""
    old = dataclasses.replace(FORMATS[name], mail="~/old", inbox=None,
                              index="index/%u-old")
    description = dict(
        location=dataclasses.replace(FORMATS[name], mail="~/main"),
        settings=DETAIL, namespaces=[Namespace("old", "Old/", location=old)])
    servers = [dovecot(**description),
               dovecot(**with_filter(description, RULES))]
    fill_used(servers, description["location"])
    assert compare_steps(servers, MOVES) == ([], 0)
