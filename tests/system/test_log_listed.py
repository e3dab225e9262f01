# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""`listed` is what the client counted, in every form of LIST."""

import os
import socket

import pytest

from accesslog import PLUGIN, accesses, compress, many_names
from dovecot import IS_24, Location, Namespace
from imap import literal

LISTS = [
    'LIST "" "*"',
    'LIST "" "%"',
    'LIST "" "%/%"',
    'LIST "" "*x*"',
    'LIST "" ""',
    'LIST "Old/" ""',
    'LIST "Old/" "*"',
    'LIST "" "Old/*"',
    'LIST "" "Old/%"',
    'LIST "" INBOX',
    'LIST "" "inbox"',
    'LIST "" "nothing"',
    'LIST "nothing" "*"',
    'LIST "" "&AOQ-*"',
    'LIST "" "Public/*"',
    'LIST "" ("sub*" "Old/*" "nothing")',
    'LIST "" "*" RETURN (CHILDREN)',
    'LIST "" "*" RETURN (SUBSCRIBED SPECIAL-USE)',
    'LIST "" "*" RETURN (STATUS (MESSAGES))',
    'LIST "" "%" RETURN (CHILDREN STATUS (MESSAGES UIDNEXT))',
    'LIST () "" "*"',
    'LIST () "" ""',
    'LIST (SUBSCRIBED) "" "*"',
    'LIST (SUBSCRIBED) "" "%"',
    'LIST (SUBSCRIBED RECURSIVEMATCH) "" "%"',
    'LIST (SUBSCRIBED) "" "*" RETURN (STATUS (MESSAGES))',
    'LIST (SPECIAL-USE) "" "*"',
    'LIST (SPECIAL-USE RECURSIVEMATCH) "" "%"',
    'LIST (REMOTE) "" "*"',
    'LIST (RECURSIVEMATCH) "" "*"',
    'LIST (NONSENSE) "" "*"',
    'LIST "" "*" RETURN (NONSENSE)',
    'LSUB "" "*"',
    'LSUB "" "%"',
    'LSUB "Old/" "*"',
    'LSUB "" "nothing*"',
    'XLIST "" "*"',
    'XLIST "" "%"',
    'NOTIFY SET STATUS (personal (MailboxName MessageNew MessageExpunge))',
    'CREATE Old/notified',
    'LIST "" "*"',
]
BOXES = ["INBOX", "sub/deep/deeper", "sub/deep2", "Old/a", "Old/b/c", "xyz",
         "&AOQ-umlaut", "Sent", 'quoted "name"', "Public/x", "Public/y/z"]
AUTO = """
namespace inbox {
  mailbox Drafts {
    auto = create
    special_use = \\Drafts
  }
  mailbox Junk {
    auto = subscribe
    special_use = \\Junk
  }
  mailbox Sent {
    special_use = \\Sent
  }
}
"""
LOCATIONS = {
    "mbox": (Location("mbox", "~/mail", inbox="mail/%u", index="index/%u"),
             Location("mbox", "~/old", index="index/%u/old")),
    "maildir": (Location("maildir", "~/Maildir", index="index/%u"),
                Location("maildir", "~/old", index="index/%u/old")),
}


def start(dovecot, driver="maildir", settings=None, **kwargs):
    location, old = LOCATIONS[driver]
    server = dovecot(
        location=location, settings=settings or {}, extra=AUTO,
        namespaces=[Namespace("old", "Old/", location=old),
                    Namespace("all", "Public/", type="public", location=(
                        Location("maildir", "public", layout="fs",
                                 index="index/public")),
                        settings={"subscriptions": False})],
        **{"plugins": PLUGIN, **kwargs})
    public = server.path("public")
    os.makedirs(public, exist_ok=True)
    server.chown("alice", public)
    return server


@pytest.mark.parametrize("order", [["mailbox_filter", "imap_mailbox_log"],
                                   ["imap_mailbox_log", "mailbox_filter"]])
