# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What people and scripts see: tables of 80 columns that leave out what there
is none of, and --totals, a row a user; each the same from doveadm and from the
utility, locally, through doveadm-server and over HTTP."""

import json
import os
import re
import subprocess

import pytest

from audit import (DESCRIPTION, as_user, default_location, fill_home,
                   json_lines, location_options, make_entries, make_log,
                   many_entries, report, size, utility, write_home)
from cleaning import make_junk
from dovecot import User
from terminal import terminal

FORMATS = ("table", "tab", "flow", "pager", "json")
COMMANDS = [["mailbox-audit"], ["mailbox-audit", "-e"],
            ["mailbox-audit", "-t"], ["mailbox-audit", "clean", "-n"],
            ["mailbox-audit", "clean", "-n", "-e"],
            ["mailbox-audit", "clean", "-n", "-t"]]


@pytest.fixture
def server(dovecot):
    """Alice has something of each kind, bob nothing, carol a little."""
    server = dovecot(**DESCRIPTION)
    fill_home(server, "alice")
    write_home(server, "carol", "notes", b"hello\n")
    make_log(server.path("index/%u", "carol") + "/.imap/notes")
    server.chown("carol", server.path("index/%u", "carol"))
    server.restart()
    return server


def output(server, *args):
    """Returns what doveadm prints, and that it isn't unhappy."""
    result = server.doveadm(*args)
    assert result.stderr == b""
    return result.stdout.decode()


def rows(text):
    """Returns the values of -f tab, by key."""
    keys, *lines = [line.split("\t") for line in text.splitlines()]
    return [dict(zip(keys, line, strict=True)) for line in lines]


def test_tables_fit_80_columns(server):
    for command in COMMANDS:
        for users in (["-u", "alice"], ["-A"]):
            text = output(server, *command, *users)
            lines = text.splitlines()
            assert len(lines) > 1
            # a name of 22 bytes after that of a user may be too long
            limit = 85 if users == ["-A"] and "-e" in command else 80
            assert max(map(len, lines)) <= limit, text
            assert not any(line.endswith(" ") for line in lines)
    # nor does it take what df -i shows on a bad day
    write_home(server, "bob", "file", b"x\n")
    make_entries(server, "bob", 1500)
    for command in COMMANDS:
        text = output(server, *command, "-u", "bob")
        assert max(map(len, text.splitlines())) <= 80, text


def test_numbers_stand_below_their_titles(server):
    for command in COMMANDS:
        title, *lines = output(server, *command, "-A").splitlines()
        for word in ("entries", "inodes", "size", "hidden", "errors"):
            # "hidden by" is a text
            match = re.search(word + "(?! by)", title)
            if match is None:
                continue
            end = match.end()
            for line in lines:
                assert re.search(r"[0-9B]$", line[:end]), (title, line)
                assert line[end:end + 1] in ("", " "), (title, line)


def test_what_there_is_none_of_is_left_out(server):
    for row in rows(output(server, "-f", "tab", "mailbox-audit", "-A")):
        assert row["inodes"] != "0" or row["state"] == "total"
    bob = rows(output(server, "-f", "tab", "mailbox-audit", "-u", "bob"))
    assert [row["state"] for row in bob] == ["total", "total"]
    assert {row["inodes"] for row in bob} == {"0"}
    states = [row["state"] for row in rows(output(
        server, "-f", "tab", "mailbox-audit", "-u", "alice"))]
    assert states[:4] == ["mailbox", "not-mailbox", "missing", "unknown"]
    assert "nested" not in states and "mail" not in states
    # JSON keeps all keys
    (line,) = json_lines(server.doveadm("mailbox-audit", "-u", "bob",
                                        "-j").stdout)
    assert len(line["namespaces"][0]["states"]) == 4
    assert len(line["namespaces"][0]["other"]) == 5
    bob = output(server, "mailbox-audit", "clean", "-u", "bob")
    assert re.fullmatch(r"action +because .*\n(removed +bogus +0 +0 +0 B .*\n)"
                        r"{2}", bob)


