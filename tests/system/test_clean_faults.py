# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Every system call of a clean fails, with EIO and with another error that it
may have, and clean is killed before each of them that others can see."""

import errno
import fcntl
import itertools
import json
import os
import pwd
import re
import shutil
import signal
import stat
import struct
import subprocess
import tempfile

import pytest

from audit import json_lines, report, write
from cleaning import INDEX_HEADER, LOG_HEADER, LOG_UPDATE, clean, make_junk
from slowfs import slow
from test_clean_hostile import USER, Clean, Trees, snapshot

OPENS = {"openat", "openat2"}
# Each error besides EIO, and which calls may have it if not all.
OTHERS = {
    "EACCES": None, "ESTALE": None,
    "EINTR": {*OPENS, "read", "pread64", "write", "flock", "fcntl"},
    "EMFILE": OPENS, "ENOSPC": {"unlinkat", "write"},
    "EROFS": {*OPENS, "unlinkat"},
    "ENOSYS": {"openat2", "statx", "flock", "fcntl", "getdents64"}}
# What somebody else can see: to be killed between two of these is to be killed
# before the second one.
SEEN = {"unlinkat", "flock", "fcntl", "write", "exit_group"}
USED = ["--used", "--used-age", "0"]
TIERS = {"default": [], "used": USED, "wrong": USED, "in-place": [],
         "maildir": ["--format", "maildir", *USED]}
# What the errors call a system call.
OPS = {
    "openat": {"open"}, "openat2": {"open"}, "getdents64": {"readdir"},
    "newfstatat": {"stat", "lstat", "fstat"}, "fstat": {"fstat"},
    "statx": {"statx"}, "flock": {"flock"}, "read": {"read"},
    "pread64": {"read"}, "unlinkat": {"unlink", "rmdir"},
    "fcntl": {"fcntl(F_SETLEASE)", "fcntl(F_OFD_SETLK)",
              "fcntl(F_GETLEASE)"},
}
UID, GID = pwd.getpwnam(USER)[2:4]
# Those that have no error, or that the C library never tells of.
WITHOUT_ERROR = {"brk", "mmap", "munmap", "mprotect", "mremap", "madvise",
                 "close", "exit_group", "rt_sigaction", "rt_sigprocmask",
                 "clone", "clone3"}
# What may fail in silence: a terminal, buffers of the C library, the seed of
# jansson's hashes; the utility's look whether to warn that there is no root;
# what a clean that isn't killed doesn't need.
HARMLESS = re.compile(r"""\d+[ ]+(
    ioctl\( | fchmod\( | \w*stat\w*\(\d+<pipe: |
    openat\(.*"/dev/urandom" | read\(\d+</dev/urandom> |
    newfstatat\(AT_FDCWD.*"[^"]*/index",)""", re.X)
# Without a second thread all calls are counted as one process's.
NO_THREAD = ["-e", "inject=clone,clone3:error=EAGAIN"]


# --- trees with one of each kind

@pytest.fixture
def trees():
    """In memory: they are made some thousand times."""
    with tempfile.TemporaryDirectory(
            prefix="mba-clean-",
            dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as top:
        os.chmod(top, 0o755)
        yield Trees(top)


OLDER_LOG = LOG_HEADER + LOG_UPDATE
NEWER_LOG = LOG_HEADER[:8] + struct.pack("=III", 3, 2, len(OLDER_LOG)) + \
    LOG_HEADER[20:]
HEADERS = {"dovecot.index": INDEX_HEADER, "dovecot.index.log": LOG_HEADER,
           "dovecot.index.log.2": OLDER_LOG}


def make(tree, name, *files):
    """Makes an entry with a log and these files."""
    path = f"{tree.index}/{name}"
    os.makedirs(path)
    for file in ("dovecot.index.log", *files):
        write(f"{path}/{file}", HEADERS.get(file, b"x"))
    return path


def make_rotated(tree, name, *files):
    """Makes an entry whose log was rotated, but then the disk was full: the
    index, if there was one, goes on in the older log."""
    path = make(tree, name, "dovecot.index.log.2", *files)
    write(f"{path}/dovecot.index.log", NEWER_LOG)


def begin(tree):
    for top in (tree.index, tree.mail, tree.outside):
        shutil.rmtree(top, ignore_errors=True)
        os.mkdir(top)


def own(tree):
    for path, dirs, files in os.walk(os.path.dirname(tree.index)):
        for name in dirs + files:
            os.chown(os.path.join(path, name), UID, GID, follow_symlinks=False)


def fill_default(tree):
    make(tree, ".imap/box", "dovecot.index")
    make(tree, ".imap/link")
    make(tree, ".imap/junk")
    make(tree, ".imap/foreign", "mine")
    os.mkdir(f"{tree.index}/.imap/empty")
    os.mkdir(f"{tree.index}/structure")
    make(tree, "sub/.imap/gone")
    tree.box("box")
    tree.box("junk", b"junk\n")
    tree.box("sub/other")
    os.symlink("nowhere", f"{tree.mail}/link")
    write(f"{tree.mail}/.subscriptions", b"box\ngone\n")
    own(tree)
    # for somebody else's file there is no lease
    os.chown(make(tree, ".imap/others"), UID, GID)


def fill_used(tree):
    make(tree, ".imap/box", "dovecot.index")
    make(tree, ".imap/box2", "dovecot.index")
    make_rotated(tree, "sub/.imap/gone", "dovecot.index",
                 "dovecot.index.cache")
    os.makedirs(f"{tree.index}/sub/.imap/alone")
    write(f"{tree.index}/sub/.imap/alone/dovecot.index", INDEX_HEADER)
    tree.box("box")
    tree.box("box2")
    tree.box("sub/other")
    own(tree)


def fill_wrong(tree):
    """Another user's mails: most of what was used has no mailbox."""
    make(tree, ".imap/box", "dovecot.index")
    make(tree, ".imap/junk")
    for name in ("gone", "gone2"):
        make(tree, f"sub/.imap/{name}", "dovecot.index")
    tree.box("box")
    tree.box("sub/other")
    own(tree)


def fill_maildir(tree):
    make(tree, ".box", "dovecot.index")
    make(tree, ".box2", "dovecot.index")
    make_rotated(tree, ".gone", "dovecot.index.cache")
    make(tree, ".junk")
    make(tree, ".foreign", "mine")
    os.mkdir(f"{tree.index}/.empty")
    for name in (".box", ".box2", ".other"):
        for sub in ("cur", "new", "tmp"):
            os.makedirs(f"{tree.mail}/{name}/{sub}")
        tree.box(f"{name}/cur/1:2,")
    tree.box(".junk/file")
    write(f"{tree.mail}/subscriptions", b"box\ngone\n")
    own(tree)


FILLS = {"default": fill_default, "used": fill_used, "wrong": fill_wrong,
         "in-place": fill_default, "maildir": fill_maildir}
# the indexes of mailboxes or of what can't be told
KEPT = [".imap/box", ".imap/box2", ".imap/link", ".imap/foreign", ".box",
        ".box2", ".foreign"]
REMOVED = re.compile(r"/\.imap/(junk|gone|others)/")


def fill(tree, kind):
    if kind == "in-place":
        tree.index = tree.mail
    begin(tree)
    make(tree, "../outside/.imap/box", "dovecot.index")
    FILLS[kind](tree)


def guarded(tree):
    """What no clean may touch: mails, what is outside, and indexes of
    mailboxes or of what can't be told."""
    mails = snapshot(tree.mail)
    if tree.index == tree.mail:
        # directories have other times when one in them goes
        mails = {path: st for path, st in mails.items()
                 if not stat.S_ISDIR(st[0]) and not REMOVED.search(path)}
    return mails, snapshot(tree.outside,
                           *(f"{tree.index}/{name}" for name in KEPT))


def paths_below(top):
    return sorted(os.path.join(path, name)[len(top):] for path, dirs, files in
                  os.walk(top) for name in dirs + files)


# --- runs

def run(tree, tier, call="all", what=None, path="/dev/null"):
    """Runs a clean in which something happens at a call."""
    command = ["strace", "-f", "-qq", "-y", "-o", path, "-e",
               f"trace={call},clone,clone3", *NO_THREAD]
    if what is not None:
        command += ["-e", f"inject={call}:{what}"]
    # faster, but then strace can't send signals
    if what is None or "signal" not in what:
        command.append("--seccomp-bpf")
    command += tree.command(*TIERS[tier])
    return Clean(subprocess.run(command, stdin=subprocess.DEVNULL,
                                capture_output=True, timeout=300))


def calls(tree, kind, path):
    """Returns the calls that a run makes once it has become the user, each
    with how many of its kind come before it."""
    fill(tree, kind)
    run(tree, kind, path=path)
    with open(path) as f:
        names = re.findall(r"^\d+ +(\w+)\(", f.read(), re.M)
    first = names.index("setuid") + 1
    assert {"openat", "getdents64", "fcntl", "flock",
            "exit_group"} <= set(names[first:])
    return [(name, names[:i].count(name))
            for i, name in enumerate(names, 1) if i > first]


def undisturbed(tree, kind):
    """Returns what a run leaves."""
    fill(tree, kind)
    assert tree.clean(*TIERS[kind]).report["errors"] == []
    left = paths_below(tree.index)
    assert any(path.endswith("box/dovecot.index.log") for path in left)
    assert not any("gone" in path for path in left)
    assert kind == "in-place" or "/sub" not in left
    return left


def test_the_order_of_removal(trees, tmp_path):
    """A log makes Dovecot complain of what it continues and isn't there."""
    fill(trees, "used")
    run(trees, "used", "unlinkat", path=str(tmp_path / "trace"))
    names = re.findall(r'unlinkat\(\d+<[^>]*/gone>, "(.*?)", 0\)',
                       (tmp_path / "trace").read_text())
    assert names == ["dovecot.index.cache", "dovecot.index.log",
                     "dovecot.index", "dovecot.index.log.2"]


def check(tree, tier, guard, left, what):
    """Nothing was lost, and one more run does the rest."""
    assert guarded(tree) == guard, what
    again = tree.clean(*TIERS[tier], status=None)
    assert again.status == os.EX_OK, (what, again.stderr)
    assert guarded(tree) == guard, what
    assert paths_below(tree.index) == left, what


def check_told(call, error, done, what):
    """The status tells of an error, and an error names the call, what it was
    for and why it failed."""
    if done.status == os.EX_OK:
        assert done.report["errors"] == [], what
        return
    assert done.status == os.EX_IOERR, what
    if b"write(stdout) failed" in done.stderr:
        return
    errors = done.report["errors"]
    assert all(one["path"].startswith("/") for one in errors), what
    assert any(one["op"] in OPS[call] and
               one["error"] == os.strerror(getattr(errno, error))
               for one in errors), (what, errors)
    for one in errors:
        assert f"{one['op']}({one['path']}) failed: {one['error']}".encode() \
            in done.stderr, what


def check_silent(tree, done, trace, left, what):
    """Nothing is left undone in silence, and nothing fails in silence that
    there is no other way for."""
    lines = [line for line in trace.splitlines()
             if "(INJECTED)" in line and "clone" not in line]
    if tree.index == tree.mail:
        lines = [line.replace(f'"{tree.mail}",', '"/index",')
                 for line in lines]
    assert all(HARMLESS.match(line) or is_other_way(line)
               for line in lines), (what, lines)
    # a lock that is denied is another's lock
    locked = [path for path in done.entries if done.why(path) == "locked"]
    assert paths_below(tree.index) == left or locked, what


def is_other_way(line):
    """Whether there is another way to do what a call was for. A directory of
    mails needn't be read. Of one that can't be searched for the entry of a
    subscribed name the walk tells. Where it can't be told whether a directory
    of mails is still the one that is open, it is opened anew. An index that
    can't be understood is read more than once, before anything is decided."""
    call, error = re.search(r" +(\w+)\(.* = -1 (\w+)", line).groups()
    return (call, error) in {("fcntl", "EACCES"), ("fcntl", "ENOSYS"),
                             ("openat2", "ENOSYS"),
                             ("statx", "ENOSYS"), ("read", "EINTR"),
                             ("pread64", "EINTR")} or \
        call in ("newfstatat", "fstat") and \
        re.search(r'AT_FDCWD.*/mail/[^"]*"|/mail(/sub)?>, (""|0x)',
                  line) is not None or \
        error == "EACCES" and call in ("openat", "getdents64") and \
        "/mail" in line or \
        error == "EACCES" and call == "newfstatat" and \
        re.search(r'AT_FDCWD.*/(index|mail)/\.(imap/)?(box|gone)"',
                  line) is not None or \
        re.search(r'openat\(.*"dovecot\.index[.\w]*", O_RDONLY|'
                  r'newfstatat\(\d+<[^>]*>, "dovecot\.index|'
                  r'(fstat|pread64|statx|newfstatat)\(\d+<.*/dovecot\.index',
                  line) is not None


def each_with_an_error(calls, errors):
    """Returns the calls that may fail: (call, when, error). Those of one name
    have the errors that they may have in turn."""
    turns = {}
    for call, when in calls:
        if call in WITHOUT_ERROR:
            continue
        if call not in turns:
            turns[call] = itertools.cycle(
                error for error in errors
                if OTHERS.get(error) is None or call in OTHERS[error])
        yield call, when, next(turns[call])


@pytest.mark.any_dovecot
@pytest.mark.parametrize("tier, errors", [
    ("default", ["EIO"]), ("default", OTHERS), ("used", ["EIO"]),
    ("used", OTHERS), ("in-place", ["EIO", *OTHERS]),
    ("maildir", ["EIO", *OTHERS])])
def test_a_call_fails(trees, tier, errors, tmp_path):
    path = str(tmp_path / "trace")
    left = undisturbed(trees, tier)
    for call, when, error in each_with_an_error(calls(trees, tier, path),
                                                errors):
        fill(trees, tier)
        guard = guarded(trees)
        done = run(trees, tier, call, f"error={error}:when={when}", path)
        what = (tier, call, error, when, done.status, done.stderr)
        check_told(call, error, done, what)
        if done.status == os.EX_OK:
            with open(path) as f:
                check_silent(trees, done, f.read(), left, what)
        check(trees, tier, guard, left, what)


@pytest.mark.any_dovecot
@pytest.mark.parametrize("tier", ["default", "used", "in-place", "maildir"])
def test_it_is_killed(trees, tier, tmp_path):
    left = undisturbed(trees, tier)
    for call, when in calls(trees, tier, str(tmp_path / "trace")):
        if call not in SEEN:
            continue
        fill(trees, tier)
        guard = guarded(trees)
        done = run(trees, tier, call, f"signal=KILL:when={when}")
        what = (tier, call, when, done.status)
        assert done.status == -signal.SIGKILL, what
        check(trees, tier, guard, left, what)


@pytest.mark.any_dovecot
def test_the_wrong_mails_stay_wrong(trees, tmp_path):
    """No error makes --used begin."""
    path = str(tmp_path / "trace")
    for call, when, error in each_with_an_error(calls(trees, "wrong", path),
                                                ["EIO", "EACCES"]):
        fill(trees, "wrong")
        before = snapshot(trees.index)
        done = run(trees, "wrong", call, f"error={error}:when={when}")
        what = (call, error, when, done.stderr)
        assert done.status == os.EX_IOERR, what
        assert snapshot(trees.index) == before, what


# --- the same through doveadm, which tells in its own way

def doveadm_calls(path, call, root):
    """Returns when doveadm's main process made a call for something below a
    root, as it counts all its calls of that name."""
    with open(path, errors="replace") as f:
        lines = f.read().splitlines()
    pid = lines[0].split()[0]
    mine = [line for line in lines if re.match(rf"{pid} +{call}\(", line)]
    return [when for when, line in enumerate(mine, 1) if root in line]


class DoveadmRuns:
    """Cleans alice's indexes while the last call of a name fails."""

    def __init__(self, server, path):
        self.server = server
        self.path = path
        self.root = server.path("index/%u", "alice")
        self.tops = [server.path("home"), server.path("mail"),
                     self.root + "/.imap/box"]

    def fill(self):
        make_junk(self.server, "alice", ["junk", "sub/gone"])
        self.before = snapshot(*self.tops)

    def run(self, call, *inject):
        return self.server.doveadm(
            "mailbox-audit", "clean", "-u", "alice", "-a", "0", "-j",
            check=False, prefix=["strace", "-f", "-y", "-o", self.path, "-e",
                                 f"trace={call}", *inject])

    def disturbed(self, call, what):
        """What doveadm counts before it begins depends on its server: tries
        until the call was one for the index root."""
        for _ in range(10):
            self.fill()
            self.run(call)
            when = doveadm_calls(self.path, call, self.root)
            self.fill()
            done = self.run(call, "-e", f"inject={call}:{what}:when={when[-1]}")
            again = doveadm_calls(self.path, call, self.root)
            if when[-1] in again and again[-1] >= when[-1]:
                return done
        raise AssertionError(call)


@pytest.mark.parametrize("call", [
    "openat", "newfstatat", "getdents64", "statx", "fcntl", "flock",
    "pread64", "unlinkat"])
def test_doveadm_tells(dovecot, call, tmp_path):
    server = dovecot(users=["alice"])
    with server.imap("alice") as imap:
        imap.ok("CREATE box")
        imap.ok("SELECT box")
    server.restart()
    runs = DoveadmRuns(server, str(tmp_path / "trace"))
    runs.fill()
    clean(server, "alice")
    left = paths_below(runs.root)
    done = runs.disturbed(call, "error=EIO")
    assert done.returncode == os.EX_TEMPFAIL, done.stderr
    error = report(json_lines(done.stdout))["errors"][0]
    assert error["op"] in OPS[call] and error["path"].startswith(runs.root)
    assert (f"Error: {error['op']}({error['path']}) failed: Input/output "
            "error").encode() in done.stderr
    assert snapshot(*runs.tops) == runs.before
    done = runs.disturbed(call, "signal=KILL")
    assert done.returncode == -signal.SIGKILL
    assert snapshot(*runs.tops) == runs.before
    clean(server, "alice")
    assert paths_below(runs.root) == left
    assert snapshot(*runs.tops) == runs.before


# --- where there are no leases

@pytest.mark.parametrize("method", ["fcntl", "flock"])
def test_a_lock_where_there_is_no_lease(trees, method):
    """For somebody else's file there is none."""
    fill(trees, "default")
    path = f"{trees.index}/.imap/others/dovecot.index.log"
    take = fcntl.flock if method == "flock" else fcntl.lockf
    with open(path, "r+b") as log:
        take(log, fcntl.LOCK_EX)
        done = trees.clean("--lock-method", method)
        assert done.why(".imap/others") == "locked"
        assert done.why(".imap/junk") == "removed"
        take(log, fcntl.LOCK_UN)
        done = trees.clean("--lock-method", method)
        assert done.why(".imap/others") == "removed"


def test_a_file_system_that_keeps_open_files(trees):
    """NFS does, under another name in the same directory: clean has closed the
    log before it removes the directory."""
    left = undisturbed(trees, "default")
    fill(trees, "default")
    with slow(trees.index, at=trees.index):
        assert trees.clean().report["errors"] == []
        assert paths_below(trees.index) == left


def test_names_that_differ_in_case(trees):
    """Where that makes no difference to the index's file system, an index
    stays under the name that the mailbox had before it was renamed, say."""
    for name in ("Box", "Lists/box", "Gone"):
        parent, _, last = name.rpartition("/")
        make(trees, f"{parent}/.imap/{last}", "dovecot.index")
    make(trees, ".imap/Junk")
    trees.box("box")
    trees.box("lists/box")
    own(trees)
    before = snapshot(f"{trees.index}/.imap/Box", f"{trees.index}/Lists")
    used = ["-U", "-g", "0", "-f"]
    with slow(trees.index, at=trees.index, fold=True):
        assert os.path.exists(f"{trees.index}/lists/.imap/BOX/dovecot.index")
        done = trees.clean(*used)
        kept = done.report["namespaces"][0]["clean"]["kept"]
        assert {path: done.why(path) for path in done.entries} == {
            ".imap/Junk": "removed"}
        assert kept["unknown"]["entries"] == 3
        lines = subprocess.run(
            ["mailbox-audit", "report", "--index-root", trees.index,
             "--mail-root", trees.mail, "-e", "-j"], check=True,
            capture_output=True).stdout.splitlines()
        assert {json.loads(line)["entry"]["reason"] for line in lines[:-1]} \
            == {"letter-case"}
    assert snapshot(f"{trees.index}/.imap/Box", f"{trees.index}/Lists") == \
        before
    done = trees.clean(*used)
    assert set(map(done.why, done.entries)) == {"removed"}


def test_only_upper_levels_that_differ_in_case(trees):
    """A directory may tell case apart where the ones above it don't."""
    for name in (".imap/Box", "Lists/.imap/Box", "Box/.imap/box"):
        make(trees, name, "dovecot.index")
    make(trees, "Box/.imap/junk")
    for name in ("box", "lists/Box"):
        trees.box(name)
    own(trees)
    with slow(trees.index, at=trees.index, fold=True, exact="Box"):
        assert not os.path.exists(f"{trees.index}/.imap/Box/DOVECOT.index")
        done = trees.clean("-U", "-g", "0", "-f")
    kept = done.report["namespaces"][0]["clean"]["kept"]
    assert {path: done.why(path) for path in done.entries} == {
        "Box/.imap/junk": "removed"}
    assert kept["unknown"]["entries"] == 3
