# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Commands on a terminal.

    text = terminal(["doveadm", ...])           # both outputs
    text = terminal([...], stdout=file)         # standard error alone
    text = terminal([...], columns=20, stderr=subprocess.PIPE)
"""

import fcntl
import os
import pty
import struct
import subprocess
import termios


def terminal(argv, columns=80, stdout=None, stderr=None):
    """Returns what a command writes to a terminal of so many columns: standard
    output and standard error, but for what is sent elsewhere. It has to
    succeed; what comes through a pipe has to be nothing."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ,
                struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL,
                               stdout=stdout or follower,
                               stderr=stderr or follower)
    os.close(follower)
    text = b""
    while True:
        try:
            data = os.read(leader, 65536)
        except OSError:
            break
        if data == b"":
            break
        text += data
    os.close(leader)
    assert not any(process.communicate()) and process.returncode == 0
    return text
