# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What imap_mailbox_log costs: processor time and system calls of a LIST of
15,000 names, and the time of 10,000 pipelined STATUS commands. Stock Dovecot
that writes a line of its own for each command is measured as well: what remains
beside it is the plugin's own part."""

import contextlib
import os
import sys
import threading
import time

from dovecot import Dovecot
import home
import measure

TURNS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
NAMES = 15000
COMMANDS = 10000
BOXES = 500
LIST = 'LIST "" "*"'

# Stock Dovecot comes twice: what its figures differ by is chance.
SERVERS = {
    "stock": {},
    "stock again": {},
    "stock, log_debug": {
        "settings": {"log_debug": "event=imap_command_finished"}},
    "imap_mailbox_log": {"plugins": {"imap": ["imap_mailbox_log"]}},
}


def start(stack, names, mail, description, settings):
    """Returns a server with an account of so many mailboxes."""
    description = dict(description)
    description["settings"] = {**description.get("settings", {}), **settings}
    server = Dovecot(users=["ann"], **description)
    stack.callback(server.remove)
    top = server.users["ann"].home
    for i in range(names):
        if i % BOXES == 0:
            directory = os.path.join(top, f"dir{i // BOXES}")
            os.mkdir(directory)
        with open(os.path.join(directory, f"box{i}"), "wb") as f:
            f.write(mail)
    server.chown("ann", top)
    server.start()
    return server


def bench_list():
    with contextlib.ExitStack() as stack:
        processes = {}
        for name, description in SERVERS.items():
            server = start(stack, NAMES, b"", description, {})
            processes[name] = process = measure.ImapProcess(server, "ann")
            stack.callback(process.close)
            process.imap.ok(LIST)
            count, reply = process.count_calls(LIST)
            print(f"{name:42} {len(reply.starting('LIST')):6} names,"
                  f" {count:,} system calls")
        measure.show_ratios(
            f"processor time of a LIST of {NAMES} names",
            measure.in_turns(processes, lambda p: p.imap.ok(LIST), TURNS))


def pipelined_status(process):
    data = b"".join(b"s%d STATUS dir0/box%d (MESSAGES)\r\n" % (i, i % BOXES)
                    for i in range(COMMANDS))
    sender = threading.Thread(target=process.imap.raw, args=(data,))
    sender.start()
    process.imap.wait(b"s%d" % (COMMANDS - 1))
    sender.join()


def bench_status(what, settings):
    with contextlib.ExitStack() as stack:
        processes = {}
        for name, description in SERVERS.items():
            server = start(stack, BOXES, home.MAIL, description, settings)
            processes[name] = process = measure.ImapProcess(server, "ann")
            stack.callback(process.close)
            pipelined_status(process)
        measure.show_ratios(
            f"wall time of {COMMANDS} pipelined STATUS, {what}",
            measure.in_turns(processes, pipelined_status, TURNS,
                             lambda process: time.monotonic()))


def main():
    bench_list()
    bench_status("answered from the list index", {})
    bench_status("each opens its mailbox", {"mailbox_list_index": False})


main()
