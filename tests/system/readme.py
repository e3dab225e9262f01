# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What README tells people to type: its lines of configuration and its
commands, as they are printed. The demo shows the first, the tests try both."""

import os
import re

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "..", "..", "README")


def text(path=PATH):
    with open(path) as f:
        return f.read()


def sections(path=PATH):
    """Returns {title: text}."""
    parts = re.split(r"^(\S.*)\n-+\n", text(path), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


# what stands below "Dovecot 2.3:" or "Dovecot 2.4:"
BLOCK = re.compile(r"^Dovecot (2\.\d):\n\n((?:  .*\n)+)", flags=re.M)


def settings(version):
    """Returns the lines of configuration for Dovecot "2.3" or "2.4"."""
    block, = [lines for number, lines in BLOCK.findall(text())
              if number == version and not lines.startswith("  # ")]
    return "".join(line[2:] for line in block.splitlines(keepends=True))


def commands(title, version, path=PATH):
    """Returns the commands of a section for a Dovecot: the lines after a "#"
    or "$", with those that they go on in."""
    part = BLOCK.sub(lambda block: block[2] if block[1] == version else "",
                     sections(path)[title])
    return re.findall(r"^ +[#$] ((?:.*[\\|]\n)*.*)$", part, flags=re.M)
