# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""doveadm mailbox-audit's command line, and the process that it runs in."""

import os
import re
import shutil

import pytest

from audit import DESCRIPTION, fill_home, json_lines
from dovecot import VERSION
from oracle import make_atimes_old, snapshot

USAGE_ERRORS = [
    ["-s", "nonsense"], ["-s", ""], ["-s", "missing,"], ["-s", "missing,,"],
    ["-s", "MISSING"], ["-s", "x" * 100000], ["--state=\x1b[31m\n"],
    ["-H", "-V"], ["--nonsense"], ["extra"], ["-s"],
]


@pytest.mark.parametrize("options", USAGE_ERRORS,
                         ids=lambda options: " ".join(options)[:20])
@pytest.mark.parametrize("form", [None, "json"])
def test_usage_errors_refuse_before_anything_is_looked_at(dovecot, options,
                                                          form, tmp_path):
    server = dovecot(**DESCRIPTION)
    with server.imap("alice") as imap:
        imap.ok("CREATE box")
        imap.ok("STATUS box (MESSAGES)")
    trace = str(tmp_path / "trace")
    choice = [] if form is None else ["-f", form]
    result = server.doveadm(
        *choice, "mailbox-audit", "-u", "alice", *options, check=False,
        prefix=("strace", "-f", "-o", trace, "-e", "trace=%file"))
    assert result.returncode == os.EX_USAGE
    said = result.stdout
    if VERSION < (2, 3, 18):
        # Dovecot's text of usage was no error then
        said = re.sub(rb"(?m)^doveadm mailbox-audit .*$", b"", said)
    assert said.strip() in (b"", b"[]", b"[", b"]")
    assert b"\x1b" not in result.stderr
    assert len(result.stderr) < 10000
    with open(trace) as f:
        seen = f.read()
    assert server.config in seen
    for path in ("index/alice", "home/alice"):
        assert os.path.join(server.dir, path) not in seen


def test_what_doveadm_itself_refuses(dovecot):
    server = dovecot()
    nobody = {key: value for key, value in os.environ.items() if key != "USER"}
    for argv, status in [
            (["-f", "nonsense", "mailbox-audit", "-u", "alice"],
             os.EX_TEMPFAIL),
            (["mailbox-audit"],
             os.EX_TEMPFAIL if VERSION >= (2, 4) else os.EX_USAGE)]:
        result = server.doveadm(*argv, check=False, env=nobody)
        assert (result.returncode, result.stdout) == (status, b"")


def test_json_is_a_format_of_its_own(dovecot):
    server = dovecot()
    for form in ("table", "tab", "flow", "pager", "json"):
        for more in ([], ["-S", server.socket]):
            result = server.doveadm("-f", form, "mailbox-audit", "-u", "alice",
                                    "-j", *more, check=False)
            assert result.returncode == os.EX_USAGE
            assert b"--json is a format of its own" in result.stderr
            assert b"version" not in result.stdout


def test_output_that_cant_be_written(dovecot):
    """It isn't lost in silence, as doveadm has it."""
    server = dovecot(**DESCRIPTION)
    fill_home(server, "alice")
    with server.imap("alice") as imap:
        imap.ok("CREATE box")
        imap.ok("STATUS box (MESSAGES)")
    commands = [("mailbox-audit", "-u", "alice"), ("mailbox-audit", "-A", "-t"),
                ("mailbox-audit", "clean", "-A", "-n", "-e"),
                ("mailbox-audit", "inspect", "-u", "alice", "box")]
    runs = [("-f", form, *command) for command in commands[:3]
            for form in ("table", "tab", "flow", "pager", "json")]
    runs += [(*command, *json) for command in commands
             for json in ([], ["-j"])]
    for run in runs:
        with open("/dev/full", "wb") as full:
            result = server.doveadm(*run, check=False, stdout=full)
        assert result.returncode == os.EX_IOERR, run
        assert b"Error: write(stdout) failed: No space left on device\n" in \
            result.stderr, run
        # one that doesn't read on knows that himself
        reader, writer = os.pipe()
        os.close(reader)
        result = server.doveadm(*run, check=False, stdout=writer)
        os.close(writer)
        assert result.returncode == os.EX_IOERR, run
        assert result.stderr == b"", run


def test_help_tells_every_option(dovecot):
    server = dovecot()
    result = server.doveadm("mailbox-audit", "-A", "-H", "-V", check=False)
    usage = result.stdout + result.stderr
    for option in (b"-e|--entries", b"-s|--state", b"-H|--hidden",
                   b"-V|--visible", b"-N|--namespace", b"-r|--rule",
                   b"-R|--rules", b"-j|--json"):
        assert option in usage
    if shutil.which("man") is not None:
        # doveadm runs it, for the page that was installed
        page = server.doveadm("help", "mailbox-audit").stdout
        assert b"mailbox-audit" in page and b"--entries" in page


def test_the_audit_leaves_no_trace(dovecot):
    server = dovecot(**DESCRIPTION)
    fill_home(server, "alice")
    trees = [server.path(name) for name in ("home", "index", "mail",
                                            "control")]
    make_atimes_old(*trees)
    before = snapshot(*trees)
    for options in (["-A"], ["-A", "-e", "-j"],
                    ["-u", "alice", "-S", server.socket, "-e"]):
        server.doveadm("mailbox-audit", *options)
    assert snapshot(*trees) == before


def valgrind_errors(log):
    """Returns the reports that have one of our files in them."""
    ours = re.compile(r"mailbox_audit|mailboxaudit|mailbox_filter|mba_")
    reports = re.split(r"\n==\d+== \n", log)
    return [r for r in reports if ours.search(r) and "Command:" not in r]


@pytest.mark.skipif(shutil.which("valgrind") is None,
                    reason="valgrind isn't installed")
def test_valgrind_finds_no_fault_of_ours(dovecot, tmp_path):
    """In a real doveadm, also where it fails."""
    server = dovecot(**DESCRIPTION)
    fill_home(server, "alice")
    closed = server.path("index/%u", "alice") + "/lists"
    os.chown(closed, 0, 0)
    os.chmod(closed, 0o700)
    server.add_user("failing", uid=5)
    server.add_user("rule", mailbox_filter="[a")
    for options in (["-A", "-e", "-j"], ["-A"], ["-u", "alice", "-N", "none"]):
        result = server.doveadm(
            "mailbox-audit", *options, check=False,
            # doveadm runs doveconf, which runs doveadm
            prefix=("valgrind", "--leak-check=full", "--trace-children=yes",
                    "--keep-debuginfo=yes",
                    f"--log-file={tmp_path}/valgrind.%p"))
        assert result.returncode in (os.EX_TEMPFAIL, os.EX_CONFIG,
                                     os.EX_USAGE), result
        if options[-1] == "-j":
            assert len(json_lines(result.stdout)) > len(server.users)
    logs = [path.read_text() for path in tmp_path.glob("valgrind.*")]
    assert sum("HEAP SUMMARY" in log for log in logs) >= 3
    assert [error for log in logs for error in valgrind_errors(log)] == []
