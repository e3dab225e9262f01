# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Each option by the HTTP API does what it does on the command line: the same
JSON lines, or the same rows as "doveadm -f json" has. Of each list the last
option is on trial; without it the answer has to be another one."""

import json
import os
import re

import pytest

from audit import ARCHIVE, DESCRIPTION, fill_home, write
from cleaning import INDEX_HEADER, JUNK, entry_dir, fill, make_junk
from oracle import snapshot

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
AUDIT = [
    [("entries", True)],
    [("totals", True)],
    [("json", True)],
    [("totals", True), ("json", True)],
    [("state", "missing")],
    [("unused-for", "0")],
    [("hidden", True)],
    [("visible", True)],
    [("namespace", "Archive/")],
    [("hidden", True), ("rule", "/lists notes")],
    [("hidden", True), ("rules", "@DIR@/rules")],
    [("entries", True), ("json", True), ("jobs", "1")],
]
ALL = [("min-age", "0"), ("json", True), ("entries", True)]
USED = [*ALL, ("force", True), ("used", True)]
CLEAN = [
    [("entries", True)],
    [("totals", True)],
    [("json", True)],
    [("totals", True), ("json", True)],
    [("min-age", "0")],
    [("min-age", "0"), ("dry-run", True)],
    [*ALL, ("dry-run", True)],
    [*ALL, ("state", "not-mailbox")],
    [*ALL, ("namespace", "Archive/")],
    USED,
    [*USED, ("used-age", "0")],
    [*ALL, ("used", True), ("used-age", "0"), ("force", True)],
    [("min-age", "0"), ("totals", True), ("used", True), ("used-age", "0"),
     ("force", True)],
]
SAME = {"jobs"}


def by_command_line(server, command, options):
    """Returns the exit status and the rows, each of them a line for JSON."""
    argv = [word for name, value in options
            for word in ["--" + name] + ([] if value is True else [value])]
    is_json = ("json", True) in options
    result = server.doveadm(*([] if is_json else ["-f", "json"]), *command,
                            "--user", "alice", *argv, check=False)
    if is_json:
        return result.returncode, result.stdout.decode().splitlines()
    return result.returncode, json.loads(result.stdout or b"[]")


def by_http(server, command, options):
    words = re.split("[- ]", " ".join(command))
    name = words[0] + "".join(word.title() for word in words[1:])
    parameters = {re.sub("-(.)", lambda m: m.group(1).upper(), key): value
                  for key, value in options}
    (kind, answer, _), = server.http([[name, {"user": "alice", **parameters},
                                       "tag"]])
    if kind == "error":
        return answer["exitCode"], []
    return 0, [row["report"] if ("json", True) in options else row
               for row in answer]


def known_options(name):
    """Returns the options that a command's source has besides those of all
    commands for users."""
    with open(os.path.join(TOP, "doveadm-plugin", name)) as f:
        return set(re.findall(r'DOVEADM_CMD_PARAM\(\S+ "([a-z-]+)"', f.read()))


def check(server, command, options, before=lambda: None):
    answers = []
    for run in (by_command_line, by_http):
        before()
        answers.append(run(server, command, options))
    (status, rows), other = answers
    # HTTP's JSON tells of a failure itself
    if ("json", True) in options:
        assert other == (0, rows)
    else:
        assert other == (status, [] if status != 0 else rows)
    return rows


def test_the_audit(dovecot):
    server = dovecot(**DESCRIPTION)
    fill_home(server, "alice")
    write(server.path("rules"), b"/lists\n")
    assert known_options("doveadm-mailbox-audit.c") == \
        {name for options in AUDIT for name, _ in options}
    for options in AUDIT:
        options = [(name, value if value is True else
                    value.replace("@DIR@", server.dir))
                   for name, value in options]
        rows = check(server, ["mailbox-audit"], options)
        assert rows != [], options
        without = by_command_line(server, ["mailbox-audit"], options[:-1])
        assert (rows == without[1]) == (options[-1][0] in SAME), options


def make_used(server):
    for i in range(10):
        path = os.path.join(
            entry_dir(server.location, server.path("index/alice"),
                      f"used{i}"), "dovecot.index")
        write(path, INDEX_HEADER)
        os.utime(path, (1700000000, 1700000000))
    server.chown("alice", server.path("index/alice"))


@pytest.fixture
def junk(dovecot):
    server = dovecot(**{**DESCRIPTION, "users": ["alice"]})
    fill(server)

    def make():
        make_junk(server, "alice", JUNK + [f"used{i}" for i in range(10)])
        make_junk(server, "alice", JUNK, ARCHIVE.location)
        make_used(server)
    return server, make


def test_clean(junk):
    server, make = junk
    command = ["mailbox-audit", "clean"]
    assert known_options("doveadm-mailbox-clean.c") == \
        {name for options in CLEAN for name, _ in options}
    for options in CLEAN:
        rows = check(server, command, options, make)
        left = set(snapshot(server.path("index")))
        make()
        if options[-1][0] == "dry-run":
            assert left == set(snapshot(server.path("index")))
        without = by_command_line(server, command, options[:-1])
        assert rows != [] and rows != without[1], options