def check_totals(lines, entry_lines, totals):
    """Checks the rows of --totals against the reports and the entries."""
    assert [row["username"] for row in totals] == \
        [line["user"] for line in lines]
    for line, row in zip(lines, totals):
        hidden = [e["entry"] for e in entry_lines
                  if e.get("entry", {}).get("hidden_by") is not None and
                  e["user"] == line["user"] and
                  e["entry"]["state"] in ("not-mailbox", "missing")]
        bogus = [ns["bogus"] for ns in line["namespaces"]]
        for key in ("entries", "inodes", "bytes"):
            assert row["bogus_" + key] == str(sum(ns[key] for ns in bogus))
            assert row["hidden_" + key] == str(
                len(hidden) if key == "entries" else
                sum(entry[key] for entry in hidden))
        assert row["errors"] == str(line["errors_total"])


def test_totals_are_those_of_the_reports(server):
    lines = json_lines(server.doveadm("mailbox-audit", "-A", "-j").stdout)
    entry_lines = json_lines(server.doveadm("mailbox-audit", "-A", "-e",
                                            "-j").stdout)
    text = output(server, "-f", "tab", "mailbox-audit", "-A", "-t")
    totals = rows(text.replace("Username", "username"))
    check_totals(lines, entry_lines, totals)
    assert [row["username"] for row in totals] == ["alice", "bob", "carol"]
    assert int(totals[0]["hidden_entries"]) > 0
    assert int(totals[0]["bogus_entries"]) > int(totals[0]["hidden_entries"])
    # one user alone has the same row
    for user, row in zip(("alice", "bob", "carol"), text.splitlines()[1:]):
        title, own = output(server, "-f", "tab", "mailbox-audit", "-u", user,
                            "-t").splitlines()
        assert title == text.splitlines()[0] and own == row
    # JSON
    found = json_lines(server.doveadm("mailbox-audit", "-A", "-t",
                                      "-j").stdout)
    for line, row in zip(found, totals, strict=True):
        assert line["user"] == row["username"] and line["complete"]
        for part, counts in line["totals"].items():
            assert {key: str(count) for key, count in counts.items()} == {
                key: row[f"{part}_{key}"] for key in counts}
        assert line["errors_total"] == 0
    # people
    seen = output(server, "mailbox-audit", "-A", "-t").splitlines()
    assert [line.split() for line in seen] == [
        "Username bogus inodes size hidden errors".split()] + [
        [row["username"], row["bogus_entries"], row["bogus_inodes"],
         *size(int(row["bogus_bytes"])).split(), row["hidden_entries"],
         row["errors"]] for row in totals]


@pytest.mark.parametrize("options", [["-t"], ["-t", "-j"]], ids=" ".join)
def test_totals_by_every_way(server, options):
    """A server's clients, the HTTP API, and the utility."""
    command = ["mailbox-audit", *options]
    for users in (["-A"], ["-u", "alice"], ["-u", "?*"]):
        local = output(server, *command, *users)
        remote = output(server, *command, *users, "-S", server.socket)
        # 2.4 asks a server for several users at once
        assert sorted(remote.splitlines()) == sorted(local.splitlines())
    local = output(server, *command, "-u", "alice", "-N", "")
    assert utility(server, "alice", *options).stdout.decode() == local
    for parameters, users in (({"user": "alice"}, ["-u", "alice"]),
                              ({"allUsers": True}, ["-A"])):
        answer = server.http([["mailboxAudit", {
            "totals": True, "json": "-j" in options, **parameters}, "t"]])
        if "-j" in options:
            assert "".join(row["report"] + "\n" for row in answer[0][1]) == \
                output(server, *command, *users)
        else:
            assert answer[0][1] == json.loads(output(
                server, "-f", "json", *command, *users))


