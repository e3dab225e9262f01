# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The rules that doveadm mailbox-audit takes from the settings: for all users,
for one user, or the default; and what happens where they can't be had."""

import dataclasses
import os
import re
import subprocess
import tempfile

import pytest

from audit import (default_location, entries, imap_name, json_lines,
                   make_log, mutf7, unescape, utility, write, write_home)
from dovecot import block, IS_24, Location, User
from manual import sections

NAMES = (".git", "notes", "old.bak", "plain", "public_html")


@pytest.fixture
def path():
    """The path of a file with rules, where every user comes to."""
    with tempfile.TemporaryDirectory(prefix="mba-", dir="/tmp") as top:
        os.chmod(top, 0o755)
        yield top + "/rules"


def make_boxes(server, user):
    # an empty home may be one that isn't mounted
    write_home(server, user, "file", b"x\n")
    root = server.path("index/%u", user)
    for name in NAMES:
        make_log(f"{root}/.imap/{name}")
    server.chown(user, root)


def hidden(server, user="alice"):
    """Returns {name: rule} of the names that rules hide."""
    lines = json_lines(server.doveadm("mailbox-audit", "-u", user, "-e",
                                      "-j").stdout)
    found = entries(lines)
    assert set(found) == set(NAMES)
    return {name: e["hidden_by"] for name, e in found.items()
            if e["hidden_by"] is not None}


def start(dovecot, settings=None, fields=None):
    server = dovecot(location=default_location(), users=["alice", User(
        "bob", fields=fields or {})], plugin_settings=settings or {})
    for user in ("alice", "bob"):
        make_boxes(server, user)
    return server


def test_the_default(dovecot):
    assert hidden(start(dovecot)) == {".git": ".*",
                                      "public_html": "public_html"}


def test_rules_for_all_and_for_one(dovecot):
    server = start(dovecot, {"mailbox_filter": "notes *.bak"},
                   {"mailbox_filter": "plain"})
    assert hidden(server) == {"notes": "notes", "old.bak": "*.bak"}
    assert hidden(server, "bob") == {"plain": "plain"}
    # through a server, one user after the other
    lines = json_lines(server.doveadm("mailbox-audit", "-A", "-e", "-H", "-j",
                                      "-S", server.socket).stdout)
    assert [(line["user"], line["entry"]["hidden_by"]) for line in lines
            if "entry" in line and line["user"] == "bob"] == [("bob", "plain")]


def test_no_rules(dovecot):
    assert hidden(start(dovecot, {"mailbox_filter": ""})) == {}


def test_rules_from_a_file(dovecot, path):
    write(path, b"# rules\n*.bak\n!notes\n")
    server = start(dovecot, {"mailbox_filter_file": path})
    assert hidden(server) == {"old.bak": "*.bak"}


def test_the_setting_follows_the_file(dovecot, path):
    write(path, b"*\n")
    server = start(dovecot, {"mailbox_filter_file": path,
                             "mailbox_filter": "!plain"})
    assert hidden(server) == dict.fromkeys(set(NAMES) - {"plain"}, "*")


def test_a_file_for_one(dovecot, path):
    write(path, b"notes\n")
    server = start(dovecot, fields={"mailbox_filter_file": path})
    assert hidden(server, "bob") == {"notes": "notes"}
    assert ".git" in hidden(server)


def check_refused(server, message, status=os.EX_CONFIG):
    """Bob isn't audited, and it is told why. Alice is."""
    result = server.doveadm("mailbox-audit", "-u", "bob", "-e", "-j",
                            check=False)
    assert result.returncode == status
    assert message in result.stderr.decode()
    (line,) = json_lines(result.stdout)
    assert line["namespaces"] == [] and not line["complete"]
    assert [unescape(e["error"]).decode() for e in line["errors"]] == [message]
    # nothing was looked at: no table either
    result = server.doveadm("-f", "tab", "mailbox-audit", "-u", "bob",
                            check=False)
    assert result.returncode == status
    assert result.stdout.split() == \
        b"namespace state entries inodes bytes hidden_entries hidden_inodes " \
        b"hidden_bytes messages".split()
    assert set(hidden(server)) == {".git", "public_html"}


@pytest.mark.parametrize("text, where", [
    (b"[a-", ":1:1: '[' isn't closed: [a-"),
    (b"fine\n# fine\n*.x/[ab\n", ":3:5: '[' isn't closed: *.x/[ab"),
    (b"fine\r\na//b\r\n", ":2:3: a level is empty: a//b"),
    (b"fine\nx\\", ":2:2: "),
    (b"x\n" * 10001, ":10001: more than 10000 rules"),
])
def test_a_file_that_doesnt_parse(dovecot, text, where, path):
    write(path, text)
    server = start(dovecot, fields={"mailbox_filter_file": path})
    result = server.doveadm("mailbox-audit", "-u", "bob", "-j", check=False)
    (error,) = json_lines(result.stdout)[0]["errors"]
    assert error["error"].startswith("mailbox_filter_file: " + path + where)
    check_refused(server, unescape(error["error"]).decode())


