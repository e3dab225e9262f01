# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Commands whose end the client never saw: `cut=yes`, no reply, and a count
that is not below what the client had read."""

import os
import signal
import socket
import struct

import pytest

from accesslog import PLUGIN, accesses, compress, many_names
from dovecot import IS_24
from imap import Closed

# LIST begins while it walks
NO_INDEX = {"mailbox_list_index": False}


def plugins(compressed):
    """In 2.4 COMPRESS is in the server."""
    if compressed and not IS_24:
        return {"": ["zlib"], "imap": ["imap_zlib", "imap_mailbox_log"]}
    return PLUGIN


def read_lines(imap, count):
    for _ in range(count):
        assert imap.line().startswith(b"* LIST (")


def read_rest(imap):
    """Returns how many lines come until the connection is closed."""
    count = 0
    try:
        while imap.line().startswith(b"* LIST ("):
            count += 1
    except (Closed, OSError):
        pass
    return count


def check(server, read, count):
    """The LIST was cut after the client had read some lines."""
    logged, = [e for e in accesses(server) if e["cmd"] == "LIST"]
    listed = logged.pop("listed")
    assert logged == {"cmd": "LIST", "ref": "", "pattern": "*", "cut": "yes"}
    assert read <= listed < count
    assert server.errors() == []


@pytest.mark.parametrize("read", [1, 1000])
@pytest.mark.parametrize("compressed", [False, True])
def test_the_client_goes_away_during_list(dovecot, read, compressed):
    server = dovecot(plugins=plugins(compressed), settings=NO_INDEX)
    count = many_names(server)
    imap = server.imap("alice", rcvbuf=4096)
    if compressed:
        compress(imap)
    imap.send('LIST "" "*"')
    read_lines(imap, read)
    imap.close()
    check(server, read, count)


@pytest.mark.parametrize("compressed", [False, True])
def test_the_connection_is_reset_while_list_runs(dovecot, compressed):
    """Writing fails in the middle of the command's run, and the command goes on
    to its reply."""
    server = dovecot(plugins=plugins(compressed), settings=NO_INDEX)
    count = many_names(server)
    imap = server.imap("alice")
    sock = imap.sock
    if compressed:
        compress(imap)
    imap.send('LIST "" "*"')
    read_lines(imap, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    imap.close()
    check(server, 1, count)


def test_the_client_logs_out_during_list(dovecot):
    server = dovecot(plugins=PLUGIN, settings=NO_INDEX)
    count = many_names(server)
    imap = server.imap("alice", rcvbuf=4096)
    imap.send('LIST "" "*"')
    read_lines(imap, 1)
    imap.send("LOGOUT")
    # the server doesn't wait for who doesn't read
    accesses(server)
    check(server, 1 + read_rest(imap), count)
    imap.close()


def test_the_server_ends_during_list(dovecot):
    server = dovecot(plugins=PLUGIN, settings=NO_INDEX)
    count = many_names(server)
    imap = server.imap("alice", rcvbuf=4096)
    imap.send('LIST "" "*"')
    read_lines(imap, 1)
    for pid, name in server.running():
        if name == "imap":
            os.kill(pid, signal.SIGTERM)
    accesses(server)
    check(server, 1 + read_rest(imap), count)
    imap.close()


def test_the_client_goes_away_during_append(dovecot):
    server = dovecot(plugins=PLUGIN)
    imap = server.imap("alice")
    imap.raw(b"x APPEND INBOX {100}\r\n")
    assert imap.line().startswith(b"+ ")
    imap.raw(b"Subject: half")
    imap.close()
    assert accesses(server) == [
        {"cmd": "APPEND", "mailbox": "INBOX", "cut": "yes"}]


def test_the_client_goes_away_in_the_arguments(dovecot):
    server = dovecot(plugins=PLUGIN)
    imap = server.imap("alice")
    imap.raw(b'x STATUS {100}\r\n')
    assert imap.line().startswith(b"+ ")
    imap.raw(b"box")
    imap.close()
    assert accesses(server) == [{"cmd": "STATUS", "cut": "yes"}]