@pytest.mark.parametrize("list_index", [True, False])
def test_every_form_of_list_with_the_filter(dovecot, order, list_index):
    """`hidden` are the topmost hidden names; LSUB isn't filtered."""
    server = start(dovecot, "mbox", {"mailbox_list_index": list_index},
                   plugins={"imap": order}, plugin_settings={
                       "mailbox_filter": ".git .svn .cache public_html"})
    fill(server)
    home = server.users["alice"].home
    for path in ("mail/.git/a/b", "mail/public_html/c", "mail/sub/.svn",
                 "old/.cache"):
        os.makedirs(f"{home}/{path}")
    server.chown("alice", home)
    counts = {command: count for command, _, count, _ in check(server)}
    lists = [e for e in accesses(server) if "listed" in e]
    assert all(("hidden" in e) == (e["cmd"] != "LSUB") for e in lists)
    assert lists[0]["hidden"] == 4
    with server.imap("alice") as imap:
        names = imap.list()
    assert not any(b".git" in n or b"public_html" in n for n in names)
    assert counts['LIST "" "*"'] == len(names)


def fill(server):
    with server.imap("alice") as imap:
        for box in BOXES:
            imap.cmd("CREATE", literal(box))
        for box in BOXES[1:5] + ["Public/x"]:
            imap.ok("SUBSCRIBE", literal(box))


def counted(reply, cmd):
    return len(reply.starting("LSUB (" if cmd == "LSUB" else "LIST ("))


def check(server, lists=LISTS, prepare=lambda imap: None):
    """Sends LISTs and compares each line with the client's count. Returns the
    counts."""
    before = len(accesses(server))
    counts = []
    with server.imap("alice") as imap:
        prepare(imap)
        for command in lists:
            cmd = command.split()[0]
            reply = imap.cmd(command)
            if cmd in ("LIST", "LSUB", "XLIST"):
                counts.append((command, cmd, counted(reply, cmd),
                               reply.status))
    logged = [e for e in accesses(server)[before:] if "listed" in e]
    assert [(e["cmd"], e["listed"], e["reply"]) for e in logged] == \
        [c[1:] for c in counts]
    return counts


@pytest.mark.parametrize("list_index", [True, False])
@pytest.mark.parametrize("driver", LOCATIONS)
def test_every_form_of_list(dovecot, driver, list_index):
    server = start(dovecot, driver, {"mailbox_list_index": list_index})
    fill(server)
    for _ in range(2):
        # the list index is new, then it is there
        counts = check(server)
        found = {command: count for command, _, count, _ in counts}
        assert found['LIST "" "*"'] > len(BOXES)
        assert found['LIST (SUBSCRIBED) "" "*"'] >= 5
        assert found['LIST "" ""'] == 1
        assert found['LIST "" "nothing"'] == 0
        assert len(set(found.values())) > 8


@pytest.fixture
def compression():
    """What loads COMPRESS: in 2.4 it is in the server."""
    if IS_24:
        return PLUGIN
    return {"": ["zlib"], "imap": ["imap_zlib", "imap_mailbox_log"]}


def test_every_form_of_list_compressed(dovecot, compression):
    server = start(dovecot, plugins=compression)
    fill(server)
    check(server, prepare=compress)


@pytest.mark.parametrize("list_index", [True, False])
def test_20000_names_to_a_slow_reader(dovecot, list_index):
    """The server waits for the client many times."""
    server = dovecot(plugins=PLUGIN,
                     settings={"mailbox_list_index": list_index})
    count = many_names(server)
    with server.imap("alice", rcvbuf=4096) as imap:
        tag = imap.send('LIST "" "*"')
        assert imap.line().startswith(b"* LIST (")
        # the server is full: from here on not as slow as that
        imap.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        listed = 1 + counted(imap.wait(tag), "LIST")
    assert listed > count
    assert accesses(server) == [
        {"cmd": "LIST", "ref": "", "pattern": "*", "listed": listed,
         "reply": "OK"}]