def test_a_setting_that_doesnt_parse(dovecot):
    server = start(dovecot, fields={"mailbox_filter": "fine\t[a"})
    check_refused(server, "mailbox_filter:1:6: '[' isn't closed: [a")


def test_a_setting_with_commas(dovecot):
    """It would be one rule, which hides nothing."""
    server = start(dovecot, fields={"mailbox_filter": ".*,public_html"})
    check_refused(server, "mailbox_filter:1:3: blanks separate rules (a comma "
                  "of a name needs a backslash): .*,public_html")


def test_a_file_that_cant_be_read(dovecot, path):
    server = start(dovecot, fields={"mailbox_filter_file": path})
    setting = "mailbox_filter_file: "
    check_refused(server, setting +
                  f"open({path}) failed: No such file or directory")
    os.mkdir(path)
    check_refused(server, setting + f"{path}: not a regular file")
    os.rmdir(path)
    os.mkfifo(path)
    os.chmod(path, 0o644)
    check_refused(server, setting + f"{path}: not a regular file")


def ways(server, *options, user="alice"):
    """Returns the answers of a local doveadm and through a server."""
    command = ["mailbox-audit", "-u", user, "-e", "-j", *options]
    return [server.doveadm(*command, check=False),
            server.doveadm(*command, "-S", server.socket, check=False)]


def hidden_by(result):
    assert result.returncode == 0, result
    return {name: e["hidden_by"]
            for name, e in entries(json_lines(result.stdout)).items()
            if e["hidden_by"] is not None}


@pytest.mark.parametrize("options, expected", [
    (["--rule", "notes *.bak"], {"notes": "notes", "old.bak": "*.bak"}),
    (["-r", "* !plain"], dict.fromkeys(set(NAMES) - {"plain"}, "*")),
    (["-r", ""], {}),
])
def test_rules_to_try(dovecot, options, expected):
    """They are in place of the settings, also of those that can't be used."""
    server = start(dovecot, {"mailbox_filter": "plain"},
                   {"mailbox_filter": "[a"})
    for user in ("alice", "bob"):
        for result in ways(server, *options, user=user):
            assert hidden_by(result) == expected
    answer = server.http([["mailboxAudit", {
        "user": "alice", "rule": options[-1], "entries": True, "hidden": True,
        "json": True}, "t"]])
    assert len(answer[0][1]) == len(expected) + 1


def test_a_file_of_rules_to_try(dovecot, path):
    """Root's own will do. Rules of the command line come after it, as those
    of the setting do."""
    write(path, b"*\n")
    os.chmod(path, 0o600)
    server = start(dovecot, {"mailbox_filter": ""})
    for result in ways(server, "--rules", path, "-r", "!plain"):
        assert hidden_by(result) == dict.fromkeys(set(NAMES) - {"plain"}, "*")
    for result in ways(server, "-R", path):
        assert hidden_by(result) == dict.fromkeys(NAMES, "*")


def test_a_file_of_rules_is_read_by_the_server(dovecot, path):
    """The client has another one at its place."""
    write(path, b"notes\n")
    server = start(dovecot)
    other = path + ".client"
    write(other, b"[a\n")
    client = ["unshare", "--mount", "sh", "-c",
              f'mount --bind {other} {path} && exec "$@"', "sh"]
    command = ["mailbox-audit", "-u", "alice", "-e", "-j", "--rules", path]
    assert hidden_by(server.doveadm(*command, "-S", server.socket,
                                    prefix=client)) == {"notes": "notes"}
    local = server.doveadm(*command, prefix=client, check=False)
    assert local.returncode == os.EX_CONFIG


@pytest.mark.parametrize("rules, message", [
    (b"fine\n[a\n", ":2:1: '[' isn't closed: [a"),
    (None, "No such file or directory"),
])
def test_rules_to_try_that_are_refused(dovecot, path, rules, message):
    """Before anybody is audited, and a server lives on."""
    server = start(dovecot)
    if rules is not None:
        write(path, rules)
    for options, text in ((["-R", path], message),
                          (["-r", "fine [a"], "--rule:1:6: '[' isn't closed"),
                          (["-r", "a,b"], "blanks separate rules")):
        local, remote = ways(server, *options)
        assert local.returncode == os.EX_CONFIG
        assert local.stdout == b""
        assert text in local.stderr.decode()
        # a server's refusal doesn't bring its status to the client
        assert remote.returncode != 0
        assert remote.stdout == b"" and text in remote.stderr.decode()
    assert set(hidden(server)) == {".git", "public_html"}


