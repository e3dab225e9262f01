# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""How long mailbox-audit inspect takes for a mailbox of 100,000 messages, and
how long doveadm dump for the same files: index, logs and cache, as Dovecot
leaves them when a client has read all envelopes and set some flags."""

import contextlib
import os
import sys

from dovecot import Dovecot, Location
import measure

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
MESSAGES = int(sys.argv[2]) if len(sys.argv) > 2 else 100000


def write_mailbox(server):
    path = os.path.join(server.users["ann"].home, "big")
    with open(path, "w", encoding="ascii") as f:
        for i in range(MESSAGES):
            f.write("From ann@example.org Thu Nov  9 22:33:52 2023\n"
                    f"From: sender{i}@example.org\nSubject: number {i}\n"
                    f"Message-ID: <{i}@example.org>\n"
                    "Date: Thu, 9 Nov 2023 22:33:52 +0000\n\n"
                    f"body {i}\n\n")
    server.chown("ann", server.users["ann"].home)


def use_mailbox(server):
    with server.imap("ann") as imap:
        imap.ok("SELECT big")
        for first in range(1, MESSAGES + 1, 10000):
            imap.ok(f"FETCH {first}:{first + 9999} ENVELOPE")
        imap.ok(f"STORE 1:{MESSAGES // 2} +FLAGS.SILENT (\\Seen)")
        for i in range(1, MESSAGES, MESSAGES // 500):
            imap.ok(f"STORE {i} +FLAGS.SILENT (\\Flagged)")
        imap.ok("UNSELECT")


def main():
    with contextlib.ExitStack() as stack:
        server = Dovecot(users=["ann"], location=Location(
            "mbox", "~", inbox="mail/%u", index="index/%u"))
        stack.callback(server.remove)
        write_mailbox(server)
        server.start()
        use_mailbox(server)
        server.stop()
        server.write_config()
        directory = server.path("index/ann/.imap/big")
        for name in sorted(os.listdir(directory)):
            size = os.path.getsize(os.path.join(directory, name))
            print(f"{name:34} {size:12,} bytes")
        index = ["doveadm", "-c", server.config, "dump", "-t", "index",
                 directory]
        logs = " && ".join(f"doveadm -c {server.config} dump -t log "
                           f"{directory}/{name}"
                           for name in sorted(os.listdir(directory))
                           if ".log" in name)
        found = measure.compare({
            "doveadm dump, index and cache": index,
            "doveadm dump, logs": ["sh", "-c", logs],
            "mailbox-audit inspect": ["mailbox-audit", "inspect", directory],
            "mailbox-audit inspect --json": [
                "mailbox-audit", "inspect", "--json", directory],
            "mailbox-audit inspect --verify": [
                "mailbox-audit", "inspect", "--verify", directory],
        }, RUNS)
        measure.show(found)


main()
