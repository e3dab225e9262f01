# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The packages' life with apt, on a server with Debian's own configuration and
mail in people's homes. Between all steps people can log in, or the step says
what to do. Debian's dovecot-core restarts Dovecot itself whenever modules come
or go: a session that was open is told so."""

import glob
import imaplib
import os
import re
import subprocess

import pytest

import readme
from people import (JUNK, LOCAL_CONF, LOG, Client, before, enter_network,
                    installed, make_server, names_of, people_work, run,
                    version)
from waiting import wait_for

TOP = os.path.dirname(os.path.abspath(readme.PATH))
REPOSITORIES = "/srv/packages"
SOURCES = "/etc/apt/sources.list.d/packages.list"
OURS = ["dovecot-mailbox-audit", "libmailboxaudit-dev", "libmailboxaudit1",
        "mailbox-audit"]
CONF = "/etc/dovecot/conf.d/99-mailbox-audit.conf"
DOC = "/usr/share/doc/dovecot-mailbox-audit"
ASIDE = CONF + ".removed"
WANTS = "/etc/systemd/system/timers.target.wants"
SAID = "/var/log/said"
POLICY = "/usr/sbin/policy-rc.d"
# what a line of configuration looks like that isn't in use
UNUSED = re.compile(r"^#(?=[^#\n])", flags=re.M)


def quietly(command):
    """Runs what may start a daemon, which would keep a pipe open. Returns the
    exit status and what was said."""
    status = run(f"{command} > {SAID} 2>&1").returncode
    return status, read(SAID)


def service(action):
    status, text = quietly(f"invoke-rc.d dovecot {action}")
    assert status == 0, text


def apt(command):
    """Returns what it said."""
    status, text = quietly(f"apt-get -y {command}")
    assert status == 0, text
    return text


def add_repository(name):
    with open(SOURCES, "a") as f:
        f.write(f"deb [trusted=yes] file:{REPOSITORIES}/{name} ./\n")
    # Debian's own can't be reached, and stay as they are
    apt(f"-o Dir::Etc::SourceList={SOURCES} -o Dir::Etc::SourceParts=- "
        "-o APT::Get::List-Cleanup=0 update")


def package(name, field="Version"):
    """Returns a field of an installed package, None if it isn't."""
    result = run("dpkg-query -W -f '${db:Status-Status} ${%s}' %s" %
                 (field, name))
    state, _, value = result.stdout.decode().partition(" ")
    return value if state == "installed" else None


def master():
    with open("/run/dovecot/master.pid") as f:
        return int(f.read())


def configuration():
    return run("doveconf -n", check=True).stdout


def read(path):
    with open(path) as f:
        return f.read()


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def services_may_start(may):
    write(POLICY, "#!/bin/sh\nexit %d\n" % (0 if may else 101))
    os.chmod(POLICY, 0o755)


def in_use():
    """The filter and the log are on, and people work."""
    people_work()
    for user in ("ann", "bob"):
        start = len(read(LOG))
        names = names_of(user)
        assert not set(JUNK) & names and names >= {"INBOX", "Sent"}
        # another process writes the log
        line = rf"imap\({user}\).* mailbox_access: cmd=LIST "
        assert wait_for(lambda: re.search(line, read(LOG)[start:]))


def not_in_use():
    people_work()
    assert set(JUNK) <= names_of("ann")


@pytest.fixture
def session():
    """One that was open before the step."""
    client = Client("ann")
    client.ask("select", "Sent")
    yield client
    client.imap.shutdown()


def goes_on(session):
    """Whether it does; if not it was told why."""
    try:
        return session.imap.noop()[0] == "OK"
    except (imaplib.IMAP4.abort, OSError) as error:
        assert "shutting down" in str(error) or \
            any(b"shutting down" in line for line in
                session.imap.untagged_responses.get("BYE", [])), error
        return False


def wait_end(session):
    """Dovecot is restarted while apt goes on."""
    assert wait_for(lambda: not goes_on(session))


BEFORE = set()


@pytest.fixture(scope="module", autouse=True)
def server():
    """Debian's Dovecot as it was before, started as its package does it."""
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    packages = "dovecot-imapd dovecot-lmtpd libjansson-dev ucf"
    apt(f"-d --no-install-recommends install {packages}")
    enter_network()
    # without systemd nothing is started unless somebody says so
    services_may_start(True)
    apt(f"--no-install-recommends install {packages}")
    make_server(["ann", "bob"])
    service("restart")
    assert wait_for(lambda: run("doveadm who").returncode == 0)
    not_in_use()
    os.makedirs(WANTS, exist_ok=True)
    BEFORE.update(installed())
    yield
    service("stop")


def test_install():
    stock = configuration()
    add_repository("ours")
    apt("--no-install-recommends install dovecot-mailbox-audit")
    provided, = re.findall(r"dovecot-abi-[^, ]+",
                           package("dovecot-core", "Provides"))
    assert provided in package("dovecot-mailbox-audit", "Depends").split(", ")
    assert os.path.exists(DOC + "/README.Debian")
    # each line of it is a comment
    assert re.fullmatch(r"(#.*\n|\n)*", read(CONF))
    assert configuration() == stock
    not_in_use()


def test_switch_on(session):
    write(CONF, UNUSED.sub("", read(CONF)))
    for command in readme.commands("Check your settings", version()):
        result = run(command)
        assert result.returncode == 0, (command, result)
    assert goes_on(session)
    in_use()


def test_daily_use():
    """The commands of README, as they are printed."""
    commands = readme.commands("Daily use", version())
    assert len(commands) >= 6
    for command in commands:
        result = run(command)
        assert result.returncode == 0 and result.stdout != b"", \
            (command, result)
    run("mailbox-usage " + LOG, check=True)
    in_use()


