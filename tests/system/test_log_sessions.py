# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Commands as clients really send them: pipelined, in pieces, around IDLE,
hibernated, with a raw log."""

import glob
import os
import subprocess
import time

from accesslog import MARK, PLUGIN, accesses, parse
from dovecot import IS_24
from filter import program
from hibernation import HIBERNATION, hibernate
from imap import literal


def entry(cmd, reply="OK", **fields):
    return {"cmd": cmd, **fields, "reply": reply}


def test_pipelined_commands(dovecot):
    server = dovecot(plugins=PLUGIN)
    expected = []
    commands = b""
    for i in range(300):
        commands += (b"s%d STATUS none%d (MESSAGES)\r\nl%d LIST \"\" %d*\r\n"
                     b"n%d NOOP\r\n" % ((i,) * 5))
        expected += [entry("STATUS", "NO", mailbox=f"none{i}"),
                     entry("LIST", ref="", pattern=f"{i}*", listed=0)]
    with server.imap("alice") as imap:
        imap.raw(commands)
        imap.wait(b"n299")
    assert accesses(server) == expected


def test_lists_of_one_session_do_not_mix(dovecot):
    """Several LISTs in one packet, with names, among commands that write."""
    server = dovecot(plugins=PLUGIN)
    with server.imap("alice") as imap:
        for i in range(20):
            imap.ok(f"CREATE box{i}")
        imap.raw(b'a LIST "" box*\r\nb STATUS box1 (MESSAGES)\r\n'
                 b'c LIST "" box1*\r\nd LSUB "" *\r\ne SELECT box2\r\n'
                 b'f LIST "" nothing\r\ng CREATE new\r\nh LIST "" %\r\n')
        imap.wait(b"h")
    counts = [(e["cmd"], e["listed"]) for e in accesses(server)
              if "listed" in e]
    assert counts == [("LIST", 20), ("LIST", 11), ("LSUB", 0), ("LIST", 0),
                      ("LIST", 22)]


def test_arguments_in_pieces(dovecot):
    server = dovecot(plugins=PLUGIN)
    with server.imap("alice") as imap:
        imap.raw(b"a REN")
        time.sleep(0.05)
        imap.raw(b"AME {3}\r\n")
        assert imap.line().startswith(b"+ ")
        imap.raw(b"b")
        time.sleep(0.05)
        imap.raw(b"ox {3}\r\n")
        assert imap.line().startswith(b"+ ")
        imap.raw(b"new\r\n")
        assert imap.wait(b"a").status == "NO"
        for byte in b"b STATUS {5+}\r\nINBOX (MESSAGES)\r\n":
            imap.raw(bytes([byte]))
            time.sleep(0.002)
        assert imap.wait(b"b").ok
        imap.raw(b"c SETMETADATA {5}\r\n")
        assert imap.line().startswith(b"+ ")
        imap.raw(b"INBOX (/private/comment {2}\r\n")
        reply = imap.line()
        if reply.startswith(b"+ "):
            imap.raw(b"xy)\r\n")
            reply = imap.wait(b"c").tagged
        assert reply.startswith(b"c NO ")
    assert accesses(server) == [
        entry("RENAME", "NO", mailbox="box", new_mailbox="new"),
        entry("STATUS", mailbox="INBOX"),
        entry("SETMETADATA", "NO", mailbox="INBOX")]


def test_too_long_arguments(dovecot):
    """Dovecot ends such a command before it has run to its end."""
    server = dovecot(plugins=PLUGIN, settings={"imap_max_line_length": 8192})
    with server.imap("alice") as imap:
        assert imap.cmd("STATUS", "x" * 20000, "(MESSAGES)").status == "BAD"
        imap.ok("STATUS INBOX (MESSAGES)")
    assert accesses(server) == [entry("STATUS", "BAD"),
                                entry("STATUS", mailbox="INBOX")]


def test_multiappend_is_one_command(dovecot):
    server = dovecot(plugins=PLUGIN)
    with server.imap("alice") as imap:
        imap.ok("APPEND INBOX", literal("Subject: a\r\n\r\n"), "",
                literal("Subject: b\r\n\r\n"))
        assert b"MESSAGES 2" in imap.ok("STATUS INBOX (MESSAGES)").untagged[0]
    assert accesses(server) == [entry("APPEND", mailbox="INBOX"),
                                entry("STATUS", mailbox="INBOX")]


def test_idle(dovecot):
    server = dovecot(plugins=PLUGIN)
    with server.imap("alice") as imap:
        imap.ok("CREATE box")
        imap.ok("SELECT box")
        tag = imap.send("IDLE")
        assert imap.line().startswith(b"+ ")
        with server.imap("alice") as other:
            other.ok("APPEND box", literal("Subject: a\r\n\r\n"))
        while not imap.line().endswith(b"EXISTS"):
            pass
        imap.raw(b"DONE\r\n")
        assert imap.wait(tag).ok
        imap.ok("STATUS INBOX (MESSAGES)")
    assert accesses(server) == [
        entry("CREATE", mailbox="box"), entry("SELECT", mailbox="box"),
        entry("APPEND", mailbox="box"), entry("STATUS", mailbox="INBOX")]


def test_hibernation(dovecot):
    """The session goes on in another process."""
    server = dovecot(plugins=PLUGIN, extra=HIBERNATION)
    with server.imap("alice") as imap:
        imap.ok("CREATE box")
        imap.ok("APPEND box", literal("Subject: a\r\n\r\n"))
        imap.ok("SELECT box")
        hibernate(server, imap)
        imap.ok("COPY 1:* INBOX")
        assert len(imap.ok('LIST "" *').starting("LIST (")) == 2
    assert accesses(server, 5) == [
        entry("CREATE", mailbox="box"), entry("APPEND", mailbox="box"),
        entry("SELECT", mailbox="box"),
        entry("COPY", source_mailbox="box", mailbox="INBOX", messages=1),
        entry("LIST", ref="", pattern="*", listed=2)]
    assert server.errors() == []


def test_raw_log(dovecot):
    """A stream below the client's own."""
    server = dovecot(plugins=PLUGIN, extra="rawlog_dir = @DIR@/raw\n")
    path = server.path("raw")
    os.mkdir(path)
    server.chown("alice", path)
    with server.imap("alice") as imap:
        reply = imap.ok('LIST "" *')
    assert accesses(server)[0]["listed"] == len(reply.untagged) == 1
    out, = glob.glob(path + "/*.out")
    with open(out, "rb") as f:
        assert reply.untagged[0] in f.read()