def test_totals_of_users_who_fail(dovecot):
    """Each has a row, and stands where it comes."""
    server = dovecot(users=["alice", User("failing", uid=5), "bob",
                            User("rule", fields={"mailbox_filter": "[a"}),
                            "zoe"])
    fill_home(server, "bob")
    closed = server.path("index/%u", "bob") + "/lists"
    os.chown(closed, 0, 0)
    os.chmod(closed, 0o700)
    command = ["mailbox-audit", "-A", "-t"]
    result = server.doveadm("-f", "tab", *command, check=False)
    # the one of the last that failed
    assert result.returncode == os.EX_CONFIG
    lines = json_lines(server.doveadm(*command, "-j", check=False).stdout)
    found = rows(result.stdout.decode())
    errors = {"alice": 0, "failing": 1, "bob": 1, "rule": 1, "zoe": 0}
    assert [row["Username"] for row in found] == list(errors)
    assert [line["user"] for line in lines] == list(errors)
    for row, line, count in zip(found, lines, errors.values(), strict=True):
        assert row["errors"] == str(count) and line["errors_total"] == count
        assert line["complete"] is (count == 0)
    assert int(found[2]["bogus_entries"]) > 0
    assert {row["bogus_entries"] for row in found if
            row["Username"] != "bob"} == {"0"}
    # clean has the same rows
    result = server.doveadm("-f", "tab", "mailbox-audit", "clean", "-A", "-t",
                            "-n", check=False)
    found = rows(result.stdout.decode())
    assert [row["Username"] for row in found] == list(errors)
    assert {row["action"] for row in found} == {"would-remove"}
    assert found[1]["errors"] == "1"


def test_totals_of_nobody(dovecot):
    """No users, and a user without a private namespace to audit."""
    server = dovecot(users=["alice"])
    for options in ([], ["-e"], ["-t"]):
        lines = output(server, "mailbox-audit", "-u", "no*", *options)
        assert len(lines.splitlines()) == 1 and lines.startswith("Username ")
        assert output(server, "mailbox-audit", "-u", "no*", "-j",
                      *options) == ""
    result = server.doveadm("-f", "tab", "mailbox-audit", "-u", "alice", "-t",
                            "-N", "none/", check=False)
    assert result.returncode == os.EX_USAGE
    assert rows(result.stdout.decode()) == [{
        "Username": "alice", **dict.fromkeys((
            "bogus_entries", "bogus_inodes", "bogus_bytes", "hidden_entries",
            "hidden_inodes", "hidden_bytes"), "0"), "errors": "1"}]


CLEAN = ["mailbox-audit", "clean", "-a", "0", "-t"]


def test_totals_of_clean(dovecot):
    server = dovecot(users=["alice", "bob"])
    fill_home(server, "alice")
    server.restart()
    before = json_lines(server.doveadm(*CLEAN[:-1], "-u", "alice", "-n",
                                       "-j").stdout)
    clean = report(before)["namespaces"][0]["clean"]
    bogus = report(before)["namespaces"][0]["bogus"]
    kept = bogus["entries"] - clean["entries"]["entries"]
    assert clean["entries"]["entries"] > 0
    dry = output(server, "-f", "tab", *CLEAN, "-A", "-n")
    (alice, bob) = rows(dry)
    assert alice == {
        "Username": "alice", "action": "would-remove",
        "entries": str(clean["entries"]["entries"]),
        **{key: str(clean["entries"][key] + clean["directories"][key])
           for key in ("inodes", "bytes")},
        "kept_entries": str(kept), "kept_inodes": alice["kept_inodes"],
        "kept_bytes": alice["kept_bytes"], "errors": "0"}
    assert bob["entries"] == bob["kept_entries"] == "0"
    (line,) = json_lines(server.doveadm(*CLEAN, "-u", "alice", "-n", "-j",
                                        "-S", server.socket).stdout)
    assert line["totals"]["bogus"] == bogus
    assert line["totals"]["clean"] == {
        "action": "would-remove", "entries": clean["entries"],
        "directories": clean["directories"],
        "kept": {key: int(alice["kept_" + key])
                 for key in ("entries", "inodes", "bytes")}}
    options = location_options(server, "alice", server.location)
    same = as_user(server, "alice", *CLEAN, *options, "-n", "-u", "alice")
    assert same.stdout.decode() == output(server, *CLEAN, "-u", "alice", "-n")
    # --state says what goes, it isn't a choice of rows
    (row,) = rows(output(server, "-f", "tab", *CLEAN, "-u", "alice", "-n",
                         "-s", "missing"))
    assert int(row["kept_entries"]) > kept
    wet = output(server, "-f", "tab", *CLEAN, "-A")
    assert wet == dry.replace("would-remove", "removed")
    assert rows(output(server, "-f", "tab", *CLEAN, "-A"))[0]["entries"] == "0"


