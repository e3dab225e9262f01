# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""README's steps to remove and to upgrade, as they are printed, with people
logged in; and what happens to who doesn't keep to them."""

import contextlib
import glob
import os
import re
import shutil
import subprocess

import pytest

import readme
from dovecot import IS_24, Dovecot, dovecot_config
from filter import fill_mbox
from imap import Closed
from mounts import bind, own_mounts
from reloading import reload

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
STAGE = os.environ["MBA_STAGE"]
MODULES = dovecot_config()["dovecot_moduledir"]
STAGED = glob.glob(f"{STAGE}{MODULES}/**/*.so", recursive=True)
# the first line says where it is; a Dovecot that finds none says so as well
CONFIGURATION = re.search(rb"(/\S*)/dovecot\.conf", subprocess.run(
    ["doveconf", "-n"], stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT).stdout)[1].decode()
pytestmark = pytest.mark.skipif(
    CONFIGURATION != "/etc/dovecot",
    reason=f"Dovecot's configuration is in {CONFIGURATION}")
PLUGINS = {"imap": ["mailbox_filter", "imap_mailbox_log"]}
SETTINGS = {"mailbox_filter": ".* junk", "imap_mailbox_log_commands": "LIST"}


def section(title):
    """Returns a section of README."""
    with open(TOP + "/README") as f:
        text = f.read()
    return re.search(rf"^{title}\n-+\n(.*?)(?=^[^\n]+\n-+\n)",
                     text, re.M | re.S)[1]


def commands(text):
    return re.findall(r"^ +# (.*)$", text, re.M)


def steps(text):
    """Returns (text, commands) of the numbered steps."""
    found = re.split(r"^  \d\. ", text, flags=re.M)[1:]
    # the last one ends with the indented lines
    found[-1] = re.split(r"\n(?=[^ \n])", found[-1])[0]
    return [(step, commands(step)) for step in found]


class Installation:
    """A server where an administrator has it: its configuration in
    /etc/dovecot, its sockets in /run/dovecot."""

    def __init__(self):
        self.server = server = Dovecot(users=["ann"], plugins=PLUGINS,
                                       plugin_settings=SETTINGS)
        fill_mbox(server, "ann", ["plan", "junk"])
        # instead of Dovecot's own, which can't be written to
        self.modules = server.dir + "/modules"
        shutil.copytree(MODULES, self.modules, symlinks=True)
        bind(self.modules, MODULES)
        os.makedirs("/etc/dovecot", exist_ok=True)
        bind(server.dir, "/etc/dovecot")
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
        os.mkdir("/run/dovecot")
        bind(server.base_dir, "/run/dovecot")
        server.base_dir = "/run/dovecot"
        server.start()

    def make(self, target):
        """make install, make uninstall: of modules, which is what matters to
        Dovecot."""
        for path in STAGED:
            module = path[len(STAGE):]
            if target == "uninstall":
                os.unlink(module)
            else:
                shutil.copy(path, module + ".new")
                os.rename(module + ".new", module)

    def run(self, command):
        """Runs a command of README; returns the exit status and what it
        said."""
        if command in ("make install", "make uninstall"):
            self.make(command.split()[1])
            return 0, ""
        with reload(self.server.running) if command == "doveadm reload" \
                else contextlib.nullcontext():
            result = subprocess.run(["sh", "-c", command],
                                    stdin=subprocess.DEVNULL,
                                    stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT)
        return result.returncode, result.stdout.decode()

    def run_all(self, printed):
        for command in printed:
            status, text = self.run(command)
            assert status == 0, (command, text)

    def configure(self, plugins, settings):
        self.server.plugins = plugins
        self.server.plugin_settings = settings
        self.server.write_config()

    def names(self):
        with self.server.imap("ann") as imap:
            return {name.decode() for name in imap.list()}

    def session_works(self, filtered=None):
        """A new session begins and lists, with the plugin or without."""
        names = self.names()
        assert filtered in (None, "junk" not in names), self.server.log()
        assert "plan" in names

    def errors(self):
        """Of what was loaded and set: a reload makes Dovecot itself log
        others."""
        return [line for line in self.server.errors()
                if re.search("[Pp]lugin|[Mm]odule|[Ss]etting|mailbox_", line)]

    def session_ends(self, error):
        """A new session ends, and the log says why."""
        with self.server.imap() as imap:
            with pytest.raises((Closed, OSError, AssertionError)):
                imap.cmd("LOGIN ann pass")
                assert imap.cmd("NOOP").ok
        assert self.server.log_lines(error)


@pytest.fixture
def installation():
    with own_mounts():
        installed = Installation()
        yield installed
        installed.server.stop()
        assert installed.server.crashes() == []
        subprocess.run(["umount", "/etc/dovecot", MODULES], check=True)
        # its mount is gone with the namespace
        installed.server.base_dir = installed.server.dir + "/run"
    installed.server.remove()


