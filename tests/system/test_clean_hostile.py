# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Clean while system calls fail, while it is killed, and while the owner of the
trees changes them. The utility does it, with no Dovecot: it becomes the user
"nobody", whom all belongs to."""

import contextlib
import json
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time

import pytest

from audit import MESSAGE, write
from cleaning import INDEX_HEADER, LOG_HEADER, LOG_UPDATE, stop_at
from test_audit_hostile import exchange

pytestmark = pytest.mark.any_dovecot
USER = "nobody"
SWAPS = 100_000


class Trees:
    """An index root, a mail root, and what stands outside of both."""

    def __init__(self, top):
        self.index = os.path.join(top, "index")
        self.mail = os.path.join(top, "mail")
        self.outside = os.path.join(top, "outside")

    def entry(self, name, *files, root=None):
        """Makes an index entry: a log and other files."""
        path = os.path.join(root or self.index, name)
        os.makedirs(path, exist_ok=True)
        write(path + "/dovecot.index.log", LOG_HEADER)
        for file in files:
            write(f"{path}/{file}", INDEX_HEADER if file == "dovecot.index"
                  else b"x")
        return path

    def box(self, name, data=MESSAGE):
        path = os.path.join(self.mail, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write(path, data)
        return path

    def own(self, *paths):
        """Gives all to the user."""
        subprocess.run(["chown", "-R", "--no-dereference", USER, *(paths or (
            self.index, self.mail, self.outside))], check=True)

    def command(self, *options):
        return ["mailbox-audit", "clean", "--user", USER, "--index-root",
                self.index, "--mail-root", self.mail, "-a", "0", "-e", "-j",
                *options]

    def clean(self, *options, prefix=(), status=0):
        """Returns the entries by path, and the report's line."""
        done = subprocess.run([*prefix, *self.command(*options)],
                              stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=300)
        if status is not None:
            assert done.returncode == status, done
        return Clean(done)


class Clean:
    def __init__(self, done):
        self.status = done.returncode
        self.stderr = done.stderr
        lines = []
        for line in done.stdout.splitlines():
            lines.append(json.loads(line))
        self.entries = {line["entry"]["path"]: line["entry"]
                        for line in lines if "entry" in line}
        self.report = lines[-1] if lines and "namespaces" in lines[-1] \
            else None

    def why(self, path):
        """Why an entry was kept, or that it was removed; None if it isn't
        bogus."""
        if path not in self.entries:
            return None
        entry = self.entries[path]
        return entry["kept_because"] or entry["action"]


@contextlib.contextmanager
def trees_below(parent):
    top = tempfile.mkdtemp(prefix="mba-clean-", dir=parent)
    os.chmod(top, 0o755)
    found = Trees(top)
    for path in (found.index, found.mail, found.outside):
        os.mkdir(path)
    write(found.mail + "/other", b"x\n")
    try:
        yield found
    finally:
        # shutil.rmtree() calls itself for each level
        subprocess.run(["rm", "-rf", top], check=True)


@pytest.fixture
def trees():
    with trees_below(None) as found:
        yield found


@pytest.fixture
def trees_in_memory():
    """Where it can be."""
    with trees_below("/dev/shm" if os.path.ismount("/dev/shm") else
                     None) as found:
        yield found


def snapshot(*paths):
    """What stands there: each inode with its times and data."""
    found = {}
    for top in paths:
        for path, dirs, files in os.walk(top):
            for name in [".", *dirs, *files]:
                full = os.path.join(path, name)
                st = os.lstat(full)
                data = b""
                if stat.S_ISREG(st.st_mode):
                    with open(full, "rb") as f:
                        data = f.read()
                found[full] = (st.st_mode, st.st_ino, st.st_nlink, st.st_size,
                               st.st_mtime_ns, st.st_ctime_ns, data)
    return found


# --- the trees change between a look and a removal