@pytest.mark.parametrize("options", [["-t", "-e"], ["-t", "-s", "missing"],
                                     ["-t", "-H"], ["-t", "-V"]],
                         ids=" ".join)
def test_totals_have_no_entries(dovecot, options):
    server = dovecot()
    for command, more in (("mailbox-audit", options),
                          ("mailbox-audit clean", ["-t", "-e"])):
        for way in ([], ["-S", server.socket]):
            result = server.doveadm(*command.split(), "-u", "alice", *more,
                                    *way, check=False)
            assert result.returncode == os.EX_USAGE
            assert b"--totals and --entries" in result.stderr
    answer = server.http([["mailboxAudit", {"user": "alice", "totals": True,
                                            "entries": True}, "t"]])
    assert answer == [["error", {"type": "exitCode", "exitCode": os.EX_USAGE},
                       "t"]]


@pytest.mark.parametrize("form", FORMATS)
def test_values_in_pieces(dovecot, form):
    """Where a server's buffer ends, stock doveadm crashes at a number with
    json, puts tabs between the pieces with tab, and more of the kind."""
    with many_entries("alice", 5000) as top:
        server = dovecot(location=default_location(index=top + "/%u"),
                         users=["alice"])
        # an empty home may be one that isn't mounted
        write_home(server, "alice", "file", b"x\n")
        command = ["-f", form, "mailbox-audit", "-u", "alice", "-e"]
        local = output(server, *command)
        assert local.count("gone4999") > 0
        # pytest would take minutes to show where they differ
        same = [output(server, *command, "-S", address) == local
                for address in (server.socket, server.tcp)]
        assert same == [True, True]


def test_long_and_wide_names(dovecot):
    """They stand last, whole, and the columns before them stay in line."""
    server = dovecot(users=["alice", "b" * 60])
    names = ["x" * 200, "日本語" * 20, "e\u0301" * 30, "short", "y" * 79]
    for name in names:
        write_home(server, "alice", name, b"no mail\n")
    make_junk(server, "alice", names)
    lines = output(server, "mailbox-audit", "-u", "alice", "-e",
                   "-r", "日*").splitlines()
    assert sorted(line.split()[-1] for line in lines[1:]) == sorted(names)
    start = lines[0].index("mailbox")
    for line in lines[1:]:
        # of the rule each character takes two columns
        shift = 1 if "日*" in line else 0
        assert line[start - shift - 1] == " "
        assert line[start - shift:] in names
    assert utility(server, "alice", "-e", "--rule",
                   "日*").stdout.decode().splitlines() == lines
    # a long name of a user shifts all rows alike
    ends = {len(line) for line in output(server, "mailbox-audit", "-A",
                                         "-t").splitlines()}
    assert len(ends) == 1


def test_a_terminal_of_any_width_shows_the_same(server):
    argv = ["doveadm", "-c", server.config, "mailbox-audit", "-A"]
    for options in ([], ["-e"], ["-t"]):
        piped = output(server, "mailbox-audit", "-A", *options)
        for columns in (20, 40, 80, 300):
            text = terminal([*argv, *options], columns,
                            stderr=subprocess.PIPE)
            assert text.replace(b"\r\n", b"\n").decode() == piped


def test_without_titles(server):
    for options in ([], ["-e"], ["-t"]):
        for form in ("table", "tab"):
            args = ["mailbox-audit", "-A", *options]
            with_titles = output(server, "-f", form, *args).splitlines()
            without = output(server, "-h", "-f", form, *args).splitlines()
            assert [line.split() for line in without] == \
                [line.split() for line in with_titles[1:]]


def test_a_closed_pipe_ends_quietly(server):
    options = location_options(server, "alice", server.location)
    for argv in (["doveadm", "-c", server.config, "mailbox-audit", "-A"],
                 ["mailbox-audit", "report", *options]):
        for more in ([], ["-e"], ["-j"], ["-t"]):
            result = subprocess.run(
                ["sh", "-c", '"$@" | :', "sh", *argv, *more],
                stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
            assert result.stderr == b"", argv
