# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""clean while clients work, and what LIST does afterwards."""

import contextlib
import functools
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from audit import MESSAGE, entries, json_lines, report, write, write_home
from cleaning import (LOG_HEADER, clean, entry_dir, kept, make_junk, removed,
                      utility)
from dovecot import IS_24, Location
from filter import with_filter
from hibernation import imap_processes
from imap import literal
from oracle import snapshot
from waiting import wait_for

MBOX = Location("mbox", "~", inbox="mail/%u", index="index/%u")
MAILDIR = Location("maildir", "~/Maildir", index="index/%u")
IN_PLACE = Location("mbox", "~/mail", inbox="mail/%u")
# by location, how many entries are removed while clients work
REMOVALS = {"mbox": (MBOX, 3000), "in-place": (IN_PLACE, 1000),
            "maildir": (MAILDIR, 1000)}
BOXES = ["box1", "box2", "Work/box3"]
# a mailbox that nobody opens
QUIET = "quiet"
# the index of a directory that holds nothing but junk comes and goes
JUNK = [f"{name}junk{i}" for name in ("", "Work/", "Only/", "Deep/er/")
        for i in range(50)]
DIRS = "(Work|Only|Deep/er)/"
WORKERS, MAKERS = 3, 4
ROUNDS = 5


# --- sessions that work meanwhile

class Clients:
    """Sessions that work at the same time, until they are stopped."""

    def __init__(self, server):
        self.server = server
        self.location = server.location
        self.ended = threading.Event()
        # (command, status) of all that they did, and the least that one did
        self.answers = set()
        self.rounds = [0] * WORKERS
        self.pool = ThreadPoolExecutor(WORKERS + MAKERS)
        make = self.make_entries if self.location.driver == "mbox" else \
            self.make_mailboxes
        self.futures = [
            *(self.pool.submit(self.work, i) for i in range(WORKERS)),
            *(self.pool.submit(make, JUNK[i::MAKERS])
              for i in range(MAKERS))]

    def check(self):
        """Fails if a session did."""
        for future in self.futures:
            if future.done():
                future.result()

    def stop(self):
        self.ended.set()
        self.pool.shutdown()
        self.check()

    def work(self, number):
        """One client that does all that clients do."""
        with self.server.imap("alice") as imap:
            while not self.ended.is_set():
                self.one_round(imap, number)
                self.rounds[number] += 1

    def cmd(self, imap, *parts):
        name = re.sub(r"\d+", "N", re.sub(DIRS, "", parts[0]))
        self.answers.add((name, imap.cmd(*parts).status))

    def one_round(self, imap, number):
        rounds = self.rounds[number]
        cmd = functools.partial(self.cmd, imap)
        box, made = BOXES[number % len(BOXES)], f"made{number}"
        cmd('LIST "" "*"')
        cmd(f"SELECT {box}")
        cmd(f"APPEND {box}", literal(MESSAGE))
        imap.raw("idle IDLE\r\n")
        assert imap.line().startswith(b"+")
        imap.raw("DONE\r\n")
        self.answers.add(("IDLE", imap.wait(b"idle").status))
        cmd("STORE 1 +FLAGS (\\Deleted)")
        cmd("EXPUNGE")
        if self.location.driver == "mbox":
            for junk in JUNK[rounds % 40::40]:
                cmd(f"STATUS {junk} (MESSAGES)")
            cmd(f"SELECT {JUNK[rounds % len(JUNK)]}")
            cmd(f"CREATE {JUNK[rounds % len(JUNK)]}")
        cmd(f"CREATE {made}")
        cmd(f"STATUS {made} (MESSAGES)")
        cmd(f"DELETE {made}")
        self.make_mailbox(imap, f"gone{number}")

    def make_mailbox(self, imap, name):
        """What has an index is made and deleted again. It was no file before:
        at the DELETE of one that is no mbox stock Dovecot panics."""
        cmd = functools.partial(self.cmd, imap)
        plant(self.server, name)
        cmd(f"STATUS {name} (MESSAGES)")
        cmd(f"DELETE {name}")
        cmd(f"SELECT {name}")
        cmd(f"CREATE {name}")
        cmd(f"APPEND {name}", literal(MESSAGE))
        cmd(f"STATUS {name} (MESSAGES UIDNEXT)")
        cmd(f"DELETE {name}")

    def make_mailboxes(self, names):
        """A client of Maildirs, which has no junk that makes entries."""
        with self.server.imap("alice") as imap:
            while not self.ended.is_set():
                for i, name in enumerate(names):
                    for other in names[i + 1:i + 10]:
                        plant(self.server, other)
                    self.make_mailbox(imap, name)

    def make_entries(self, names):
        """A client that asks for the STATUS of junk, which makes entries."""
        with self.server.imap("alice") as imap:
            while not self.ended.is_set():
                tags = [imap.send(f"STATUS {name} (MESSAGES)")
                        for name in names]
                self.answers |= {("STATUS junkN (MESSAGES)",
                                  imap.wait(tag).status) for tag in tags}


