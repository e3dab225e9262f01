# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The man pages have every option that --help has, and no other."""

import json
import os
import re
import subprocess

import pytest

from manual import sections

SCHEMA = os.path.join(os.environ["MBA_STAGE"], "usr/share/doc",
                      "dovecot-mailbox-audit/report.schema.json")
OPTION = re.compile(r"(?<![\w-])(-\w|--[a-z][a-z0-9-]*)(?![\w-])")


def documented(text):
    """Returns the options that have a paragraph of their own."""
    heads = re.findall(r"^\.TP\n(.*)$", text, flags=re.M)
    return {option for head in heads for option in OPTION.findall(head)}


def documented_words(text):
    """Returns the words that have a paragraph of their own."""
    heads = re.findall(r"^\.TP\n\.BR? (.*)$", text, flags=re.M)
    return {word for head in heads for word in re.findall(r"[a-z]+", head)}


def helped(*command, program="mailbox-audit"):
    """Returns the options at the beginnings of the lines of --help."""
    text = subprocess.run([program, *command, "--help"], check=True,
                          stdout=subprocess.PIPE).stdout.decode()
    heads = re.findall(r"^ +(-.*?)(?:  |$)", text, flags=re.M)
    return {option for head in heads for option in OPTION.findall(head)}


@pytest.mark.parametrize("command", ["report", "match"])
def test_options_of_the_utility(command):
    page = sections("mailbox-audit.1")
    options = helped(command)
    assert options == documented(page[f"OPTIONS OF {command.upper()}"])
    assert {"--help", "-h"} < options
    # the whole page speaks of no option that isn't there
    every = helped("report") | helped("match") | {"--version", "-V"}
    for title, text in page.items():
        assert set(OPTION.findall(text)) <= every | {"--inodes", "-s", "-B1"}


def test_options_of_clean(dovecot):
    page = sections("mailbox-audit-clean.1")
    options = documented(page["OPTIONS"])
    location = helped("report") - {"--hidden", "-H", "--visible", "-V",
                                    "--unused-for", "-O", "--rule", "--rules"}
    assert helped("clean") == options | location
    usage = dovecot().doveadm("mailbox-audit", "clean", "-A", "-f",
                              check=False).stderr.decode()
    usage = [line for line in usage.splitlines() if "[-n|" in line][0]
    own = set(OPTION.findall(usage.split("[-n|")[1])) | {"-n"}
    assert own == (options | {"-N", "--namespace"}) - \
        {"-u", "--user", "--lock-method"}
    reasons = documented_words(page["WHY ENTRIES ARE KEPT"])
    with open(SCHEMA) as f:
        known = json.load(f)["$defs"]["kept"]["enum"]
    assert reasons == set(known) - {None}


def test_options_of_inspect():
    page = sections("mailbox-audit-inspect.1")
    assert helped("inspect") == documented(page["OPTIONS"])
    with open(os.path.join(os.path.dirname(SCHEMA),
                           "inspect.schema.json")) as f:
        evidence = json.load(f)["$defs"]["evidence"]["properties"]
    words = set(re.findall(r"[a-z-]+", page["USE"]))
    assert set(evidence["level"]["enum"]) - {"unknown"} <= words
    assert set(evidence["proof"]["enum"]) - {None} <= words


def test_commands_of_the_utility():
    text = subprocess.run(["mailbox-audit", "--help"], check=True,
                          stdout=subprocess.PIPE).stdout.decode()
    commands = re.findall(r"^  (\w+) ", text, flags=re.M)
    synopsis = sections("mailbox-audit.1")["SYNOPSIS"]
    assert commands + ["help"] == re.findall(r"mailbox-audit (\w+)", synopsis)


def test_options_of_the_doveadm_command(dovecot):
    usage = dovecot().doveadm("mailbox-audit", "-A", "-H", "-V",
                              check=False).stderr.decode()
    usage = [line for line in usage.splitlines() if "[-e|" in line][0]
    page = sections("doveadm-mailbox-audit.1")
    own = set(OPTION.findall(usage.split("[-e|")[1])) | {"-e"}
    assert own == documented(page["OPTIONS"])
    short = {option for option in own if len(option) == 2}
    common = {"-u", "-A", "-F", "-S", "-D", "-f"}
    assert set(OPTION.findall(page["SYNOPSIS"])) == short | common


def test_options_of_mailbox_usage():
    page = sections("mailbox-usage.1")
    assert helped(program="mailbox-usage") == documented(page["OPTIONS"])
    every = set(OPTION.findall(page["SYNOPSIS"]))
    assert every == documented(page["OPTIONS"]) - {"-h", "--help"}


@pytest.mark.parametrize("name, command", [
    ("sums", []), ("--entries", ["-e"]), ("--totals", ["-t"]),
    ("clean", ["clean"]), ("clean --entries", ["clean", "-e"]),
    ("clean --totals", ["clean", "-t"])], ids=str)
def test_columns_of_the_doveadm_command(dovecot, name, command):
    out = dovecot(users=["alice"]).doveadm(
        "-f", "tab", "mailbox-audit", *command, "-u", "no*").stdout
    page = sections("doveadm-mailbox-audit.1")["FORMATS"]
    names = re.search(rf"^\.TP\n\.B {name}\n((?:[a-z].*\n)+)", page, re.M)
    columns = names.group(1).replace(",", "").split()
    # that of the name is doveadm's own
    if columns[0] != "username":
        columns.insert(0, "username")
    assert out.decode().lower().split() == columns


def test_states_and_reasons_are_explained():
    page = sections("mailbox-audit.1")["STATES"]
    words = set(re.findall(r"[a-z-]+", page))
    for name in ("mailbox", "not-mailbox", "missing", "unknown", "bogus",
                 "untouched", "symlink", "compressed", "long-line",
                 "incomplete", "empty-directory", "atime",
                 "error", "mail-root", "not-judged", "unmapped", "shared-root",
                 "list-index", "index-deleted", "structure", "internal",
                 "nested", "mail", "foreign"):
        assert name in words


# what a message says, and the words that the manuals have for it
REFUSED = {
    "a level is empty": "an empty level",
    "the rule is empty": "an empty one|an empty rule",
    "'[' isn't closed": "isn't closed within its level",
    "the brackets match nothing": "brackets (that no byte is in|without a "
                                  "byte that they match)",
    "unknown character class": "an unknown class",
    "nothing follows '\\'": "with nothing after it",
    "NUL byte": "a NUL byte|has a NUL byte",
}
CASES = os.path.join(os.path.dirname(__file__), "../rules/invalid")


@pytest.mark.parametrize("manual", ["lib/mailbox-audit.h",
                                    "doc/mailbox_filter.7",
                                    "tool/mailbox-audit.1"])
def test_rules_that_are_refused_are_listed(manual):
    with open(os.path.join(os.path.dirname(__file__), "../..", manual)) as f:
        text = " ".join(f.read().replace("\n *", "\n").split())
    reasons = {"NUL byte"}
    for name in os.listdir(CASES):
        with open(os.path.join(CASES, name), errors="surrogateescape") as f:
            reasons.add(f.readline().split(": ")[1].rstrip("\n"))
    assert reasons == REFUSED.keys()
    for words in REFUSED.values():
        assert re.search(words, text), words