def test_remove_and_install_again(installation):
    """The way of an upgrade of Dovecot."""
    server = installation.server
    take_out, reload, remove = steps(section("Upgrade and remove"))
    assert "out of mail_plugins" in take_out[0] and take_out[1] == []
    installation.session_works(filtered=True)
    with server.imap("ann") as old:
        assert b"junk" not in old.list()
        installation.configure({}, {})
        installation.session_works(filtered=True)
        installation.run_all(reload[1])
        installation.session_works(filtered=False)
        assert b"junk" not in old.list()
        assert remove[1] == ["make uninstall"]
        installation.run_all(remove[1])
        installation.session_works(filtered=False)
        assert b"junk" not in old.list()
    server.restart()
    installation.session_works(filtered=False)
    assert "mailbox-audit" not in installation.run("doveadm help")[1]

    assert "install from a fresh directory, reload, put the configuration" in \
        " ".join(section("Upgrade and remove").split())
    installation.make("install")
    installation.run_all(["doveadm reload"])
    installation.session_works(filtered=False)
    installation.configure(PLUGINS, SETTINGS)
    installation.run_all(commands(section("Check your settings")))
    installation.session_works(filtered=True)
    assert installation.errors() == []


def test_settings_that_the_running_dovecot_does_not_know(only_24,
                                                         installation):
    """Without the reload in between."""
    installation.configure({}, {})
    installation.make("uninstall")
    installation.server.restart()
    installation.make("install")
    installation.configure(PLUGINS, SETTINGS)
    check = commands(section("Check your settings"))
    assert check[-1] == "doveadm reload"
    installation.run_all(check[:-1])
    installation.server.doveadm("reload")
    assert installation.server.log_lines("Unknown setting: ")
    installation.session_works(filtered=False)
    installation.server.restart()
    installation.session_works(filtered=True)


def test_upgrade_of_the_plugins_alone(installation):
    text = section("Upgrade and remove").split("this project alone:")[1]
    printed = commands(text)
    assert printed == ["make install", "doveadm reload"]
    with installation.server.imap("ann") as old:
        for command in printed:
            installation.run_all([command])
            installation.session_works(filtered=True)
            assert b"junk" not in old.list()
    installation.server.restart()
    installation.session_works(filtered=True)
    assert installation.errors() == []


def test_removed_too_early(installation):
    """And the way back."""
    installation.make("uninstall")
    installation.session_ends("Plugin 'imap_mailbox_log' not found")
    if IS_24:
        status, text = installation.run("doveconf -n")
        assert status != 0 and "Unknown setting: " in text
    installation.configure({}, {})
    installation.run_all(["doveconf -n >/dev/null", "doveadm reload"])
    installation.session_works(filtered=False)


def other_abi(path):
    """Makes a module as if it were built for another Dovecot."""
    with open(path, "rb") as f:
        data = f.read()
    patched = re.sub(rb"\d\.\d\.ABIv", b"9.9.ABIv", data)
    assert patched != data
    with open(path + ".new", "wb") as f:
        f.write(patched)
    os.rename(path + ".new", path)


def staged(word):
    module, = [path[len(STAGE):] for path in STAGED if word in path]
    return module


@pytest.mark.parametrize("word", ["mailbox_filter", "imap_mailbox_log"])
def test_a_plugin_for_another_dovecot(installation, word):
    other_abi(staged(word + "_plugin"))
    installation.session_ends("Module is for different ABI version 9.9.ABIv")
    installation.configure({}, {})
    installation.run_all(["doveadm reload"])
    installation.session_works(filtered=False)


@pytest.mark.parametrize("command", ["doveconf -n", "dovecot -n"])
def test_a_settings_module_for_another_dovecot(only_24, installation, command):
    path = staged("mailbox_audit_settings")
    assert installation.run(command)[0] == 0
    other_abi(path)
    status, text = installation.run(command)
    assert status != 0
    assert path in text and "different ABI version 9.9.ABIv" in text
    os.unlink(path)
    installation.configure({}, {})
    assert installation.run(command)[0] == 0


def test_a_plugin_of_doveadm_for_another_dovecot(installation):
    path = staged("doveadm_mailbox_audit")
    other_abi(path)
    status, text = installation.run("doveadm mailbox list -u ann")
    assert status == 0
    assert path in text and "different ABI version 9.9.ABIv" in text
    os.unlink(path)
    assert "Error" not in installation.run("doveadm mailbox list -u ann")[1]


def lines_of_23():
    """What a Dovecot 2.3 may have had: README's lines, and the file's for
    conf.d in use."""
    path = TOP + "/contrib/conf.d/99-mailbox-audit-2.3.conf"
    with open(path) as f:
        return [readme.settings("2.3"),
                re.sub(r"^#(?=[^#\n])", "", f.read(), flags=re.M)]


def test_settings_of_2_3(only_24, installation):
    """They never leave a server without the filter: it doesn't start, a session
    ends. With 2.4's in their place all is well."""
    server = installation.server
    installation.configure({}, {})
    for lines in lines_of_23():
        server.extra = lines
        server.write_config()
        status, text = installation.run("doveconf -n")
        assert status != 0 and "Unknown section name: plugin" in text
        with pytest.raises(RuntimeError):
            server.restart()
        server.forget_log()
        # who only takes away what Dovecot doesn't know
        server.extra = lines[:lines.index("plugin {")]
        server.restart()
        installation.session_ends("Plugin '$mail_plugins' not found")
    assert "put those for 2.4 in their place" in \
        " ".join(section("Upgrade and remove").split())
    server.extra = readme.settings("2.4").replace("public_html", "junk")
    server.write_config()
    installation.run_all(commands(section("Check your settings")))
    installation.session_works(filtered=True)
