# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What becomes of sessions whose lines aren't taken, as the manual says: a log
process that is blocked holds those that log; they go on with it, and no line is
lost. A full disk ends Dovecot."""

import contextlib
import os
import signal
import subprocess

from accesslog import PLUGIN, accesses
from dovecot import Dovecot
from hibernation import imap_processes
from waiting import PATIENCE, wait_for

COMMAND = 'LIST "" "nothing"'
# more lines than the pipe to the log process holds
COUNT = 2000


def is_blocked(pid):
    """Whether the process waits for the log: Dovecot says so in its title."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return b"blocking on log write" in f.read()
    except FileNotFoundError:
        return False


def with_stopped_log(server, act):
    """Runs act while the log process is stopped. Returns what it returns."""
    log, = [pid for pid, name in server.running() if name == "log"]
    os.kill(log, signal.SIGSTOP)
    try:
        return act()
    finally:
        os.kill(log, signal.SIGCONT)


def test_a_session_waits_for_the_log(dovecot):
    server = dovecot(plugins=PLUGIN)
    with server.imap("alice") as imap:
        def act():
            tags = [imap.send(COMMAND) for _ in range(COUNT)]
            assert wait_for(lambda: any(map(is_blocked,
                                            imap_processes(server))))
            return tags

        tags = with_stopped_log(server, act)
        assert all(imap.wait(tag).ok for tag in tags)
    assert len(accesses(server)) == COUNT


def test_stock_dovecot_logs_nothing_at_a_command(dovecot):
    """So such a session doesn't wait."""
    server = dovecot()
    with server.imap("alice") as imap:
        assert with_stopped_log(server, lambda: all(
            imap.ok(COMMAND).ok for _ in range(COUNT)))


def fill_disk(path):
    try:
        with open(path, "wb", buffering=0) as f:
            while True:
                f.write(b"x" * 1024)
    except OSError:
        pass


def test_a_full_disk_ends_dovecot():
    server = Dovecot(plugins=PLUGIN)
    disk = server.dir + "/disk"
    os.mkdir(disk)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk],
                   check=True)
    # the last one counts
    server.settings["log_path"] = disk + "/log"
    try:
        server.start()
        imap = server.imap("alice")
        fill_disk(disk + "/other")
        # the lines of some may still fit; the session may end, too
        with contextlib.suppress(OSError):
            for _ in range(COUNT):
                imap.send(COMMAND)
        server.process.wait(timeout=PATIENCE)
    finally:
        server.stop()
        subprocess.run(["umount", "-l", disk], check=True)
        server.remove()
