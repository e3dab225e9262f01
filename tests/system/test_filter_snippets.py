# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The lines of configuration that README and the plugin's manual show, as they
are printed, on a Dovecot with its own defaults."""

import os
import re
import subprocess

import pytest

import readme
from dovecot import DROP_NOSELECT, IS_24, Location
from filter import fill_mbox
from manual import VERSION, configuration

NAMES = ["mail", ".profile", ".git/config", "public_html/index"]


SNIPPETS = {"README": lambda: readme.settings(VERSION),
            "manual": lambda: configuration("mailbox_filter.7", "LOAD IT")}


def list_with(dovecot, extra):
    """Returns the names that somebody sees, and whether an empty directory of
    the home is still there."""
    server = dovecot(location=Location("mbox", "~", inbox="mail/%u",
                                       index="index/%u"),
                     settings=DROP_NOSELECT, extra=extra)
    fill_mbox(server, "alice", NAMES)
    empty = server.users["alice"].home + "/empty/below"
    os.makedirs(empty)
    server.chown("alice", server.users["alice"].home)
    with server.imap("alice") as imap:
        names = {name.decode() for name in imap.list()}
    return names, os.path.isdir(empty)


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_nothing_but_junk_goes(dovecot, snippet):
    names, is_kept = list_with(dovecot, SNIPPETS[snippet]())
    assert names == {"INBOX", "mail", "empty", "empty/below"} and is_kept


def test_what_the_rules_would_hide_is_shown(dovecot):
    """README's command, in a home that also has files like options."""
    server = dovecot(location=Location("mbox", "~", inbox="mail/%u",
                                       index="index/%u"), users=["ann"])
    fill_mbox(server, "ann", [*NAMES, "-x", "-n"])
    command, = [c for c in readme.commands(
        "The disk with the indexes is full", VERSION) if "mailbox list" in c]
    out = subprocess.run(["bash", "-euo", "pipefail", "-c", command.replace(
        "doveadm ", f"doveadm -c {server.config} ")], check=True,
        stdout=subprocess.PIPE).stdout.decode()
    # with the directories
    assert re.findall(r"(\d+) \S+:(\S+)\t(.*)", out) == [
        ("2", ".*", ".git"), ("1", ".*", ".profile"),
        ("2", "public_html", "public_html")]


@pytest.mark.skipif(not IS_24, reason="Dovecot 2.4 only")
@pytest.mark.parametrize("snippet", SNIPPETS)
def test_without_the_last_line_directories_go(dovecot, snippet):
    """So the line does it, and nothing else."""
    *lines, last = SNIPPETS[snippet]().splitlines()
    assert last == "mailbox_list_drop_noselect = no"
    names, is_kept = list_with(dovecot, "\n".join(lines))
    assert "empty/below" not in names and not is_kept
