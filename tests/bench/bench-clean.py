# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""clean of the index tree that stock Dovecot's LIST left for the home of
home.py, against rm -rf of a copy of it: time and system calls. And clean of
many entries, in memory: 100,000 in one directory, and ENTRIES in all."""

import os
import shutil
import subprocess
import sys
import tempfile

from cleaning import make_junk
from dovecot import Dovecot, Location
import home
import measure

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
ENTRIES = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
IN_ONE = 100_000


def commands(server, index_root):
    """Both as the user whose indexes they are."""
    user = server.users["ann"]
    become = ["setpriv", f"--reuid={user.uid}", f"--regid={user.gid}",
              "--clear-groups"]
    return {
        "rm -rf": become + ["rm", "-rf", index_root],
        "mailbox-audit clean": become + [
            "mailbox-audit", "clean", "--index-root", index_root,
            "--mail-root", user.home, "--inbox", server.path("mail/%u", "ann"),
            "--min-age", "0", "--quiet"],
    }


def on_copies(server, work):
    """Does some work with each command, each on a copy of its own."""
    parent = server.path("copies")
    found = {}
    for name, argv in commands(server, parent + "/ann").items():
        os.mkdir(parent)
        subprocess.run(["cp", "-a", server.path("index/%u", "ann"), parent],
                       check=True)
        server.chown("ann", parent)
        found[name] = work(argv)
        shutil.rmtree(parent)
    return found


def many(server, in_each, dirs):
    """Cleans entries of mailboxes that are gone."""
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="mba-") as top:
        os.chmod(top, 0o755)
        make_junk(server, "ann", (f"dir{i}/gone{j}" for i in range(dirs)
                                  for j in range(in_each)),
                  Location("mbox", "~", index=top + "/%u"))
        argv = commands(server, top + "/ann")["mailbox-audit clean"]
        result = measure.run(argv)
        left = sum(len(dirs + files)
                   for _, dirs, files in os.walk(top + "/ann"))
    print(f"{dirs} times {in_each:,} entries: {result.seconds:.1f} s,"
          f" cpu {result.cpu:.1f} s, {result.rss:,} KiB; {left} inodes left")


def main():
    server = Dovecot(location=Location("mbox", "~", inbox="mail/%u",
                                       index="index/%u"), users=["ann"])
    try:
        home.make_home(server, "ann")
        server.start()
        with server.imap("ann") as imap:
            imap.list()
        server.stop()
        for name, lines in on_copies(server, measure.syscalls).items():
            print(f"{name}: {len(lines)} system calls:",
                  dict(measure.names_of(lines).most_common(12)))
        print(f"\n{RUNS} runs each, in turns, warm:")
        found = {}
        for turn in range(RUNS + 1):
            for name, result in on_copies(server, measure.run).items():
                if turn > 0:
                    found.setdefault(name, []).append(result)
        measure.show(found)
        print()
        for in_each, dirs in ((1, 1), (IN_ONE, 1), (1000, ENTRIES // 1000)):
            many(server, in_each, dirs)
    finally:
        server.remove()


main()