class Owner:
    """Swaps names with links that lead outside, over and over, one at a time;
    what it swapped is back while it is stopped."""

    def __init__(self, pairs):
        self.pairs = pairs
        self.count = 0
        self.lock = threading.Lock()
        self.ended = False
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.ended:
            for path, link in self.pairs:
                with self.lock:
                    self.swap(path, link)

    def swap(self, path, link):
        target = os.readlink(link)
        try:
            exchange(path, link)
            self.count += 1
            exchange(path, link)
            self.count += 1
        except FileNotFoundError:
            # it was removed, the link in its place perhaps
            if not os.path.islink(link):
                self.put_back(path, link)
                os.symlink(target, link)

    @staticmethod
    def put_back(path, link):
        try:
            os.rename(link, path)
        except FileNotFoundError:
            # a log, whose directory was removed meanwhile, too
            os.unlink(link)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.ended = True
        self.thread.join()


class Movers(Owner):
    """Swaps names with others that are never removed."""

    def swap(self, path, link):
        for _ in range(2):
            exchange(path, link)
            self.count += 1


class Hiders(Movers):
    """What is swapped away has nothing in it meanwhile but one file: who has a
    directory open, instead of asking what is at its name, misses what was in
    it."""

    def __init__(self, pairs, away):
        super().__init__(pairs)
        self.away = away

    def swap(self, path, link):
        exchange(path, link)
        names = [] if os.path.islink(link) or not os.path.isdir(link) else \
            [name for name in os.listdir(link) if name != "other"][:10]
        for name in names:
            os.rename(f"{link}/{name}", f"{self.away}/{name}")
        for name in names:
            os.rename(f"{self.away}/{name}", f"{link}/{name}")
        exchange(path, link)
        self.count += 2


def clean_beside(trees, owner, swaps, check, options):
    """Cleans while names are swapped, until something was removed, too."""
    removed = runs = 0
    with owner:
        while owner.count < swaps or removed == 0:
            assert owner.thread.is_alive()
            done = trees.clean(*options, status=None)
            assert done.status in (os.EX_OK, os.EX_IOERR), done.stderr
            removed += any(entry["action"] == "removed"
                           for entry in done.entries.values())
            runs += 1
            with owner.lock:
                check()
    print(f"{owner.count} swaps, {runs} runs, {removed} with a removal")


JUNK = "a/b/.imap/junk"
KEPT = "a/b/.imap/box"


def swapped_names():
    """Every level of an entry's path, and its log."""
    parts = (JUNK + "/dovecot.index.log").split("/")
    return ["/".join(parts[:i + 1]) for i in range(len(parts))]


@pytest.mark.parametrize("used", [False, True])
def test_owner_swaps_directories_and_links(trees, used):
    options = ["--used", "--used-age", "0", "--force"] if used else []
    files = ["dovecot.index", "dovecot.index.cache"] if used else []

    for name in (JUNK, KEPT):
        trees.entry(name, *files, root=trees.outside)
        trees.entry(name, *files)
    trees.box("a/b/box")
    attic = os.path.join(os.path.dirname(trees.index), "attic")
    os.mkdir(attic)
    pairs = []
    for name in swapped_names():
        link = f"{attic}/{len(pairs)}"
        os.symlink(f"{trees.outside}/{name}", link)
        pairs.append((f"{trees.index}/{name}", link))
    trees.own()
    untouched = [trees.outside, trees.mail, f"{trees.index}/{KEPT}"]
    before = snapshot(*untouched)

    def check():
        assert snapshot(*untouched) == before
        trees.own(trees.entry(JUNK, *files))

    clean_beside(trees, Owner(pairs), SWAPS, check, options)


def below(top):
    """What stands there, without the directory itself."""
    found = snapshot(top)
    del found[os.path.join(top, ".")]
    return {path: st for path, st in found.items() if path != top}


