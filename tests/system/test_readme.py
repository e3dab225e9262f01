# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The order of README: what prevents the problem comes before what only looks
at it; and that the files which the texts name are there. That its commands do
what it says is for tests/newcomer."""

import os
import re

import pytest

import readme

FULL = "The disk with the indexes is full"


def place(pattern):
    """Returns where the first match of a pattern begins."""
    return re.search(pattern, readme.text(), flags=re.M).start()


@pytest.mark.parametrize("version", ["2.3", "2.4"])
def test_the_settings_come_before_the_tables(version):
    """And whom the rules would hide something from, before both."""
    settings = readme.settings(version)
    assert "mailbox_filter = .* public_html\n" in settings
    assert ("mailbox_list_drop_noselect = no\n" in settings) == \
        (version == "2.4")
    block = "".join("  " + line for line in settings.splitlines(True))
    place_of_settings = readme.text().index(block)
    assert place(r"mailbox-audit -A --state mailbox --hidden$") < \
        place_of_settings < place(r"^  state +entries +inodes +size")
    titles = list(readme.sections())
    assert titles.index(FULL) < titles.index("Daily use")


@pytest.mark.parametrize("version", ["2.3", "2.4"])
def test_the_steps_of_a_bad_night(version):
    """Whose, what would be hidden, the filter, clean: each command can be
    pasted, for the Dovecot it is printed for."""
    commands = readme.commands(FULL, version)
    words = ["--totals", "--state mailbox --hidden", "mailbox list -u ann",
             "doveadm reload", "clean -u ann --dry-run", "clean -u ann"]
    assert len(commands) == len(words)
    assert all(word in command for word, command in zip(words, commands))
    assert ("mailbox_list_drop_noselect=no" in commands[2]) == \
        (version == "2.4")


@pytest.mark.parametrize("name", ["README", "CONTRIBUTING.md", "SECURITY.md"])
def test_what_is_named_is_there(name):
    """The folders of the map, programs and files of the source."""
    top = os.path.dirname(os.path.abspath(readme.PATH))
    with open(os.path.join(top, name)) as f:
        text = f.read()
    paths = set(re.findall(r"(?<![\w/.$-])((?:\.ci|contrib|doc|lib|tests|tool|"
                           r"[a-z]+-plugin)/[\w./-]*\w|[A-Z]+\.md)", text))
    assert paths or name == "SECURITY.md"
    missing = {path for path in paths
               if not os.path.exists(os.path.join(top, path))}
    assert missing == set()
