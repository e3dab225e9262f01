# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""How often the audit asks the mail side: once for an entry, once more for what
isn't where a Maildir or dbox mailbox would be, and thrice to be sure that what
isn't there isn't elsewhere; a file is opened, looked at, read once and closed
only if nothing but its content tells what it is; a directory is opened and
closed once, and read once if something is missing in it. strace counts."""

import collections
import os
import re

import pytest

from audit import ALWAYS_FULL, MESSAGE, make_log, utility, write
from dovecot import Location

LOCATIONS = {
    "mbox": Location("mbox", "~/mail", inbox="mail/%u", index="index/%u"),
    "maildir": Location("maildir", "~/mail", layout="fs", index="index/%u"),
    "sdbox": Location("sdbox", "~/mail", index="index/%u"),
}
DIRS, FILES = 7, 20
# the mail root is opened, and read to see that it isn't empty; there is no
# subscription file
ROOT = {"openat": 3, "close": 2}


def fill(server, driver):
    """Makes an index root with entries of three kinds in each of some
    directories: a mailbox, what is none, and what is missing. Returns how many
    there are of each."""
    home = server.users["alice"].home + "/mail"
    index = server.path("index/alice")
    below = {"mbox": "", "maildir": "", "sdbox": "mailboxes/"}[driver]
    os.makedirs(home)
    for i in range(DIRS):
        directory = f"{below}dir{i}"
        os.makedirs(f"{home}/{directory}")
        for j in range(FILES):
            for kind in ("box", "junk", "gone", "empty"):
                path = f"{home}/{directory}/{kind}{j}"
                entry = f"{directory}/.imap/{kind}{j}" if driver == "mbox" \
                    else f"{directory}/{kind}{j}"
                if driver == "sdbox" and ALWAYS_FULL:
                    entry += "/dbox-Mails"
                make_log(f"{index}/{entry}")
                if kind == "box" and driver == "maildir":
                    os.makedirs(path + "/tmp")
                elif kind == "box" and driver == "sdbox":
                    os.makedirs(path + "/dbox-Mails")
                elif kind == "box":
                    write(path, MESSAGE)
                elif kind == "junk":
                    write(path, b"no mail\n")
                elif kind == "empty":
                    write(path)
    server.chown("alice", home)
    server.chown("alice", index)
    return DIRS * FILES


def calls_below(path, trace):
    """Counts the calls that name a path below this one, or a descriptor of
    one, by their names; those that look at an open file as fstat."""
    with open(trace, errors="surrogateescape") as f:
        lines = [l for l in f if path in l and
                 "execve" not in l and "resumed>" not in l]
    names = [re.match(r"\d+ +(\w+)\(", line).group(1) for line in lines]
    return collections.Counter(
        "fstat" if name == "newfstatat" and '>, ""' in line else name
        for name, line in zip(names, lines))


def traced(server):
    """Counts the calls of an audit, one after the other: watched by strace, the
    file system is slow."""
    trace = server.dir + "/private/trace"
    os.chmod(server.dir + "/private", 0o777)
    utility(server, "alice", "-J", "1",
            prefix=("strace", "-f", "-qq", "-y", "-s", "0", "-o", trace))
    return calls_below(server.users["alice"].home, trace)


@pytest.mark.parametrize("driver", LOCATIONS)
def test_one_look_an_entry(dovecot, driver):
    server = dovecot(location=LOCATIONS[driver])
    kind = fill(server, driver)
    calls = traced(server)
    # where an entry was missing before one was found
    looks = calls.pop("getdents64") - 1
    assert 0 <= looks <= (0 if driver == "sdbox" else DIRS)
    dirs = DIRS + looks + (driver == "sdbox")
    # What is missing isn't, if the directory is another one by now: that is
    # looked at once more, by what is open and by its path, and so is what is
    # missing, by its path. So is what is no mailbox, but for mbox.
    bogus = (1 if driver == "mbox" else 3) * kind
    assert calls.pop("fstat") == 1 + bogus
    if driver == "mbox":
        # boxes and junk have a content to be read
        assert calls.pop("newfstatat") <= 4 * kind + 2 * bogus + 2
        assert calls.pop("pread64") == 2 * kind
        assert calls.pop("openat") == 2 * kind + dirs + ROOT["openat"]
        assert calls.pop("close") == 2 * kind + dirs + ROOT["close"]
    else:
        # all but mailboxes are looked at more closely
        assert calls.pop("newfstatat") <= (4 + 3) * kind + 2 * bogus + 2
        assert calls.pop("openat") == dirs + ROOT["openat"]
        assert calls.pop("close") == dirs + ROOT["close"]
    assert sum(calls.values()) <= 10, calls


@pytest.mark.parametrize("driver", ["mbox", "maildir"])
def test_one_look_a_directory_in_which_all_is_missing(dovecot, driver):
    """An empty one isn't even asked for its second entry."""
    server = dovecot(location=LOCATIONS[driver])
    home = server.users["alice"].home + "/mail"
    index = server.path("index/alice")
    for i in range(DIRS):
        os.makedirs(f"{home}/full{i}")
        write(f"{home}/full{i}/other", b"x\n")
        os.makedirs(f"{home}/empty{i}")
        for j in range(FILES):
            for name in (f"full{i}/gone{j}", f"empty{i}/gone{j}"):
                if driver == "mbox":
                    name = name.replace("/", "/.imap/")
                make_log(f"{index}/{name}")
    server.chown("alice", home)
    server.chown("alice", index)
    calls = traced(server)
    # an empty directory is read to its end
    assert calls["getdents64"] == 1 + DIRS + 2 * DIRS
    assert calls["openat"] == ROOT["openat"] + 2 * 2 * DIRS
    # to look closer takes one more, and so do the directory's path and the
    # entry's
    assert calls["newfstatat"] <= \
        (FILES + 1) * DIRS * (3 if driver == "mbox" else 4) + 2


