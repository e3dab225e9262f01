# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""clean while clients work, and what LIST does afterwards."""

import os
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from audit import MESSAGE, entries, json_lines, write_home
from cleaning import clean, kept, make_junk, removed
from dovecot import Location
from filter import with_filter
from imap import literal
from oracle import snapshot

MBOX = Location("mbox", "~", inbox="mail/%u", index="index/%u")
MAILDIR = Location("maildir", "~/Maildir", index="index/%u")
BOXES = ["box1", "box2", "Work/box3"]
JUNK = [f"junk{i}" for i in range(100)] + [f"Work/junk{i}" for i in range(100)]
SECONDS = 9


# --- sessions that work meanwhile

def worker(server, number, end, answers):
    """One client; adds (command, status) of all that it did to answers."""
    box, made = BOXES[number % len(BOXES)], f"made{number}"
    with server.imap("alice") as imap:
        def cmd(*parts):
            name = re.sub(r"\d+", "N", parts[0].replace("Work/", ""))
            answers.add((name, imap.cmd(*parts).status))

        rounds = 0
        while time.monotonic() < end:
            rounds += 1
            cmd('LIST "" "*"')
            cmd(f"SELECT {box}")
            cmd(f"APPEND {box}", literal(MESSAGE))
            imap.raw("idle IDLE\r\n")
            assert imap.line().startswith(b"+")
            imap.raw("DONE\r\n")
            answers.add(("IDLE", imap.wait(b"idle").status))
            cmd("STORE 1 +FLAGS (\\Deleted)")
            cmd("EXPUNGE")
            for junk in JUNK[rounds % 40::40]:
                cmd(f"STATUS {junk} (MESSAGES)")
            cmd(f"SELECT {JUNK[rounds % len(JUNK)]}")
            cmd(f"CREATE {made}")
            cmd(f"STATUS {made} (MESSAGES)")
            cmd(f"DELETE {made}")


def make_entries(server, end, answers):
    """A client that asks for the STATUS of all junk, which makes entries."""
    with server.imap("alice") as imap:
        while time.monotonic() < end:
            tags = [imap.send(f"STATUS {junk} (MESSAGES)") for junk in JUNK]
            answers |= {("STATUS junkN (MESSAGES)", imap.wait(tag).status)
                        for tag in tags}


def clean_on(server, end):
    """Cleans again and again; returns how many entries were removed."""
    count = 0
    while time.monotonic() < end:
        count += len(removed(clean(server, "alice")))
    return count


def kinds(server):
    """Returns the log's lines of level Warning and worse, without what differs
    from one to the next."""
    return {re.sub(r"<[^>]*>|/\S*|\d+|(box|junk|made)\S*", "",
                   re.sub(r"^.*?(Warning|Error|Fatal|Panic)", r"\1", line))
            for line in server.log().splitlines()
            if re.search(r"(Warning|Error|Fatal|Panic): ", line)}


def run_clients(server, with_clean):
    with server.imap("alice") as imap:
        for box in BOXES:
            imap.ok(f"CREATE {box}")
            for _ in range(3):
                imap.ok(f"APPEND {box}", literal(MESSAGE))
    for junk in JUNK:
        write_home(server, "alice", junk, b"hello\n")
    answers, count = set(), 0
    end = time.monotonic() + SECONDS
    with ThreadPoolExecutor(5) as pool:
        futures = [pool.submit(worker, server, i, end, answers)
                   for i in range(3)]
        futures += [pool.submit(make_entries, server, end, answers)
                    for _ in range(2)]
        if with_clean:
            count = clean_on(server, end)
        for future in futures:
            future.result()
    return answers, count


def test_clients_dont_notice(dovecot):
    """Nothing fails and nothing is logged that would not without clean."""
    description = dict(location=MBOX, settings={"lock_method": "flock"})
    plain, server = dovecot(**description), dovecot(**description)
    expected, _ = run_clients(plain, False)
    answers, count = run_clients(server, True)
    assert answers <= expected
    assert kinds(server) <= kinds(plain)
    # with two of these tests at once on two processors it was 1,600
    assert count > 300


def test_what_sessions_have_open_is_kept(dovecot):
    server = dovecot(location=MBOX)
    with server.imap("alice") as imap:
        for box in BOXES:
            imap.ok(f"CREATE {box}")
            imap.ok(f"APPEND {box}", literal(MESSAGE))
            imap.ok(f"SELECT {box}")
    server.restart()
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
