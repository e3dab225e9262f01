# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Many clients at once, while files come and go; and one under valgrind."""

import contextlib
import glob
import itertools
import os
import re
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

import pytest

from dovecot import Location, Namespace
from filter import MBOX, MESSAGE, fill_mbox, hidden, program, with_filter
from imap import Closed, literal

MBOX_HOME = Location("mbox", "~", inbox="mail/%u", index="index/%u")
CLIENTS = 16
STAYING = ["stays", "Work/stays"]
# by commands of another client
COMING = ["comes", "Work/comes", "Work/comes-too"]
# behind Dovecot's back, which with the plugin doesn't look there: hidden names
# and what is below them
HIDDEN = {"junk-1": "", "Work/junk-2": "below", ".hidden": "",
          "junk-3": "a/b/c"}
# hidden, too, by commands of other clients
USED = ["used-1", "used-2/sub", "Work/used-3"]
RULES = "junk-* .* used-*"


def come(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(MBOX)


def go(path):
    shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(OSError):
        os.unlink(path)


class Changes:
    """How many changes each of those has made who make them."""
    WANTED = 10

    def __init__(self, makers):
        self.counts = dict.fromkeys(makers, 0)
        self.stop = threading.Event()
        # on a slow machine the clients wait for the changes
        self.end = time.monotonic() + 120

    def enough(self):
        return min(self.counts.values()) >= self.WANTED or \
            time.monotonic() > self.end


def change_hidden(server, root, changes):
    """Lets hidden names come and go until told to stop."""
    for name, below in itertools.cycle(HIDDEN.items()):
        path = os.path.join(root, name)
        come(os.path.join(path, below).rstrip("/"))
        server.chown("alice", path)
        if changes.stop.wait(0.002):
            return
        go(path)
        changes.counts[change_hidden] += 1


def change_visible(server, root, changes):
    """The same for visible ones."""
    with server.imap("alice") as imap:
        for name in itertools.cycle(COMING):
            imap.cmd("CREATE", name)
            if changes.stop.wait(0.02):
                return
            imap.cmd("DELETE", name)
            changes.counts[change_visible] += 1


def use_once(imap, name):
    for command in ("CREATE", "SELECT", "SUBSCRIBE"):
        imap.cmd(command, name)
    imap.cmd("APPEND", name, literal(MESSAGE))
    imap.cmd("RENAME", name, name + "-moved")
    imap.cmd("STATUS", name + "-moved", "(MESSAGES)")
    imap.cmd("DELETE", name + "-moved")
    imap.cmd("DELETE", name)


def use_hidden(server, changes):
    """Makes, uses, renames and deletes hidden mailboxes until told to stop;
    others do the same to them."""
    names = itertools.cycle(USED)
    while not changes.stop.is_set():
        # Dovecot ends a session whose mailbox is deleted by another one
        with contextlib.suppress(Closed, ConnectionError), \
                server.imap("alice") as imap:
            while not changes.stop.wait(0.02):
                use_once(imap, next(names))


def client(server, changes):
    """Returns all names that LIST told to one client."""
    names = set()
    for rounds in itertools.count(1):
        with server.imap("alice") as imap:
            for pattern in ("*", "%", "Work/%", "junk-3/*"):
                names |= imap.list("", pattern).keys()
            imap.ok('LIST "" "*" RETURN (CHILDREN STATUS (MESSAGES))')
            imap.ok("SELECT INBOX")
        if rounds > 1 and changes.enough():
            return names


def kinds(server):
    """Returns the log's errors without the names in them. In which ways a
    mailbox is missed that goes while it is looked at is left to chance."""
    return {re.sub(r".*?(Error|Fatal|Panic)", r"\1",
                   re.sub(r"/tmp/\S*|\d+|(Mailbox|mailbox) \S+", "", line))
            for line in server.errors()
            if "No such file or directory" not in line}


def test_many_clients_while_mailboxes_come_and_go(dovecot):
    """Not with Maildir: there stock Dovecot 2.3.19's imap now and then ends
    with signal 11 in such a run."""
    # with fcntl() the kernel may see deadlocks among so many processes
    description = dict(location=MBOX_HOME, settings={"lock_method": "flock"})
    plain = dovecot(**description)
    server = dovecot(**with_filter(description, RULES))
    for each in (plain, server):
        root = each.users["alice"].home
        for name in STAYING:
            come(os.path.join(root, name))
        each.chown("alice", root)
        # stock Dovecot fails assertions when mailboxes vanish
        makers = [change_visible] + [change_hidden] * (each is server)
        changes = Changes(makers)
        with ThreadPoolExecutor(CLIENTS + 4) as pool:
            made = [pool.submit(make, each, root, changes) for make in makers]
            made += [pool.submit(use_hidden, each, changes) for _ in range(2)]
            try:
                told = list(pool.map(client, [each] * CLIENTS,
                                     [changes] * CLIENTS))
            finally:
                changes.stop.set()
            for future in made:
                future.result()
            assert min(changes.counts.values()) >= Changes.WANTED
        for names in told:
            names = {name.decode() for name in names}
            assert {"INBOX", *STAYING} <= names
            assert each is plain or hidden(sorted(names), RULES) == set()
    assert kinds(server) <= kinds(plain)
    assert not [line for line in server.errors()
                if re.search(r"junk-|\.hidden", line)]


VALGRIND = "--xml=yes --xml-file=@DIR@/private/valgrind.%p --leak-check=full " \
    "--show-leak-kinds=definite --child-silent-after-fork=yes"
OURS = ("mailbox_filter", "libmailboxaudit")


def our_errors(path):
    """Returns valgrind's errors with our plugin or library in the stack."""
    root = ElementTree.parse(path).getroot()
    assert [s.text for s in root.findall("status/state")][-1] == "FINISHED"
    return [ElementTree.tostring(error).decode()
            for error in root.findall("error")
            if any(ours in (obj.text or "") for obj in error.iter("obj")
                   for ours in OURS)]


@pytest.mark.skipif(shutil.which("valgrind") is None,
                    reason="valgrind isn't installed")
def test_valgrind_finds_no_error_of_ours(dovecot):
    # with GDB set Dovecot keeps its modules loaded until the end: valgrind
    # would not know whose functions they were
    extra = f"""
service imap {{
  executable = /usr/bin/env GDB=1 {shutil.which("valgrind")} {VALGRIND} \\
    {program("imap")}
}}
"""
    server = dovecot(**with_filter(dict(
        location=MBOX_HOME, extra=extra, namespaces=[
            Namespace("old", "Old/", location=Location(
                "mbox", "~/.old", index="index/%u/.old")),
            Namespace("box", "Box/", location=Location(
                "sdbox", "~/.sdbox", index="index/%u/.sdbox",
                layout="index"))]),
        RULES, mailbox_filter_non_mailboxes="yes"))
    fill_mbox(server, "alice", STAYING + COMING +
              [os.path.join(*names).rstrip("/") for names in HIDDEN.items()])
    fill_mbox(server, "alice", ["text", "Work/text", "junk-3/a/text"],
              b"no mailbox\n")
    server.doveadm("mailbox", "create", "-u", "alice", "Box/a", "Box/a/junk-1",
                   "Box/junk-2/b", "Box/c/d")
    for _ in range(2):
        with server.imap("alice") as imap:
            names = {name.decode() for name in imap.list()}
            assert names >= {"Work/stays", "Box/a", "Box/c/d"}
            assert not {"text", "junk-1", "Box/a/junk-1"} & names
            for command in ("NOTIFY SET (mailboxes (junk-1 Work/junk-2) "
                            "(MailboxName)) (subtree .hidden (MailboxName))",
                            'LIST "" "%"', 'LIST "" "junk-3/*"',
                            'LIST "" ("*" "Work/%") RETURN (CHILDREN STATUS '
                            '(MESSAGES) SUBSCRIBED SPECIAL-USE)',
                            'LSUB "" "*"', 'LIST (SUBSCRIBED) "" "*"',
                            "SELECT stays", "SELECT INBOX",
                            "SUBSCRIBE junk-1", "STATUS junk-1 (MESSAGES)"):
                imap.ok(command)
            imap.ok("APPEND INBOX", literal(MESSAGE))
            for command in ("RENAME Work/comes renamed", "DELETE renamed",
                            "RENAME junk-1 junk-5", "RENAME junk-3 came",
                            "CREATE junk-8/a", "DELETE junk-8/a", "NOOP",
                            "RENAME came Old/junk-7",
                            "RENAME Old/junk-7 junk-3",
                            "RENAME junk-5 junk-1", "SELECT junk-8/a"):
                imap.cmd(command)
    server.stop()
    reports = glob.glob(server.dir + "/private/valgrind.*")
    assert reports
    assert [e for path in reports for e in our_errors(path)] == []
