# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""An upgrade of Debian 12 to 13 with the filter and the log switched on:
Dovecot doesn't start until the administrator has done what README.Debian says,
and never runs with the filter silently off."""

import glob
import imaplib
import os
import re

import pytest

import readme
from people import (LOCAL_CONF, Client, before, enter_network, make_server, run,
                    version)
from test_apt import (CONF, DOC, REPOSITORIES, SOURCES, UNUSED, apt, in_use,
                      package, quietly, read, service, services_may_start,
                      write)
from waiting import wait_for

RELEASES = ["bookworm", "trixie"]
DEBIAN = [*glob.glob("/etc/apt/sources.list"),
          *glob.glob("/etc/apt/sources.list.d/*")]


def use(release):
    """Of Debian's packages and of ours; later there is no network to get them
    from."""
    for path in DEBIAN:
        text = read(path)
        write(path, re.sub("|".join(RELEASES), release, text))
    write(SOURCES, f"deb [trusted=yes] file:{REPOSITORIES}/{release} ./\n")
    apt("update")


@pytest.fixture(scope="module", autouse=True)
def server():
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    services_may_start(False)
    use("bookworm")
    apt("--no-install-recommends install dovecot-imapd dovecot-lmtpd "
        "dovecot-mailbox-audit")
    use("trixie")
    apt("-d --no-install-recommends full-upgrade")
    enter_network()
    services_may_start(True)
    make_server(["ann", "bob"])
    write(CONF, UNUSED.sub("", read(CONF)))
    service("restart")
    assert wait_for(lambda: run("doveadm who").returncode == 0)
    yield
    service("stop")


def nobody_comes_in():
    with pytest.raises((imaplib.IMAP4.error, OSError)):
        Client("ann").names()


def test_before():
    assert version() == "2.3"
    in_use()


def test_upgrade():
    """Where services may not be started, as with systemd a package that can't
    start its own goes on."""
    services_may_start(False)
    apt("--no-install-recommends full-upgrade")
    services_may_start(True)
    assert version() == "2.4"
    for name in ("dovecot-core", "dovecot-mailbox-audit"):
        assert package(name) is not None
    assert "dovecot-abi-2.4" in package("dovecot-mailbox-audit", "Depends")
    # it is the administrator's
    assert re.search(r"^plugin \{", read(CONF), flags=re.M)
    quietly("invoke-rc.d dovecot stop")
    nobody_comes_in()


def test_dovecot_does_not_start_without_its_filter():
    """Not even when all the rest is 2.4's."""
    write(LOCAL_CONF, before())
    status, _ = quietly("invoke-rc.d dovecot restart")
    nobody_comes_in()
    assert status != 0
    result = run("doveconf -n")
    assert result.returncode != 0
    assert b"Unknown section name: plugin" in result.stderr


def test_what_readme_says():
    commands = readme.commands("Upgrade", version(), DOC + "/README.Debian")
    assert len(commands) == 1
    run(commands[0], check=True)
    write(CONF, UNUSED.sub("", read(CONF)))
    service("restart")
    assert wait_for(lambda: run("doveadm who").returncode == 0)
    in_use()
