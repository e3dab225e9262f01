# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""A command that is logged takes no system call that it doesn't take on stock
Dovecot, but one: the write of its line. strace counts."""

import collections
import os
import re
import shutil

from accesslog import MARK, PLUGIN
from filter import fill_mbox, program

COMMANDS = ['LIST "" "*"', 'LSUB "" "*"', "STATUS box1 (MESSAGES)",
            "SELECT box2", "COPY 1 box1", "SUBSCRIBE box3", "DELETE box4",
            "STATUS missing (MESSAGES)"]
# memory is asked for in portions
MEMORY = {"brk", "mmap", "munmap", "mremap"}


def start(dovecot, plugins):
    server = dovecot(plugins=plugins, extra=f"""
service imap {{
  executable = {shutil.which("strace")} -D -f -A -s 4096 -o @DIR@/trace \\
    {program("imap")}
}}
""")
    fill_mbox(server, "alice", [f"box{i}" for i in range(100)])
    with server.imap("alice") as imap:
        # the second time all is in its place
        for command in COMMANDS[:4]:
            imap.ok(command)
    with server.imap("alice") as imap:
        for command in COMMANDS:
            imap.cmd(command)
    server.stop()
    return server


def calls(server):
    """Returns, for each command of the last session, the lines from where it
    is read up to where the next one is."""
    with open(os.path.join(server.dir, "trace")) as f:
        lines = f.read().splitlines()
    reads = [i for i, line in enumerate(lines)
             if re.search(r'read\(\d+, "a\d+ ', line)][-len(COMMANDS) - 1:]
    assert 'LOGOUT' in lines[reads[-1]]
    return [lines[begin:end] for begin, end in zip(reads, reads[1:])]


def count(lines):
    """Counts the calls, but those that wait for the client and read what it
    sends: they depend on how its packets arrive."""
    client = re.search(r"read\((\d+), ", lines[0]).group(1)
    waits = re.compile(rf"epoll_wait\(|(read|setsockopt)\({client}, ")
    calls = [line.split(maxsplit=1)[1] for line in lines]
    names = [call.split("(")[0] for call in calls if not waits.match(call)]
    return collections.Counter(n for n in names if n not in MEMORY)


def test_nothing_but_the_write_of_the_line(dovecot):
    stock = calls(start(dovecot, {}))
    logged = calls(start(dovecot, PLUGIN))
    for command, before, after in zip(COMMANDS, stock, logged):
        writes = [line for line in after if re.search(r"\d+ +write\(2, ", line)]
        assert len(writes) == 1 and MARK in writes[0], (command, writes)
        after.remove(writes[0])
        assert count(after) == count(before), command
