# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""doveadm mailbox-audit in every output format says what its JSON lines say,
and each option has its short letter. test_audit_tables.py has the tables' look.
"""

import json

import pytest

from audit import (DESCRIPTION, EXPECTED, entries, fill_home, json_lines,
                   people_row, people_summary, report, row, summary_rows)

FORMATS = ("table", "tab", "flow", "pager", "json")
ENTRY_KEYS = ["namespace", "state", "reason", "untouched", "inodes", "bytes",
              "mtime", "evidence", "last_used", "hidden_by", "mailbox", "path"]
SUMMARY_KEYS = ["namespace", "state", "entries", "inodes", "bytes",
                "hidden_entries", "hidden_inodes", "hidden_bytes", "messages"]
NUMBERS = {"entries", "inodes", "bytes", *SUMMARY_KEYS[5:8]}
# what people see of the rows
TITLES = {
    "".join(ENTRY_KEYS): (
        "state size used changed hidden by mailbox", people_row),
    "".join(SUMMARY_KEYS): (
        "state entries inodes size hidden mail namespace", people_summary),
}


@pytest.fixture
def server(dovecot):
    server = dovecot(**DESCRIPTION)
    fill_home(server, "alice")
    return server


def audit(server, *args, form=None):
    """Returns the output. Only "formatted" gets no newline of doveadm's own."""
    options = [] if form is None else ["-f", form]
    return server.doveadm(*options, "mailbox-audit", *args).stdout


def hidden_columns(lines, prefix):
    """Returns for each state the hidden columns of the summary, as the lines
    of the entries say."""
    columns = {}
    for line in lines:
        if "entry" in line and line["namespace"] == prefix:
            entry = line["entry"]
            unproven = entry["state"] == "mailbox" and entry["proof"] is None
            for state in (entry["state"], "total",
                          *(["unproven"] if unproven else [])):
                counts = columns.setdefault(state, [0, 0, 0])
                if entry["hidden_by"] is not None:
                    counts[0] += 1
                    counts[1] += entry["inodes"]
                    counts[2] += entry["bytes"]
    return {state: [str(n) for n in counts]
            for state, counts in columns.items()}


def expected_summary(lines):
    rows = []
    for namespace in report(lines)["namespaces"]:
        hidden = hidden_columns(lines, namespace["prefix"])
        rows += [columns + hidden.get(columns[1], ["0", "0", "0"]) + [messages]
                 for columns, messages in summary_rows(namespace)]
    return rows


def check_format(form, output, keys, rows, username=None):
    """Checks that an output holds the rows, under the keys' titles."""
    first = [] if username is None else [username]
    own = [] if username is None else ["Username"]
    text = output.decode()
    lines = text.splitlines()
    if form == "table":
        titles, seen = TITLES["".join(keys)]
        # columns are as wide as they need be: compare without the blanks
        lines = [line.split() for line in lines]
        assert lines[0] == own + titles.split()
        assert lines[1:] == [" ".join(first + seen(r)).split() for r in rows]
    elif form == "tab":
        lines = [line.split("\t") for line in lines if line != ""]
        assert lines[0] == own + keys
        assert lines[1:] == [first + r for r in rows]
    elif form == "flow":
        assert [line for line in lines if line != ""] == [
            " ".join(first + [f"{key}={value}" for key, value
                              in zip(keys, r)]) for r in rows]
    elif form == "pager":
        pages = [page.splitlines() for page in text.split("\f\n")]
        pages[-1] = [line for line in pages[-1] if line != ""]
        assert pages == [first + [f"{key}: {value}" for key, value
                                  in zip(keys, r)] for r in rows]
    else:
        found = json.loads(text)
        assert [list(f.values())[:len(first)] for f in found] == \
            [first] * len(rows)
        assert [[f[key] for key in keys] for f in found] == [
            [int(value) if key in NUMBERS else value
             for key, value in zip(keys, r)] for r in rows]


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_says_what_the_lines_say(server, form):
    lines = json_lines(audit(server, "-u", "alice", "-e", "-j"))
    found = entries(lines)
    assert EXPECTED.items() <= {name: (e["state"], e["hidden_by"])
                                for name, e in found.items()}.items()
    check_format(form, audit(server, "-u", "alice", "-e", form=form),
                 ENTRY_KEYS, [row(line) for line in lines[:-1]])
    check_format(form, audit(server, "-u", "alice", form=form), SUMMARY_KEYS,
                 expected_summary(lines))


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_names_each_user(server, form):
    """Under -A; bob and carol have no index directory."""
    lines = json_lines(audit(server, "-A", "-e", "-j"))
    assert [line["user"] for line in lines if "entry" not in line] == \
        ["alice", "bob", "carol"]
    entry_rows = [row(line) for line in lines if "entry" in line]
    assert {line["user"] for line in lines if "entry" in line} == {"alice"}
    check_format(form, audit(server, "-A", "-e", form=form), ENTRY_KEYS,
                 entry_rows, "alice")
    only_bob = server.doveadm("mailbox-audit", "-u", "bob", "-e", "-j").stdout
    check_format(form, audit(server, "-u", "b*", form=form), SUMMARY_KEYS,
                 expected_summary(json_lines(only_bob)), "bob")