def test_manual_pages():
    pages = run("dpkg -L mailbox-audit dovecot-mailbox-audit | "
                "grep /man/man").stdout.decode().split()
    assert {os.path.basename(page) for page in pages} >= {
        "mailbox-audit.1.gz", "mailbox-audit-clean.1.gz",
        "mailbox-audit-inspect.1.gz", "mailbox-usage.1.gz",
        "doveadm-mailbox-audit.1.gz", "mailbox_filter.7.gz",
        "imap_mailbox_log.7.gz"}


def test_upgrade(session):
    """Of ours alone, where services may not be started: if one of our scripts
    did it all the same, another Dovecot would run then."""
    add_repository("next")
    services_may_start(False)
    running = master()
    apt("upgrade")
    services_may_start(True)
    assert package("dovecot-mailbox-audit").endswith("+next")
    assert package("libmailboxaudit1").endswith("+next")
    assert master() == running and goes_on(session)
    in_use()


def test_a_dovecot_of_another_abi_is_held_back(session):
    add_repository("dovecot")
    text = apt("upgrade")
    held = re.search(r"kept back:\n((?:  .*\n)+)", text)
    assert "dovecot-core" in held[1].split()
    assert not package("dovecot-core").endswith("+other")
    assert goes_on(session)
    in_use()


def test_full_upgrade(session):
    """Takes the plugins away, and people can log in. Newer apt's own solver
    holds Dovecot back here, too, since somebody asked for the plugins."""
    text = apt("-o APT::Solver=internal full-upgrade")
    assert "dovecot-mailbox-audit" in \
        re.search(r"REMOVED:\n((?:  .*\n)+)", text)[1]
    assert package("dovecot-core").endswith("+other")
    assert package("dovecot-mailbox-audit") is None
    assert f"{CONF} was in use. It is {ASIDE} now" in text
    wait_end(session)
    not_in_use()
    assert run("mailbox-audit match -v .git").stdout == \
        b"default:1:1:.*\t.git\n"


def test_packages_for_it_come(session):
    """And the filter with them."""
    edited = read(ASIDE)
    add_repository("rebuilt")
    text = apt("install dovecot-mailbox-audit")
    assert f"{CONF} is in use again" in text
    assert read(CONF) == edited and not os.path.exists(ASIDE)
    goes_on(session)
    in_use()


def test_removed_while_another_file_names_it():
    """It says which, and what to do; that done, people can log in."""
    block, = re.findall(r"^protocol imap \{\n(?:.*\n)+?\}\n", read(CONF),
                        flags=re.M)
    write(LOCAL_CONF, before() + block)
    text = apt("remove dovecot-mailbox-audit")
    assert "WARNING: Dovecot's configuration still names" in text
    assert re.search(rf"^{LOCAL_CONF}:\d+:.*mailbox_filter", text, flags=re.M)
    assert ASIDE not in text
    with pytest.raises((imaplib.IMAP4.error, OSError)):
        Client("ann").ask("select", "Sent")
    write(LOCAL_CONF, before())
    service("restart")
    assert wait_for(lambda: run("doveadm who").returncode == 0)
    not_in_use()


def test_remove(session):
    """As it should be."""
    apt("install dovecot-mailbox-audit")
    in_use()
    text = apt("remove dovecot-mailbox-audit")
    assert "WARNING" not in text
    goes_on(session)
    not_in_use()


def test_the_file_stays_away_for_who_removed_it():
    """As ucf does it: there was a decision."""
    os.remove(ASIDE)
    apt("install dovecot-mailbox-audit")
    assert not os.path.exists(CONF)
    not_in_use()


def test_the_timer_is_stopped_by_removal_alone():
    """There is no systemd here: by what debhelper wrote. An upgrade that stops
    it would leave it so until the next boot."""
    found = {path: re.findall(r"^if (.*) ; then\n\tdeb-systemd-invoke stop .*"
                              r"'mailbox-audit-clean\.timer'", read(path), re.M)
             for path in glob.glob("/var/lib/dpkg/info/*mailbox-audit.p*")}
    (path, condition), = ((path, condition) for path, parts in found.items()
                          for condition in parts)
    assert path.endswith("/dovecot-mailbox-audit.prerm")
    assert '"$1" = remove' in condition


def test_purge():
    """Nothing of ours stays, not even the link by which somebody enabled the
    timer."""
    apt("--no-install-recommends install libmailboxaudit-dev")
    timer, = run("dpkg -L dovecot-mailbox-audit | "
                 "grep 'timer$'").stdout.decode().split()
    os.symlink(timer, f"{WANTS}/mailbox-audit-clean.timer")
    for end in (".removed", "~", "%", ".bak", ".ucf-new", ".ucf-old",
                ".ucf-dist", ".merge-error"):
        write(CONF + end, "what this package, an editor or ucf may leave\n")
    apt(f"purge {' '.join(OURS)}")
    for name in OURS:
        assert run(f"dpkg-query -s {name}").returncode != 0
    assert installed() - BEFORE == {SOURCES}
    # ucf notes what it has, and keeps its notes of before
    left = run("ls -R /var/lib/systemd /var/lib/ucf; cd /var/lib/ucf; "
               "cat hashfile* registry*", check=True).stdout.decode()
    assert "mailbox-audit" not in left
    assert "/etc/dovecot/dovecot.conf" in read("/var/lib/ucf/hashfile.0")
    not_in_use()


def test_smoke():
    """What autopkgtest runs."""
    apt("--no-install-recommends install dovecot-mailbox-audit")
    result = subprocess.run([TOP + "/debian/tests/smoke"],
                            stdin=subprocess.DEVNULL)
    assert result.returncode == 0
