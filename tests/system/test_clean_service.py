# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The timer's service: its very command line, with what of its sandbox can be
had without systemd, and system calls that the rest of it would forbid."""

import configparser
import os
import re
import shlex
import shutil
import subprocess

import pytest

from audit import json_lines, write_home
from cleaning import JUNK, fill, kept, make_junk, removed
from dovecot import PREFIX
from oracle import snapshot

UNITS = os.environ["MBA_STAGE"] + PREFIX + "/lib/systemd/system"
NAME = "mailbox-audit-clean"
# PrivateDevices= and ProtectSystem=, in a mount namespace of its own
MOUNTS = """
set -e
mount -t tmpfs -o mode=755 devices /mnt
for name in null zero full random urandom tty; do
    : > /mnt/$name
    mount --bind /dev/$name /mnt/$name
done
mount --move /mnt /dev
mount --bind /usr /usr
mount -o remount,bind,ro /usr
exec "$@"
"""


def unit(kind):
    """Returns the settings of a unit, section by section."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    with open(f"{UNITS}/{NAME}.{kind}") as f:
        parser.read_file(f)
    return parser


def sandbox(service):
    """Returns the command that does to another one what the service does."""
    capabilities = [name.removeprefix("CAP_").lower() for name in
                    service["CapabilityBoundingSet"].split()]
    assert service["NoNewPrivileges"] == "yes"
    assert service["PrivateDevices"] == service["ProtectSystem"] == "yes"
    assert service["CPUSchedulingPolicy"] == "idle"
    return ["unshare", "--mount", "--propagation", "private",
            "sh", "-c", MOUNTS, "sh",
            "ionice", "-c", service["IOSchedulingClass"],
            "chrt", "--idle", "0", "nice", "-n", service["Nice"],
            "setpriv", "--no-new-privs", "--bounding-set",
            ",".join(["-all"] + ["+" + name for name in capabilities])]


def run(server, *more, prefix=()):
    service = unit("service")["Service"]
    command = shlex.split(service["ExecStart"])
    assert command[0] == PREFIX + "/bin/doveadm"
    # what the master process hands to those that it starts
    environment = {"PATH": os.environ["PATH"], "CONFIG_FILE": server.config}
    return subprocess.run([*prefix, *sandbox(service), *command, *more],
                          env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=300)


@pytest.fixture
def server(dovecot):
    server = dovecot(users=["alice", "bob"])
    for user in server.users:
        # its target is a device
        os.symlink("/dev/null", server.users[user].home + "/trash")
        write_home(server, user, "notes", b"hello\n")
        fill(server, user)
        make_junk(server, user, ["trash", "notes"])
    return server


def test_its_command_cleans_in_the_sandbox(server):
    index = server.path("index")
    before = snapshot(index)
    # all of it is younger than an hour
    done = run(server)
    assert (done.returncode, done.stderr) == (0, b"")
    assert snapshot(index) == before
    homes = server.path("home")
    mails = snapshot(homes)
    with open(index + "/bob/.imap/gone1/dovecot.index.log", "rb"):
        done = run(server, "-a", "0", "-e", "-j")
    assert (done.returncode, done.stderr) == (0, b"")
    lines = json_lines(done.stdout)
    for user, left in (("alice", {}), ("bob", {"gone1": "open"})):
        mine = [line for line in lines if line["user"] == user]
        assert removed(mine) == {"notes", *JUNK} - set(left)
        assert kept(mine) == left
        for box in ("box", "trash"):
            assert os.path.exists(f"{index}/{user}/.imap/{box}")
    assert snapshot(homes) == mails


FORBIDDEN = {
    "RestrictAddressFamilies": r"socket\(AF_(?!UNIX|INET)",
    "RestrictNamespaces": r"(unshare|setns)\(|clone3?\([^\n]*CLONE_NEW",
    "RestrictRealtime": r"sched_setscheduler\([^\n]*SCHED_(FIFO|RR)",
    "RestrictSUIDSGID":
        r"(f?chmod(at)?|mkdir(at)?|mknod(at)?)\([^\n]*S_IS[UG]ID",
    "LockPersonality": r"personality\(",
    "MemoryDenyWriteExecute":
        r"mmap\([^\n]*PROT_WRITE\|PROT_EXEC|mprotect\([^\n]*PROT_EXEC",
    "ProtectHostname": r"set(host|domain)name\(",
    "ProtectClock": r"(clock_settime|settimeofday|adjtimex)\(",
    "ProtectKernelModules": r"(init|finit|delete)_module\(",
    "ProtectKernelLogs": r"syslog\(",
    "ProtectKernelTunables": r'open(at)?\([^\n]*"/(proc|sys)/[^\n]*O_(WR|RDWR)',
    "ProtectControlGroups": r'open(at)?\([^\n]*"/sys/fs/cgroup',
}


def test_it_does_nothing_that_the_sandbox_forbids(server, tmp_path):
    """That is done by filters of system calls."""
    trace = str(tmp_path / "trace")
    done = run(server, "-a", "0", prefix=["strace", "-f", "-o", trace])
    assert (done.returncode, done.stderr) == (0, b"")
    with open(trace, errors="surrogateescape") as f:
        calls = f.read()
    # of doveadm alone
    calls = calls[calls.index(f'execve("{PREFIX}/bin/doveadm"'):]
    assert re.search(r"F_SETLEASE, F_WRLCK\) += 0", calls)
    for setting, forbidden in FORBIDDEN.items():
        assert setting in unit("service")["Service"]
        found = re.search(forbidden, calls)
        assert found is None, (setting, found)


def test_units_are_in_order():
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze isn't installed")
    paths = [f"{UNITS}/{NAME}.{kind}" for kind in ("service", "timer")]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *paths],
                          stdin=subprocess.DEVNULL, capture_output=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")
    assert unit("service")["Service"]["Type"] == "oneshot"
    # off until an administrator turns it on
    assert "Install" not in unit("service")
    assert unit("timer")["Install"]["WantedBy"] == "timers.target"
