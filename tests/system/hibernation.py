# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Sessions that go on in another process."""

from waiting import wait_for

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
    assert wait_for(lambda: first not in imap_processes(server))
    imap.raw(b"DONE\r\n")
    assert imap.wait(tag).ok
