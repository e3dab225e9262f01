# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The plugin in an imap process that runs under valgrind: no error in its code,
no block of its own lost."""

import glob
import os
import re
import shutil
import tempfile

import pytest

from accesslog import PLUGIN, accesses
from dovecot import Location
from filter import program
from imap import literal
from test_log_commands import MESSAGE
from test_log_forging import FORGERIES, mutf7
from test_log_listed import LISTS

IMAP = """
service imap {{
  executable = {dir}/imap
  vsz_limit = 2 G
}}
"""
WRAPPER = """#!/bin/sh
exec {valgrind} -q --leak-check=full --keep-debuginfo=yes --vgdb=no \\
	--show-leak-kinds=definite --errors-for-leak-kinds=definite \\
	--log-file={dir}/%p.log {imap} "$@"
"""


def is_ours(block):
    """Has a function of the plugin a part in an error? What Dovecot loses at
    its end by itself is not ours."""
    return "access" in block or "mailbox_log" in block or "mba_" in block


@pytest.fixture
def wrapper():
    """A directory with the program that the server runs for a session, and for
    what valgrind says of it."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        pytest.skip("not installed: valgrind")
    with tempfile.TemporaryDirectory(prefix="mba-valgrind-") as path:
        os.chmod(path, 0o1777)
        with open(path + "/imap", "w") as f:
            f.write(WRAPPER.format(valgrind=valgrind, dir=path,
                                   imap=program("imap")))
        os.chmod(path + "/imap", 0o755)
        yield path


def test_no_error_under_valgrind(dovecot, wrapper):
    server = dovecot(plugins=PLUGIN, extra=IMAP.format(dir=wrapper),
                     location=Location("maildir", "~/Maildir",
                                       index="index/%u"))
    commands = [*LISTS, "CREATE box", ("APPEND box", MESSAGE), "SELECT box",
                'APPEND INBOX CATENATE (URL ";UID=1" URL "/box/;UID=1")',
                "COPY 1 INBOX", "UID MOVE 1 INBOX", "RENAME box new",
                "SETMETADATA INBOX (/private/x y)", "STATUS", 'STATUS "x',
                ("STATUS", "x" * 5000, "(MESSAGES)"),
                *[("STATUS", literal(mutf7(name)), "(MESSAGES)")
                  for name in FORGERIES],
                ("STATUS", literal(b"\xe4"), "(MESSAGES)")]
    with server.imap("alice") as client:
        for command in commands:
            client.cmd(*(command if isinstance(command, tuple)
                         else (command,)))
    cut = server.imap("alice")
    cut.raw(b"x APPEND INBOX {100}\r\n")
    cut.line()
    cut.close()
    assert len(accesses(server)) > len(commands) - 5
    server.stop()
    logs = glob.glob(wrapper + "/*.log")
    assert logs
    blocks = []
    for path in logs:
        with open(path) as f:
            blocks += re.split(r"\n==\d+== *\n", f.read())
    assert [b for b in blocks if is_ours(b)] == []
