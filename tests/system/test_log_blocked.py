# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""A log process that takes nothing holds the sessions that log, as the manual
says; they go on with it, and no line is lost."""

import os
import signal
import time

from accesslog import PLUGIN, accesses
from hibernation import imap_processes

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


def wait_until_blocked(server, patience=60):
    end = time.monotonic() + patience
    while not any(map(is_blocked, imap_processes(server))):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_session_waits_for_the_log(dovecot):
    server = dovecot(plugins=PLUGIN)
    with server.imap("alice") as imap:
        def act():
            tags = [imap.send(COMMAND) for _ in range(COUNT)]
            wait_until_blocked(server)
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
