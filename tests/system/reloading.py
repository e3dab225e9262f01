# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""A reload of Dovecot, until it is over: doveadm doesn't wait for it, and who
logs in meanwhile may be turned away, on stock Dovecot, too.

    with reload(server.running):
        server.doveadm("reload")
"""

import contextlib

from waiting import wait_for

# what a reload begins anew; sessions and the processes for all of them stay
RENEWED = {"auth", "config", "imap-login"}


@contextlib.contextmanager
def reload(running):
    """running() returns (pid, name) of Dovecot's processes. Its configuration
    has to be right: Dovecot goes on with the old one otherwise."""
    old = {process for process in running() if process[1] in RENEWED}
    assert old
    yield
    assert wait_for(lambda: not old & set(running()))
