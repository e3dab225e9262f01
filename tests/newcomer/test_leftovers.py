# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""contrib/demo and contrib/run-tests on a bare Debian: whether all goes well, a
step fails or somebody stops them, nothing stays but the packages."""

import glob
import os
import re
import signal
import stat
import subprocess
import time

import pytest

import readme

TOP = os.path.dirname(os.path.abspath(readme.PATH))
DEMO = os.path.join(TOP, "contrib/demo")
RUN_TESTS = os.path.join(TOP, "contrib/run-tests")
# where packages put nothing, or nothing that anybody would want to find
OURS = ["/tmp", "/var/tmp", "/root", "/home", "/mnt", "/usr/sbin",
        "/etc/systemd/system", *glob.glob("/etc/rc?.d")]
# apt's own
CACHES = ("/var/cache/apt/", "/var/lib/apt/", "/var/log/")


def processes():
    """Returns {pid: command line}."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline") as f:
                found[int(pid)] = f.read().replace("\0", " ")
        except OSError:
            pass
    return found


def files(tops):
    """Returns {path: what it is} of all below, but not of other file
    systems."""
    found, left = {}, list(tops)
    device = os.stat("/").st_dev
    while left:
        with os.scandir(left.pop()) as entries:
            for entry in entries:
                st = entry.stat(follow_symlinks=False)
                if st.st_dev != device:
                    continue
                found[entry.path] = (
                    os.readlink(entry.path) if entry.is_symlink() else
                    stat.S_IFMT(st.st_mode) if entry.is_dir() else
                    (st.st_mode, st.st_size, st.st_mtime_ns))
                if entry.is_dir(follow_symlinks=False):
                    left.append(entry.path)
    return found


def packages():
    return subprocess.run(["dpkg-query", "-W", "-f", "${Package}\n"],
                          check=True, stdout=subprocess.PIPE).stdout


def packages_files():
    lists = glob.glob("/var/lib/dpkg/info/*.list")
    paths = set().union(*(open(l).read().splitlines() for l in lists))
    # some still say /sbin
    return paths | {"/usr" + path for path in paths}


def is_package_link(path):
    """What a package's installation makes of its own: links that start nothing
    at boot."""
    return re.match(r"/etc/rc[016]\.d/K|/etc/rc[2-5S]\.d/K|/usr/sbin/\w+$",
                    path) and os.path.islink(path)


class Leftovers:
    """Compares what there is before and after."""

    def __init__(self):
        self.packages = packages()
        self.before = files(["/"])
        self.processes = set(processes())
        self.mounts = open("/proc/self/mountinfo").read()

    def check(self):
        # a child of apt-get's may take a moment to see that it has ended
        for _ in range(1200):
            new = {pid: command for pid, command in processes().items()
                   if pid not in self.processes}
            if new == {}:
                break
            time.sleep(0.1)
        assert new == {}
        assert open("/proc/self/mountinfo").read() == self.mounts
        after = files(["/"])
        changed = {path for path in self.before.keys() | after.keys()
                   if self.before.get(path) != after.get(path) and
                   not path.startswith(CACHES)}
        if packages() != self.packages:
            owned = packages_files()
            changed = {path for path in changed
                       if path.startswith(tuple(top + "/" for top in OURS))
                       and path not in owned and not is_package_link(path)}
        assert changed == set()
        assert subprocess.run(["dpkg", "--audit"], check=True,
                              stdout=subprocess.PIPE).stdout == b""


@pytest.fixture
def leftovers():
    return Leftovers()


class Run:
    """A command of somebody at a terminal: it and what it starts are a group of
    processes of their own."""

    def __init__(self, *argv):
        # INT may be ignored here
        self.process = subprocess.Popen(
            ["env", "--default-signal", *argv], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True)

    def wait_for(self, event):
        """Waits until something happens while the command runs."""
        while not event():
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.01)

    def end(self, status):
        """Returns its output and its error messages."""
        out, err = self.process.communicate()
        assert self.process.returncode == status, (out, err)
        assert b"Traceback" not in out + err
        return out.decode(), err.decode()


def runs(words):
    return lambda: any(words in command for command in processes().values())


def test_without_network(leftovers):
    run = Run("unshare", "--net", DEMO)
    err = run.end(1)[1]
    assert re.fullmatch(rf"{DEMO}: can't fetch packages, is there a network\? "
                        r"[^\n]+\n", err)
    leftovers.check()


def test_c_c_while_packages_are_installed(leftovers):
    run = Run(DEMO)
    run.wait_for(runs("dpkg --status-fd"))
    assert os.path.exists("/usr/sbin/policy-rc.d")
    # what a terminal does
    os.killpg(run.process.pid, signal.SIGINT)
    err = run.end(128 + signal.SIGINT)[1]
    assert err == f"{DEMO}: waiting for apt-get: dpkg can't be stopped " \
        "halfway\n"
    leftovers.check()


def test_term_while_it_is_built(leftovers):
    run = Run(DEMO)
    run.wait_for(runs("make -j"))
    run.process.terminate()
    assert run.end(128 + signal.SIGTERM)[1] == ""
    leftovers.check()


def test_the_demo(leftovers):
    out = Run(DEMO).end(0)[0]
    version = re.search(r"Dovecot (2\.[34])", out)[1]
    end = "".join("  " + line for line in
                  readme.settings(version).splitlines(keepends=True))
    assert out.endswith(end + "\n")
    leftovers.check()


def test_run_tests(leftovers):
    """One of the tests runs valgrind, one starts a Dovecot, there is one that
    leaves something in /tmp, and one that these Dovecots are too old for."""
    out = Run(RUN_TESTS, "tests/system/test_log_valgrind.py",
              "tests/system/test_harness.py",
              "tests/system/test_log_commands.py", "-k",
              "valgrind or no_process or utf8_accepted").end(0)[0]
    assert re.search(r"^=+ \d+ passed", out, flags=re.M)
    assert re.search(r"^SKIPPED \[1\] .*: names are always mUTF-7$", out,
                     flags=re.M)
    leftovers.check()