def test_rules_of_a_protocol_are_not_seen(dovecot):
    """As the manual says, which also says how to audit with them."""
    inner = "mailbox_filter = *.bak notes\n"
    server = dovecot(location=default_location(), users=["alice"], extra={
        "2.3": "protocol imap {\nplugin {\n" + inner + "}\n}\n",
        "2.4": "protocol imap {\n" + inner + "}\n"})
    make_boxes(server, "alice")
    assert hidden(server) == {".git": ".*", "public_html": "public_html"}
    text, = (text for text in sections("doveadm-mailbox-audit.1").values()
             if "$(doveconf " in text)
    options = re.search(r"\$\(doveconf (.*)\)", text).group(1).split()
    if IS_24:
        assert "without plugin/" in text
        options[-1] = options[-1].replace("plugin/", "")
    rules = subprocess.run(
        ["doveconf", "-c", server.config, *options],
        check=True, stdout=subprocess.PIPE).stdout.decode().rstrip("\n")
    for result in ways(server, "--rule", rules):
        assert hidden_by(result) == {"notes": "notes", "old.bak": "*.bak"}


@pytest.mark.parametrize("kind", ["protocol", "local", "remote"])
def test_mails_of_a_block_are_not_seen(dovecot, kind):
    """As the manuals say that name such blocks."""
    of = "imap" if kind == "protocol" else "127.0.0.1"
    mails = Location("maildir", "~/Maildir", index="index/%u")
    server = dovecot(location=mails)
    with server.imap("alice") as imap:
        imap.ok("CREATE outside")
    lines = server.location_lines(
        dataclasses.replace(mails, mail="~/session"), "mail_location")
    server.extra = "\n".join(block(f"{kind} {of}", lines))
    server.restart()
    with server.imap("alice") as imap:
        imap.ok("CREATE inside")
        imap.ok("SELECT inside")
    found = entries(json_lines(server.doveadm(
        "mailbox-audit", "-u", "alice", "-e", "-j").stdout))
    assert found["inside"]["state"] == "missing"
    text = sections("doveadm-mailbox-audit.1")["SETTINGS"]
    warning, = (part for part in text.split("\n.PP\n")
                if "is not seen by doveadm" in part)
    assert f" {kind}" in warning


# What LIST keeps visible: name, options; separators are written as '/'.
CONFIGURED = {
    ".drafts": "auto = create\nspecial_use = \\Drafts",
    "public_html/sent": "special_use = \\Sent",
    ".deep/er/ü": "auto = subscribe",
    "junk-0": "auto = no",
    "junk-*": "special_use = \\Junk",
}
BOXES = [".drafts", ".drafts-2", "public_html/sent", "public_html/other",
         ".deep/er/ü", ".deep/er/x", ".deep/box", "junk-0", "junk-1", "plain"]


def configured(separator):
    blocks = [f'mailbox "{name.replace("/", separator)}" {{\n{options}\n}}\n'
              for name, options in CONFIGURED.items()]
    return "namespace inbox {\n" + "".join(blocks) + "}\n"


@pytest.mark.parametrize("prefix", ["", "INBOX/"])
@pytest.mark.parametrize("driver, separator", [
    ("mbox", "/"), ("maildir", "/"), ("maildir", "~"), ("mbox", "~")])
def test_what_list_keeps_is_hidden_by_no_rule(dovecot, driver, separator,
                                              prefix):
    """The audit says of each mailbox what the session's LIST does. The utility
    is told by --keep."""
    prefix = prefix.replace("/", separator)
    rules = ".* public_html junk-*"
    server = dovecot(
        location=Location(driver, "~/mail", index="index/%u",
                          inbox="mail/%u" if driver == "mbox" else None),
        prefix=prefix, separator=separator, extra=configured(separator),
        plugins={"imap": ["mailbox_filter"]},
        plugin_settings={"mailbox_filter": rules})
    os.mkdir(server.users["alice"].home + "/mail")
    server.chown("alice", server.users["alice"].home)
    names = BOXES + (["public_html"] if driver == "maildir" else [])
    boxes = [prefix + box.replace("/", separator) for box in names]
    with server.imap("alice") as imap:
        for box in boxes:
            imap.cmd("CREATE", imap_name(box))
            imap.cmd("STATUS", imap_name(box), "(MESSAGES)")
    # where the layout has no names with dots
    boxes = [box for box in boxes if driver == "mbox" or "." not in box]
    with server.imap("alice") as imap:
        listed = set(imap.list())
    visible = {box for box in boxes if mutf7(box) in listed}
    # something of each kind
    for box, shown in (("plain", True), ("public_html/sent", True),
                       ("public_html", driver == "maildir"),
                       ("public_html/other", False), ("junk-1", False)):
        assert (prefix + box.replace("/", separator) in visible) == shown
    out = server.doveadm("mailbox-audit", "-u", "alice", "-e", "-j").stdout
    found = {name: entry for name, entry in entries(json_lines(out)).items()
             if name in boxes}
    assert set(found) == set(boxes)
    assert {name for name, entry in found.items()
            if entry["hidden_by"] is None} == visible
    keep = [option for name in CONFIGURED if not name.startswith("junk")
            for option in ("--keep", name)]
    assert utility(server, "alice", "-e", "-j", "--rule", rules,
                   *keep).stdout == out
