# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The audit on a slow file server, which takes a millisecond for each answer:
its time for numbers of jobs, against du and a parallel walker of the mail tree.
Each run has a mount of its own, which nobody looked at before."""

import os
import statistics
import sys
import tempfile

from audit import make_log, write
import measure
from slowfs import slow

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
DELAY = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
DIRS, FILES = 50, 104


def make_trees(top):
    for i in range(DIRS):
        os.makedirs(f"{top}/home/dir{i}")
        for j in range(FILES):
            write(f"{top}/home/dir{i}/file{j}", b"no mailbox\n")
            make_log(f"{top}/index/dir{i}/.imap/file{j}")
    # the same names once more, which have no entry
    os.mkdir(top + "/empty")
    os.mkdir(top + "/control")
    write(top + "/control/.subscriptions", "".join(
        f"dir{i}/file{j}\n" for i in range(DIRS) for j in range(FILES)
    ).encode())


def report(top, mail, jobs, index="/index"):
    return ["mailbox-audit", "report", "--index-root", top + index,
            "--control", top + "/control", "--mail-root", mail,
            "-J", str(jobs)]


COMMANDS = {
    **{f"mailbox-audit report -J {jobs}":
       lambda top, mail, jobs=jobs: report(top, mail, jobs)
       for jobs in (1, 2, 4, 16, 64, 256)},
    **{f"  of subscriptions, -J {jobs}":
       lambda top, mail, jobs=jobs: report(top, mail, jobs, "/empty")
       for jobs in (1, 16, 64)},
    "du --inodes -s": lambda top, mail: ["du", "--inodes", "-s", mail],
    # it looks at each file for its size
    **{f"fdfind -j {jobs} --size +0b":
       lambda top, mail, jobs=jobs: ["fdfind", "-u", "-j", str(jobs),
                                     "--size", "+0b", ".", mail]
       for jobs in (16, 64)},
}


def main():
    with tempfile.TemporaryDirectory(prefix="mba-bench-", dir="/tmp") as top:
        make_trees(top)
        print(f"{DIRS * FILES} entries, {DELAY} us an answer, {RUNS} runs:")
        first = None
        for name, command in COMMANDS.items():
            runs, answers, at_once = [], 0, 0
            for _ in range(RUNS):
                with slow(top + "/home", delay=DELAY) as server:
                    runs.append(measure.run(command(top, server.path)))
                answers, at_once = server.answers, server.at_once
            seconds = statistics.median(run.seconds for run in runs)
            first = first or seconds
            print(f"{name:28} {seconds:7.3f} s, 1/{first / seconds:.1f}, "
                  f"cpu {min(run.cpu for run in runs):.2f} s, "
                  f"{max(run.rss for run in runs):6d} KiB, "
                  f"{answers} answers, {at_once} at once", flush=True)


main()