def index_of(server, name):
    location = server.location
    return entry_dir(location, server.path(location.index or location.mail,
                                           "alice"), name)


def log_inode(server, name):
    return os.stat(index_of(server, name) + "/dovecot.index.log").st_ino


def plant(server, name):
    """Makes an entry as LIST leaves it, all at once, if there is none."""
    user = server.users["alice"]
    made = tempfile.mkdtemp(dir=server.path("private"))
    write(made + "/dovecot.index.log", LOG_HEADER)
    for path in (made, made + "/dovecot.index.log"):
        os.chown(path, user.uid, user.gid)
    try:
        os.rename(made, index_of(server, name))
    except OSError:
        # it is there, or clean has just removed the directory above
        shutil.rmtree(made)


def start_clients(server):
    with server.imap("alice") as imap:
        for box in (*BOXES, QUIET):
            imap.ok(f"CREATE {box}")
            for _ in range(3):
                imap.ok(f"APPEND {box}", literal(MESSAGE))
    if server.location.driver == "mbox":
        top = server.path(server.location.mail, "alice")
        for junk in JUNK:
            path = os.path.join(top, junk)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            write(path, b"hello\n")
        server.chown("alice", top)
    return Clients(server)


def clean_beside(clients, removals):
    """Cleans again and again until so many entries were removed, by the utility
    and now and then by doveadm. Returns how often one was kept since a session
    had it open."""
    count = runs = was_open = 0
    while count < removals:
        clients.check()
        runs += 1
        if runs % 20 == 0:
            count += len(removed(clean(clients.server, "alice")))
            continue
        done = utility(clients.server, "-a", "0", "-j")
        assert (done.returncode, done.stderr) == (0, b"")
        namespace, = report(json_lines(done.stdout))["namespaces"]
        count += namespace["clean"]["entries"]["entries"]
        was_open += namespace["clean"]["kept"]["open"]["entries"]
    print(f"{count} removals by {runs} runs, {was_open} times it was open")
    return was_open


def work_alone(server):
    """Clients that work without a clean; returns what they were answered."""
    clients = Clients(server) if os.listdir(
        server.users["alice"].home) else start_clients(server)
    while min(clients.rounds) < ROUNDS:
        clients.check()
        time.sleep(0.1)
    clients.stop()
    return clients.answers


def make_mails(server, name):
    """Makes a mailbox without an index, as a delivery does."""
    top = server.path(server.location.mail, "alice")
    if server.location.driver == "mbox":
        write(f"{top}/{name}", b"")
    else:
        for sub in ("cur", "new", "tmp"):
            os.makedirs(f"{top}/.{name}/{sub}", exist_ok=True)
    server.chown("alice", top)


def has_reply(imap):
    return select.select([imap.sock], [], [], 0)[0] != []


