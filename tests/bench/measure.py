# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What the benchmarks measure with."""

import collections
import os
import re
import signal
import statistics
import subprocess
import time

Run = collections.namedtuple("Run", "seconds cpu rss")


def run(argv, prefix=()):
    """Runs a command: wall-clock seconds, processor seconds, and the largest
    resident size in KiB. The prefix isn't measured."""
    # not wait4(): before it became the command, the process was a Python
    log = f"/tmp/mba-bench-{os.getpid()}.time"
    start = time.monotonic()
    subprocess.run([*prefix, "/usr/bin/time", "-o", log, "-f", "%U %S %M",
                    *argv], check=True, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - start
    with open(log) as f:
        user, system, rss = f.read().split()
    os.unlink(log)
    return Run(seconds, float(user) + float(system), int(rss))


def compare(commands, runs):
    """Runs the commands in turns, so that whatever else the machine does meets
    them all; returns the Runs of each, the first turn, which warms, left
    out."""
    found = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, argv in commands.items():
            result = run(argv)
            if turn > 0:
                found[name].append(result)
    return found


def show(found):
    for name, runs in found.items():
        seconds = [r.seconds for r in runs]
        print(f"{name:34} median {statistics.median(seconds):7.3f} s,"
              f" best {min(seconds):7.3f} s,"
              f" cpu {min(r.cpu for r in runs):7.3f} s,"
              f" {max(r.rss for r in runs):7d} KiB")


def syscalls(argv):
    """Runs a command under strace: its lines, with descriptors' paths."""
    log = f"/tmp/mba-bench-{os.getpid()}.strace"
    subprocess.run(["strace", "-f", "-qq", "-y", "-o", log] + argv,
                   check=True, stdout=subprocess.DEVNULL)
    with open(log, errors="surrogateescape") as f:
        lines = f.readlines()
    os.unlink(log)
    # a call that another thread interrupted stands in two lines
    return [l for l in lines if "resumed>" not in l]


def run_counted(argv):
    """Runs a command: what run() returns, and how many system calls it took,
    with about 30 of who took the time, and without what threads need to wait
    for each other. perf counts them without slowing them down, as strace would:
    there are millions."""
    log = f"/tmp/mba-bench-{os.getpid()}.perf"
    events = ["raw_syscalls:sys_enter", "syscalls:sys_enter_futex"]
    result = run(argv, ["perf", "stat", "-x,", "-e", ",".join(events), "-o",
                        log, "--"])
    with open(log) as f:
        text = f.read()
    os.unlink(log)
    every, futex = (int(re.search(rf"^(\d+),.*{name}", text, re.M).group(1))
                    for name in events)
    return result, every - futex


def names_of(lines):
    """Counts system calls by name."""
    return collections.Counter(
        m.group(1) for m in (re.match(r"\d+ +(\w+)\(", l) for l in lines) if m)


class ImapProcess:
    """The imap process that serves a logged in client."""

    def __init__(self, server, user, **options):
        self.imap = server.imap(user, **options)
        pids = [pid for pid, name in server.running() if name == "imap"]
        assert len(pids) == 1, pids
        self.pid = pids[0]

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/schedstat") as f:
            return int(f.read().split()[0]) / 1e9

    def count_calls(self, command):
        """Returns the number of system calls that a command took. perf counts
        them without slowing them down, as strace would: there are millions."""
        control, tell = os.pipe()
        hear, ack = os.pipe()
        perf = subprocess.Popen(
            ["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-D", "-1",
             "-p", str(self.pid), "--control", f"fd:{control},{ack}"],
            pass_fds=(control, ack), stderr=subprocess.PIPE)
        os.write(tell, b"enable\n")
        os.read(hear, 8)
        reply = self.imap.ok(command)
        os.write(tell, b"disable\n")
        os.read(hear, 8)
        perf.send_signal(signal.SIGINT)
        text = perf.communicate()[1].decode()
        for fd in (control, tell, hear, ack):
            os.close(fd)
        return int(re.search(r"^(\d+),", text, re.M).group(1)), reply

    def close(self):
        self.imap.logout()
        while os.path.exists(f"/proc/{self.pid}"):
            time.sleep(0.01)


def in_turns(processes, work, turns, clock=ImapProcess.cpu_seconds):
    """Has each imap process do some work, in turns, so that whatever else the
    machine does meets them all. Returns, for each, the seconds that it took by
    the clock, by default the process's own."""
    spent = {name: [] for name in processes}
    for _ in range(turns):
        for name, process in processes.items():
            begin = clock(process)
            work(process)
            spent[name].append(clock(process) - begin)
    return spent


def show_ratios(what, spent):
    """Shows what each took, compared with the first."""
    print(f"\n{what}:")
    medians = {name: statistics.median(s) for name, s in spent.items()}
    first = next(iter(medians.values()))
    for name, seconds in spent.items():
        print(f"{name:42} median of {len(seconds)}: {medians[name]:.4f} s "
              f"({100 * (medians[name] / first - 1):+.1f} %),"
              f" lower quartile {sorted(seconds)[len(seconds) // 4]:.4f} s,"
              f" best {min(seconds):.4f} s")
