# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Wrong settings are found before they end people's sessions: by doveadm
mailbox-audit, and on Dovecot 2.4 by doveconf. They and the session say the
same."""

import os
import re
import subprocess
import tempfile

import pytest

from audit import json_lines
from dovecot import IS_24, User, block, setting
from filter import fill_mbox
from imap import Closed
from manual import blocks

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PLUGINS = {"imap": ["mailbox_filter", "imap_mailbox_log"]}
FILTER, FILE = "mailbox_filter", "mailbox_filter_file"
COMMANDS = "imap_mailbox_log_commands"
MANY = " ".join(["a"] * 10001)

# Setting, wrong value, what is said of it.
WRONG = [
    (FILTER, "junk-* [a /ok", r"mailbox_filter:1:8: .*: \[a"),
    (FILTER, "a//b", r"mailbox_filter:1:\d: .*: a//b"),
    (FILTER, MANY, r"mailbox_filter:1: more than 10000 rules"),
    (FILTER, "x" * 2000000, r"mailbox_filter:1: more than 1048576 bytes"),
    (FILE, "rules", r"mailbox_filter_file: not an absolute path: rules"),
    (FILE, "/" + "x" * 5000,
     r"mailbox_filter_file: the path is longer than 4095 bytes"),
    (COMMANDS, "LIST FETCH", r"imap_mailbox_log_commands: unknown command: "
     r"FETCH \(known are: all APPEND .* XLIST; blanks separate them\)"),
    (COMMANDS, "LIST,COPY",
     r"imap_mailbox_log_commands: unknown command: LIST,COPY \("),
    (COMMANDS, "X" * 3000, r"imap_mailbox_log_commands: unknown command: "
     "X{199,200}\u2026? \\(known"),
]
NO_BOOLEAN = [("mailbox_filter_non_mailboxes", "perhaps"),
              ("imap_mailbox_log_inbox", "perhaps")]


@pytest.fixture
def start(dovecot):
    def start(**description):
        return dovecot(**{"plugins": PLUGINS, **description})
    return start


@pytest.fixture
def directory():
    with tempfile.TemporaryDirectory(prefix="mba-", dir="/tmp") as path:
        os.chmod(path, 0o755)
        yield path


def doveadm(server, *args):
    """Returns the exit status and what was said of a check."""
    result = server.doveadm("mailbox-audit", *args, check=False)
    return result.returncode, result.stderr.decode()


def doveconf(server, *args):
    result = subprocess.run(["doveconf", "-c", server.config, "-n", *args],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)
    return result.returncode, result.stdout.decode()


def session_error(server, user):
    """Returns what the log says of a session that ends at its start."""
    with server.imap() as imap:
        try:
            imap.cmd(f"LOGIN {user} pass")
            assert not imap.cmd("NOOP").ok
        except (Closed, OSError):
            pass
    lines = server.log_lines(f"Error: User {user}: ")
    assert len(lines) == 1, server.log()
    return lines[0]


def userdb(value):
    return value.replace(" ", "\t")


def test_what_the_userdb_says(start):
    """No doveconf sees it."""
    wrong = [w for w in WRONG if len(w[1]) < 10000] + \
        [(key, value, key) for key, value in NO_BOOLEAN]
    users = [User(f"u{i}", fields={key: userdb(value)})
             for i, (key, value, _) in enumerate(wrong)]
    server = start(users=["alice", *users])
    for user, (_, _, message) in zip(users, wrong):
        plugin = message.split("_")[0]
        error = session_error(server, user.name)
        assert re.search(f"User {user.name}: {plugin}_.*: .*{message}",
                         error), error
        status, text = doveadm(server, "-u", user.name)
        assert status == 78, text
        assert re.search(rf"\({user.name}\).*: Error: .*{message}", text), text
    assert doveadm(server, "-u", "alice") == (0, "")
    status, text = doveadm(server, "-A")
    assert status == 78
    for user in users:
        assert len(re.findall(rf"\({user.name}\).*: Error: ", text)) == 1
    assert "(alice)" not in text


@pytest.mark.parametrize("key", ["mailbox_filter_fil",
                                 "imap_mailbox_log_comands"])
def test_a_setting_that_is_misspelt(start, key):
    """2.3 takes what it doesn't know: the user would have no rules."""
    server = start(users=["alice", "bob"])
    server.plugin_settings = {key: "x"}
    server.write_config()
    if IS_24:
        status, text = doveconf(server)
        assert status == 89 and f"Unknown setting: {key}" in text
        return
    status, text = doveadm(server, "-u", "alice")
    assert status == 78 and f"Error: Unknown setting: {key}\n" in text
    server.restart()
    assert f"Unknown setting: {key}" in session_error(server, "alice")


@pytest.mark.parametrize("key", ["mailbox_filter_fil",
                                 "imap_mailbox_log_comands"])
