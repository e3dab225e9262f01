"""What the benchmarks measure with."""

import collections
import os
import re
import statistics
import subprocess
import time

Run = collections.namedtuple("Run", "seconds cpu rss")


def run(argv):
    """Runs a command: wall-clock seconds, processor seconds, and the largest
    resident size in KiB."""
    # not wait4(): before it became the command, the process was a Python
    log = f"/tmp/mba-bench-{os.getpid()}.time"
    start = time.monotonic()
    subprocess.run(["/usr/bin/time", "-o", log, "-f", "%U %S %M"] + argv,
                   check=True, stdout=subprocess.DEVNULL)
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


def names_of(lines):
    """Counts system calls by name."""
    return collections.Counter(
        m.group(1) for m in (re.match(r"\d+ +(\w+)\(", l) for l in lines) if m)


class ImapProcess:
    """The imap process that serves a logged in client."""

    def __init__(self, server, user):
        self.imap = server.imap(user)
        pids = [pid for pid, name in server.running() if name == "imap"]
        assert len(pids) == 1, pids
        self.pid = pids[0]

    def cpu_ns(self):
        with open(f"/proc/{self.pid}/schedstat") as f:
            return int(f.read().split()[0])

    def count_calls(self, command):
        """Returns the number of system calls that a command took."""
        log = f"/tmp/mba-bench-{os.getpid()}.strace"
        strace = subprocess.Popen(["strace", "-f", "-c", "-o", log, "-p",
                                   str(self.pid)], stderr=subprocess.PIPE)
        # "strace: Process N attached"
        strace.stderr.readline()
        reply = self.imap.cmd(command)
        assert reply.ok, reply
        strace.terminate()
        strace.wait()
        strace.stderr.close()
        with open(log) as f:
            text = f.read()
        os.unlink(log)
        total = re.search(r"^100\.00 .* (\d+) +(?:\d+ )? *total$", text, re.M)
        return int(total.group(1)), reply

    def close(self):
        self.imap.logout()


def in_turns(processes, command, turns):
    """Sends a command to each imap process in turns. Returns, for each, the
    seconds of processor time that it took."""
    spent = [[] for _ in processes]
    for _ in range(turns):
        for process, seconds in zip(processes, spent):
            begin = process.cpu_ns()
            assert process.imap.cmd(command).ok
            seconds.append((process.cpu_ns() - begin) / 1e9)
    return spent


def show_ratio(what, spent):
    """Shows what stock Dovecot and a plugin took."""
    stock, plugin = [statistics.median(seconds) for seconds in spent]
    print(f"{what}: stock {stock:.4f} s, plugin {plugin:.4f} s (median of "
          f"{len(spent[0])}), {100 * (plugin / stock - 1):+.2f} %; best "
          f"{min(spent[0]):.4f} s, {min(spent[1]):.4f} s")
