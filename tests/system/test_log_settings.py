# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The plugin's settings, and where it may be loaded."""

import pytest

from accesslog import PLUGIN, accesses
from dovecot import IS_24, User
from imap import Closed, literal

MESSAGE = literal("Subject: hello\r\n\r\nbody\r\n")
SESSION = ["SELECT INBOX", "EXAMINE inbox", "STATUS INBOX (MESSAGES)",
           'LIST "" "*"', "CREATE box", "SELECT box", "COPY 1 INBOX",
           "UID COPY 1 INBOX", "SELECT InBoX", "UID MOVE 1 INBOX"]


def logged(server, user="alice"):
    """Returns the commands of a session that were logged."""
    with server.imap(user) as imap:
        imap.cmd("APPEND INBOX", MESSAGE)
        for command in SESSION:
            imap.cmd(command)
    return [(e["cmd"], e.get("mailbox")) for e in accesses(server, user=user)
            if e["cmd"] != "APPEND"]


def test_all_but_selects_of_inbox_by_default(dovecot):
    assert logged(dovecot(plugins=PLUGIN)) == [
        ("STATUS", "INBOX"), ("LIST", None), ("CREATE", "box"),
        ("SELECT", "box"), ("COPY", "INBOX"), ("UID COPY", "INBOX"),
        ("UID MOVE", "INBOX")]


def test_selects_of_inbox_too(dovecot):
    server = dovecot(plugins=PLUGIN,
                     plugin_settings={"imap_mailbox_log_inbox": True})
    names = logged(server)
    assert len(names) == len(SESSION)
    assert names[:2] == [("SELECT", "INBOX"), ("EXAMINE", "INBOX")]


@pytest.mark.parametrize("value", ["COPY list", "\tlist   Copy "])
def test_chosen_commands(dovecot, value):
    """In any case; a command's UID form goes with it."""
    server = dovecot(plugins=PLUGIN,
                     plugin_settings={"imap_mailbox_log_commands": value})
    assert logged(server) == [("LIST", None), ("COPY", "INBOX"),
                              ("UID COPY", "INBOX")]


def test_a_user_of_one_s_own_settings(dovecot):
    server = dovecot(
        users=["alice", User("bob", fields={
            "imap_mailbox_log_commands": "STATUS"})],
        plugins=PLUGIN,
        plugin_settings={"imap_mailbox_log_commands": "LIST"})
    assert logged(server) == [("LIST", None)]
    assert logged(server, "bob") == [("STATUS", "INBOX")]


def refuse(server):
    """The session does not start."""
    imap = server.imap()
    with pytest.raises((Closed, OSError)):
        imap.cmd("LOGIN alice pass")
        imap.cmd("NOOP")
    imap.close()


@pytest.mark.parametrize("value", ["LIST FETCH", "NONSENSE", "UID COPY",
                                   "LIST,COPY"])
def test_an_unknown_command_is_an_error(dovecot, value):
    if IS_24:
        # the configuration would be refused
        server = dovecot(plugins=PLUGIN, users=[User("alice", fields={
            "imap_mailbox_log_commands": value.replace(" ", "\t")})])
    else:
        server = dovecot(plugins=PLUGIN, plugin_settings={
            "imap_mailbox_log_commands": value})
    refuse(server)
    wrong = {"LIST FETCH": "FETCH", "UID COPY": "UID"}.get(value, value)
    assert server.log_lines(
        "User alice: imap_mailbox_log: imap_mailbox_log_commands: "
        f"unknown command: {wrong} (known are: all APPEND COPY ")


def test_a_value_that_is_no_boolean_is_an_error(dovecot):
    settings = {"imap_mailbox_log_inbox": "perhaps"}
    if IS_24:
        with pytest.raises(RuntimeError, match="imap_mailbox_log_inbox"):
            dovecot(plugins=PLUGIN, plugin_settings=settings)
        return
    server = dovecot(plugins=PLUGIN, plugin_settings=settings)
    refuse(server)
    assert server.log_lines("imap_mailbox_log: imap_mailbox_log_inbox: ")


def test_an_empty_list_logs_nothing(dovecot):
    server = dovecot(plugins=PLUGIN,
                     plugin_settings={"imap_mailbox_log_commands": ""})
    assert logged(server) == []
