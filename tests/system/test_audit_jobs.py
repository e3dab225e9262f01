# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Many looks in flight on a slow file server: what is found, its order and its
bytes are those of one look at a time."""

import fcntl
import itertools
import os
import random
import shutil
import subprocess
import tempfile
import threading

import pytest

from audit import (as_user, as_user_argv, default_location, entries,
                   fill_boxes, json_lines, location_options, LOCATIONS,
                   make_log, MESSAGE, report, write)
from cleaning import entry_dir, make_junk
from oracle import make_atimes_old, snapshot
from slowfs import slow
from test_audit_layout_index import fill, start

JOBS = [1, 2, 16, 64]
ADDRESS_SPACE = 256 * 1024 * 1024


def options_below(server, loc, slow_root):
    """Returns the utility's options where the mail root is seen slowly, and an
    index root that is the same directory, too."""
    mail = server.path(loc.mail, "alice")
    options = location_options(server, "alice", loc)
    return [slow_root if option == mail else option for option in options]


def run(server, options, jobs, prefix=(), **kwargs):
    result = as_user(server, "alice", *prefix, "mailbox-audit", "report",
                     *options, "-e", "-j", "-J", str(jobs), **kwargs)
    return result.stdout, result.stderr, result.returncode


@pytest.mark.any_dovecot
@pytest.mark.parametrize("name", LOCATIONS)
def test_every_format_is_the_same(dovecot, name):
    loc = LOCATIONS[name]
    server = dovecot(location=loc)
    fill_boxes(server)
    make_junk(server, "alice", [f"gone{i}" for i in range(30)])
    mail = server.path(loc.mail, "alice")
    with slow(mail, delay=300, jitter=500, errors=100, seed=1,
              nocache=True) as slowly:
        options = options_below(server, loc, slowly.path)
        results = [run(server, options, jobs) for jobs in JOBS]
    # what is added stands elsewhere with these, and isn't looked for
    assert results[0][2] == 74 or "dirname" in name
    assert results[1:] == results[:-1]


@pytest.mark.parametrize("name", ["maildir", "mbox", "mdbox", "sdbox"])
def test_layout_index_is_the_same(dovecot, name):
    """Names and looks come from different files."""
    server = start(dovecot, name + "-apart")
    fill(server, boxes=[f"box{i}/below{i % 7}" for i in range(40)])
    server.stop()
    mail = server.path(server.location.mail, "alice")
    for errors in (0, 500):
        with slow(mail, delay=500, jitter=1000, errors=errors, seed=4,
                  nocache=True) as slowly:
            options = options_below(server, server.location, slowly.path)
            results = [run(server, options, jobs) for jobs in JOBS]
        assert results[1:] == results[:-1]
        states = report(json_lines(results[0][0]))["namespaces"][0]["states"]
        assert sum(states[state]["entries"] for state in states) > 40
        if errors > 0:
            # GUIDs, and which of them fail, differ each time
            assert results[0][2] == 74
            assert states["unknown"]["entries"] > 0
        else:
            # many were in flight
            assert slowly.at_once > 4


# --- one tree with all that there is

def make_name(path, kind):
    if kind == "mbox":
        write(path, MESSAGE)
    elif kind == "junk":
        write(path, b"junk\n")
    elif kind == "closed":
        write(path, MESSAGE)
        os.chmod(path, 0)
    elif kind == "dangling":
        os.symlink("nowhere", path)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "dir":
        os.mkdir(path)


KINDS = ["mbox", "mbox", "junk", "junk", "junk", "gone", "gone", "closed",
         "dangling", "fifo", "dir"]


def make_dir(home, index, rng, count):
    os.makedirs(home, exist_ok=True)
    os.makedirs(index + "/.imap", exist_ok=True)
    for i in range(count):
        make_name(f"{home}/f{i}", rng.choice(KINDS))
        make_log(f"{index}/.imap/f{i}")


@pytest.fixture
def server(dovecot):
    """A home with directories of every kind, one of them deeper than
    descriptors reach, many with a single entry."""
    server = dovecot(location=default_location())
    home, index = server.users["alice"].home, server.path("index/%u", "alice")
    rng = random.Random(1)
    for i in range(30):
        make_dir(f"{home}/some{i}", f"{index}/some{i}", rng, 8)
        make_dir(f"{home}/one{i}", f"{index}/one{i}", rng, 1)
    for depth in range(1, 30):
        path = "/".join(["deep"] * depth)
        make_dir(f"{home}/{path}", f"{index}/{path}", rng, 2)
    for name in ("empty", "missing", "file", "link", "closed", "unreadable"):
        make_dir(f"{home}/{name}", f"{index}/{name}", rng, 8)
        make_dir(f"{home}/{name}/below", f"{index}/{name}/below", rng, 3)
        if name in ("empty", "missing", "file", "link"):
            shutil.rmtree(f"{home}/{name}")
    os.mkdir(home + "/empty")
    write(home + "/file")
    os.symlink("nowhere", home + "/link")
    server.chown("alice", home)
    server.chown("alice", index)
    os.chmod(home + "/closed", 0)
    os.chmod(home + "/unreadable", 0o311)
    return server


def same_for_all(server, **kwargs):
    """Returns the results of all numbers of jobs, which are the same."""
    results, at_once = [], []
    for jobs in JOBS:
        with slow(server.users["alice"].home, **kwargs) as slowly:
            options = options_below(server, server.location, slowly.path)
            result = run(server, options, jobs, nofile=64 + 2 * jobs)
        # it was another mount
        results.append([part.replace(os.fsencode(slowly.path), b"MAIL")
                        if isinstance(part, bytes) else part
                        for part in result])
        at_once.append(slowly.at_once)
    assert results[1:] == results[:-1]
    # and many were in flight: there is one thread more, which opens
    assert at_once[0] == 1
    assert 2 < at_once[2] <= 17 and 4 < at_once[3] <= 65
    return results[0]


@pytest.mark.any_dovecot
@pytest.mark.parametrize("seed", range(5))
def test_errors_are_the_same(server, seed):
    out, errors, status = same_for_all(
        server, delay=500, jitter=3000, errors=[0, 20, 60, 200, 500][seed],
        seed=seed)
    assert status == 74
    last = report(json_lines(out))
    lines = errors.decode().splitlines()
    # each is told once
    assert last["errors_total"] == len(lines) == len(set(lines))
    states = last["namespaces"][0]["states"]
    if seed == 0:
        assert all(states[state]["entries"] > 0 for state in states)


@pytest.mark.any_dovecot
def test_where_descriptors_are_few(dovecot):
    """Then fewer looks are made at once, and none fails."""
    server = dovecot(location=default_location())
    home, index = server.users["alice"].home, server.path("index/%u", "alice")
    for i in range(100):
        write(f"{home}/box{i}", MESSAGE)
        make_log(entry_dir(server.location, index, f"box{i}"))
    server.chown("alice", home)
    server.chown("alice", index)
    for jobs in (1, 16, 64):
        with slow(home, delay=2000, nocache=True) as slowly:
            options = options_below(server, server.location, slowly.path)
            out, errors, status = run(server, options, jobs, nofile=20)
        assert (errors, status) == (b"", 0)
        assert {entry["state"] for entry in
                entries(json_lines(out)).values()} == {"mailbox"}


@pytest.mark.any_dovecot
@pytest.mark.parametrize("jobs", [1, 16])
def test_a_file_server_that_dies(server, jobs):
    """Nothing that is looked at from then on is known."""
    options = location_options(server, "alice", server.location)
    home = server.users["alice"].home
    with slow(home, delay=2000, nocache=True) as slowly:
        argv = as_user_argv(server, "alice", "mailbox-audit", "report", "-e",
                            "-j", "-J", str(jobs),
                            *[slowly.path if option == home else option
                              for option in options])
        # more than a small pipe takes, so that it waits for who reads
        reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        with os.fdopen(reader, "rb", buffering=0) as output, \
                tempfile.TemporaryFile() as told, \
                subprocess.Popen(argv, stdout=writer, stderr=told) as process:
            os.close(writer)
            text = output.read(1)
            slowly.process.kill()
            slowly.process.wait()
            text += output.read()
            process.wait()
            told.seek(0)
            errors = told.read().splitlines()
    lines = json_lines(text)
    found = {(entry["state"], entry["reason"])
             for entry in entries(lines).values()}
    # what was told before may be anything; the rest isn't
    assert ("unknown", "error") in found
    last = list(entries(lines).values())[-100:]
    assert {entry["state"] for entry in last} == {"unknown"}
    assert report(lines)["errors_total"] == len(errors) == len(set(errors))
    assert process.returncode == os.EX_IOERR


@pytest.fixture
def remembered(dovecot):
    """A home whose names only the mailbox list index and the subscriptions
    remember, as clean leaves it."""
    server = dovecot(location=default_location())
    home, index = server.users["alice"].home, server.path("index/%u", "alice")
    rng = random.Random(3)
    names = [f"{top}{i}/f{j}" for i in range(8) for j in range(10)
             for top in ("some", "other")]
    for name in names:
        os.makedirs(os.path.dirname(f"{home}/{name}"), exist_ok=True)
        make_name(f"{home}/{name}", rng.choice(["mbox", "junk", "junk"]))
    server.chown("alice", home)
    with server.imap("alice") as imap:
        imap.list()
        for name in names[::2]:
            imap.ok("SUBSCRIBE", name)
    for name in os.listdir(index):
        if name.startswith(("some", "other")):
            shutil.rmtree(f"{index}/{name}")
    for name in rng.sample(names, 20):
        os.unlink(f"{home}/{name}")
    return server


@pytest.mark.parametrize("seed", range(3))
def test_names_without_an_entry_are_the_same(remembered, seed):
    out, errors, status = same_for_all(
        remembered, delay=500, jitter=3000, errors=[0, 30, 60][seed],
        seed=seed)
    names = report(json_lines(out))["namespaces"][0]["names"]
    assert len(names["subscriptions"]) > 10
    assert names["list_index"]["total"] > 50
    lines = errors.splitlines()
    assert len(lines) == len(set(lines))
    assert (status == 0 and lines == []) if seed == 0 else \
        (status == 74 and len(lines) > 1)


@pytest.mark.any_dovecot
def test_what_stays_is_never_missing(server):
    """Directories vanish, come back as files, are closed and opened again while
    looks are in flight."""
    home, index = server.users["alice"].home, server.path("index/%u", "alice")
    write(home + "/always")
    # below: what is closed can't even be opened
    names = ("a", "b", "c", "below/a", "below/b")
    for i in range(40):
        os.makedirs(f"{home}/stays{i}/below")
        os.makedirs(f"{home}/goes{i}/below")
        for name in names:
            for top in (f"stays{i}", f"goes{i}"):
                write(f"{home}/{top}/{name}", MESSAGE)
                make_log(entry_dir(server.location, index, f"{top}/{name}"))
    server.chown("alice", home)
    server.chown("alice", index)
    stop = threading.Event()

    def disturb():
        rng = random.Random(2)
        closed, opened = [], []
        while not stop.is_set():
            path = f"{home}/goes{rng.randrange(40)}"
            os.rename(path, path + ".away")
            if rng.random() < 0.5:
                write(path)
                stop.wait(0.001)
                os.unlink(path)
            os.rename(path + ".away", path)
            # one after the other, ten at a time
            closed.append(f"{home}/stays{(len(opened) + len(closed)) % 40}")
            os.chmod(closed[-1], 0)
            stop.wait(0.001)
            if len(closed) > 10:
                opened.append(closed.pop(0))
                os.chmod(opened[-1], 0o755)

    states = set()
    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        with slow(home, delay=500, jitter=2000, nocache=True) as slowly:
            options = options_below(server, server.location, slowly.path)
            for runs, jobs in enumerate(itertools.cycle((16, 64))):
                # an audit may be over before the other thread gets its turn
                if runs >= 4 and (len(states) > 1 or not thread.is_alive()):
                    break
                out = run(server, options, jobs)[0]
                found = entries(json_lines(out))
                for i in range(40):
                    for name in names:
                        states.add(found[f"stays{i}/{name}"]["state"])
    finally:
        stop.set()
        thread.join()
    # some were closed when it was their turn, and others weren't
    assert states == {"mailbox", "unknown"}


@pytest.mark.any_dovecot
def test_no_trace_is_left(server):
    tops = [server.users["alice"].home, server.path("index/%u", "alice")]
    make_atimes_old(*tops)
    before = snapshot(*tops)
    with slow(tops[0], delay=1000) as slowly:
        run(server, options_below(server, server.location, slowly.path), 64)
    assert slowly.at_once > 4
    assert snapshot(*tops) == before


@pytest.mark.parametrize("jobs", [16, 64])
def test_doveadm_in_its_address_space(server, jobs):
    """default_vsz_limit is 256 MB; threads share it."""
    home = server.users["alice"].home
    os.rename(home, home + ".disk")
    command = ["mailbox-audit", "-u", "alice", "-e", "-j"]
    with slow(home + ".disk", at=home, delay=1000):
        one = server.doveadm(*command, "-J", "1", check=False)
    with slow(home + ".disk", at=home, delay=1000) as slowly:
        many = server.doveadm(*command, "--jobs", str(jobs), check=False,
                              prefix=["prlimit", f"--as={ADDRESS_SPACE}"])
    assert (many.stdout, many.returncode) == (one.stdout, one.returncode)
    assert 4 < slowly.at_once <= jobs + 1


@pytest.mark.any_dovecot
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_fewer_threads_do(server, threads):
    """What pthread_create() refuses (EAGAIN) is done by those that are there:
    by the caller's alone, if need be."""
    with slow(server.users["alice"].home, delay=500) as slowly:
        options = options_below(server, server.location, slowly.path)
        one = run(server, options, 1)
    with slow(server.users["alice"].home, delay=500) as few:
        options = options_below(server, server.location, few.path)
        out, errors, status = run(server, options, 64, prefix=[
            "prlimit", f"--nproc={threads}"])
    assert out.replace(few.path.encode(), slowly.path.encode()) == one[0]
    assert status == one[2]
    assert few.at_once <= threads


