# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""doveadm mailbox-audit of every namespace: with and without prefix, one below
the other, several that share their roots."""

import os

from audit import (MESSAGE, default_location, entries, json_lines, make_log,
                   report, write_home)
from dovecot import Location, Namespace
from oracle import audit

ALIAS = Namespace("alias", "mail/", location=default_location(),
                  settings={"hidden": True, "list": False})
# its mails below those of the first, its indexes apart
ARCHIVE = Namespace("archive", "Archive/", location=Location(
    "mbox", "~/archive", index="index/%u-archive"))
# its indexes below those of the first
NESTED = Namespace("nested", "Nested/", location=Location(
    "mbox", "other/%u", index="index/%u/nested-index"))
MAILDIR = Namespace("dir", "Dir/", location=Location(
    "maildir", "maildir/%u", index="index/%u-dir"))
PUBLIC = Namespace("public", "Public/", type="public", location=Location(
    "mbox", "public", index="index/public"))


def start(dovecot, namespaces, **more):
    """Every namespace has a mailbox "box", and one that is gone. Shared by all
    who come: what isn't below the home is made first."""
    server = dovecot(location=default_location(), namespaces=namespaces,
                     **more)
    for path in ("other", "maildir", "public"):
        os.mkdir(server.path(path))
        os.chmod(server.path(path), 0o1777)
    write_home(server, "alice", "box", MESSAGE)
    write_home(server, "alice", "archive/box", MESSAGE)
    with server.imap("alice") as imap:
        prefixes = [ns.prefix for ns in server.namespaces]
        for prefix in prefixes:
            if prefix not in ("mail/", "Archive/"):
                imap.ok(f"CREATE {prefix}box")
            imap.ok(f"STATUS {prefix}box (MESSAGES)")
        imap.ok(f"STATUS {server.prefix}box (MESSAGES)")
    for path in ("index/%u/.imap/gone", "index/%u-archive/.imap/gone"):
        make_log(server.path(path, "alice"))
    server.chown("alice", server.path("index/%u", "alice"))
    server.chown("alice", server.path("index/%u-archive", "alice"))
    return server


def lines_of(server, *options):
    return json_lines(server.doveadm("mailbox-audit", "-u", "alice", "-e",
                                     "-j", *options).stdout)


def prefixes_of(lines):
    return [(ns["prefix"], ns["aliases"]) for ns in
            report(lines)["namespaces"]]


def test_every_private_namespace_is_audited(dovecot):
    server = start(dovecot, [ALIAS, ARCHIVE, NESTED, MAILDIR, PUBLIC])
    nested = server.path("index/%u/nested-index", "alice")
    found = audit(server, "alice", nested=[nested])
    namespaces = {ns["prefix"]: ns for ns in found.namespaces}
    assert set(namespaces) == {"", "Archive/", "Nested/", "Dir/"}
    assert namespaces[""]["aliases"] == ["mail/"]
    assert {ns["driver"] for ns in found.namespaces} == {"mbox", "maildir"}
    states = {(e["namespace"], e["mailbox"]): e["state"]
              for e in found.entries.values()}
    for name, state in [
            (("", "box"), "mailbox"), (("", "gone"), "missing"),
            (("Archive/", "Archive/box"), "mailbox"),
            (("Archive/", "Archive/gone"), "missing"),
            (("Nested/", "Nested/box"), "mailbox"),
            (("Dir/", "Dir/box"), "mailbox")]:
        assert states[name] == state
    # what is below another's root is counted there, and only counted here
    inodes = namespaces["Nested/"]["totals"]["inodes"]
    assert namespaces[""]["other"]["nested"]["inodes"] == inodes > 1
    assert not [e for e in found.of("").values()
                if e["path"].startswith("nested-index")]
    for ns in found.namespaces:
        assert ns["other"]["nested"]["inodes"] == 0 or ns["prefix"] == ""


def test_one_namespace_is_named(dovecot):
    server = start(dovecot, [ALIAS, ARCHIVE, NESTED, PUBLIC])
    everything = lines_of(server)
    for prefix, aliases in [("", ["mail/"]), ("mail/", [""]),
                            ("Archive/", []), ("Nested/", []),
                            ("Public/", [])]:
        lines = lines_of(server, "-N", prefix)
        assert lines == lines_of(server, f"--namespace={prefix}")
        assert prefixes_of(lines) == [(prefix, aliases)]
        assert {line["namespace"] for line in lines[:-1]} == {prefix}
        assert prefix + "box" in entries(lines)
        if prefix not in ("mail/", "Public/"):
            assert lines[:-1] == [line for line in everything[:-1]
                                  if line["namespace"] == prefix]
    assert report(lines_of(server, "-N", "Public/"))["namespaces"][0][
        "type"] == "public"
    # the alias only has other names for the same
    assert [line["entry"]["path"] for line in lines_of(server, "-N", "")[:-1]] \
        == [line["entry"]["path"] for line in
            lines_of(server, "-N", "mail/")[:-1]]


def test_a_namespace_that_isnt_there(dovecot):
    server = start(dovecot, [ARCHIVE])
    for prefix in ("Archive", "nonsense\x1b[31m", "archive/", "x" * 100000,
                   "no utf-8\udcff"):
        result = server.doveadm("mailbox-audit", "-u", "alice", "-j", "-N",
                                prefix, check=False)
        assert result.returncode == os.EX_USAGE
        (line,) = json_lines(result.stdout)
        assert line["namespaces"] == [] and not line["complete"]
        assert b"No namespace has the prefix" in result.stderr
        assert b"\x1b" not in result.stderr + result.stdout
        assert len(result.stderr) < 10000
    assert b'The user has: "" "Archive/"' in server.doveadm(
        "mailbox-audit", "-u", "alice", "-N", "Archive", check=False).stderr


def test_names_begin_with_the_prefix(dovecot):
    """But for INBOX; and the rules are asked without it. Dovecot adds a
    namespace of its own without prefix, which is nobody's."""
    server = dovecot(location=default_location(), prefix=".mail/")
    write_home(server, "alice", "box", MESSAGE)
    write_home(server, "alice", ".git", b"x\n")
    with server.imap("alice") as imap:
        imap.ok("CREATE INBOX")
        imap.ok("SELECT INBOX")
        imap.cmd('STATUS ".mail/box" (MESSAGES)')
        imap.cmd('STATUS ".mail/.git" (MESSAGES)')
    lines = lines_of(server)
    assert prefixes_of(lines) == [(".mail/", [])]
    assert lines == lines_of(server, "-N", ".mail/")
    found = entries(lines)
    assert {name: e["hidden_by"] for name, e in found.items()} == {
        "INBOX": None, ".mail/box": None, ".mail/.git": ".*"}


def test_another_separator(dovecot):
    server = dovecot(location=default_location(), prefix="INBOX.",
                     separator=".")
    write_home(server, "alice", "lists/dovecot", MESSAGE)
    with server.imap("alice") as imap:
        imap.ok("STATUS INBOX.lists.dovecot (MESSAGES)")
    assert "INBOX.lists.dovecot" in entries(lines_of(server))
