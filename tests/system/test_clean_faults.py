# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Every system call of a clean fails once, and clean is killed before each of
those that change something."""

import os
import re
import signal
import subprocess

import pytest

from test_clean_hostile import Clean, snapshot, trees   # noqa: F401

ERRORS = ["EIO", "EACCES", "EINTR", "ESTALE", "EMFILE", "ENOSPC", "EROFS",
          "ENOSYS"]
CALLS = ["openat", "getdents64", "newfstatat", "statx", "fcntl", "flock",
         "unlinkat", "read", "pread64", "close"]
OPTIONS = ["--used", "--used-age", "0", "--force"]


def fill(tree):
    for name in ("index", "mail", "outside"):
        subprocess.run(["rm", "-rf", getattr(tree, name)], check=True)
        os.mkdir(getattr(tree, name))
    tree.entry(".imap/junk")
    tree.entry(".imap/box", "dovecot.index")
    tree.entry("sub/.imap/gone", "dovecot.index", "dovecot.index.cache")
    tree.box("box")
    tree.box("junk", b"junk\n")
    tree.box("sub/other")
    tree.entry(".imap/box", root=tree.outside)
    tree.own()


def run(tree, *inject, path="/dev/null"):
    command = ["strace", "-f", "-qq", "-o", path, *inject,
               *tree.command(*OPTIONS)]
    return Clean(subprocess.run(command, stdin=subprocess.DEVNULL,
                                capture_output=True, timeout=60))


def occurrences(tree, call, path):
    """Returns which of a run's calls come after it became the user."""
    fill(tree)
    run(tree, "-e", f"trace=setuid,{call}", path=path)
    with open(path) as f:
        names = re.findall(r"^\d+ +(\w+)\(", f.read(), re.M)
    first = names.index("setuid")
    assert len(names) > first + 1, call
    return range(first + 1, len(names))


def paths_below(top):
    return sorted(os.path.join(path, name) for path, dirs, files in
                  os.walk(top) for name in dirs + files)


def left(tree):
    """What an undisturbed run leaves."""
    return [f"{tree.index}/.imap", f"{tree.index}/.imap/box",
            f"{tree.index}/.imap/box/dovecot.index",
            f"{tree.index}/.imap/box/dovecot.index.log"]


def check(tree, before):
    """Nothing was lost, and one more run does the rest."""
    assert snapshot(*before[0]) == before[1]
    again = tree.clean(*OPTIONS)
    assert again.status == os.EX_OK
    assert snapshot(*before[0]) == before[1]
    assert paths_below(tree.index) == left(tree)


def guarded(tree):
    paths = [tree.mail, tree.outside, f"{tree.index}/.imap/box"]
    return paths, snapshot(*paths)


@pytest.mark.parametrize("call", CALLS)
def test_a_call_fails(trees, call, tmp_path):    # noqa: F811
    number = CALLS.index(call)
    for when in occurrences(trees, call, str(tmp_path / "trace")):
        error = ERRORS[(number + when) % len(ERRORS)]
        fill(trees)
        before = guarded(trees)
        done = run(trees, "-e", f"inject={call}:error={error}:when={when}")
        what = (call, error, when, done.status, done.stderr)
        assert done.status in (os.EX_OK, os.EX_IOERR), what
        errors = done.report["errors"]
        # the last close() is that of the output
        told = errors or b"write(stdout) failed" in done.stderr
        assert (done.status != os.EX_OK) == bool(told), what
        for one in errors:
            assert one["op"] and one["error"], what
            assert one["path"].startswith("/"), what
        for entry in done.entries.values():
            assert entry["kept_because"] != "error" or errors, what
        # without statx() a mount is told by its device
        namespace, = done.report["namespaces"]
        assert done.status != os.EX_OK or error == "ENOSYS" or \
            namespace["clean"]["refused"] or \
            paths_below(trees.index) == left(trees), what
        check(trees, before)


@pytest.mark.parametrize("call", ["unlinkat", "fcntl", "flock", "newfstatat"])
def test_it_is_killed(trees, call, tmp_path):    # noqa: F811
    for when in occurrences(trees, call, str(tmp_path / "trace")):
        fill(trees)
        before = guarded(trees)
        done = run(trees, "-e", f"inject={call}:signal=KILL:when={when}")
        assert done.status == -signal.SIGKILL, (call, when, done.status)
        check(trees, before)
