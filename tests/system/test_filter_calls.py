# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The walk is pruned: no system call names a path at or below a hidden name,
whichever command walks. strace watches, and sees such calls on stock
Dovecot."""

import pytest

from dovecot import Location
from filter import FORMATS, create, deliver, fill_mbox, forget_indexes, \
    forget_list_index, strace, trace, traced, with_filter

# names to hide all hold this word
WORD = "hush"
RULES = ".hush* hush* /deep/*/*"
NAMES = ["visible", "Work/plan", "hush", "Work/hush-1", "hush-2/below/sub",
         "Work/hush-3/sub", "deep/a/hush", "deep/b"]
DOTTED = [".hush", ".hush-git/config", ".hush-git/refs/heads/main",
          "Work/.hush-svn/entries"]

LOCATIONS = {
    **{name: FORMATS[name] for name in ("mbox", "maildir++", "sdbox")},
    "sdbox-iterindex": Location("sdbox", "~/sdbox", index="index/%u",
                                options={"ITERINDEX": True}),
}
# each for a user of its own, who begins with a cold list index
COMMANDS = {
    "list": ['LIST "" "*"', 'LIST "" "%"', 'LIST "" "Work/%"',
             'LIST "" "hush-2/*"', 'LIST "hush-2/" "%"', 'LIST "" "hush"',
             'LIST "" "*" RETURN (CHILDREN STATUS (MESSAGES))'],
    "percent": ['LIST "" "%"'],
    "select": ["SELECT INBOX"],
    "status": ["STATUS visible (MESSAGES)"],
}
DELIVERIES = ["lmtp", "lda"]
SERVICES = ("imap", "lmtp")


def hidden_calls(server, user=""):
    """Returns, once all processes have ended, their calls that name a hidden
    name."""
    return [call for calls in trace(server) for call in calls
            if WORD in call and user in call]


@pytest.mark.parametrize("list_index", ["yes", "no"])
@pytest.mark.parametrize("name", LOCATIONS)
def test_no_system_call_below_a_hidden_name(dovecot, name, list_index):
    location = LOCATIONS[name]
    names = NAMES + (DOTTED if name != "maildir++" else [])
    users = list(COMMANDS) + DELIVERIES
    description = traced(dict(
        location=location, users=users,
        settings={"mailbox_list_index": list_index}), services=SERVICES)
    plain = dovecot(**description)
    server = dovecot(**with_filter(description, RULES))
    for each in (plain, server):
        for user in users:
            create(each, user, location, names)
            if location.driver == "mbox":
                forget_indexes(each, user)
            else:
                forget_list_index(each, user)
        for user, commands in COMMANDS.items():
            with each.imap(user) as imap:
                for command in commands:
                    imap.ok(command)
        deliver(each, "lmtp", "lmtp")
        deliver(each, "lda", "lda",
                prefix=strace("%file", each.dir + "/trace.lda"))
    assert hidden_calls(server) == []
    for user in users:
        # the others walk for the list index only
        if list_index == "yes" or user == "list":
            assert hidden_calls(plain, f"/{user}/"), user


def test_a_limit_on_depth_is_a_rule(dovecot):
    """/*/*/*/* hides what is below the third level, and prunes there."""
    description = traced(dict(location=LOCATIONS["mbox"]))
    plain = dovecot(**description)
    server = dovecot(**with_filter(description, "/*/*/*/*"))
    for each in (plain, server):
        fill_mbox(each, "alice", ["a/b/c/hush/e/f", "a/b/c/hush-2", "a/b/x",
                                  "a/y", "z", "a/b/d/"])
    with plain.imap("alice") as imap:
        stock = imap.list()
        assert b"a/b/c/hush/e/f" in stock
    with server.imap("alice") as imap:
        names = imap.list()
        assert names.keys() == {name for name in stock
                                if name.count(b"/") < 3}
        assert rb"\HasNoChildren" in names[b"a/b/c"]
        assert imap.list("", "a/b/c/*") == {}
    assert hidden_calls(plain)
    assert hidden_calls(server) == []
