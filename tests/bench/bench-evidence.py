# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What the audit's evidence of use costs, against a mailbox-audit that has
none, over two trees: what stock Dovecot's LIST leaves for the home of home.py,
all of it untouched; and mailboxes that somebody uses.

	bench-evidence.py RUNS PROGRAM [MAILBOXES]

README tells where PROGRAM comes from."""

import os
import shutil
import statistics
import sys

from audit import make_log
import corpus
from dovecot import Dovecot, Location
import home
import measure

RUNS = int(sys.argv[1])
BEFORE = sys.argv[2]
MAILBOXES = int(sys.argv[3]) if len(sys.argv) > 3 else 10000
MESSAGES = 100
MAX_LOG = 32 * 1024


def command(server, user, program="mailbox-audit"):
    return [program, "report", "--index-root", server.path("index/%u", user),
            "--mail-root", server.users[user].home,
            "--inbox", server.path("mail/%u", user)]


def leave(server, user):
    """Makes the entries that a LIST would, which takes Dovecot minutes on a
    busy disk; without its list index, since the audit looks for the names of
    that, too. Returns how many."""
    top = server.users[user].home
    index = server.path("index/%u", user)
    count = 0
    for directory, _, files in os.walk(top, followlinks=True):
        imap = os.path.join(index, os.path.relpath(directory, top), ".imap")
        for name in files:
            make_log(os.path.join(imap, name))
        count += len(files)
    server.chown(user, index)
    return count


def use(server, user):
    """Makes a mailbox with messages that somebody reads and marks; returns the
    directory of its index."""
    with server.imap(user) as imap:
        imap.ok("CREATE used")
        corpus.append(imap, "used", MESSAGES)
        corpus.selected(imap, "used", "FETCH 1:* (ENVELOPE FLAGS)",
                        *(f"STORE {n} +FLAGS (\\Seen)"
                          for n in range(1, MESSAGES + 1)))
    server.restart()
    return server.path("index/%u/.imap/used", user)


def fill(server, user):
    """Copies that mailbox: an mbox is known by its first line."""
    index = use(server, user)
    os.unlink(server.users[user].home + "/used")
    assert os.path.getsize(index + "/dovecot.index.log") <= MAX_LOG
    names = [f"year{i // 100}/box{i}" for i in range(MAILBOXES)]
    home.make_mailboxes(server.users[user].home, names)
    for name in names:
        directory, box = name.split("/")
        shutil.copytree(index, server.path(
            f"index/%u/{directory}/.imap/{box}", user))
    shutil.rmtree(index)
    server.chown(user, server.users[user].home)
    server.chown(user, server.path("index/%u", user))
    return sum(os.path.getsize(os.path.join(top, name)) for top, _, files in
               os.walk(server.path("index/%u", user)) for name in files)


def compare(server, user, what, bar):
    print(f"\n{what}, {RUNS} runs each, in turns, warm:")
    found = measure.compare({
        "without evidence": command(server, user, BEFORE),
        "with evidence": command(server, user)}, RUNS)
    measure.show(found)
    for name, key in (("median", lambda runs: statistics.median(
                          [run.seconds for run in runs])),
                      ("best", lambda runs: min(r.seconds for r in runs)),
                      ("cpu", lambda runs: min(r.cpu for r in runs))):
        before, after = map(key, found.values())
        print(f"{name} {after / before:.3f} times, at most {bar} wanted")
    before, after = (measure.run_counted(command(server, user, program))[1]
                     for program in (BEFORE, "mailbox-audit"))
    print(f"{before} and {after} system calls, {after - before} more")


def main():
    server = Dovecot(location=Location("mbox", "~", inbox="mail/%u",
                                       index="index/%u"),
                     users=["ann", "bob"])
    try:
        home.make_home(server, "ann")
        print(leave(server, "ann"), "untouched entries")
        server.start()
        size = fill(server, "bob")
        print(f"{MAILBOXES} mailboxes of {MESSAGES} messages, "
              f"{size / MAILBOXES / 1024:.1f} KiB of index files each")
        compare(server, "ann", "Untouched entries", 1.02)
        compare(server, "bob", "Used mailboxes", 2)
    finally:
        server.remove()


main()