def over_a_pipe(server, *command):
    """Returns what a session of alice's says, and the lines that it writes to
    its standard error."""
    user = server.users["alice"]
    result = subprocess.run(
        ["setpriv", f"--reuid={user.uid}", f"--regid={user.gid}",
         "--clear-groups", *command], cwd="/", timeout=120,
        input=b'a LIST "" *\r\nb SELECT box\r\nc LOGOUT\r\n',
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True,
        env={"PATH": os.environ["PATH"], "HOME": user.home, "USER": "alice"})
    return result.stdout, [parse(line.split(MARK, 1)[1]) for line in
                           result.stderr.decode().splitlines() if MARK in line]


def test_a_session_over_a_pipe(dovecot):
    """As clients have by ssh. 2.3's doveadm hands on its own settings, not
    those of the protocol imap."""
    server = dovecot(plugins={"imap": ["mailbox_filter", "imap_mailbox_log"]})
    server.doveadm("mailbox", "create", "-u", "alice", "box", "public_html")
    config = ["-c", server.config]
    said, lines = over_a_pipe(server, program("imap"), *config, "-u", "alice")
    logged = [entry("LIST", ref="", pattern="*", listed=2, hidden=1),
              entry("SELECT", mailbox="box")]
    assert said.startswith(b"* PREAUTH ") and b"public_html" not in said
    assert lines == logged
    said, lines = over_a_pipe(server, "doveadm", *config, "exec", "imap",
                              "-u", "alice")
    assert said.startswith(b"* PREAUTH ")
    assert (b"public_html" in said) == (not IS_24)
    assert lines == (logged if IS_24 else [])
    # the log knows nothing of these
    assert MARK not in server.log()