@pytest.mark.parametrize("used", [False, True])
def test_the_index_root_is_swapped(trees, used):
    """The other tree has entries in the same places, but each holds something
    that keeps it."""
    options = ["--used", "--used-age", "0", "--force"] if used else []
    files = ["dovecot.index", "dovecot.index.cache"] if used else []
    for name in (JUNK, KEPT):
        trees.entry(name, *files, "mine", root=trees.outside)
        trees.entry(name, *files)
    trees.box("a/b/box")
    trees.own()
    kept = f"{trees.index}/{KEPT}"
    before = below(trees.outside), snapshot(kept, trees.mail)

    def check():
        assert (below(trees.outside), snapshot(kept, trees.mail)) == before
        trees.own(trees.entry(JUNK, *files))

    clean_beside(trees, Movers([(trees.index, trees.outside)]), SWAPS, check,
                 options)


# By format: its options, the index of a mailbox with its number, and of another
# name that is none, the mailbox's files, and what of the mails is swapped, of
# the first mailbox where it is one's; "" is the root. Many mailboxes, since
# each is looked at for a moment only.
BOXES = 50
MAIL_SIDES = {
    "mbox": ([], KEPT + "%d", JUNK, ["a/b/box%d"],
             ["", "a", "a/b", "a/b/box0"]),
    "maildir": (["--format", "maildir"], ".box%d", ".junk",
                [".box%d/cur/1", ".box%d/new/1", ".box%d/tmp/1"],
                ["", ".box0", ".box0/cur", ".box0/tmp"]),
}


