# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""doveadm sees every mailbox, whether the plugin is loaded in imap only or
everywhere."""

import os

import pytest

from dovecot import Location
from filter import MESSAGE, fill_mbox, forget_list_index, with_filter
from imap import literal

NAMES = ["visible", "junk-1", "junk-2/below", "Work/plan", "Work/junk-3"]
LOCATIONS = {
    "mbox": Location("mbox", "~", inbox="mail/%u", index="index/%u"),
    "sdbox": Location("sdbox", "~/sdbox", index="index/%u"),
    "sdbox-index": Location("sdbox", "~/sdbox", index="index/%u",
                            layout="index"),
}


def lines(server, *command):
    return sorted(server.doveadm(*command).stdout.decode().splitlines())


@pytest.mark.parametrize("name,list_index", [
    ("mbox", "yes"), ("sdbox", "yes"), ("sdbox", "no"), ("sdbox-index", "yes")])
def test_doveadm_sees_every_mailbox(dovecot, name, list_index):
    location = LOCATIONS[name]
    description = dict(location=location,
                       settings={"mailbox_list_index": list_index})
    plain = dovecot(**description)
    imap_only = dovecot(**with_filter(description, "junk-*",
                                      protocols=["imap"]))
    everywhere = dovecot(**with_filter(description, "junk-*", protocols=[""]))
    seen = {}
    for server in (plain, imap_only, everywhere):
        if location.driver == "mbox":
            fill_mbox(server, "alice", NAMES)
        else:
            server.doveadm("mailbox", "create", "-u", "alice", *NAMES)
            with server.imap("alice") as imap:
                for box in NAMES:
                    imap.ok("APPEND", box, literal(MESSAGE))
        server.deliver("alice", MESSAGE)
        # what a refresh by the plugin left, then without it
        for cold in (False, True):
            with server.imap("alice") as imap:
                names = imap.list()
                assert (b"junk-1" in names) == (server is plain)
            if cold and location.layout != "index":
                forget_list_index(server, "alice")
            copy = server.path("control/copy-%d" % cold)
            server.doveadm("backup", "-u", "alice", "sdbox:" + copy)
            seen[server, cold] = [
                lines(server, "mailbox", "list", "-u", "alice"),
                lines(server, "-f", "tab", "mailbox", "status", "-u", "alice",
                      "messages", "*"),
                sorted(top[len(copy):] for top, _, names in os.walk(copy)
                       if "u.1" in names),
            ]
    stock = seen[plain, False]
    assert set(NAMES) <= set(stock[0])
    assert len([box for box in stock[-1] if "junk-" in box]) == 3
    for key, answers in seen.items():
        assert answers == stock, key[1]