def test_a_setting_that_is_misspelt_elsewhere(start, key):
    """2.4 takes from the userdb, and from -o, what it doesn't know: no plugin
    hears of it."""
    server = start(users=["alice", User("bob", fields={key: "x"})])
    name = key if IS_24 else "plugin/" + key
    result = server.doveadm("-o", f"{name}=x", "mailbox-audit", "-u", "alice",
                            check=False)
    status, text = doveadm(server, "-u", "bob")
    if IS_24:
        assert (result.returncode, result.stderr) == (0, b"")
        assert (status, text) == (0, "")
        with server.imap("bob") as imap:
            assert imap.cmd("NOOP").ok
        return
    assert result.returncode == status == 78
    for said in (result.stderr.decode(), text, session_error(server, "bob")):
        assert f"Unknown setting: {key}" in said


def test_what_the_configuration_says_23(only_23, start):
    """Only doveadm tells."""
    server = start()
    for key, value, message in WRONG:
        # 2.3's doveconf hands it to doveadm in the environment
        if len(value) > 100000:
            continue
        server.plugin_settings = {key: value}
        server.write_config()
        assert doveconf(server)[0] == 0
        status, text = doveadm(server, "-u", "alice")
        assert status == 78 and re.search(f"Error: {message}", text), text


BLOCKS = ["", "protocol imap", "protocol lmtp", "remote 127.0.0.0/8",
          "local 127.0.0.1", "local_name localhost", "namespace inbox"]


def in_block(name, key, value):
    line = setting(key, value)
    return "\n".join(block(name, [line]) if name else [line])


@pytest.mark.parametrize("name", BLOCKS)
def test_doveconf_refuses(only_24, start, name):
    """In whatever block it stands."""
    server = start()
    for key, value, message in WRONG:
        server.extra = in_block(name, key, value)
        server.write_config()
        status, text = doveconf(server)
        assert status == 89, (key, value, text)
        assert re.search(f"Fatal: .*: {message}", text), text


def test_no_reload_lets_it_in(only_24, start):
    server = start(plugin_settings={FILTER: "junk"})
    server.plugin_settings = {FILTER: "[a"}
    server.write_config()
    server.doveadm("reload")
    assert server.log_lines("Error: Failed to read config")
    assert "mailbox_filter:1:1: " in server.log()
    # the old configuration stays in force
    with server.imap("alice") as imap:
        assert imap.cmd("NOOP").ok


def test_doveconf_takes_what_is_right(only_24, start):
    server = start()
    for key, value in [(FILTER, ".* !/a **/b"), (FILTER, ""),
                       (FILTER, "%{user}* ["), (FILE, "%{home}/rules"),
                       (FILE, "/nowhere"), (FILE, ""),
                       (COMMANDS, "%{user}"), (COMMANDS, ""),
                       (COMMANDS, "list\tCopy")]:
        for name in BLOCKS:
            server.extra = in_block(name, key, value)
            server.write_config()
            status, text = doveconf(server)
            assert status == 0, (key, value, text)


def test_what_variables_stand_for(start):
    """doveconf can't know."""
    server = start(plugin_settings={
        FILTER: "ok [%{user}" if IS_24 else "ok [%u",
        COMMANDS: "LIST %{user}" if IS_24 else "LIST %u"})
    status, text = doveadm(server, "-u", "alice")
    assert status == 78
    assert re.search(r"Error: mailbox_filter:1:\d: .*\[alice\n", text), text
    assert "Error: imap_mailbox_log_commands: unknown command: alice" in text
    # one of the two plugins has the last word
    assert re.search(r"\[alice|command: alice", session_error(server, "alice"))


def test_all_that_is_wrong_is_told_at_once(start):
    server = start(users=["alice", User("bob", fields={
        FILTER: "[a", COMMANDS: "FETCH"})])
    status, text = doveadm(server, "-u", "bob")
    assert status == 78
    assert len(re.findall(r"\(bob\).*: Error: ", text)) == 2
    result = server.doveadm("mailbox-audit", "-u", "bob", "-j", check=False)
    line, = json_lines(result.stdout)
    error, = line["errors"]
    assert line["user"] == "bob" and not line["complete"]
    assert "mailbox_filter:1:1: " in error["error"]
    assert "imap_mailbox_log_commands: unknown command: FETCH" in error["error"]


def test_rules_on_the_command_line_are_not_those_of_the_settings(start):
    """They can be tried for somebody whose own are wrong."""
    server = start(users=[User("bob", fields={FILTER: "[a"})])
    assert doveadm(server, "-u", "bob", "--rule", "a") == (0, "")


def test_what_stands_in_a_protocol_block(start, directory):
    """By the manual's command."""
    path = directory + "/rules"
    lines = [setting(FILE, path)]
    server = start(users=["ann"], extra="\n".join(block(
        "protocol imap", lines if IS_24 else block("plugin", lines))))
    assert doveadm(server, "-u", "ann") == (0, "")
    old, new = [line for block in blocks("mailbox_filter.7", "SETTINGS")
                for line in block.splitlines() if line.startswith("doveadm")]
    command = re.sub(r"(doveadm|doveconf) ", rf"\1 -c {server.config} ",
                     new if IS_24 else old)
    result = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)
    assert result.returncode == 78
    assert f"mailbox_filter_file: open({path}) failed" in \
        result.stdout.decode()
    write_rules(path, b"*.old\n")
    assert subprocess.run(["sh", "-c", command],
                          stdout=subprocess.DEVNULL).returncode == 0


