# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The mboxes in files that the unit tests read: Dovecot opens and refuses
them as their folder says."""

import os
import shutil

from audit import default_location
from imap import quote

CASES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "mbox")


def test_dovecot_agrees_with_the_cases(dovecot):
    server = dovecot(location=default_location())
    home = server.users["alice"].home
    for folder in ("valid", "invalid"):
        shutil.copytree(os.path.join(CASES, folder),
                        os.path.join(home, folder))
    server.chown("alice", home)
    with server.imap("alice") as imap:
        for folder in ("valid", "invalid"):
            names = [f"{folder}/{n}" for n in os.listdir(home + "/" + folder)]
            assert len(names) > 20
            opened = {n: imap.cmd("EXAMINE", quote(n)).ok for n in names}
            assert opened == dict.fromkeys(names, folder == "valid")