def test_table_is_the_default(server):
    for options in ([], ["-e"], ["-e", "-s", "missing"]):
        assert audit(server, "-u", "alice", *options) == \
            audit(server, "-u", "alice", *options, form="table")


def test_selections_select_entries_but_not_totals(server):
    everything = json_lines(audit(server, "-u", "alice", "-e", "-j"))
    selections = [
        (["-s", "bogus"], lambda e: e["state"] in ("not-mailbox", "missing")),
        (["-s", "missing"], lambda e: e["state"] == "missing"),
        (["-s", "unknown,mailbox"],
         lambda e: e["state"] in ("unknown", "mailbox")),
        (["-H"], lambda e: e["hidden_by"] is not None),
        (["-V"], lambda e: e["hidden_by"] is None),
        (["-s", "not-mailbox", "-H"], lambda e: e["state"] == "not-mailbox"
         and e["hidden_by"] is not None),
        (["-s", "bogus", "-V"], lambda e: e["state"] != "mailbox" and
         e["hidden_by"] is None and e["state"] != "unknown"),
    ]
    for options, wanted in selections:
        lines = json_lines(audit(server, "-u", "alice", "-j", *options))
        assert lines[:-1] == [line for line in everything[:-1]
                              if wanted(line["entry"])]
        assert 0 < len(lines) < len(everything)
        assert lines[-1] == everything[-1]
        # --entries is implied
        assert audit(server, "-u", "alice", "-e", *options) == \
            audit(server, "-u", "alice", *options)


def test_short_letters(server):
    for letter, option, more in [
            ("-e", "--entries", []), ("-j", "--json", []),
            ("-t", "--totals", []),
            ("-s", "--state", ["missing,mailbox"]),
            ("-H", "--hidden", []), ("-V", "--visible", []),
            ("-N", "--namespace", ["Archive/"])]:
        form = None if letter == "-j" else "tab"
        entries_too = [] if letter in ("-e", "-t") else ["-e"]
        short = audit(server, "-u", "alice", *entries_too, letter, *more,
                      form=form)
        assert short == audit(server, "-u", "alice", *entries_too, option,
                              *more, form=form)
        # and it isn't what comes without
        assert short != audit(server, "-u", "alice", *entries_too, form="tab")
    assert audit(server, "-u", "alice", "-ejVs", "missing") == audit(
        server, "--user", "alice", "--entries", "--json", "--visible",
        "--state=missing")


def test_the_last_of_an_option_counts(server):
    assert audit(server, "-u", "alice", "-ee", "-j", "-s", "missing", "-s",
                 "mailbox") == \
        audit(server, "-u", "alice", "-e", "-j", "-s", "mailbox")
