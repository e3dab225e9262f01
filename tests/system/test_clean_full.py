# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What a clean is for: LIST has filled the disk with the indexes."""

import os
import subprocess

import pytest

from audit import FROM, report, write_home
from cleaning import clean
from mounts import own_mounts

# a file system of its own, and of what there is nothing left
FULL = {"inodes": "nr_inodes=500", "space": "size=1m"}


def mount(server, options):
    """An index root for all users, in which Dovecot makes each one's."""
    path = server.path("index")
    os.makedirs(path, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=1777," + options,
                    "indexes", path], check=True)
    # only who starts from now on sees it
    server.restart()


def has_room(path):
    """Whether a directory can get a directory with a file that holds a
    byte."""
    name = path + "/room"
    try:
        os.mkdir(name)
        with open(name + "/file", "wb") as f:
            f.write(b"x")
    except OSError:
        return False
    finally:
        subprocess.run(["rm", "-rf", name], check=True)
    return True


@pytest.mark.parametrize("what", FULL)
def test_a_full_disk(dovecot, what):
    server = dovecot()
    write_home(server, "alice", "box", FROM + b"\nhello\n")
    for i in range(600):
        write_home(server, "alice", f"src/file{i}", b"no mail\n")
    index = server.path("index/%u", "alice")
    with own_mounts():
        mount(server, FULL[what])
        with server.imap("alice") as imap:
            assert len(imap.list("", "*")) > 600
        # nobody has its logs open any more
        server.restart()
        assert not has_room(server.path("index"))
        lines = clean(server, "alice")
        assert report(lines)["complete"]
        [namespace] = report(lines)["namespaces"]
        assert namespace["bogus"]["entries"] == \
            namespace["clean"]["entries"]["entries"] > 200
        assert not os.path.exists(index + "/src")
        assert has_room(server.path("index"))
        with server.imap("alice") as imap:
            imap.ok("SELECT", "box")
        assert os.path.exists(index + "/.imap/box/dovecot.index.log")
        # the list of mailboxes, which LIST could write only where there was
        # space, keeps it from looking at all of them again
        assert os.path.exists(index + "/src") == (what == "space")
        server.stop()
