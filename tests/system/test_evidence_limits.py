# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What the manual says of the evidence's limits: what is taken for use and
isn't, what is use and isn't seen, and what POP3, Sieve and private flags
leave."""

import json
import os
import socket
import subprocess

import pytest

import corpus
from audit import entries, json_lines, utility
from clock import DAY, past
from dovecot import Dovecot, Location, Namespace, remove_all
from filter import deliver, forget_indexes

AGE = 20 * DAY
POP3 = """
protocols = imap lmtp pop3
service pop3-login {
  inet_listener pop3 {
    port = @SPARE_PORT@
  }
  inet_listener pop3s {
    port = 0
  }
}
"""
SIEVE = {"2.3": """
plugin {
  sieve_plugins = sieve_imapsieve
  imapsieve_mailbox1_name = box
  imapsieve_mailbox1_causes = APPEND
  imapsieve_mailbox1_before = file:@DIR@/sieve/flag.sieve
}
""", "2.4": """
sieve_plugins {
  sieve_imapsieve = yes
}
mailbox box {
  sieve_script flag {
    type = before
    cause = append
    path = @DIR@/sieve/flag.sieve
  }
}
"""}
STATUS_O = b"""From a@example.org Thu Nov  9 22:33:52 2023
Subject: read by another program
Status: O

body

"""


@pytest.fixture
def described():
    """described(**description) returns a server that isn't started yet."""
    servers = []

    def make(driver, **description):
        server = Dovecot(location=corpus.FORMATS[driver], **description)
        servers.append(server)
        for user in server.users:
            os.mkdir(server.path("~/mail", user))
            server.chown(user, server.path("~", user))
        return server

    yield make
    assert remove_all(servers) == []


def proof(server, name="box", user="alice"):
    entry = entries(json_lines(utility(server, user, "--entries",
                                       "--json").stdout))[name]
    return entry["evidence"], entry["proof"]


def pop3(server, user, *commands):
    """Has a POP3 client do something."""
    with socket.create_connection(("127.0.0.1", server.spare_port)) as sock:
        sock.settimeout(120)
        stream = sock.makefile("rwb")
        assert stream.readline().startswith(b"+OK")
        for command in (f"USER {user}", "PASS pass", *commands, "QUIT"):
            stream.write(command.encode() + b"\r\n")
            stream.flush()
            assert stream.readline().startswith(b"+OK"), command
            if command.startswith(("RETR", "UIDL")):
                while stream.readline() != b".\r\n":
                    pass
        # the session has written what it has to write
        assert stream.readline() == b""


@pytest.mark.parametrize("driver", ["mbox", "mdbox"])
def test_pop3_is_use_of_inbox(described, driver):
    """Any session is a SELECT, and what is read gets \\Seen."""
    users = ["stat", "uidl", "retr", "dele"]
    server = described(driver, users=users, extra=POP3)
    with past(server, AGE):
        for user in users:
            deliver(server, "lmtp", user)
    server.start()
    for user in users:
        assert proof(server, "INBOX", user) == ("never-opened", None)
    pop3(server, "stat", "STAT")
    pop3(server, "uidl", "UIDL")
    pop3(server, "retr", "RETR 1")
    pop3(server, "dele", "DELE 1")
    for user in ("stat", "uidl"):
        assert proof(server, "INBOX", user) == ("opened", "first-recent-uid")
    for user in ("retr", "dele"):
        assert proof(server, "INBOX", user)[0] == "changed"


def test_a_flag_that_sieve_set_is_a_change(described):
    server = described("mbox", plugins={"imap": ["imap_sieve"]}, extra=SIEVE)
    os.mkdir(server.dir + "/sieve")
    # it is compiled beside its source
    os.chmod(server.dir + "/sieve", 0o777)
    with open(server.dir + "/sieve/flag.sieve", "w") as f:
        f.write('require ["imap4flags"];\naddflag "\\\\Flagged";\n')
    server.start()
    with server.imap("alice") as imap:
        for name in ("box", "other"):
            imap.ok(f"CREATE {name}")
            corpus.append(imap, name, 1)
    assert proof(server, "box") == ("changed", "change")
    assert proof(server, "other") == ("never-opened", None)


