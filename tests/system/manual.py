# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The man pages, as the tests read them."""

import gzip
import os
import re

MAN = os.path.join(os.environ["MBA_STAGE"], "usr/share/man/man1")


def sections(name):
    """Returns {title: text} of a man page, without the markup of words."""
    path = os.path.join(MAN, name)
    if os.path.exists(path):
        with open(path) as f:
            text = f.read()
    else:
        with gzip.open(path + ".gz", "rt") as f:
            text = f.read()
    text = text.replace(r"\-", "-").replace("\\ ", " ")
    text = re.sub(r"\\f[A-Z]", " ", text)
    parts = re.split(r"^\.SH (.*)\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))
