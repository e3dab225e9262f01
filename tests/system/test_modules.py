# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What the modules show to others: Dovecot loads all of them into one space of
names, in which a function of the same name would be called instead."""

import glob
import os
import re
import subprocess

import pytest

from dovecot import dovecot_config

MODULES = glob.glob(os.environ["MBA_STAGE"] +
                    dovecot_config()["dovecot_moduledir"] + "/**/*.so",
                    recursive=True)


def test_there_are_modules():
    assert len(MODULES) >= 3


@pytest.mark.parametrize("path", MODULES, ids=os.path.basename)
def test_a_module_exports_what_dovecot_looks_for(path):
    name = re.match(r"lib(\d+_)?(\w+)\.so", os.path.basename(path))[2]
    out = subprocess.run(["nm", "-D", "--defined-only", path], check=True,
                         stdout=subprocess.PIPE).stdout.decode()
    exported = [line.split()[2] for line in out.splitlines()]
    assert name + "_version" in exported
    assert [s for s in exported if not s.startswith(name + "_")] == []


def test_the_log_needs_no_library_of_ours():
    path, = [p for p in MODULES if "imap_mailbox_log" in p]
    out = subprocess.run(["readelf", "--dynamic", path], check=True,
                         stdout=subprocess.PIPE).stdout.decode()
    assert "mailboxaudit" not in out
