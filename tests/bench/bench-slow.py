# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""LIST where the home is on a slow file server, which takes a millisecond for
each answer, and the indexes are not: the first LIST of a new session, when an
earlier one has left its mailbox list index. Half of the home of home.py. What
the server remembers for a client is forgotten before each session."""

import os
import sys
import time

from dovecot import Dovecot
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


def list_slowly(server, disk):
    """Returns names, seconds and answers of a LIST; what a login and a logout
    take is taken off."""
    answers, times, names = [], [], 0
    for command in ("NOOP", 'LIST "" "*"'):
        with slow(disk, at=server.users["ann"].home,
                  delay=DELAY) as file_server:
            with server.imap("ann") as imap:
                imap.sock.settimeout(None)
                begin = time.monotonic()
                names = len(imap.ok(command).untagged)
                times.append(time.monotonic() - begin)
            while any(name == "imap" for _, name in server.running()):
                time.sleep(0.01)
        answers.append(file_server.answers)
    return names, times[1], answers[1] - answers[0]


def measure(name, plugins, settings):
    server = Dovecot(dir="/dev/shm", users=["ann"],
                     plugins={"imap": plugins}, plugin_settings=settings,
                     # a process for each session, which remembers nothing
                     extra="service imap {\n  service_count = 1\n}\n")
    try:
        home.make_home(server, "ann")
        server.start()
        with server.imap("ann") as imap:
            imap.sock.settimeout(None)
            imap.list()
        disk = server.users["ann"].home + ".disk"
        os.rename(server.users["ann"].home, disk)
        names, seconds, answers = list_slowly(server, disk)
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
