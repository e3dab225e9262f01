# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What README tells people to type: its lines of configuration and its
commands, as they are printed. The demo shows the first, the tests try both."""

import os
import re

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "..", "..", "README")


def text():
    with open(PATH) as f:
        return f.read()


def sections():
    """Returns {title: text}."""
    parts = re.split(r"^(\S.*)\n-+\n", text(), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def settings(version):
    """Returns the lines of configuration for Dovecot "2.3" or "2.4"."""
    block = re.search(rf"^Dovecot {re.escape(version)}:\n\n((?:  .*\n|\n)+?)"
                      r"\n(?=\S|  # \w+ )", text(), flags=re.M)
    return "".join(line[2:] for line in block[1].splitlines(keepends=True))


def commands(title):
    """Returns the commands of a section: the lines after a "#" or "$", with
    those that they go on in."""
    return re.findall(r"^ +[#$] ((?:.*[\\|]\n)*.*)$", sections()[title],
                      flags=re.M)
