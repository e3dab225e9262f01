# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What contrib/demo and contrib/run-tests share: steps that show that they
live, and of which nothing stays, however they end. tests/newcomer does the same
with packages."""

import os
import pty
import re
import shutil
import signal
import subprocess
import time

import pytest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
# as if this tree had been built: what was built is staged already
BEGIN = """. "$1/contrib/setup.sh"
shift
ln -s "$0" "$work/source"
ln -s "$MBA_STAGE" "$work/stage"
export STEP_OF="$work"
echo "$work"
"""
# leaves what tests leave that are killed, and a process with its own session
MESS = """import os, signal, subprocess, sys
if sys.argv[1:] == ["stubborn"]:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
os.makedirs("/tmp/left-over/pytest")
open("/dev/shm/left-over", "w").close()
open("/tmp/left-over/file", "w").close()
subprocess.run(["chattr", "+i", "/tmp/left-over/file"])
process = subprocess.Popen(["sleep", "600"], start_new_session=True,
                           stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
print("begun", flush=True)
if sys.argv[1:] == ["brief"]:
    sys.exit(7)
process.wait()
"""


def start(script, *argv, **more):
    # INT may be ignored here
    return subprocess.Popen(
        ["env", "--default-signal", "bash", "-c", BEGIN + script, TOP, TOP,
         *argv],
        stdin=subprocess.DEVNULL, stdout=more.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE, start_new_session=True, **more)


def processes_of(work):
    """By what they inherited: the number of a namespace that has ended is
    another's at once."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as f:
                if f"STEP_OF={work}".encode() in f.read().split(b"\0"):
                    found.append(pid)
        except OSError:
            pass
    return found


def check_nothing_is_left(work):
    assert not os.path.lexists(work)
    assert not os.path.lexists("/tmp/left-over")
    assert not os.path.lexists("/dev/shm/left-over")
    assert processes_of(work) == []


def test_nothing_is_left_after_an_end():
    process = start('in_namespace python3 -c "$@"', MESS, "brief")
    out, err = process.communicate()
    assert (process.returncode, err) == (7, b"")
    check_nothing_is_left(out.decode().split()[0])


@pytest.mark.parametrize("group", [False, True], ids=["kill", "terminal"])
@pytest.mark.parametrize("name", ["INT", "TERM", "HUP"])
def test_nothing_is_left_after_a_signal(name, group):
    signum = getattr(signal, "SIG" + name)
    process = start('in_namespace python3 -c "$@"', MESS)
    work = process.stdout.readline().decode().strip()
    assert process.stdout.readline() == b"begun\n"
    # unshare, the namespace's first process, and the two of MESS
    while len(processes_of(work)) < 4:
        time.sleep(0.01)
    assert os.path.isdir(work)
    assert not os.path.lexists("/tmp/left-over")
    if group:
        os.killpg(process.pid, signum)
    else:
        process.send_signal(signum)
    out, err = process.communicate()
    assert (process.returncode, out, err) == (128 + signum, b"", b"")
    check_nothing_is_left(work)


@pytest.mark.parametrize("step", ["loudly", "quietly"])
def test_a_signal_before_the_step_is_a_group(tmp_path, step):
    """It isn't lost, and nothing is told of it."""
    setsid = tmp_path / "setsid"
    setsid.write_text("#!/bin/sh\necho >&3\nsleep 1\n"
                      f"exec {shutil.which('setsid')} \"$@\"\n")
    setsid.chmod(0o755)
    process = start(f"exec 3>&1; {step} sleep 600; echo lost",
                    env={**os.environ,
                         "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    work = process.stdout.readline().decode().strip()
    assert process.stdout.readline() == b"\n"
    process.terminate()
    assert process.communicate() == (b"", b"")
    assert process.returncode == 128 + signal.SIGTERM
    assert not os.path.lexists(work)


@pytest.mark.parametrize("step", ["loudly", "quietly"])
def test_a_signal_while_the_step_begins(step):
    """In the very moment before its process is known."""
    process = start("step_begun_() { kill $$; step_begun; }; "
                    "eval \"$(declare -f loudly logged | "
                    "sed 's/step_begun/&_/')\"; exec 3>&1; "
                    f"{step} sh -c 'sleep 600; echo late >&3'")
    work = process.stdout.readline().decode().strip()
    assert process.communicate() == (b"", b"")
    assert process.returncode == 128 + signal.SIGTERM
    assert not os.path.lexists(work)


@pytest.mark.parametrize("argv", [
    ["tests/in-debian", "trixie", "contrib/run-tests"],
    ["contrib/run-tests", "--all-dovecots"]], ids=lambda argv: argv[0])
def test_another_prefix_is_not_for_debian_s_dovecots(argv):
    """Nor is it dropped in silence."""
    result = subprocess.run(
        [os.path.join(TOP, argv[0]), *argv[1:]], stdin=subprocess.DEVNULL,
        env={**os.environ, "MBA_PREFIX": "/opt/dovecot"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert (result.returncode, result.stdout) == (1, b"")
    assert result.stderr.count(b"\n") == 1
    assert b"MBA_PREFIX=/opt/dovecot" in result.stderr


@pytest.mark.parametrize("script", ["demo", "run-tests"])
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_is_what_stands_at_the_top(script, option):
    path = f"{TOP}/contrib/{script}"
    text = subprocess.run([path, option], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, timeout=60,
                          check=True).stdout.decode()
    with open(path) as f:
        head = re.search(r"authors\n#\n((?:#.*\n)+)", f.read())[1]
    assert text == re.sub("(?m)^# ?", "", head)


def test_who_asks_again_means_it():
    """A step that doesn't end by the first signal."""
    process = start('ends_by=INT; in_namespace python3 -c "$@"', MESS,
                    "stubborn")
    work = process.stdout.readline().decode().strip()
    assert process.stdout.readline() == b"begun\n"
    process.send_signal(signal.SIGINT)
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
    assert process.returncode == 128 + signal.SIGINT
    check_nothing_is_left(work)


def test_a_step_that_fails_has_its_reason_last():
    process = start('quietly sh -c "echo much; echo the reason >&2; exit 3"')
    out, err = process.communicate()
    work = out.decode().strip()
    assert process.returncode == 1
    assert err.decode() == f"much\nthe reason\n{TOP}: sh -c echo much; echo " \
        "the reason >&2; exit 3 failed\n"
    assert not os.path.lexists(work)


def test_a_step_shows_that_it_lives():
    """On a terminal its lines come and go; elsewhere it is silent for a
    while."""
    leader, follower = pty.openpty()
    script = 'quietly sh -c "echo one; echo two\x1b"; echo end'
    process = start(script, stdout=follower)
    os.close(follower)
    text = b""
    while True:
        try:
            text += os.read(leader, 65536)
        except OSError:
            break
    os.close(leader)
    assert process.wait() == 0 and process.stderr.read() == b""
    assert re.search(rb"\n\r\x1b\[K  one\r\x1b\[K  two \r\x1b\[Kend\r\n$", text)
    process = start(script)
    assert process.communicate()[0].splitlines()[1:] == [b"end"]
    process = start("life_wait=0; " + script)
    assert process.communicate()[0].splitlines()[1:] == \
        [b"  one", b"  two ", b"end"]
