# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Which mailbox a name of the configuration stands for, with every separator
and escape character: LIST, doveadm and the utility agree. Stock Dovecot tells:
the mailbox whose name its LIST has, and whose index doveadm mailbox path
has."""

import os

import pytest

from audit import as_user, location_options, make_log
from dovecot import Location, User
from filter import MBOX, mutf7, with_filter
from imap import parse_list, quote
from levels import Naming
from oracle import audit, Report

SEPARATORS = "/.~"
ESCAPES = {
    "none": {},
    "visible": {"visible_escape": "^"},
    "storage": {"storage_escape": "+"},
    "both": {"storage_escape": "+", "visible_escape": "^"},
}
LAYOUTS = {
    "fs": Location("mbox", "~/mail", inbox="mail/%u", index="index/%u"),
    "maildir++": Location("maildir", "~/mail", index="index/%u"),
}
# what is on disk
NAMES = [["a", "b"], ["a/b"], ["c", "d"], ["c.d"], ["e", "f"], ["e~f"],
         ["g", "h/i"], ["h^i"], ["k+l"], ["m&n"], ["ü"], ["plain"]]
# what the configuration names
CONFIGURED = ["a/b", "a^2fb", "a+2fb", "c.d", "c^2ed", "c+2ed", "e~f", "e^7ef",
              "g/h/i", "g/h^2fi", "g.h/i", "g~h/i", "h^i", "h^5ei", "k+l",
              "m&n", "m&-n", "ü", "&APw-"]
EXTRA = "namespace inbox {\n" + "".join(
    f'mailbox "{name}" {{\nspecial_use = \\Junk\n}}\n'
    for name in CONFIGURED) + "}\n"


CASES = {f"u{i}": case for i, case in enumerate(
    (sep, prefix and "Mail" + sep) for sep in SEPARATORS
    for prefix in ("", "Mail"))}


def users(by_layout=lambda sep: False):
    return [User(name, fields={
        "namespace/inbox/separator": sep,
        **({"namespace/inbox/prefix": prefix} if prefix else {}),
        **({"mailbox_list_index": "no"} if by_layout(sep) else {})})
        for name, (sep, prefix) in CASES.items()]


def make(server, user, naming, names):
    """Makes the mailboxes and their entries; returns {path of an entry: its
    levels}."""
    root = os.fsencode(server.path("~/mail", user))
    index = os.fsencode(server.path("index/%u", user))
    paths = {}
    for levels in names:
        path = naming.path(levels)
        top, last = os.path.split(path)
        if naming.layout == "fs":
            os.makedirs(os.path.join(root, top), exist_ok=True)
            with open(os.path.join(root, path), "wb") as f:
                f.write(MBOX)
            path = os.path.join(top, b".imap", last)
        else:
            for inside in ("cur", "new", "tmp"):
                os.makedirs(os.path.join(root, path, inside.encode()))
        make_log(os.path.join(index, path))
        paths[path] = levels
    for tree in (root, index):
        server.chown(user, os.fsdecode(tree))
    return paths


def wanted(plain, user, prefix):
    """Returns the names that stock Dovecot lists, and those of the configured
    ones that are mailboxes of it, with the paths that they lead to."""
    with plain.imap(user) as imap:
        # the layout may list a name twice
        listed = {parse_list(line)[1] for line in
                  imap.ok('LIST "" "*"').starting("LIST ")}
        found = {name for name in (prefix + c for c in CONFIGURED)
                 if mutf7(name).encode() in listed and
                 imap.cmd("STATUS", quote(mutf7(name)), "(MESSAGES)").ok}
    root = os.fsencode(plain.path("index/%u", user))
    return listed, {name: os.path.relpath(plain.doveadm(
        "mailbox", "path", "-u", user, name).stdout.strip(), root)
        for name in found}


def parents(name, prefix, sep):
    parts = name[len(prefix):].split(sep)
    return {prefix + sep.join(parts[:i]) for i in range(1, len(parts))}


@pytest.mark.parametrize("escape", ESCAPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_one_mailbox_for_all(dovecot, layout, escape):
    """Rules hide all but what the configuration names."""
    naming = Naming(layout, **ESCAPES[escape])
    description = naming.description(LAYOUTS[layout])
    # where the list index can't tell the names, LIST is the layout's
    plain = dovecot(**description, users=users(naming.is_ambiguous),
                    extra=EXTRA)
    server = dovecot(**with_filter(description, "*"), users=users(),
                     extra=EXTRA)
    for user, (sep, prefix) in CASES.items():
        names = [levels for levels in NAMES
                 if all(naming.holds(level, sep) for level in levels)]
        make(plain, user, naming, names)
        paths = make(server, user, naming, names)
        listed, kept = wanted(plain, user, prefix)
        check_list(server, user, listed, kept, prefix, sep)
        check_audit(server, user, kept, paths, naming, prefix, sep)


def check_list(server, user, listed, kept, prefix, sep):
    shown = {"INBOX"} | set(kept) | ({prefix[:-1]} if prefix else set())
    for name in kept:
        shown |= parents(name, prefix, sep)
    with server.imap(user) as imap:
        assert set(imap.list()) == {mutf7(n).encode() for n in shown} & listed


def check_audit(server, user, kept, paths, naming, prefix, sep):
    expected = set(kept.values())
    assert expected and expected <= paths.keys()
    report = audit(server, user, same=False)
    visible = {key[1] if prefix else key
               for key, entry in report.entries.items()
               if entry["hidden_by"] is None}
    assert visible & paths.keys() == expected, (sep, prefix)
    # the utility is told the levels
    options = location_options(server, user, server.location, prefix, sep)
    if naming.storage_escape:
        options += ["--escape-char", naming.storage_escape]
    for path in expected:
        options += ["--keep", "/".join(
            naming.shown([level], sep).replace("/", "\\x2f")
            for level in paths[path])]
    result = as_user(server, user, "mailbox-audit", "report", *options, "-u",
                     user, "-e", "-j", "--rule", "*")
    assert result.returncode == 0, result
    assert Report(result).lines == report.lines