@pytest.mark.parametrize("used", [False, True])
@pytest.mark.parametrize("driver", MAIL_SIDES)
def test_the_mails_are_swapped(trees, driver, used):
    """What is a mailbox before and after each swap has an entry always."""
    options, kept, junk, mails, names = MAIL_SIDES[driver]
    if used:
        options = [*options, "--used", "--used-age", "0", "--force"]
    files = ["dovecot.index", "dovecot.index.cache"] if used else []
    kept = [kept % i for i in range(BOXES)]
    mails = [mail % i for mail in mails for i in range(BOXES)]
    for name in (*kept, junk):
        trees.entry(name, *files)
    attic = os.path.join(os.path.dirname(trees.index), "attic")
    tops = [trees.mail, trees.outside,
            *(f"{attic}/{i}" for i in range(len(names)))]
    for top in tops:
        for mail in mails:
            trees.box(f"{top}/{mail}")
        write(f"{top}/other", b"x\n")
    pairs = []
    for i, name in enumerate(names):
        link = f"{attic}/link{i}"
        os.symlink(f"{trees.outside}/{name}", link)
        pairs += [(f"{trees.mail}/{name}".rstrip("/"), other) for other in (
            f"{attic}/{i}/{name}".rstrip("/"), link)]
    away = os.path.join(os.path.dirname(trees.index), "away")
    os.mkdir(away)
    trees.own(trees.index, trees.mail, trees.outside, attic)
    untouched = [trees.outside, *(f"{trees.index}/{name}" for name in kept)]
    before = snapshot(*untouched), find_files(trees.mail), find_files(attic)

    def check():
        assert (snapshot(*untouched), find_files(trees.mail),
                find_files(attic)) == before
        trees.own(trees.entry(junk, *files))

    clean_beside(trees, Hiders(pairs, away), SWAPS // 2, check, options)


# --- what is no ordinary file or directory

def test_mounts_are_not_entered(trees):
    trees.entry(".imap/gone")
    for name in ("dir", ".imap/mounted"):
        trees.entry(".imap/secret" if name == "dir" else "log",
                    root=f"{trees.outside}/{name}")
        trees.entry("log", root=f"{trees.outside}/{name}")
        os.makedirs(f"{trees.index}/{name}")
    write(f"{trees.outside}/.imap/mounted/dovecot.index.log", LOG_HEADER)
    trees.own()
    before = snapshot(trees.outside)
    mounts = [f"{trees.index}/{name}" for name in ("dir", ".imap/mounted")]
    try:
        for path in mounts:
            subprocess.run(["mount", "--bind", path.replace(
                trees.index, trees.outside), path], check=True)
        done = trees.clean()
        assert {path: done.why(path) for path in done.entries} == {
            ".imap/gone": "removed"}
    finally:
        for path in mounts:
            subprocess.run(["umount", path], check=True)
    assert snapshot(trees.outside) == before
    assert sorted(os.listdir(trees.index)) == [".imap", "dir"]


def test_immutable_files_are_errors(trees):
    kept = trees.entry(".imap/kept") + "/dovecot.index.log"
    trees.entry(".imap/gone")
    trees.own()
    flag = subprocess.run(["chattr", "+i", kept], capture_output=True,
                          check=False)
    if flag.returncode != 0:
        pytest.skip(f"chattr +i: {flag.stderr.decode().strip()}")
    try:
        done = trees.clean(status=os.EX_IOERR)
    finally:
        subprocess.run(["chattr", "-i", kept], check=True)
    assert (done.why(".imap/kept"), done.why(".imap/gone")) == (
        "error", "removed")
    error, = done.report["errors"]
    assert error == {"op": "unlink", "path": kept,
                     "error": "Operation not permitted"}
    assert trees.clean().why(".imap/kept") == "removed"


def test_links_to_files_outside(trees):
    target = f"{trees.outside}/log"
    write(target, LOG_HEADER)
    os.link(target, trees.entry(".imap/two") + "/dovecot.index.log2")
    os.mkdir(f"{trees.index}/.imap/one")
    os.link(target, f"{trees.index}/.imap/one/dovecot.index.log")
    os.mkdir(f"{trees.index}/.imap/symlink")
    os.symlink(target, f"{trees.index}/.imap/symlink/dovecot.index.log")
    trees.own()
    before = snapshot(trees.outside, trees.index)
    done = trees.clean("--used", "--used-age", "0", "--force")
    assert {done.why(path) for path in done.entries} == {"files"}
    assert snapshot(trees.outside, trees.index) == before


def full_pipe():
    """Returns the ends of a pipe into which nothing more goes."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"\n" * 4096)
    os.set_blocking(writer, True)
    return reader, writer


def memory(trees):
    """Returns the kilobytes that a clean of all took at the most, and its
    report. It is asked while it waits to write that. wait4() would tell of the
    Python that the process was before."""
    reader, writer = full_pipe()
    child = subprocess.Popen([word for word in trees.command() if word != "-e"],
                             stdin=subprocess.DEVNULL, stdout=writer)
    os.close(writer)
    while os.listdir(trees.index):
        assert child.poll() is None
        time.sleep(0.05)
    with open(f"/proc/{child.pid}/status") as f:
        peak = re.search(r"^VmHWM:\s+(\d+) kB", f.read(), re.M).group(1)
    with open(reader, "rb") as f:
        line = f.read().strip()
    assert child.wait() == 0
    return int(peak), json.loads(line)


def test_memory_does_not_grow(trees_in_memory):
    trees = trees_in_memory
    used = []
    for count in (1000, 100_000):
        os.mkdir(f"{trees.index}/.imap")
        fd = os.open(f"{trees.index}/.imap", os.O_RDONLY)
        trees.own()
        uid = os.fstat(fd).st_uid
        for i in range(count):
            os.mkdir(f"gone{i}", dir_fd=fd)
            os.chown(f"gone{i}", uid, uid, dir_fd=fd)
        os.close(fd)
        kilobytes, report = memory(trees)
        removed = report["namespaces"][0]["clean"]["entries"]
        assert removed["entries"] == count
        used.append(kilobytes)
    print(f"kilobytes: {used}")
    assert used[1] < used[0] + 512


def test_any_depth(trees):
    trees.entry(".imap/gone")
    trees.own()
    here = os.open(".", os.O_RDONLY)
    os.chdir(trees.index)
    try:
        for _ in range(5000):
            os.mkdir("x")
            shutil.chown("x", USER)
            os.chdir("x")
    finally:
        os.chdir(here)
        os.close(here)
    trees.clean()
    assert os.listdir(trees.index) == []


def deep_dir(top, levels):
    """Makes directories, one in the other; returns the last one's
    descriptor."""
    fd = os.open(top, os.O_RDONLY)
    for name in levels:
        if name not in os.listdir(fd):
            os.mkdir(name, dir_fd=fd)
            os.chown(name, pwd.getpwnam(USER).pw_uid, -1, dir_fd=fd)
        above, fd = fd, os.open(name, os.O_RDONLY, dir_fd=fd)
        os.close(above)
    return fd


def write_in(fd, name, data):
    file = os.open(name, os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=fd)
    os.write(file, data)
    os.fchown(file, pwd.getpwnam(USER).pw_uid, -1)
    os.close(file)


@pytest.mark.parametrize("levels", [["d" * 250] * n for n in (8, 15, 16, 17)] +
                         [["x"] * 2100], ids=len)
@pytest.mark.parametrize("used", [False, True])
def test_paths_longer_than_a_call_takes(trees, levels, used):
    """Neither Dovecot nor a system call takes such a path in one piece, as it
    stands after a RENAME of a directory far above: clean does."""
    trees.own()
    files = {"dovecot.index.log": LOG_HEADER}
    if used:
        files["dovecot.index"] = INDEX_HEADER
    for name in ("gone", "box"):
        fd = deep_dir(trees.index, [*levels, ".imap", name])
        for file, data in files.items():
            write_in(fd, file, data)
        os.close(fd)
    fd = deep_dir(trees.mail, levels)
    write_in(fd, "box", MESSAGE)
    os.close(fd)
    options = ["-U", "-g", "0"] if used else []
    done = trees.clean(*options, "-s", "not-mailbox,missing", "--dry-run")
    assert list(done.entries) == ["/".join([*levels, ".imap/gone"])]
    done = trees.clean(*options)
    clean = done.report["namespaces"][0]["clean"]
    assert done.why("/".join([*levels, ".imap/gone"])) == "removed"
    assert done.report["errors"] == []
    assert clean["kept"]["mailbox"]["entries"] == 1
    fd = deep_dir(trees.index, [*levels, ".imap"])
    assert os.listdir(fd) == ["box"]
    os.close(fd)


# --- what is decided, is decided at the last moment

def make_mailbox(trees):
    trees.box("gone")


def rename_mailbox(trees):
    os.rename(f"{trees.mail}/box", f"{trees.mail}/new")
    os.rename(f"{trees.index}/.imap/box", f"{trees.index}/.imap/new")


def rename_and_make_anew(trees):
    rename_mailbox(trees)
    trees.box("box", b"")
    trees.entry(".imap/box")


def rename_and_make_entry(trees):
    """What is at the old name is another entry, of no mailbox."""
    rename_mailbox(trees)
    trees.entry(".imap/box")


def move_mailboxes(trees):
    os.rename(f"{trees.mail}/old", f"{trees.mail}/new")
    os.rename(f"{trees.index}/old", f"{trees.index}/new")


def move_mailboxes_and_link(trees):
    move_mailboxes(trees)
    os.symlink("new", f"{trees.index}/old")


def move_out_and_link(trees):
    """The old name leads out of the index root."""
    os.rename(f"{trees.index}/old", f"{trees.outside}/old")
    os.symlink(f"{trees.outside}/old", f"{trees.index}/old")
    os.unlink(f"{trees.mail}/old/box")


def write_index(trees):
    write(f"{trees.index}/.imap/gone/dovecot.index",
          INDEX_HEADER + bytes(8))


def write_log(trees):
    write(f"{trees.index}/.imap/gone/dovecot.index.log",
          LOG_HEADER + LOG_UPDATE)


# What is done while clean waits: what there is, the entry that clean has seen,
# and why it is kept; None for a mailbox.
CHANGES = {
    make_mailbox: ((), ".imap/gone", None),
    rename_mailbox: (("box",), ".imap/box", "changed"),
    rename_and_make_anew: (("box",), ".imap/box", None),
    rename_and_make_entry: (("box",), ".imap/box", "changed"),
    move_mailboxes: (("old/box",), "old/.imap/box", "changed"),
    move_mailboxes_and_link: (("old/box",), "old/.imap/box", "changed"),
    move_out_and_link: (("old/box", "old/box2"), "old/.imap/box", "changed"),
    write_index: ((), ".imap/gone", "changed"),
    write_log: ((), ".imap/gone", "changed"),
}


@pytest.mark.parametrize("used", [False, True])
@pytest.mark.parametrize("change", CHANGES, ids=lambda c: c.__name__)
def test_a_change_before_the_removal(trees, change, used):
    boxes, path, why = CHANGES[change]
    if change is write_index and not used:
        pytest.skip("an untouched entry has one file")
    trees.entry(path, *(["dovecot.index"] if used else []))
    for name in boxes:
        trees.box(name)
    trees.own()
    # the first one is for the lease, after the directory was read
    child, pid = stop_at("fcntl", trees.command(
        *(["--used", "--used-age", "0", "--force"] if used else [])))
    change(trees)
    tops = trees.index, trees.outside
    logs = [find_files(top) for top in tops]
    done = go_on(child, pid)
    assert (done.status, done.why(path)) == (0, why), done.stderr
    assert [find_files(top) for top in tops] == logs


def go_on(child, pid):
    """Lets a clean that has stopped go on to its end."""
    os.kill(pid, signal.SIGCONT)
    stdout, stderr = child.communicate(timeout=60)
    return Clean(subprocess.CompletedProcess(child.args, child.returncode,
                                             stdout, stderr))


def test_a_log_that_is_opened_while_clean_has_the_lease(trees):
    """The one who opens it waits, and the signal of that ends nothing. He may
    be about to use a mailbox that is made only now."""
    log = trees.entry(".imap/gone") + "/dovecot.index.log"
    trees.own()
    # F_SETSIG, F_SETLEASE
    child, pid = stop_at("fcntl", trees.command(), when=2)
    with pytest.raises(BlockingIOError):
        os.open(log, os.O_RDONLY | os.O_NONBLOCK)
    done = go_on(child, pid)
    assert (done.status, done.why(".imap/gone")) == (0, "open"), done.stderr
    assert os.path.exists(log)


def replace_by_link(log, trees):
    os.symlink(f"{trees.outside}/log", log)


def replace_by_fifo(log, trees):
    os.mkfifo(log)
    shutil.chown(log, USER)


@pytest.mark.parametrize("replace", [replace_by_link, replace_by_fifo],
                         ids=lambda c: c.__name__)
def test_a_log_that_is_replaced_before_it_is_opened(trees, replace, tmp_path):
    """A link isn't followed, a FIFO not waited for."""
    log = trees.entry(".imap/gone") + "/dovecot.index.log"
    write(f"{trees.outside}/log", LOG_HEADER)
    trees.own()
    path = str(tmp_path / "trace")
    trees.clean("--dry-run", prefix=["strace", "-f", "-o", path, "-e",
                                     "trace=openat,newfstatat"])
    with open(path) as f:
        before = re.split(r'openat\(\d+, "dovecot.index.log"', f.read())[0]
    # it has looked at the log
    child, pid = stop_at("newfstatat", trees.command(),
                         before.count("newfstatat("))
    os.unlink(log)
    replace(log, trees)
    # if that were opened, a session would be seen
    with open(f"{trees.outside}/log"):
        done = go_on(child, pid)
    assert (done.status, done.why(".imap/gone")) == (0, "changed"), done.stderr
    assert os.path.lexists(log)


def test_a_file_that_comes_before_its_directory_goes(trees):
    """Among the mails the directory was marked as clean's by then."""
    trees.index = trees.mail
    path = trees.entry(".imap/gone")
    trees.box("box")
    trees.own()
    mode = os.stat(path).st_mode
    child, pid = stop_at("unlinkat", trees.command())
    assert os.listdir(path) == [] and os.stat(path).st_mode != mode
    write(path + "/dovecot.index.log", b"")
    done = go_on(child, pid)
    assert (done.status, done.why(".imap/gone")) == (0, "changed"), done.stderr
    assert os.listdir(path) == ["dovecot.index.log"]
    assert os.stat(path).st_mode == mode


def find_files(top):
    return sorted(os.path.join(path, name) for path, _, files in os.walk(top)
                  for name in files)
