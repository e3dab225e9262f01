# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The man pages, as the tests read them: name is "mailbox-usage.1"."""

import gzip
import os
import re

from dovecot import IS_24, PREFIX

MAN = os.environ["MBA_STAGE"] + PREFIX + "/share/man"
VERSION = "2.4" if IS_24 else "2.3"
CHARACTERS = {"-": "-", "e": "\\", "\\": "\\", "&": "", " ": " ",
              "(ha": "^", "(ti": "~", "(aq": "'", "(ga": "`", "(dq": '"',
              "(bu": "*"}


def pages():
    """Returns {name: path} of all that are installed."""
    found = {}
    for top, _, names in os.walk(MAN):
        for name in names:
            found[re.sub(r"\.gz$", "", name)] = os.path.join(top, name)
    return found


def source(name):
    path = pages()[name]
    with gzip.open(path, "rt") if path.endswith(".gz") else open(path) as f:
        return re.sub(r'^\.\\".*\n', "", f.read(), flags=re.M)


def split(text):
    """Returns {title: text}."""
    parts = re.split(r"^\.SH (.*)\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def sections(name):
    """Returns {title: text} of a man page, without the markup of words."""
    text = source(name).replace(r"\-", "-").replace("\\ ", " ")
    return split(re.sub(r"\\f[A-Z]", " ", text))


def plain(text):
    """Returns what a reader sees of a man page's text."""
    return re.sub(r"\\(?:f([A-Z])|(\(..|.))",
                  lambda match: "" if match[1] else CHARACTERS[match[2]], text)


def blocks(name, title):
    """Returns the literal blocks of a section."""
    return [plain(block) for block in re.findall(
        r"^\.nf\n(?:\.RS 4\n)?((?:.*\n)*?)(?:\.RE\n)?\.fi$",
        split(source(name))[title], flags=re.M)]


def configuration(name, title):
    """Returns the lines of configuration of a section for this Dovecot."""
    text = split(source(name))[title]
    before = text.split(f"Dovecot {VERSION}:\n")[0]
    return blocks(name, title)[before.count("\n.nf\n")]


def listed(name, title):
    """Returns the words of a section that have a paragraph of their own."""
    heads = re.findall(r"^\.T[PQ]\n\.B (.*)$", split(source(name))[title],
                       flags=re.M)
    return [word for head in heads for word in plain(head).split()]
