"""What imap_mailbox_log costs: processor time and system calls of a LIST of
15,000 names, and the time of 10,000 pipelined STATUS commands."""

import contextlib
import os
import sys
import threading
import time

from dovecot import Dovecot, Location
import measure

TURNS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
NAMES = 15000
COMMANDS = 10000
LIST = 'LIST "" "*"'


def start(stack, plugin):
    server = Dovecot(location=Location("mbox", "~", inbox="mail/%u",
                                       index="index/%u"), users=["ann"],
                     plugins={"imap": ["imap_mailbox_log"]} if plugin else {})
    stack.callback(server.remove)
    top = server.users["ann"].home
    for i in range(NAMES):
        if i % 500 == 0:
            directory = os.path.join(top, f"dir{i // 500}")
            os.mkdir(directory)
        open(os.path.join(directory, f"box{i}"), "w").close()
    server.chown("ann", top)
    server.start()
    return server


def pipelined_status(server):
    """Returns the seconds until the last of many commands is answered."""
    with server.imap("ann") as imap:
        imap.ok("STATUS dir0/box0 (MESSAGES)")
        data = b"".join(b"s%d STATUS dir0/box%d (MESSAGES)\r\n" % (i, i % 500)
                        for i in range(COMMANDS))
        begin = time.monotonic()
        sender = threading.Thread(target=imap.raw, args=(data,))
        sender.start()
        imap.wait(b"s%d" % (COMMANDS - 1))
        seconds = time.monotonic() - begin
        sender.join()
        return seconds


def main():
    with contextlib.ExitStack() as stack:
        servers = [start(stack, False), start(stack, True)]
        processes = [measure.ImapProcess(s, "ann") for s in servers]
        for name, process in zip(("stock", "imap_mailbox_log"), processes):
            process.imap.ok(LIST)
            count, reply = process.count_calls(LIST)
            print(f"{name:42} {len(reply.starting('LIST')):6} names,"
                  f" {count:,} system calls")
        measure.show_ratio(f"processor time of a LIST of {NAMES} names",
                           measure.in_turns(processes, LIST, TURNS))
        for process in processes:
            process.close()
        spent = [[], []]
        for _ in range(TURNS + 1):
            for server, seconds in zip(servers, spent):
                seconds.append(pipelined_status(server))
        measure.show_ratio(f"wall time of {COMMANDS} pipelined STATUS",
                           [seconds[1:] for seconds in spent])


main()