def write_rules(path, data, mode=0o644):
    with open(path, "wb") as f:
        f.write(data)
    os.chmod(path, mode)
    return path


# What is at the path of mailbox_filter_file, and what is said of it, after the
# path.
FILES = {
    "missing": (lambda path: path, r"open\(PATH\) failed: No such file.*"),
    "directory": (lambda path: os.mkdir(path), r"PATH: not a regular file"),
    "fifo": (lambda path: os.mkfifo(path, 0o666), r"PATH: not a regular file"),
    "wrong": (lambda path: write_rules(path, b"# ours\r\nok\r\n a//b\r\n"),
              r"PATH:3:\d: .*: +a//b"),
    "after-a-bom": (lambda path: write_rules(path, b"\xef\xbb\xbf[a\n"),
                    r"PATH:1:4: .*: \[a"),
    "nul": (lambda path: write_rules(path, b"a\nb\0c\n"), r"PATH:2:2: NUL .*"),
    "many": (lambda path: write_rules(path, b"a\n" * 10001),
             r"PATH:10001: more than 10000 rules"),
    "large": (lambda path: write_rules(path, b"#" * 1048577),
              r"PATH:1: the file is larger than 1048576 bytes"),
    "escapes": (lambda path: write_rules(path, b"[\x1b[2J\xff\n"),
                "PATH:1:1: .*: \\[[\ufffd?]+\\[2J[\ufffd?]*"),
}


@pytest.mark.parametrize("kind", FILES)
def test_the_file_of_rules(start, directory, kind):
    """No doveconf reads it: it may be each user's own."""
    make, message = FILES[kind]
    path = directory + "/rules"
    server = start(plugin_settings={FILE: path})
    make(path)
    assert doveconf(server)[0] == 0
    message = r"mailbox_filter_file: " + message.replace("PATH", path)
    status, text = doveadm(server, "-u", "alice")
    assert status == 78 and re.search(f"Error: {message}\n", text), text
    error = session_error(server, "alice")
    assert re.search(f"User alice: mailbox_filter: {message}$", error), error


@pytest.mark.parametrize("data, visible", [
    (b"/junk\r\n*.old\r\n", {b".x"}), (b"\xef\xbb\xbf*.old", {b".x", b"junk"}),
    (b"#\n\n", {b".x", b"a.old", b"junk"}), (b"", {b".x", b"a.old", b"junk"})])
def test_a_file_of_rules_that_is_right(start, directory, data, visible):
    """As editors of all systems write it."""
    path = write_rules(directory + "/rules", data)
    server = start(plugin_settings={FILE: path})
    fill_mbox(server, "alice", [".x", "a.old", "junk"])
    assert doveadm(server, "-u", "alice") == (0, "")
    with server.imap("alice") as imap:
        assert imap.list().keys() - {b"INBOX"} == visible


def forbid_file(path):
    os.chmod(path, 0o600)
    return r"missing \+r perm: " + path


def forbid_directory(path):
    os.chmod(os.path.dirname(path), 0o700)
    return r"missing \+x perm: " + os.path.dirname(path)


@pytest.mark.parametrize("forbid", [forbid_file, forbid_directory])
@pytest.mark.parametrize("user", [("-u", "alice"), ("-A",)])
def test_a_file_of_rules_that_the_user_cannot_read(start, directory, forbid,
                                                   user):
    """root can: what is wrong, for whom, and what to do."""
    path = write_rules(directory + "/rules", b"*.old\n")
    missing = forbid(path)
    server = start(plugin_settings={FILE: path})
    uid = server.users["alice"].uid
    message = (rf"mailbox_filter_file: open\({path}\) failed: Permission "
               rf"denied \(euid={uid}\(<unknown>\) .*{missing}.*\): "
               "each session reads it with the rights of its mail user, here "
               r"alice: let all of them read it \(chmod a\+r, and a\+x its "
               r"directories\)")
    status, text = doveadm(server, *user)
    assert status == 78
    assert re.search(rf"\(alice\).*Error: {message}\n", text), text
    error = session_error(server, "alice")
    assert re.search(f"User alice: mailbox_filter: {message}$", error), error


def test_the_commands_of_the_setting_are_those_of_the_plugin():
    """imap_mailbox_log_commands is checked by others who don't have the
    plugin's table."""
    with open(TOP + "/imap-plugin/access-commands.c") as f:
        known = set(re.findall(r'CMD\("(?:UID )?(\w+)"', f.read()))
    with open(TOP + "/settings-plugin/imap-mailbox-log-commands.c") as f:
        table = f.read().split("command_names[")[1].split("};")[0]
    names = re.findall(r'"(\w+)"', table)
    assert len(known) > 20
    assert names == sorted(known)
