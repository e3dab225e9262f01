# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Sizes beyond those of a large site, each once: how long it took, and whether
memory or system calls grow faster than what there is. The trees stand in a file
system of their own, a file in /tmp whose inodes hold small files and
directories: ten million inodes take 3 GB of it, and as many as 12 GB of memory
while they are looked at."""

import contextlib
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile

from audit import MESSAGE, write
from cleaning import LOG_HEADER
from dovecot import Dovecot, Location
import measure

# what to divide all sizes by, to try this out
SMALLER = int(sys.argv[1]) if len(sys.argv) > 1 else 1
USERS = 10_000 // SMALLER
ENTRIES = 5_000_000 // SMALLER
NAMES = 1_000_000 // SMALLER
PATTERNS = 1_000 // SMALLER
LARGE = {"default_vsz_limit": "4G"}


@contextlib.contextmanager
def file_system(inodes):
    """Mounts a file system for so many small inodes."""
    with tempfile.TemporaryDirectory(prefix="mba-bench-", dir="/tmp") as top:
        image, mount = top + "/image", top + "/mount"
        os.chmod(top, 0o755)
        os.mkdir(mount)
        with open(image, "wb") as f:
            # an inode, and its name
            f.truncate((inodes + 100_000) * 512)
        subprocess.run(["mkfs.ext4", "-q", "-O", "inline_data,^has_journal",
                        "-I", "256", "-N", str(inodes + 100_000), "-m", "0",
                        image], check=True)
        subprocess.run(["mount", "-o", "loop", image, mount], check=True)
        try:
            os.chmod(mount, 0o755)
            yield mount
        finally:
            subprocess.run(["umount", mount], check=True)


def make_entries(imap_dir, count):
    os.makedirs(imap_dir)
    fd = os.open(imap_dir, os.O_RDONLY)
    for i in range(count):
        os.mkdir(f"e{i}", dir_fd=fd)
        log = os.open(f"e{i}/dovecot.index.log", os.O_CREAT | os.O_WRONLY,
                      0o600, dir_fd=fd)
        os.write(log, LOG_HEADER)
        os.close(log)
    os.close(fd)


def make_dir(top, name, count):
    """A directory of the mail root with a file, and entries of others."""
    os.makedirs(f"{top}/mail/{name}", exist_ok=True)
    write(f"{top}/mail/{name}/x")
    make_entries(f"{top}/index/{name}/.imap", count)


def show(name, argv):
    run, calls = measure.run_counted(argv)
    print(f"{name:42} {run.seconds:8.2f} s, cpu {run.cpu:8.2f} s, "
          f"{run.rss:8d} KiB, {calls:11,} system calls", flush=True)


def utility(command, top, *options):
    return ["mailbox-audit", command, "--index-root", top + "/index",
            "--mail-root", top + "/mail", *options]


def inodes():
    """Ten million inodes in a thousand directories."""
    with file_system(ENTRIES * 2) as top:
        with multiprocessing.Pool() as pool:
            pool.starmap(make_dir, [(top, f"d{i}", ENTRIES // 1000)
                                    for i in range(1000)])
        show("du", ["du", "--inodes", "-s", top + "/index"])
        show("audit", utility("report", top))
        show("audit -J 1", utility("report", top, "-J", "1"))


def directory():
    """A million entries in one directory."""
    with file_system(NAMES * 2) as top:
        make_dir(top, ".", NAMES)
        show("du", ["du", "--inodes", "-s", top + "/index"])
        subprocess.run(["chown", "-R", "nobody", top], check=True)
        show("audit", utility("report", top))
        show("clean", utility("clean", top, "-a", "0", "--quiet",
                              "--user", "nobody"))
        show("du, afterwards", ["du", "--inodes", "-s", top + "/index"])


def list_names(server, name, command):
    """LIST in a session of its own."""
    process = measure.ImapProcess(server, "ann", timeout=24 * 3600)
    before = process.cpu_seconds()
    calls, reply = process.count_calls(command)
    with open(f"/proc/{process.pid}/status") as f:
        peak = next(int(line.split()[1]) for line in f
                    if line.startswith("VmHWM"))
    print(f"{name:42} {len(reply.untagged):8,} names, "
          f"cpu {process.cpu_seconds() - before:8.2f} s, {peak:8d} KiB, "
          f"{calls:11,} system calls", flush=True)
    process.close()


PLUGINS = {
    "stock": {},
    "mailbox_filter": {"imap": ["mailbox_filter"]},
    "mailbox_filter and imap_mailbox_log": {
        "imap": ["mailbox_filter", "imap_mailbox_log"]},
}


@contextlib.contextmanager
def running(**description):
    server = Dovecot(location=Location("mbox", "~", inbox="mail/%u",
                                       index="index/%u"), users=["ann"],
                     settings=LARGE, **description)
    try:
        yield server
    finally:
        server.remove()


def root():
    """A mail root with a million names."""
    with file_system(NAMES * 3) as top, running(dir=top) as server:
        home = server.users["ann"].home
        for i in range(1000):
            os.makedirs(f"{home}/d{i}")
            for j in range(NAMES // 1000):
                write(f"{home}/d{i}/f{j}", b"x\n")
        server.chown("ann", home)
        for name, plugins in PLUGINS.items():
            server.plugins = plugins
            server.plugin_settings = {"mailbox_filter": "/d?*/f?*"}
            server.start()
            list_names(server, name + ", first LIST", 'LIST "" "*"')
            list_names(server, name + ", second LIST", 'LIST "" "*"')
            if not plugins:
                show("du", ["du", "--inodes", "-s",
                            server.path("index/%u", "ann")])
                show("audit", ["doveadm", "-c", server.config, "mailbox-audit",
                               "-u", "ann", "-t"])
            server.stop()
            shutil.rmtree(server.path("index/%u", "ann"))


def command():
    """A thousand names in one LIST command."""
    for count in (PATTERNS // 10, PATTERNS):
        with running() as server:
            names = [f"mailbox{i}" for i in range(PATTERNS)]
            for name in names:
                write(f"{server.users['ann'].home}/{name}", MESSAGE)
            server.chown("ann", server.users["ann"].home)
            for name, plugins in PLUGINS.items():
                server.plugins = plugins
                server.start()
                what = f'LIST "" ({" ".join(names[:count])})'
                list_names(server, f"{count} names, {name}", what)
                list_names(server, f"{count} names, {name}, again", what)
                server.stop()


def make_mailbox(server, user):
    write(server.path("mail/%u", user), MESSAGE)
    index = server.path("index/%u", user)
    os.makedirs(index + "/.imap/INBOX")
    write(index + "/.imap/INBOX/dovecot.index.log", LOG_HEADER)
    server.chown(user, server.path("mail/%u", user))
    server.chown(user, index)


def users():
    """Users without indexes, and with those of one mailbox."""
    # otherwise as much is measured of how long a processor takes to wake up,
    # which answers doveadm's look-up of the next user
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    server = Dovecot(location=Location("mbox", "~", inbox="mail/%u",
                                       index="index/%u"),
                     users=[f"user{i}" for i in range(USERS)])
    try:
        server.start()
        commands = {name: ["doveadm", "-c", server.config, *name.split()]
                    for name in ("mailbox path -A INBOX",
                                 "mailbox-audit -A -t",
                                 "mailbox-audit clean -A -t")}
        for what in ("nothing", "a mailbox"):
            if what == "a mailbox":
                for user in server.users:
                    make_mailbox(server, user)
            for name, argv in commands.items():
                show(f"{what}: {name}", argv)
            measure.show(measure.compare(commands, 5))
    finally:
        server.remove()


PARTS = [inodes, directory, root, command, users]


def main():
    for part in PARTS:
        if len(sys.argv) < 3 or part.__name__ in sys.argv[2:]:
            print(f"\n{part.__doc__}", flush=True)
            part()


main()
