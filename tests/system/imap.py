# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""A raw IMAP client: bytes in, bytes out, nothing interpreted that a test
might want to see.

    with server.imap("alice") as imap:
        reply = imap.cmd('LIST "" "*"')
        assert reply.ok
        assert len(reply.untagged) == 60      # lines, literals included
        reply = imap.cmd("APPEND foo", literal(message))
        names = imap.list("", "*")            # {name: set of flags}
        tags = [imap.send(cmd) for cmd in commands]   # pipelining
        replies = [imap.wait(tag) for tag in tags]

Commands and replies are bytes; str is encoded as UTF-8. A reply's lines have no
CRLF at their ends; a literal in a line stays in it as it came, "{5}\r\nhello".
For a client that reads slowly, open it with rcvbuf=4096 and use send() without
wait(); for one that breaks off, close().
"""

import re
import socket


class Literal(bytes):
    """An argument that is sent as {n}CRLF and the bytes."""


def literal(data):
    return Literal(data.encode() if isinstance(data, str) else data)


def quote(name):
    """Returns a name as an IMAP quoted string, or a literal if it needs one."""
    name = name.encode() if isinstance(name, str) else name
    if any(c < 0x20 or c > 0x7e for c in name):
        return Literal(name)
    return b'"' + re.sub(rb'(["\\])', rb"\\\1", name) + b'"'


class Reply:
    """What came back for a command: untagged lines, then the tagged one."""

    def __init__(self, untagged, tagged):
        self.untagged = untagged
        self.tagged = tagged
        self.status = tagged.split(b" ")[1].decode()

    @property
    def ok(self):
        return self.status == "OK"

    def starting(self, prefix):
        """Returns the untagged lines that begin with "* PREFIX"."""
        prefix = prefix.encode() if isinstance(prefix, str) else prefix
        return [u for u in self.untagged if u.startswith(b"* " + prefix)]

    def __repr__(self):
        return f"Reply({self.untagged!r}, {self.tagged!r})"


class Closed(Exception):
    """The server closed the connection."""


class Imap:
    def __init__(self, port, user=None, password="pass", rcvbuf=None,
                 timeout=120):
        self.sock = socket.socket()
        if rcvbuf is not None:
            # before connect(), or the window has already been offered
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.sock.settimeout(timeout)
        self.sock.connect(("127.0.0.1", port))
        self.buffer = b""
        self.counter = 0
        self.pending = []
        self.greeting = self.line()
        if user is not None:
            reply = self.cmd(f"LOGIN {user} {password}")
            if not reply.ok:
                raise RuntimeError(f"LOGIN {user}: {reply.tagged!r}")

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc, tb):
        if exc_type is None:
            self.logout()
        self.close()

    def close(self):
        """Break off, without LOGOUT."""
        self.sock.close()

    def logout(self):
        """Ends the session; returns when the server has closed it, so that
        nothing of the session is still being written."""
        try:
            self.cmd("LOGOUT")
            while True:
                self.line()
        except (Closed, OSError):
            pass
        self.close()

    def raw(self, data):
        """Sends bytes as they are."""
        self.sock.sendall(data.encode() if isinstance(data, str) else data)

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise Closed(self.buffer)
        self.buffer += data

    def bytes(self, count):
        while len(self.buffer) < count:
            self.more()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def line(self):
        """Returns the next line, with the literals in it, without CRLF."""
        line = b""
        while True:
            while b"\n" not in self.buffer:
                self.more()
            part, self.buffer = self.buffer.split(b"\n", 1)
            line += part.rstrip(b"\r")
            size = re.search(rb"\{(\d+)\}$", part.rstrip(b"\r"))
            if size is None:
                return line
            line += b"\r\n" + self.bytes(int(size.group(1)))

    def tag(self):
        self.counter += 1
        return b"a%d" % self.counter

    def send(self, *parts):
        """Sends a command, without waiting for its reply; parts are joined by
        blanks. Literals are sent as non-synchronizing ones (LITERAL+). Returns
        the tag for wait()."""
        tag = self.tag()
        data = tag
        for part in parts:
            part = part.encode() if isinstance(part, str) else part
            if isinstance(part, Literal):
                data += b" {%d+}\r\n" % len(part) + part
            else:
                data += b" " + part
        self.raw(data + b"\r\n")
        return tag

    def wait(self, tag):
        """Returns the reply for a tag. The untagged lines are those since the
        tagged line before it."""
        untagged = []
        while True:
            line = self.line()
            if line.startswith(tag + b" "):
                return Reply(untagged, line)
            untagged.append(line)

    def cmd(self, *parts):
        """Sends a command and returns its Reply."""
        return self.wait(self.send(*parts))

    def ok(self, *parts):
        """The same for a command that has to succeed."""
        reply = self.cmd(*parts)
        assert reply.ok, (parts, reply.tagged)
        return reply

    def list(self, reference="", pattern="*", cmd="LIST"):
        """Returns {name: set of flags} of what LIST or LSUB told, as bytes.
        A name that comes twice is an error."""
        reply = self.ok(cmd, quote(reference), quote(pattern))
        names = {}
        for line in reply.starting(cmd + " "):
            flags, name = parse_list(line)
            assert name not in names, line
            names[name] = flags
        return names


def parse_list(line):
    """Returns (flags, name) of a "* LIST" or "* LSUB" line."""
    match = re.match(rb'\* L\w+ \(([^)]*)\) (?:"(?:\\.|[^"\\])*"|NIL) (.*)$',
                     line, re.S)
    assert match is not None, line
    flags, name = match.groups()
    if name.startswith(b'"'):
        name = re.match(rb'"((?:\\.|[^"\\])*)"', name, re.S).group(1)
        name = re.sub(rb"\\(.)", rb"\1", name, flags=re.S)
    elif name.startswith(b"{"):
        size, rest = name.split(b"\r\n", 1)
        name = rest[:int(size[1:-1])]
    else:
        name = name.split(b" ")[0]
    return set(flags.split()), name
