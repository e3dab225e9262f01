# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The client sees no difference: what the server sends is the same, byte for
byte, with the plugin and without, but for the times in tagged replies."""

import re

from accesslog import PLUGIN, accesses, many_names
from imap import literal
from test_log_commands import EVERYTHING, MESSAGE, URL
from test_log_listed import BOXES, LISTS

SESSION = [
    *[("CREATE", literal(box)) for box in BOXES], "SUBSCRIBE Sent",
    "SUBSCRIBE sub/deep/deeper", *LISTS[:-3],
    ("APPEND Sent", MESSAGE), ("APPEND Sent", MESSAGE), ("APPEND no", MESSAGE),
    "STATUS Sent (MESSAGES UIDNEXT UNSEEN)", "STATUS no (MESSAGES)", "STATUS",
    'STATUS "x', "SELECT INBOX", "SELECT Sent", "EXAMINE no", "COPY 1 INBOX",
    "SELECT Sent", "COPY 1:2 xyz", "UID COPY 1 no", "MOVE 2 xyz",
    "UID MOVE 1 INBOX", "RENAME xyz zyx", "RENAME no no2", "DELETE zyx",
    "DELETE no", "UNSUBSCRIBE Sent", "SETACL Sent bob lr", "GETACL Sent",
    "MYRIGHTS Sent", "LISTRIGHTS Sent bob", "DELETEACL Sent bob",
    "GETQUOTAROOT Sent", 'GETQUOTA "User quota"', "GETQUOTA no",
    'SETMETADATA Sent (/private/comment "x")',
    "GETMETADATA Sent /private/comment", "GETMETADATA no /private/comment",
    f'URLFETCH "{URL}:internal:01{"0" * 40}"', "RESETKEY Sent",
    *LISTS, "NOOP", "NONSENSE Sent",
]
# what differs between two sessions, with or without the plugin
VOLATILE = [
    (rb" \(\d+\.\d+ \+ \d+\.\d+(?: \+ \d+\.\d+)? secs\)", b""),
    (rb"(UIDVALIDITY |APPENDUID |COPYUID )\d+", rb"\1N"),
    (rb"\(UIDVALIDITY \d+", b"(UIDVALIDITY N"),
    (rb"HIGHESTMODSEQ \d+", b"HIGHESTMODSEQ N"),
    # depend on what happened within the same second
    (rb" ?\\(?:UnM|M)arked", b""),
]


class Recorder:
    """An Imap's socket that keeps all that came."""

    def __init__(self, sock):
        self.sock = sock
        self.data = b""

    def recv(self, size):
        data = self.sock.recv(size)
        self.data += data
        return data

    def __getattr__(self, name):
        return getattr(self.sock, name)


def received(server, commands):
    """Returns the lines of all bytes that the server sends in a session."""
    imap = server.imap("alice")
    imap.sock = Recorder(imap.sock)
    for command in commands:
        imap.cmd(*(command if isinstance(command, tuple) else (command,)))
    imap.logout()
    data = imap.sock.data
    for pattern, replacement in VOLATILE:
        data = re.sub(pattern, replacement, data)
    return data.split(b"\r\n")


def test_every_command(dovecot):
    description = dict(EVERYTHING)
    plugins = description.pop("plugins")
    without = dict(plugins, imap=[p for p in plugins["imap"]
                                  if p != "imap_mailbox_log"])
    lines = received(dovecot(plugins=without, **description), SESSION)
    assert len(lines) > 300
    server = dovecot(plugins=plugins, **description)
    assert received(server, SESSION) == lines
    assert len(accesses(server)) > 100


def test_20000_names(dovecot):
    lines = []
    for plugins in ({}, PLUGIN):
        server = dovecot(plugins=plugins,
                         settings={"mailbox_list_index": False})
        many_names(server)
        # in the order of the directory, which is another one each time
        lines.append(sorted(received(server, ['LIST "" *'])))
    assert lines[0] == lines[1]
    assert len(lines[0]) > 20000
    assert accesses(server)[0]["listed"] == len(lines[0]) - 4
