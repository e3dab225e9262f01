# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Counts the work that commands make for a server's imap process, in
instructions: processor time would depend on what else the machine does.

    server = dovecot(extra=work.IMAP, ...)
    counts = work.instructions(server, "alice", ["NOOP", ...])

Each count is that of one command: its line's reading and parsing, the command,
the reply, what is logged."""

import glob
import os
import re
import shutil

from filter import program
from waiting import wait_for

# callgrind writes a part of its output at the end of each command, when that is
# freed.
IMAP = f"""
service imap {{
  executable = /usr/bin/env {shutil.which("valgrind")} --tool=callgrind \\
    --callgrind-out-file=@DIR@/callgrind/out --log-file=/dev/null --vgdb=no \\
    --dump-after=client_command_free {program("imap")}
  vsz_limit = 2 G
}}
"""


def clear(path):
    """Makes an empty directory, with the file that callgrind opens as root and
    writes as the user."""
    shutil.rmtree(path, ignore_errors=True)
    os.mkdir(path)
    os.chmod(path, 0o777)
    with open(path + "/out", "w"):
        os.chmod(path + "/out", 0o666)


def parts(path):
    """Returns the parts that are there, by number."""
    found = {}
    for part in glob.glob(path + "/out.*"):
        with open(part) as f:
            total = re.search(r"^totals: (\d+)\n", f.read(), re.M)
        if total:
            found[int(part.rsplit(".", 1)[1])] = int(total.group(1))
    return found


def instructions(server, user, commands):
    """Returns how many instructions each of the commands took, in one session.
    A command is a string, or a tuple of the arguments of Imap.cmd()."""
    path = os.path.join(server.dir, "callgrind")
    clear(path)
    with server.imap(user, timeout=600) as imap:
        for command in commands:
            imap.cmd(*((command,) if isinstance(command, str) else command))
    # LOGOUT is one, too
    found = wait_for(lambda: parts(path),
                     lambda found: len(found) > len(commands))
    assert len(found) > len(commands)
    return [count for _, count in sorted(found.items())][:len(commands)]
