# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The rule that hides an entry's name is told by the name's levels as the
layout keeps them: neither the separator that clients see nor the characters
that escape it for them have a part in it.

The names are made from their levels, so that the test knows them without
decoding anything."""

import os

import pytest

from audit import (as_user, json_lines, location_options, make_log, mutf7,
                   name_bytes, write)
from dovecot import IS_24, Location
from oracle import audit

RULES = [".*", "public_html", "über", "&bad", "a/anchored"]
SEPARATORS = "/.~|,-"
LEVELS = [
    [".git"], ["a", ".git", "x.y"], ["git"], ["a.git"], ["x|.y"], ["~.y"],
    ["public_html"], ["public_html", "pics"], ["lists", "public_html", "x"],
    ["public_html.old"], ["public_html~old"], ["public_html|old"],
    ["public_html,old"], ["public_html-old"], ["old-public_html"],
    ["über"], ["a", "über", "b"], ["überall"], ["&bad"], ["a&b"], ["b^c=d"],
    ["a", "anchored"], ["b", "a", "anchored"], ["a.anchored"], ["a-anchored"],
    ["a/anchored"],
]
LAYOUTS = {
    "mbox": Location("mbox", "~/mail", inbox="mail/%u", index="index/%u"),
    "maildir-fs": Location("maildir", "~/mail", layout="fs",
                           index="index/%u"),
    "maildir++": Location("maildir", "~/mail", index="index/%u"),
}
VISIBLE = {"BROKENCHAR": "^"}
UTF8 = {"UTF-8": True}
STORAGE = "="
ESCAPES = {
    "none": ({}, None),
    "visible": (VISIBLE, None),
    "utf8": (UTF8, None),
    "visible-utf8": ({**VISIBLE, **UTF8}, None),
    "storage": ({}, STORAGE),
    "storage-visible": (VISIBLE, STORAGE),
    "storage-visible-utf8": ({**VISIBLE, **UTF8}, STORAGE),
}


def rule_for(levels):
    """Returns the rule of the topmost level that one hides."""
    for depth, level in enumerate(levels, 1):
        if level.startswith("."):
            return ".*"
        if level in RULES and "/" not in level:
            return level
        if levels[:depth] == ["a", "anchored"]:
            return "a/anchored"
    return None


def on_disk(level, utf8, escape, sep):
    """Returns a level as the layout writes it, None if it can't."""
    data = level.encode()
    # one that is no mUTF-7
    if not utf8 and level != "&bad":
        data = mutf7(level)
    special = {b"/", sep}
    if escape is not None:
        special.add(escape.encode())
    elif any(c in data for c in special):
        return None
    return b"".join(escape.encode() + b"%02x" % c[0] if c in special else c
                    for c in (data[i:i + 1] for i in range(len(data))))


def index_paths(layout, utf8, escape):
    """Returns {path of an entry: rule} for all levels that can be written."""
    sep = b"." if layout == "maildir++" else b"/"
    paths = {}
    for levels in LEVELS:
        parts = [on_disk(level, utf8, escape, sep) for level in levels]
        if None in parts:
            continue
        if layout == "mbox":
            path = b"/".join(parts[:-1] + [b".imap", parts[-1]])
        elif layout == "maildir++":
            path = b"." + b".".join(parts)
        else:
            path = b"/".join(parts)
        paths[path] = rule_for(levels)
    return paths


def escape_settings(escape):
    if escape is None:
        return {}
    if IS_24:
        return {"settings": {"mailbox_list_storage_escape_char": escape}}
    return {"plugins": {"": ["listescape"]},
            "plugin_settings": {"listescape_char": escape}}


@pytest.mark.parametrize("escapes", ESCAPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_separator_and_prefix(dovecot, layout, escapes):
    options, escape = ESCAPES[escapes]
    location = LAYOUTS[layout]
    location = Location(**{**vars(location), "options": options})
    description = escape_settings(escape)
    description.setdefault("plugin_settings", {})["mailbox_filter"] = \
        " ".join(RULES)
    server = dovecot(location=location, **description)
    home = server.users["alice"].home
    os.mkdir(home + "/mail")
    write(home + "/mail/file", b"x\n")
    root = server.path("index/%u", "alice")
    expected = index_paths(layout, "UTF-8" in options, escape)
    for path in expected:
        make_log(os.path.join(os.fsencode(root), path))
    for path in (home, root):
        server.chown("alice", path)
    assert len(set(expected.values())) > 3
    for separator in SEPARATORS:
        for prefix in ("", "INBOX" + separator):
            server.separator, server.prefix = separator, prefix
            # doveadm reads it, the processes that run go on without it
            server.write_config()
            check(server, expected, escape)


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
