# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Sessions that go on in another process."""

import time

HIBERNATION = """
imap_hibernate_timeout = 1s
service imap-hibernate {
  unix_listener imap-hibernate {
    mode = 0666
  }
}
service imap {
  unix_listener imap-master {
    mode = 0666
  }
}
"""


def imap_processes(server):
    return [pid for pid, name in server.running() if name == "imap"]


def hibernate(server, imap):
    """Has the only session's process end in IDLE, and another one go on."""
    first, = imap_processes(server)
    tag = imap.send("IDLE")
    end = time.monotonic() + 20
    while first in imap_processes(server) and time.monotonic() < end:
        time.sleep(0.1)
    imap.raw(b"DONE\r\n")
    assert imap.wait(tag).ok
    assert first not in imap_processes(server)