@contextlib.contextmanager
def stopping(process, call, path):
    """A process stops itself after each system call of a name. Yields a
    function that returns how often it did."""
    strace = subprocess.Popen(
        ["strace", "-o", path, "-p", str(process), "-e", f"trace={call}",
         "-e", f"inject={call}:signal=STOP"], stderr=subprocess.PIPE)
    try:
        # that it is attached
        strace.stderr.readline()

        def count():
            with open(path) as f:
                return f.read().count("--- stopped by SIGSTOP ---")
        yield count
    finally:
        strace.terminate()
        strace.communicate()


def delete_beside_select(server):
    """Without a clean, too, Dovecot 2.3 seldom logs that open() of an index
    directory failed: it makes one and opens it, to set its group, and where
    another session has removed it in between, it tries again three times
    (mkdir_chown()). 2.4 only opens it where there is a group to set. What
    seldom happens is done here: each time the mailbox is deleted, and delivered
    anew."""
    with server.imap("alice") as imap:
        # those of earlier sessions may still be about to end
        process, = wait_for(lambda: imap_processes(server),
                            lambda found: len(found) == 1)
        make_mails(server, "made")
        with server.imap("alice") as other, stopping(
                process, "?mkdir,mkdirat", server.path("private/mkdir")
        ) as count:
            tag = imap.send("SELECT made")
            stops = 0
            while wait_for(lambda: has_reply(imap) or count() > stops) and \
                    count() > stops:
                stops += 1
                if stops <= 4:
                    other.ok("DELETE made")
                    make_mails(server, "made")
                os.kill(process, signal.SIGCONT)
            assert stops > 0
            imap.wait(tag)


# What doesn't count: without a clean, too, a LIST seldom finds a mailbox that
# another session deletes.
SELDOM = re.compile(
    r"Error: Mailbox (made|gone|junk)\d+: stat\(\S+\) failed: No such file")


def kinds(server):
    """Returns what stands in the log, without what differs from one line to
    the next."""
    return {re.sub(
        rf"{DIRS}\S*|<[^>]*>|/\S*|\d+|(box|junk|made|gone)\S*", "",
        re.sub(r"^.*?(Info|Warning|Error|Fatal|Panic): ", r"\1 ", line))
        for line in server.log().splitlines()
        if re.search(r"(Info|Warning|Error|Fatal|Panic): ", line) and
        not SELDOM.search(line)}


@pytest.mark.parametrize("location, removals", REMOVALS.values(),
                         ids=REMOVALS)
def test_clients_dont_notice(dovecot, location, removals):
    """Nothing fails and nothing is logged that would not without clean. It
    meets sessions that have an entry open all the time."""
    description = dict(location=location, settings={
        "lock_method": "flock", "mail_fsync": "never"})
    plain, server = dovecot(**description), dovecot(**description)
    expected = work_alone(plain)
    if not IS_24:
        delete_beside_select(plain)
    clients = start_clients(server)
    quiet = log_inode(server, QUIET)
    was_open = clean_beside(clients, removals)
    clients.stop()
    assert log_inode(server, QUIET) == quiet
    # a Maildir is made before its index is opened
    assert was_open > 0 or location is MAILDIR
    # what seldom happens takes longer to happen
    for _ in range(25):
        if clients.answers <= expected and kinds(server) <= kinds(plain):
            break
        expected |= work_alone(plain)
    assert clients.answers <= expected
    assert kinds(server) <= kinds(plain)


def make_used(server):
    with server.imap("alice") as imap:
        for box in (*BOXES, "answered"):
            imap.ok(f"CREATE {box}")
            imap.ok(f"APPEND {box}", literal(MESSAGE))
            imap.ok(f"SELECT {box}")
    server.restart()


