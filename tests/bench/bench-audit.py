# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The audit of the index tree that stock Dovecot's LIST left for the home of
home.py: its time against du's, its memory, its system calls."""

import collections
import os
import re
import sys

from audit import make_entries
from dovecot import Dovecot, Location
import home
import measure

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 15


def report_command(server, user):
    return ["mailbox-audit", "report", "--index-root",
            server.path("index/%u", user), "--mail-root",
            server.users[user].home, "--inbox", server.path("mail/%u", user)]


def doveadm_command(server, user, *args):
    return ["doveadm", "-c", server.config, *args, "-u", user]


def time_and_memory(server):
    index_root = server.path("index/%u", "ann")
    print(f"\n{RUNS} runs each, in turns, warm:")
    measure.show(measure.compare({
        "du --inodes -s": ["du", "--inodes", "-s", index_root],
        "find (no output)": ["find", index_root, "-size", "-0"],
        "mailbox-audit report": report_command(server, "ann"),
        "mailbox-audit report -J 1": [*report_command(server, "ann"),
                                      "-J", "1"],
        "doveadm mailbox-audit": doveadm_command(server, "ann",
                                                 "mailbox-audit"),
        "doveadm mailbox path INBOX": doveadm_command(
            server, "ann", "mailbox", "path", "INBOX"),
    }, RUNS))


def ten_times(server):
    print("\nTen times the entries, none of which exists on the mail side:")
    make_entries(server, "bob", 55521 * 10)
    measure.show(measure.compare({
        "du --inodes -s": ["du", "--inodes", "-s",
                           server.path("index/%u", "bob")],
        "mailbox-audit report": report_command(server, "bob"),
        "doveadm mailbox-audit": doveadm_command(server, "bob",
                                                 "mailbox-audit"),
    }, 2))


def calls(server):
    """Counts the calls on the mail side. A line that names a descriptor has its
    path, one with AT_FDCWD a path."""
    # watched, a local disk is slow
    lines = measure.syscalls([*report_command(server, "ann"), "-J", "1"])
    home_dir = server.users["ann"].home
    mail = [l for l in lines if home_dir in l or server.dir + "/www" in l]
    index = [l for l in lines if server.path("index/%u", "ann") in l]
    print(f"\nSystem calls: {len(lines)} in all, "
          f"{len(mail)} on the mail side, {len(index)} on the index side")
    print("mail side: ", dict(measure.names_of(mail).most_common()))
    print("index side:", dict(measure.names_of(index).most_common()))
    repeated = collections.Counter(
        m.group(1) for m in (re.search(r'newfstatat\(\d+<(.*?)>, "', l)
                             for l in mail) if m)
    print(f"looks in {len(repeated)} directories")


def main():
    server = Dovecot(location=Location("mbox", "~", inbox="mail/%u",
                                       index="index/%u"),
                     users=["ann", "bob"])
    try:
        home.make_home(server, "ann")
        # without a mail its mail root would be empty
        home.make_mailboxes(server.users["bob"].home, ["mailbox"])
        server.start()
        with server.imap("ann") as imap:
            names = imap.list()
        inodes = sum(len(d) + len(f) for _, d, f in
                     os.walk(server.users["ann"].home)) + 1
        print(f"home: {inodes} inodes, LIST: {len(names)} names")
        print(os.popen("du --inodes -s " + server.path("index/%u", "ann"))
              .read().split()[0], "inodes under the index root")
        calls(server)
        time_and_memory(server)
        ten_times(server)
    finally:
        server.remove()


main()