@pytest.mark.parametrize("driver", ["maildir", "mdbox"])
def test_private_flags_leave_nothing(described, driver):
    """The \\Seen of a shared mailbox stands in an index of the user's own."""
    public = Namespace("public", "Public/", type="public", location=Location(
        driver, "public/mail", index="public/index",
        options={"INDEXPVT": "index/private-%u"}))
    server = described("mbox", namespaces=[public])
    os.mkdir(server.dir + "/public")
    server.chown("alice", server.dir + "/public")
    server.start()

    def public_proof():
        found = entries(json_lines(server.doveadm(
            "mailbox-audit", "-u", "alice", "-N", "Public/", "--entries",
            "--json").stdout))
        return [found["Public/box"][key] for key in ("evidence", "proof")]

    with server.imap("alice") as imap:
        imap.ok("CREATE Public/box")
        corpus.append(imap, "Public/box", 2)
        corpus.selected(imap, "Public/box")
    assert public_proof() == ["opened", "first-recent-uid"]
    with server.imap("alice") as imap:
        corpus.selected(imap, "Public/box", "STORE 1 +FLAGS (\\Seen)")
    assert public_proof() == ["opened", "first-recent-uid"]
    with server.imap("alice") as imap:
        corpus.selected(imap, "Public/box", "STORE 1 +FLAGS (\\Flagged)")
    assert public_proof() == ["changed", "change"]


def test_doveadm_is_taken_for_use(described):
    server = described("mbox")
    server.start()
    with server.imap("alice") as imap:
        for name in ("flags", "expunge"):
            imap.ok(f"CREATE {name}")
            corpus.append(imap, name, 2)
    server.doveadm("flags", "add", "-u", "alice", "\\Flagged", "mailbox",
                   "flags", "1")
    server.doveadm("expunge", "-u", "alice", "mailbox", "expunge", "1")
    assert proof(server, "flags") == ("changed", "change")
    assert proof(server, "expunge") == ("changed", "change")


def test_status_o_of_an_mbox_is_taken_for_use(described):
    server = described("mbox")
    path = server.path("~/mail/box", "alice")
    with open(path, "wb") as f:
        f.write(STATUS_O)
    server.chown("alice", server.path("~", "alice"))
    server.start()
    with server.imap("alice") as imap:
        imap.list()
    assert proof(server) == ("opened", "first-recent-uid")


def test_dsync_copies_what_its_source_has(described):
    server = described("mbox")
    server.start()
    with server.imap("alice") as imap:
        for name in ("box", "never"):
            imap.ok(f"CREATE {name}")
            corpus.append(imap, name, 2)
        corpus.selected(imap, "box")
    target = server.path("~/target", "alice")
    server.doveadm("backup", "-u", "alice", "sdbox:" + target)
    found = {}
    for name in ("box", "never"):
        out = subprocess.run(
            ["mailbox-audit", "inspect", "--json",
             f"{target}/mailboxes/{name}/dbox-Mails"], check=True,
            stdout=subprocess.PIPE).stdout
        found[name] = json.loads(out)["evidence"]["level"]
    assert found == {"box": "opened", "never": "never-opened"}


def test_an_index_made_anew(described):
    """It has forgotten the changes. Mails that somebody saw before are taken
    for opened since; of a Maildir whose list of UIDs is still there, all are if
    a delivery makes the index."""
    server = described("maildir")
    server.start()
    with server.imap("alice") as imap:
        for name in ("seen", "asked", "delivered"):
            imap.ok(f"CREATE {name}")
            corpus.append(imap, name, 1)
        corpus.selected(imap, "seen", "STORE 1 +FLAGS (\\Flagged)")
    assert proof(server, "seen") == ("changed", "change")
    server.restart()
    forget_indexes(server, "alice")
    with server.imap("alice") as imap:
        imap.ok("STATUS seen (MESSAGES)")
        imap.ok("STATUS asked (MESSAGES)")
    deliver(server, "lda", "alice", "delivered")
    assert proof(server, "seen") == ("opened", "first-recent-uid")
    assert proof(server, "asked") == ("never-opened", None)
    assert proof(server, "delivered") == ("opened", "first-recent-uid")
