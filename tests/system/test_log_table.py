# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""No command slips past: the server's own table of commands is walked, through
a plugin that is compiled for this test (tests/plugin/command-table.c)."""

import os
import subprocess
import tempfile

import pytest

from accesslog import accesses
from dovecot import IS_24, dovecot_config

SOURCE = os.path.join(os.path.dirname(__file__), "..", "plugin",
                      "command-table.c")

# Commands that name no mailbox. What a new Dovecot adds belongs here or into
# imap-plugin/access-commands.c.
NO_MAILBOX = set("""
CANCELUPDATE CAPABILITY CHECK CLOSE COMPRESS ENABLE EXPUNGE FETCH ID IDLE LOGOUT
NAMESPACE NOOP SEARCH SORT STORE THREAD UNSELECT X-CANCEL X-STATE
""".split()) | {"UID " + name for name in
                "EXPUNGE FETCH SEARCH SORT STORE THREAD".split()}


def plugin_directory(path):
    """Makes a directory with all of Dovecot's plugins and the test's own."""
    config = dovecot_config()
    modules = config["dovecot_moduledir"]
    for name in os.listdir(modules):
        os.symlink(os.path.join(modules, name), os.path.join(path, name))
    includes = [f"-I{config['dovecot_pkgincludedir']}"]
    subprocess.run(["cc", "-std=gnu99", "-Wall", "-Werror", "-shared", "-fPIC",
                    "-DHAVE_CONFIG_H", *includes, SOURCE, "-o",
                    os.path.join(path, "lib99_command_table_plugin.so")],
                   check=True)


def table(server):
    """Returns the names of the server's commands."""
    # the last of them: the log process may be a moment behind
    assert server.log_lines("command_table: XNAMES")
    lines = server.log_lines("command_table: ")
    return {line.split("command_table: ")[1] for line in lines}


@pytest.fixture
def plugins():
    """The directory of plugins, in a place where users can read."""
    with tempfile.TemporaryDirectory(prefix="mba-plugins-") as path:
        os.chmod(path, 0o755)
        plugin_directory(path)
        yield path


def test_every_command_is_logged_or_names_no_mailbox(dovecot, plugins):
    common, imap_plugins = ["acl", "quota"], ["imap_acl", "imap_quota"]
    if not IS_24:
        common += ["zlib"]
        imap_plugins += ["imap_zlib"]
    server = dovecot(
        settings={"mail_plugin_dir": plugins},
        plugins={"": common, "imap": imap_plugins +
                 ["imap_mailbox_log", "command_table"]})
    with server.imap("alice") as imap:
        imap.ok("NOOP")
        names = table(server)
        assert len(names) > 50
        for name in sorted(names - NO_MAILBOX):
            # whatever comes of it; the server counts BADs in a row
            imap.cmd(name)
            imap.ok("NOOP")
        imap.ok("XNAMES INBOX")
    logged = {entry["cmd"] for entry in accesses(server)}
    assert logged <= names
    assert logged & NO_MAILBOX == set()
    assert names - NO_MAILBOX - logged == {"XNAMES"}