def test_what_sessions_have_open_is_kept(dovecot):
    server = dovecot(location=MBOX)
    make_used(server)
    used = ["--used", "--used-age", "0", "--force"]
    selected, idling = server.imap("alice"), server.imap("alice")
    selected.ok("SELECT box1")
    idling.ok("SELECT box2")
    idling.raw("idle IDLE\r\n")
    assert idling.line().startswith(b"+")
    for box in BOXES:
        os.unlink(os.path.join(server.users["alice"].home, box))
    write_home(server, "alice", "Work/file", b"hello\n")
    lines = clean(server, "alice", *used)
    assert kept(lines) == {"box1": "open", "box2": "open"}
    assert removed(lines) == {"Work/box3"}
    selected.close()
    idling.close()
    server.restart()
    assert removed(clean(server, "alice", *used)) == {"box1", "box2"}


def test_what_was_just_answered_is_kept(dovecot):
    """Dovecot has an index open for ten seconds after a STATUS."""
    server = dovecot(location=MBOX)
    make_used(server)
    path = os.path.join(server.users["alice"].home, "answered")
    away = server.path("private/away")
    used = ["--used", "--used-age", "0", "--force"]
    with server.imap("alice") as imap:
        for _ in range(5):
            begin = time.monotonic()
            imap.ok("STATUS answered (MESSAGES)")
            os.rename(path, away)
            why = kept(clean(server, "alice", *used)).get("answered")
            # only a machine that is too busy isn't in time
            if why == "open" or time.monotonic() - begin < 9:
                break
            os.rename(away, path)
        assert why == "open"
    server.restart()
    assert removed(clean(server, "alice", *used)) == {"answered"}


def test_a_session_that_no_lease_tells_of(dovecot):
    """There is none for a log that belongs to somebody else. What it holds is
    worth nothing, and the session doesn't notice."""
    server = dovecot(location=MBOX)
    write_home(server, "alice", "junk", b"hello\n")
    log = server.path("index/alice/.imap/junk/dovecot.index.log")
    with server.imap("alice") as imap:
        for _ in range(5):
            answer = imap.cmd("STATUS junk (MESSAGES)")
            why = kept(clean(server, "alice")).get("junk")
            # only a machine that is too busy isn't in time
            if why == "open":
                break
        assert why == "open"
        os.chown(log, 0, 0)
        os.chmod(log, 0o666)
        assert removed(clean(server, "alice")) == {"junk"}
        again = imap.cmd("STATUS junk (MESSAGES)")
        assert (answer.untagged, answer.status) == \
            (again.untagged, again.status)
        assert os.path.exists(log)
    assert server.errors() == []


# --- LIST afterwards

def list_index(server):
    return {path: st for path, st in snapshot(server.path("index")).items()
            if b"dovecot.list.index" in path}


@pytest.mark.parametrize("with_rules", [False, True])
@pytest.mark.parametrize("location", [MBOX, MAILDIR], ids=["mbox", "maildir"])
def test_list_makes_nothing_anew(dovecot, location, with_rules):
    description = dict(location=location)
    if with_rules:
        description = with_filter(description, "Work/*")
    server = dovecot(**description)
    with server.imap("alice") as imap:
        for box in BOXES:
            imap.ok(f"CREATE {box}")
    if location is MBOX:
        for junk in JUNK:
            write_home(server, "alice", junk, b"hello\n")
    with server.imap("alice") as imap:
        imap.list()
    if location is MAILDIR or with_rules:
        # no LIST makes these
        make_junk(server, "alice", JUNK)
    server.restart()
    before = list_index(server)
    assert before
    lines = clean(server, "alice")
    assert removed(lines) == set(JUNK)
    assert list_index(server) == before
    for command in ('LIST "" "*"', 'LIST "" "%"', 'LIST "" "Work/%"',
                    'LSUB "" "*"'):
        with server.imap("alice") as imap:
            imap.ok(command)
    server.restart()
    found = entries(json_lines(server.doveadm(
        "mailbox-audit", "-u", "alice", "-e", "-j").stdout))
    assert found.keys() & set(JUNK) == set()
