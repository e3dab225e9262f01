# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The rule that hides an entry's name is told by the name's levels as the
layout keeps them: neither the separator that clients see nor the characters
that escape it for them have a part in it.

The names are made from their levels, so that the test knows them without
decoding anything."""

import os

import pytest

from audit import (ALWAYS_FULL, as_user, json_lines, location_options, make_log,
                   name_bytes, write)
from dovecot import Location
from levels import Naming
from oracle import audit

RULES = [".*", "public_html", "über", "&bad", "a/anchored", "hid[/]den"]
SEPARATORS = "/.~|,-"
LEVELS = [
    [".git"], ["a", ".git", "x.y"], ["git"], ["a.git"], ["x|.y"], ["~.y"],
    ["public_html"], ["public_html", "pics"], ["lists", "public_html", "x"],
    ["public_html.old"], ["public_html~old"], ["public_html|old"],
    ["public_html,old"], ["public_html-old"], ["old-public_html"],
    ["über"], ["a", "über", "b"], ["überall"], ["a&b"], ["b^c=d"],
    # one that is no mUTF-7
    [b"&bad"],
    ["a", "anchored"], ["b", "a", "anchored"], ["a.anchored"], ["a-anchored"],
    ["a/anchored"], ["hid/den"], ["hid", "den"], ["&APw-ber"],
]
LAYOUTS = {
    "mbox": Location("mbox", "~/mail", inbox="mail/%u", index="index/%u"),
    "maildir-fs": Location("maildir", "~/mail", layout="fs",
                           index="index/%u"),
    "maildir++": Location("maildir", "~/mail", index="index/%u"),
    "sdbox": Location("sdbox", "~/mail", index="index/%u"),
    "mdbox": Location("mdbox", "~/mail", index="index/%u"),
}
VISIBLE = {"visible_escape": "^"}
UTF8 = {"utf8": True}
STORAGE = {"storage_escape": "="}
ESCAPES = {
    "none": {},
    "visible": VISIBLE,
    "utf8": UTF8,
    "visible-utf8": {**VISIBLE, **UTF8},
    "storage": STORAGE,
    "storage-visible": {**STORAGE, **VISIBLE},
    "storage-visible-utf8": {**STORAGE, **VISIBLE, **UTF8},
}


def rule_for(levels):
    """Returns the rule of the topmost level that one hides."""
    levels = [os.fsdecode(level) for level in levels]
    for depth, level in enumerate(levels, 1):
        if level.startswith("."):
            return ".*"
        if level in RULES and "/" not in level:
            return level
        if level == "hid/den":
            return "hid[/]den"
        if levels[:depth] == ["a", "anchored"]:
            return "a/anchored"
    return None


def index_paths(layout, naming):
    """Returns {path of an entry: rule} for all levels that can be written."""
    paths = {}
    for levels in LEVELS:
        texts = [os.fsdecode(level) for level in levels]
        # of no separator: what clients can't write may be on disk all the same
        if not all(naming.holds(text, "") for text in texts):
            continue
        path = naming.path(levels)
        if layout == "mbox":
            path = os.path.join(os.path.dirname(path), b".imap",
                                os.path.basename(path))
        elif layout in ("sdbox", "mdbox"):
            path = b"mailboxes/" + path
            if ALWAYS_FULL:
                path += b"/dbox-Mails"
        paths[path] = rule_for(levels)
    return paths


@pytest.mark.parametrize("escapes", ESCAPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_separator_and_prefix(dovecot, layout, escapes):
    naming = Naming("maildir++" if layout == "maildir++" else "fs",
                    **ESCAPES[escapes])
    description = naming.description(LAYOUTS[layout])
    description.setdefault("plugin_settings", {})["mailbox_filter"] = \
        " ".join(RULES)
    server = dovecot(**description)
    home = server.users["alice"].home
    os.mkdir(home + "/mail")
    write(home + "/mail/file", b"x\n")
    root = server.path("index/%u", "alice")
    expected = index_paths(layout, naming)
    for path in expected:
        make_log(os.path.join(os.fsencode(root), path))
    for path in (home, root):
        server.chown("alice", path)
    assert len(set(expected.values())) > 3
    turn = list(LAYOUTS).index(layout) + list(ESCAPES).index(escapes)
    for turn, separator in enumerate(SEPARATORS, turn):
        # the other ones in the next turn
        prefix = "INBOX" + separator if turn % 2 else ""
        server.separator, server.prefix = separator, prefix
        # doveadm reads it, the processes that run go on without it
        server.write_config()
        check(server, expected, naming.storage_escape)


def check(server, expected, escape):
    report = audit(server, same=False)
    found = {key[1] if server.prefix else key: entry["hidden_by"]
             for key, entry in report.entries.items()}
    assert found == expected, (server.separator, server.prefix)
    options = location_options(server, "alice", server.location,
                               server.prefix, server.separator)
    if escape is not None:
        options += ["--escape-char", escape]
    result = as_user(server, "alice", "mailbox-audit", "report", *options,
                     "-e", "-j", "--rule", " ".join(RULES))
    assert result.returncode == 0, result
    *lines, user = json_lines(result.stdout)
    assert {name_bytes(line["entry"], "path"): line["entry"]["hidden_by"]
            for line in lines} == expected
    assert user["namespaces"] == report.namespaces