def test_who_has_no_index_costs_three_calls(dovecot):
    """For thousands of users each call counts: both roots are looked at, and
    the subscriptions."""
    server = dovecot(location=LOCATIONS["mbox"])
    os.mkdir(server.users["alice"].home + "/mail")
    calls = traced(server)
    assert calls == {"newfstatat": 1, "openat": 1}
    calls = calls_below(server.path("index/alice"),
                        server.dir + "/private/trace")
    # the utility has looked at it before
    assert calls == {"newfstatat": 1 + 1}


def last_name_tells_the_end(path):
    """Returns whether nothing can come after the offset that the last name of a
    directory has, as with ext4."""
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.lseek(fd, 0, os.SEEK_END) == 2 ** 63 - 1
    except OSError:
        return False
    finally:
        os.close(fd)


def test_a_list_index_that_isnt_there_costs_three_calls(dovecot):
    """Each of its files may be there alone."""
    server = dovecot(location=LOCATIONS["mbox"])
    write(server.path("mail/alice"), MESSAGE)
    index = server.path("index/alice")
    make_log(index + "/.imap/INBOX")
    server.chown("alice", index)
    traced(server)
    calls = calls_below(index, server.dir + "/private/trace")
    # three directories are opened, looked at, read to their end and closed;
    # the root is looked at twice before, and there is a log; of the two
    # that hold others it is asked whether they tell upper and lower case apart
    assert calls.pop("getdents64") in \
        ((3,) if last_name_tells_the_end(index) else (3, 6))
    assert calls == {"openat": 3, "fstat": 3, "close": 3,
                     "newfstatat": 2 + 1 + 2 + 3}


def test_names_of_the_list_index_that_have_an_entry_cost_nothing(dovecot):
    """A LIST makes entries, and names in the list index."""
    server = dovecot(location=LOCATIONS["mbox"])
    home = server.users["alice"].home + "/mail"
    index = server.path("index/alice")
    for i in range(DIRS * FILES):
        os.makedirs(f"{home}/dir{i % DIRS}", exist_ok=True)
        write(f"{home}/dir{i % DIRS}/file{i}", b"x\n")
    server.chown("alice", home)
    with server.imap("alice") as imap:
        names = imap.list()
    assert len(names) > DIRS * FILES
    traced(server)
    calls = calls_below(index, server.dir + "/private/trace")
    # one for each log and for the files of the list index, and those of
    # directories, which have a name and no entry
    assert calls["newfstatat"] <= DIRS * FILES + 4 * DIRS + 10
