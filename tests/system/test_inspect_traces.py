# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""An inspection changes nothing, locks nothing and waits for nobody, in the
utility and in doveadm."""

import fcntl
import os
import re
import subprocess

import pytest

import corpus
from audit import DESCRIPTION
from oracle import make_atimes_old, snapshot

NAMES = ["select", "keywords", "expunged", "a/b/c"]
FORMATS = ["mbox", "maildir", "sdbox", "mdbox"]
# what may be done with a path or a descriptor below the roots
CALLS = {"openat", "open", "stat", "lstat", "fstat", "newfstatat", "statx",
         "read", "pread64", "close", "lseek", "fcntl", "chdir", "execve",
         "access", "faccessat", "faccessat2", "readlink", "getdents64",
         "getcwd"}
FCNTLS = {"F_GETFL", "F_SETFL", "F_GETFD", "F_SETFD", "F_DUPFD",
          "F_DUPFD_CLOEXEC"}


def roots(server):
    return [server.users["alice"].home, server.path("index/%u", "alice")]


def commands(server):
    """Returns {who: a command that inspects the mailboxes}."""
    paths = [d for d, _ in corpus.indexes(server, "alice")]
    return {
        "utility": ["mailbox-audit", "inspect", "-v", *paths],
        "utility-json": ["mailbox-audit", "inspect", "-v", "-j", *paths],
        "doveadm": ["mailbox-audit", "inspect", "-u", "alice", *NAMES],
    }


def run(server, who, command, prefix=()):
    if who == "doveadm":
        result = server.doveadm(*command, prefix=prefix)
    else:
        result = subprocess.run([*prefix, *command], check=True, timeout=600,
                                stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE)
    assert result.stdout.count(b"UID validity") >= len(NAMES) or \
        result.stdout.count(b"uid_validity") >= len(NAMES)


@pytest.fixture
def server(request, dovecot):
    server = dovecot(**{**DESCRIPTION, **corpus.description(request.param)})
    corpus.fill(server, "alice")
    server.restart()
    return server


def check_call(line):
    name = re.match(r"\d+ +(\w+)\(", line).group(1)
    assert name in CALLS, line
    if name in ("open", "openat"):
        assert "O_RDONLY" in line, line
        assert not re.search("O_CREAT|O_TRUNC|O_APPEND|O_TMPFILE", line), line
        if "dovecot." in line and "ENOENT" not in line:
            assert "O_NOATIME" in line and "O_NONBLOCK" in line, line
    if name == "fcntl":
        assert re.search(r", (F_\w+)", line).group(1) in FCNTLS, line
    return name


@pytest.mark.parametrize("server", FORMATS, indirect=True)
def test_nothing_changes_and_nothing_is_locked(server):
    # looking for the indexes changes times
    asked = commands(server)
    make_atimes_old(*roots(server))
    before = snapshot(*roots(server))
    trace = server.dir + "/private/trace"
    for who, command in asked.items():
        # paths alone, none of what is written: that has paths, too
        run(server, who, command,
            ["strace", "-f", "-qq", "-y", "-s", "0", "-o", trace])
        assert snapshot(*roots(server)) == before, who
        with open(trace, errors="surrogateescape") as f:
            lines = [line for line in f if "resumed>" not in line and
                     any(root in line for root in roots(server))]
        calls = [check_call(line) for line in lines if "execve" not in line]
        # each mailbox has at least a log
        assert calls.count("openat") >= 2 * len(NAMES), who


@pytest.mark.parametrize("server", ["mbox"], indirect=True)
def test_locks_of_others_are_no_reason_to_wait(server):
    """Every lock that Dovecot could take is taken."""
    files = []
    for directory, prefix in list(corpus.indexes(server, "alice")):
        for suffix in corpus.SUFFIXES:
            path = os.path.join(directory, prefix + suffix)
            if not os.path.exists(path):
                continue
            files.append(open(path, "r+b"))
            fcntl.lockf(files[-1], fcntl.LOCK_EX)
            fcntl.flock(files[-1], fcntl.LOCK_EX)
            with open(path + ".lock", "xb"):
                pass
    assert len(files) > len(NAMES)
    for who, command in commands(server).items():
        run(server, who, command)
    for file in files:
        file.close()
