# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""LIST where the home is on a slow file server, which takes a millisecond for
each answer, and the indexes are not: the first LIST of a new session, when an
earlier one has left its mailbox list index. Half of the home of home.py. What
the server remembers for a client is forgotten before each session."""

import os
import sys
import time

from dovecot import Dovecot, Location
import home
from slowfs import slow

DELAY = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
SERVERS = {
    "stock": ([], {}),
    "rules": (["mailbox_filter"], {}),
    "non_mailboxes": (["mailbox_filter"], {
        "mailbox_filter": "", "mailbox_filter_non_mailboxes": "yes"}),
    "rules and non_mailboxes": (["mailbox_filter"], {
        "mailbox_filter_non_mailboxes": "yes"}),
}


def halve(spec):
    return [(name, dirs // 2, files) for name, dirs, files in spec]


def list_slowly(server, disk, delay):
    """Returns names, seconds and answers of a LIST; what a login and a logout
    take is taken off."""
    answers, times, names = [], [], 0
    for command in ("NOOP", 'LIST "" "*"'):
        with slow(disk, at=server.users["ann"].home, delay=delay) as server_fs:
            with server.imap("ann") as imap:
                begin = time.monotonic()
                names = len(imap.ok(command).untagged)
                times.append(time.monotonic() - begin)
            while any(name == "imap" for _, name in server.running()):
                time.sleep(0.01)
        answers.append(server_fs.answers)
    return names, times[1], answers[1] - answers[0]


def measure(name, plugins, settings):
    server = Dovecot(location=Location("mbox", "~", inbox="mail/%u",
                                       index="index/%u"), users=["ann"],
                     plugins={"imap": plugins}, plugin_settings=settings,
                     # a process for each session, which remembers nothing
                     extra="service imap {\n  service_count = 1\n}\n"
                     "mail_max_userip_connections = 10\n")
    try:
        home.make_home(server, "ann")
        server.start()
        disk = server.users["ann"].home + ".disk"
        os.rename(server.users["ann"].home, disk)
        list_slowly(server, disk, 0)
        names, seconds, answers = list_slowly(server, disk, DELAY)
        print(f"{name:24} {names:6,} names, {seconds:7.3f} s, "
              f"{answers:7,} answers", flush=True)
    finally:
        server.remove()


def main():
    for part in ("HIDDEN", "VISIBLE", "PUBLISHED"):
        setattr(home, part, halve(getattr(home, part)))
    for name, (plugins, settings) in SERVERS.items():
        measure(name, plugins, settings)


main()