@pytest.mark.any_dovecot
def test_helgrind_is_silent(server):
    for name in os.listdir(server.path("index/%u", "alice")):
        if name.startswith(("one", "some1", "some2")):
            shutil.rmtree(server.path("index/%u/", "alice") + name)
    # its threads take turns, and each its time
    with slow(server.users["alice"].home, delay=50_000) as slowly:
        options = options_below(server, server.location, slowly.path)
        result = run(server, options, 16, prefix=[
            "valgrind", "--tool=helgrind", "--error-exitcode=99", "-q"])
    assert slowly.at_once > 2
    assert result[2] == 74 and b"==" not in result[1], result[1]


@pytest.mark.parametrize("jobs", ["0", "257", "x", "-1", "", "1x"])
def test_wrong_numbers_are_refused(dovecot, jobs):
    server = dovecot()
    done = server.doveadm("mailbox-audit", "-u", "alice", "-J", jobs,
                          check=False)
    assert done.returncode == os.EX_USAGE
    assert f"Not a number of jobs: {jobs} (1 to 256)" in done.stderr.decode()
    options = location_options(server, "alice", server.location)
    done = as_user(server, "alice", "mailbox-audit", "report", *options,
                   f"--jobs={jobs}")
    assert done.returncode == os.EX_USAGE
    assert f"Not a number of jobs: {jobs} (1 to 256)" in done.stderr.decode()
