# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What the audit's entries say of their mailboxes' use: what inspect says of
the same files, with what was really done, and nothing more."""

import json
import os

import pytest

import corpus
from audit import as_user, entries, json_lines, report, utility
from clock import DAY, past

FORMATS = ["mbox", "maildir", "sdbox", "mdbox"]
# when all of it was done
AGE = 20 * DAY
# what was done, and what may be said of it
DONE = {
    "created": ("empty", "untouched"),
    "filled": ("never-opened",),
    "asked": ("never-opened",),
    "selected": ("opened",),
    "changed": ("changed",),
}


def use(server):
    """Makes a mailbox for each of DONE, called by it."""
    with server.imap("alice") as imap:
        for name in DONE:
            imap.ok(f"CREATE {name}")
            if name != "created":
                corpus.append(imap, name, 3)
        imap.ok('LIST "" * RETURN (STATUS (MESSAGES UNSEEN))')
        imap.ok("STATUS asked (MESSAGES UNSEEN RECENT)")
        corpus.selected(imap, "selected")
        corpus.selected(imap, "changed", "STORE 1 +FLAGS (\\Flagged)")


@pytest.fixture(params=FORMATS)
def server(request, dovecot):
    server = dovecot(location=corpus.FORMATS[request.param], users=["alice"])
    home = server.users["alice"].home
    os.makedirs(os.path.dirname(server.path("mail/%u", "alice")),
                exist_ok=True)
    server.chown("alice", home)
    server.stop()
    with past(server, AGE):
        use(server)
    return server


def inspected(server, path):
    root = server.path("index/%u", "alice")
    result = as_user(server, "alice", "mailbox-audit", "inspect", "--json",
                     os.path.join(root, path))
    assert result.returncode == 0, result
    line = json.loads(result.stdout)
    found = {key: line["evidence"][key] for key in
             ("last_used", "proof", "since", "not_opened_since")}
    return {**found, "evidence": line["evidence"]["level"],
            "messages": line["state"]["messages"]}


def test_entries_say_what_their_indexes_prove(server):
    lines = json_lines(utility(server, "alice", "--entries", "--json").stdout)
    found = entries(lines)
    for name, levels in DONE.items():
        if name not in found:
            # no message was ever in it, and no client opened it
            assert name == "created" and server.location.driver != "mbox"
            continue
        entry = found[name]
        assert entry["evidence"] in levels, (name, entry)
        assert entry["messages"] == (0 if name == "created" else 3)
        assert (entry["proof"] is None) == (entry["last_used"] is None) == \
            (name not in ("selected", "changed"))
        if not entry["untouched"]:
            looked = inspected(server, entry["path"])
            assert looked == {key: entry[key] for key in looked}, name


def test_mailboxes_without_a_proof_are_summed(server):
    lines = json_lines(utility(server, "alice", "--entries", "--json").stdout)
    unproven = [entry for entry in entries(lines).values()
                if entry["state"] == "mailbox" and entry["proof"] is None]
    namespace, = report(lines)["namespaces"]
    assert namespace["unproven"] == {
        "entries": len(unproven),
        **{key: sum(entry[key] or 0 for entry in unproven)
           for key in ("inodes", "bytes", "messages")}}
    assert "filled" in [entry["mailbox"] for entry in unproven]


def test_unused_for_selects_what_has_no_proof_since_then(server):
    def unused(seconds):
        return set(entries(json_lines(utility(
            server, "alice", "--unused-for", f"{seconds} s",
            "--json").stdout)))

    # every proof is older than that
    assert set(DONE) - {"created"} <= unused(AGE - DAY)
    # nobody knows what was before
    assert unused(AGE + DAY) == set()
    # a client comes back: SORT and THREAD leave a file
    server.start()
    with server.imap("alice") as imap:
        corpus.selected(imap, "changed", "THREAD REFERENCES US-ASCII ALL")
    server.stop()
    later = unused(AGE - DAY)
    assert "filled" in later and "changed" not in later


def test_unused_for_is_the_same_by_every_way(server):
    """Locally, over doveadm-server and HTTP, and by the utility; and nowhere is
    a mailbox called unused."""
    server.start()
    for option, found in (("1 d", True), ("30 d", False)):
        local = server.doveadm("mailbox-audit", "-u", "alice", "-O", option,
                               "-j").stdout
        names = set(entries(json_lines(local)))
        assert bool(names) == found
        if found:
            assert set(DONE) - {"created"} <= names
        for address in (server.socket, server.tcp):
            assert server.doveadm("mailbox-audit", "-S", address, "-u",
                                  "alice", "--unused-for", option,
                                  "-j").stdout == local
        assert utility(server, "alice", "--unused-for", option,
                       "--json").stdout == local
        answer = server.http([["mailboxAudit", {
            "user": "alice", "unusedFor": option, "json": True}, "tag"]])
        assert b"".join(row["report"].encode() + b"\n"
                        for row in answer[0][1]) == local
    result = server.doveadm("mailbox-audit", "-u", "alice", "-O", "later",
                            check=False)
    assert result.returncode == os.EX_USAGE and b"later" in result.stderr
