# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The slow file server of the tests is one: it takes its time, answers many at
once, and fails as it is told to."""

import os
import threading
import time

import pytest

from audit import write
from slowfs import slow
from waiting import wait_for

pytestmark = pytest.mark.any_dovecot
MANY = 256
FEW = 8


@pytest.fixture
def names(tmp_path):
    for i in range(MANY * 3):
        write(tmp_path / f"f{i}", b"x")
    return [f"f{i}" for i in range(MANY * 3)]


def look(paths):
    """Looks at all paths at once; returns how long that took."""
    threads = [threading.Thread(target=os.stat, args=(path,))
               for path in paths]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - begin


def test_many_looks_take_one_delay(tmp_path, names):
    """In one directory, of files that weren't looked at before."""
    with slow(str(tmp_path), delay=500_000) as server:
        paths = [os.path.join(server.path, name) for name in names]
        begin = time.monotonic()
        for path in paths[:FEW]:
            os.stat(path)
        limit = (time.monotonic() - begin) / 2
        assert limit >= FEW * 0.5 / 2
        # the server's threads are made at the first time; a busy machine may
        # be in the way more often, and the kernel forgets within a second
        assert wait_for(lambda: look(paths[FEW:FEW + MANY]) < limit or
                        look(paths[MANY * 2:]) < limit)
    assert server.at_once >= MANY * 0.5 / limit
    assert server.answers >= MANY


def failing(source, **options):
    """Returns the names that can't be looked at, and those that can't be
    opened."""
    unseen, closed = set(), set()
    with slow(source, jitter=1000, **options) as server:
        assert len(os.listdir(server.path)) == MANY * 3
        for name in os.listdir(source):
            try:
                os.stat(os.path.join(server.path, name))
                with open(os.path.join(server.path, name), "rb") as file:
                    assert file.read() == b"x"
            except PermissionError:
                closed.add(name)
            except OSError:
                unseen.add(name)
    return unseen, closed


def test_errors_are_those_of_the_seed(tmp_path, names):
    first = failing(str(tmp_path), errors=100, seed=1)
    assert all(0 < len(part) < len(names) / 3 for part in first)
    assert failing(str(tmp_path), errors=100, seed=1) == first
    assert failing(str(tmp_path), errors=100, seed=2) != first
    assert failing(str(tmp_path), errors=0, seed=1) == (set(), set())
    assert failing(str(tmp_path), errors=1000, seed=1, spare="f3")[0] == \
        set(names) - {"f3"}


def test_what_is_open_stays_what_it_is(tmp_path):
    """A directory that comes in its place is another one."""
    os.mkdir(tmp_path / "dir")
    write(tmp_path / "dir/old", b"x")
    inode = os.stat(tmp_path / "dir").st_ino
    with slow(str(tmp_path), nocache=True) as server:
        path = server.path + "/dir"
        held = os.open(path, os.O_PATH | os.O_DIRECTORY)
        try:
            os.rename(tmp_path / "dir", tmp_path / "away")
            assert not os.path.exists(path)
            os.mkdir(tmp_path / "dir")
            write(tmp_path / "dir/new", b"x")
            assert os.listdir(path) == ["new"]
            assert os.fstat(held).st_ino == inode != os.stat(path).st_ino
            os.stat("old", dir_fd=held)
            os.unlink(tmp_path / "away/old")
            write(tmp_path / "dir/old", b"x")
            os.stat(path + "/old")
            with pytest.raises(FileNotFoundError):
                os.stat("old", dir_fd=held)
        finally:
            os.close(held)


def test_files_can_be_removed_and_not_changed(tmp_path, names):
    with slow(str(tmp_path)) as server:
        with pytest.raises(OSError):
            os.mkdir(server.path + "/new")
        with pytest.raises(OSError):
            write(server.path + "/f1", b"y")
        os.unlink(server.path + "/f1")
    assert sorted(os.listdir(tmp_path)) == sorted(set(names) - {"f1"})


def test_an_open_file_stays_in_its_directory(tmp_path):
    os.mkdir(tmp_path / "dir")
    write(tmp_path / "dir/file", b"x")
    with slow(str(tmp_path)) as server:
        with open(server.path + "/dir/file", "rb") as file:
            os.unlink(server.path + "/dir/file")
            assert len(os.listdir(server.path + "/dir")) == 1
            with pytest.raises(OSError):
                os.rmdir(server.path + "/dir")
            assert file.read() == b"x"
        os.rmdir(server.path + "/dir")
    assert os.listdir(tmp_path) == []
