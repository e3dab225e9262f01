# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Names as clients see them, whatever bytes are on disk, and trees deeper than
descriptors last."""

import os
import subprocess
import unicodedata

import pytest

from audit import (as_user, default_location, imap_name, json_lines, make_log,
                   MESSAGE, mutf7, name_bytes, unescape, utility, write,
                   write_home)
from dovecot import Location
from imap import quote
from oracle import audit, check_states, run_du

NAMES = [
    "plain", "with blank", " leading", "trailing ", "two  blanks", "a.b",
    'quo"tes', "back\\slash", "back\\x41slash", "apo'strophe", "per%cent",
    "star*", "Zürich", "日本語", "😀 emoji", "am&per", "a&b&c", "tab-less",
    "<html>", "[x]", "{5}", "-dash", "#hash", "ä" * 40,
    "x" * 255,
]


def fill(server, names):
    """Makes a mailbox and an entry for each name on disk."""
    home = os.fsencode(server.users["alice"].home)
    root = os.fsencode(server.path("index/%u", "alice"))
    for name in names:
        write(os.path.join(home, name), MESSAGE)
        make_log(os.path.join(root, b".imap", name))
    for path in (root, home):
        server.chown("alice", os.fsdecode(path))


def test_names_that_clients_can_use(dovecot):
    server = dovecot(location=default_location())
    fill(server, [mutf7(name) for name in NAMES])
    report = audit(server)
    assert {e["name"].decode() for e in report.entries.values()} == set(NAMES)
    check_states(server, report)
    with server.imap("alice") as imap:
        listed = imap.list()
    assert {mutf7(name) for name in NAMES} <= set(listed)


def test_names_that_clients_can_not_use(dovecot):
    """They are shown as they are on disk: people have to find them."""
    server = dovecot(location=default_location())
    names = [b"new\nline", b"carriage\rreturn", b"tab\tname",
             b"escape\x1b[31m", b"latin-\xe4", "utf8-ä".encode(),
             b"\xff\xfe\\", b"cut-\xf0\x9f", b"bad&shift", b"&AGE-", b"&",
             b"&2AA-", b"back\\\xff", b"~tilde"]
    fill(server, names)
    report = audit(server)
    assert {e["name"] for e in report.entries.values()} == set(names)
    for name in names:
        entry = report.entries[b".imap/" + name]
        assert entry["name"] == name
        assert (entry["state"], entry["reason"]) == ("mailbox", None)
    # a table's row is one line, without control characters
    out = server.doveadm("-f", "tab", "mailbox-audit", "-u", "alice",
                         "-e").stdout
    assert len(out.splitlines()) == 1 + len(names)
    out.decode()
    table = utility(server, "alice", "-e").stdout
    assert len(table.splitlines()) == 1 + len(names)
    assert not any(c < 0x20 for line in table.splitlines() for c in line)


def display_width(text):
    """Returns the columns of a terminal that a text takes."""
    return sum(0 if unicodedata.combining(c) else
               2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in text)


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_columns_are_aligned_by_what_is_seen(dovecot, locale, monkeypatch):
    monkeypatch.setenv("LC_ALL", locale)
    server = dovecot(location=default_location())
    names = ["plain", "日本語", "Zu\u0308rich", "Zürich", "😀😀", "한글"]
    fill(server, [mutf7(name) for name in names])
    # the column before the last one has the rules
    lines = utility(server, "alice", "-e", "--rule", " ".join(
        names)).stdout.decode().splitlines()
    starts = {display_width(line[:line.rindex(" ")]) for line in lines}
    assert all(line.count(name) == 2 for line, name in
               zip(sorted(lines[1:], key=lambda l: l.split()[-1]),
                   sorted(names)))
    assert len(lines) == 1 + len(names)
    assert len(starts) == 1


PREFIXES = [b"", b"\xe4/", b"back\\slash/", b"\\xe4/", b"\xe4\\/",
            "\u202ecod/".encode(), b"\x7f\xc2\x9b/", b"line\n/"]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_prefix_and_roots_of_any_bytes(dovecot, prefix):
    """They are told to the byte, and an entry's namespace is the prefix that
    the report has, whatever else a line holds."""
    server = dovecot()
    top = os.fsencode(server.users["alice"].home)
    mail, index = top + b"/mail-\xe4", top + b"/index-\xe4\\"
    os.mkdir(mail)
    # a byte, and what looks like its escape
    names = [b"box", b"\xff", b"\\xff", "\u2066".encode()]
    for name in names:
        write(mail + b"/" + name, MESSAGE)
        make_log(index + b"/.imap/" + name)
    server.chown("alice", server.users["alice"].home)
    result = as_user(server, "alice", "mailbox-audit", "report", "-e", "-j",
                     "--mail-root", mail, "--index-root", index,
                     "--prefix", prefix)
    assert result.returncode == 0
    *lines, user = json_lines(result.stdout)
    (namespace,) = user["namespaces"]
    assert unescape(namespace["prefix"]) == prefix
    assert unescape(namespace["index_root"]) == index
    assert {line["namespace"] for line in lines} == {namespace["prefix"]}
    assert {line["entry"]["state"] for line in lines} == {"mailbox"}
    assert len({line["entry"]["path"] for line in lines}) == len(names)
    assert {name_bytes(line["entry"], "mailbox") for line in lines} == \
        {prefix + name for name in names}


def test_table_and_json_show_the_same_names(dovecot):
    """And neither shows anything that a terminal obeys or that can't be
    seen."""
    server = dovecot(location=default_location())
    odd = ["\x1b[31m", "\x7f", "\x9b31m", "\u202egpj", "a\u2066b\u2069",
           "\u200f", "\u061c", "\u2028", "\ufeff", "\xad", "\\x41",
           "\U000e0041"]
    fill(server, [name.encode() for name in odd])
    out = utility(server, "alice", "-e", "-j").stdout
    for char in set("".join(odd)):
        assert " " <= char <= "~" or char.encode() not in out
    shown = {line["entry"]["mailbox"] for line in json_lines(out)[:-1]}
    assert {unescape(name) for name in shown} == {n.encode() for n in odd}
    table = utility(server, "alice", "-e").stdout.decode()
    # str.splitlines() would cut at U+2028
    assert {line.split()[-1] for line in table[:-1].split("\n")[1:]} == shown
    doveadm = server.doveadm("-f", "tab", "mailbox-audit", "-u", "alice",
                             "-e").stdout.decode()
    assert {line.split("\t")[-2] for line in doveadm[:-1].split("\n")[1:]} == \
        shown


LOCATIONS = {
    "maildir++": ("maildir", None, "/"),
    "maildir++ with a dot": ("maildir", None, "."),
    "fs with a dot": ("mbox", None, "."),
    "utf8": ("mbox", {"UTF-8": True}, "/"),
    "broken char": ("mbox", {"BROKENCHAR": "^"}, "/"),
    "broken char and dots": ("mbox", {"BROKENCHAR": "^"}, "."),
}


@pytest.mark.parametrize("prefix", ["", "INBOX/"])
@pytest.mark.parametrize("name", LOCATIONS)
def test_separators_prefixes_and_escapes(dovecot, name, prefix):
    """The names are those that LIST tells."""
    driver, options, separator = LOCATIONS[name]
    prefix = prefix.replace("/", separator)
    location = Location(driver, "~/mail", inbox="mail/%u" if driver == "mbox"
                        else None, index="index/%u", options=options or {})
    server = dovecot(location=location, prefix=prefix, separator=separator)
    home = server.users["alice"].home
    os.mkdir(home + "/mail")
    if driver == "mbox":
        for box in (b"a.b", b"plain", b"c^d", mutf7("ü"), b"sub/x", b"latin-",
                    b"bad&shift"):
            path = os.path.join(os.fsencode(home), b"mail", box)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            write(path, MESSAGE)
    server.chown("alice", home)
    with server.imap("alice") as imap:
        for box in ("one", "two" + separator + "three", "über"):
            imap.cmd("CREATE", imap_name(prefix + box))
        listed = {n for n, flags in imap.list().items()
                  if b"\\NoSelect" not in flags and b"\\Noselect" not in flags}
        # not those that Dovecot lists by names that lead to others
        listed = {n for n in listed
                  if imap.cmd("STATUS", quote(n), "(MESSAGES)").ok}
    report = audit(server)
    names = {mutf7(e["name"].decode()) for e in report.entries.values()
             if e["state"] == "mailbox"}
    assert names == listed


def deep_tree(top, levels, name="d"):
    """Makes a chain of directories that is longer than PATH_MAX; returns a
    descriptor of the last one."""
    fd = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    for _ in range(levels):
        os.mkdir(name, dir_fd=fd)
        child = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=fd)
        os.close(fd)
        fd = child
    return fd


@pytest.mark.parametrize("name", ["d", "level-of-the-tree"])
def test_1000_levels_with_few_descriptors(dovecot, name):
    server = dovecot(location=default_location())
    home = server.users["alice"].home
    root = server.path("index/%u", "alice")
    os.mkdir(root)
    for top, leaf in ((home, "box"), (root, ".imap")):
        fd = deep_tree(top, 1000, name)
        if leaf == ".imap":
            os.mkdir(".imap", dir_fd=fd)
            os.mkdir(".imap/box", dir_fd=fd)
            leaf = ".imap/box/dovecot.index.log"
        data = os.open(leaf, os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=fd)
        os.write(data, MESSAGE)
        os.close(data)
        os.close(fd)
        subprocess.run(["chown", "-R", str(server.users["alice"].uid), top],
                       check=True)
    result = utility(server, "alice", "-e", "-j", nofile=64, check=False)
    assert result.returncode == 0, result.stderr
    line, report = json_lines(result.stdout)
    assert line["entry"]["path"] == (name + "/") * 1000 + ".imap/box"
    assert line["entry"]["mailbox"] == (name + "/") * 1000 + "box"
    assert line["entry"]["state"] == "mailbox"
    assert report["namespaces"][0]["totals"]["inodes"] == 1004 == \
        run_du(root, "--inodes")
    assert server.doveadm("mailbox-audit", "-u", "alice", "-e", "-j").stdout \
        == result.stdout


def test_many_directories_side_by_side(dovecot):
    """A directory is read on where it was left, however deep the walk was
    meanwhile."""
    server = dovecot(location=default_location())
    write_home(server, "alice", ".profile", b"")
    root = server.path("index/%u", "alice")
    for i in range(300):
        make_log(os.path.join(root, f"box{i}", *(["x"] * (i % 30)), ".imap",
                              "y" * 200 + str(i)))
    server.chown("alice", root)
    report = audit(server)
    assert len(report.entries) == 300
