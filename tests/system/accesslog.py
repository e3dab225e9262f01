# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Reads what imap_mailbox_log wrote.

    accesses(server)      # the lines, once every session has ended
    accesses(server, 3)   # the lines, once there are three
    accesses(server, sessions=2)    # with two of others, which nobody counted

Each line is a dict, {"cmd": "LIST", "ref": "", "pattern": ["a", "b"], "listed":
5, "reply": "OK"}: counts are numbers, names str with surrogates for bytes that
aren't UTF-8, a key that comes more than once has a list. A line that isn't
written as imap_mailbox_log(7) says raises.
"""

import os
import random
import re
import zlib

from dovecot import log_prefix
from waiting import wait_for

MARK = "mailbox_access: "
PLUGIN = {"imap": ["imap_mailbox_log"]}
PAIR = re.compile(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([\w-]+))(?: |$)')
ESCAPE = re.compile(r'\\(?:x([0-9a-f]{2})|u\{([0-9a-f]+)\}|(["\\]))')


def unescape(text):
    """Returns the name that stands in quotes."""
    plain = ESCAPE.sub("", text)
    if "\\" in plain or not plain.isprintable():
        raise ValueError(f"not escaped: {text!r}")
    data = ESCAPE.sub(
        lambda m: m.group(3) or (chr(int(m.group(2), 16)) if m.group(2)
                                 else chr(0xdc00 + int(m.group(1), 16))), text)
    data = "".join(chr(ord(c) - 0xdc00) if 0xdc00 <= ord(c) < 0xdc80 else c
                   for c in data)
    # bytes next to each other may be a character
    return data.encode(errors="surrogateescape").decode(
        errors="surrogateescape")


def parse(line):
    """Returns the dict of a line's text, what comes after the mark."""
    fields = {}
    pos = 0
    while pos < len(line):
        match = PAIR.match(line, pos)
        if match is None:
            raise ValueError(f"malformed at {pos}: {line!r}")
        key, quoted, bare = match.groups()
        value = bare if quoted is None else unescape(quoted)
        if bare is not None and bare.isdigit():
            value = int(bare)
        if key not in fields:
            fields[key] = value
        elif isinstance(fields[key], list):
            fields[key].append(value)
        else:
            fields[key] = [fields[key], value]
        pos = match.end()
    return fields


def session_count(text):
    """Returns how many sessions have begun and how many have ended."""
    return (len(re.findall(r"imap-login: (?:Info: )?Log(?:in|ged in): ", text)),
            len(re.findall(log_prefix("imap") + "Info: Disconnected: ",
                           text)))


def lines(server, count=None, sessions=0):
    """Returns the lines of the log, whole."""
    def is_complete(text):
        if count is not None:
            return text.count(MARK) >= count
        begun, ended = session_count(text)
        # the session may be quicker than the line of its login
        return ended >= max(begun, server.sessions, sessions)

    text = wait_for(server.log, is_complete)
    assert is_complete(text), (session_count(text), text)
    return [l for l in text.split("\n") if MARK in l]


def accesses(server, count=None, user=None, sessions=0):
    return [parse(line.split(MARK, 1)[1])
            for line in lines(server, count, sessions)
            if user is None or f"imap({user})" in line]


class Deflated:
    """What an Imap has for its socket after COMPRESS."""

    def __init__(self, sock):
        self.sock = sock
        self.deflate = zlib.compressobj(wbits=-15)
        self.inflate = zlib.decompressobj(wbits=-15)

    def sendall(self, data):
        self.sock.sendall(self.deflate.compress(data) +
                          self.deflate.flush(zlib.Z_SYNC_FLUSH))

    def recv(self, size):
        while True:
            packed = self.sock.recv(size)
            data = self.inflate.decompress(packed)
            if data or not packed:
                return data

    def close(self):
        self.sock.close()


def compress(imap):
    """Sends COMPRESS; all that follows is compressed."""
    imap.ok("COMPRESS DEFLATE")
    imap.sock = Deflated(imap.sock)


def many_names(server, user="alice", links=100, names=200):
    """Gives the home 20,000 names whose LIST, compressed or not, is longer than
    all buffers between server and client: links to a directory of directories,
    so that few inodes do. Returns their number."""
    home = server.users[user].home
    source = random.Random(1)
    os.mkdir(home + "/all")
    for _ in range(names):
        os.mkdir(f"{home}/all/{source.getrandbits(960):0240x}")
    for i in range(links):
        os.symlink("all", f"{home}/link{i}")
    return (links + 1) * (names + 1)
