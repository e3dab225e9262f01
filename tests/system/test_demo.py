# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What contrib/demo tells, in its order, and that it is so. That it leaves
nothing behind is for tests/newcomer."""

import os
import re
import subprocess

import pytest

import readme
from dovecot import IS_24

DEMO = os.path.join(os.path.dirname(os.path.abspath(readme.PATH)),
                    "contrib", "demo.py")
MAILBOXES = 60
# .git, .cache, .local, public_html, and files that are no mailboxes
HIDDEN = 4 + 60 + 40 + 100


@pytest.fixture(scope="module")
def text():
    result = subprocess.run(["/usr/bin/python3", DEMO], capture_output=True)
    assert (result.returncode, result.stderr) == (0, b"")
    return result.stdout.decode()


def parts(text, *beginnings):
    """Returns what follows each of some texts, up to the next one: they come in
    this order."""
    pattern = "".join(re.escape(beginning) + "(.*)"
                      for beginning in beginnings)
    found = re.fullmatch(".*?" + pattern, text, re.S)
    assert found, beginnings
    return found.groups()


def total(text):
    return int(re.search(r"^  total +(\d+) ", text, flags=re.M)[1])


def test_it_ends_with_a_clean_and_the_lines_to_put_in(text):
    *_, cleaned, audited, settings = parts(
        text, "# doveadm mailbox-audit -u ann\n", "mailbox_filter = .* public",
        "# doveadm mailbox-audit clean -u ann",
        "# doveadm mailbox-audit -u ann\n",
        "To have that on a server of your own")
    assert re.search(r"^  removed bogus +1200 ", cleaned, flags=re.M)
    assert total(audited) == MAILBOXES
    assert not re.search("not-mailbox|missing", audited)
    # the last commands of all
    assert "  # " not in settings
    lines = readme.settings("2.4" if IS_24 else "2.3").splitlines()
    assert settings.splitlines()[-len(lines) - 1:] == \
        [*("  " + line for line in lines), ""]
    assert "two lines" in settings
    assert sum(line.strip() in ("mailbox_filter = .* public_html",
                                "mailbox_filter_non_mailboxes = yes")
               for line in lines) == 2


def test_it_says_which_settings_it_uses(text):
    location, with_filter = parts(text, "Mail is kept in",
                                  "and these settings:")
    shown = "mail_path = " if IS_24 else "mail_location = mbox:"
    assert re.search(rf"^  {shown}.*", location, flags=re.M)
    names, = re.findall(r"^  S: (\d+) names", parts(
        with_filter, "client asks again")[0], flags=re.M)
    settings = re.match(r"\n\n((?:  .*\n)+)\n", with_filter)[1].split("\n")
    assert [line.strip() for line in settings[:-1]] == [
        "mailbox_filter = .* public_html",
        "mailbox_filter_non_mailboxes = yes",
        *(["mailbox_list_drop_noselect = no"] if IS_24 else [])]
    # mailboxes, INBOX and directories that lead to them or to files
    assert MAILBOXES < int(names) < MAILBOXES + 10


def test_it_says_what_hidden_means(text):
    """And the log's line has the number of which it is said."""
    said, = parts(text, "The server's log says")
    assert re.search(r"hidden= is how many\s+more it would have shown, but "
                     r"nothing below them: \.git is one", said)
    assert f'cmd=LIST ref="" pattern="*" listed=67 hidden={HIDDEN} ' \
        "reply=OK" in said
