# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""^C, SIGTERM and the like: the audit and clean end at the next entry, within
a user; what they printed is whole lines, and the report says that it isn't
complete."""

import fcntl
import os
import signal
import subprocess

import pytest

from audit import as_user_argv, default_location, json_lines, \
    location_options, make_log, report, write
from cleaning import make_junk
from slowfs import slow
from waiting import wait_for

# more lines than a small pipe and everybody's buffers take
COUNT = 1000
PIPE_SIZE = 4096
# seconds, one after the other
MAILS = 5000
SIGNALS = [signal.SIGINT, signal.SIGTERM]
STOPPED = "Stopped before its end"


@pytest.fixture
def server(dovecot):
    server = dovecot(location=default_location(), users=["alice", "bob"])
    for user in server.users:
        home = server.users[user].home
        os.makedirs(home, exist_ok=True)
        write(home + "/box")
        server.chown(user, home)
    make_junk(server, "alice", [f"gone{i}" for i in range(COUNT)])
    return server


def interrupted(argv, sign):
    """Runs a command that gets a signal when it has printed something, and that
    can't have printed all by then, as nobody reads on. Returns its lines, what
    it told on standard error, and its status."""
    reader, writer = os.pipe()
    # a shell may have started us in its background, or nohup
    argv = ["env", "--default-signal", *argv]
    # a pipe can't be made smaller than what stands in it
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    with os.fdopen(reader, "rb") as output, \
            subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=writer,
                             stderr=subprocess.PIPE) as process:
        os.close(writer)
        text = os.read(reader, 1)
        process.send_signal(sign)
        text += output.read()
        errors = process.communicate()[1]
    assert text.endswith(b"\n")
    return json_lines(text), errors, process.returncode


def check_report(lines, op, root):
    """Returns how many entries were told."""
    last = report(lines)
    assert not last["complete"]
    assert [(error["op"], error["path"], error["error"])
            for error in last["errors"]] == [(op, root, STOPPED)]
    namespace, = last["namespaces"]
    told = len(lines) - 1
    assert 0 < told < COUNT
    assert namespace["totals"]["entries"] == told
    parts = [*namespace["states"].values(), *namespace["other"].values()]
    assert namespace["totals"]["inodes"] == \
        sum(part["inodes"] for part in parts)
    return told


def entries_left(server, user):
    return len(os.listdir(server.path("index/%u", user) + "/.imap"))


def doveadm(server, *args):
    return ["doveadm", "-c", server.config, "mailbox-audit", *args, "-e", "-j"]


@pytest.mark.parametrize("sign", SIGNALS)
def test_doveadm_ends_within_a_user(server, sign):
    root = server.path("index/%u", "alice")
    lines, errors, status = interrupted(
        doveadm(server, "-u", "alice"), sign)
    check_report(lines, "audit", root)
    assert status == os.EX_TEMPFAIL
    assert f"audit({root}) failed: {STOPPED}" in errors.decode()


def test_doveadm_leaves_the_other_users(server):
    lines, errors, status = interrupted(doveadm(server, "-A"), signal.SIGINT)
    assert {line["user"] for line in lines} == {"alice"}
    check_report(lines, "audit", server.path("index/%u", "alice"))
    assert status == os.EX_TEMPFAIL
    assert b"bob" not in errors


@pytest.mark.parametrize("sign", SIGNALS)
def test_doveadm_clean_ends_within_a_user(server, sign):
    lines, errors, status = interrupted(
        doveadm(server, "clean", "-u", "alice", "-a", "0"), sign)
    told = check_report(lines, "clean", server.path("index/%u", "alice"))
    removed = report(lines)["namespaces"][0]["clean"]["entries"]
    assert removed["entries"] == told
    assert entries_left(server, "alice") == COUNT - told
    assert status == os.EX_TEMPFAIL
    assert STOPPED.encode() in errors


@pytest.mark.parametrize("sign", [*SIGNALS, signal.SIGHUP])
@pytest.mark.parametrize("command", ["report", "clean"])
def test_the_utility_ends_as_the_signal_would(server, command, sign):
    options = location_options(server, "alice", server.location)
    if command == "clean":
        options += ["-a", "0"]
    argv = as_user_argv(server, "alice", "mailbox-audit", command, *options,
                        "-e", "-j")
    lines, errors, status = interrupted(argv, sign)
    told = check_report(lines, "audit" if command == "report" else "clean",
                        server.path("index/%u", "alice"))
    assert entries_left(server, "alice") == \
        COUNT - (told if command == "clean" else 0)
    assert status == -sign
    assert STOPPED.encode() in errors


@pytest.mark.parametrize("jobs", ["1", "64"])
def test_looks_in_flight_end_too(server, jobs):
    """On a slow file server: those that were begun are told."""
    options = location_options(server, "alice", server.location)
    home = server.users["alice"].home
    with slow(home, delay=500, jitter=2000) as slowly:
        options = [slowly.path if option == home else option
                   for option in options]
        argv = as_user_argv(server, "alice", "mailbox-audit", "report",
                            *options, "-e", "-j", "-J", jobs)
        lines, errors, status = interrupted(argv, signal.SIGINT)
    check_report(lines, "audit", server.path("index/%u", "alice"))
    assert (slowly.at_once > 16) == (jobs == "64")
    assert status == -signal.SIGINT
    assert STOPPED.encode() in errors


def test_the_way_to_the_next_entry_may_be_long(server):
    """Among the mails of a Maildir on a slow file server: while the walk is on
    its way in a thread of its own."""
    home = server.users["alice"].home
    os.mkdir(home + "/cur")
    make_log(home + "/cur")
    for i in range(MAILS):
        write(f"{home}/cur/{i}")
    server.chown("alice", home)
    with slow(home, delay=2000, nocache=True) as slowly:
        argv = as_user_argv(
            server, "alice", "mailbox-audit", "report", "--format", "maildir",
            "--mail-root", slowly.path, "--index-root", slowly.path, "-j")
        with subprocess.Popen(
                ["env", "--default-signal", *argv], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert wait_for(lambda: len(os.listdir(
                f"/proc/{process.pid}/task")) == 2)
            process.send_signal(signal.SIGINT)
            text, errors = process.communicate()
    assert process.returncode == -signal.SIGINT
    assert STOPPED.encode() in errors
    assert not report(json_lines(text))["complete"]
    # each is looked at, one after the other
    assert slowly.answers < MAILS


def test_an_ignored_signal_is_still_ignored(server):
    options = location_options(server, "alice", server.location)
    argv = as_user_argv(server, "alice", "mailbox-audit", "report", *options,
                        "-e", "-j")
    lines, errors, status = interrupted(
        ["sh", "-c", "trap '' INT; exec \"$@\"", "sh", *argv], signal.SIGINT)
    assert len(lines) - 1 == COUNT
    assert report(lines)["complete"]
    assert (errors, status) == (b"", 0)
