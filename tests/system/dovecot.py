# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""A private Dovecot for a test: its own configuration, sockets, loopback ports,
users, homes and log, all below one temporary directory. The host's Dovecot is
neither read nor touched. The same description serves Dovecot 2.3 and 2.4.

    server = Dovecot(location=Location("mbox", mail="~", inbox="mail/%u",
                                       index="index/%u"),
                     users=["alice", "bob"],
                     plugins={"imap": ["mailbox_filter"]},
                     plugin_settings={"mailbox_filter": ".* public_html"})
    server.start()
    alice = server.users["alice"]     # .uid .gid .home .fields
    with server.imap("alice") as imap: ...                 # see imap.py
    server.doveadm("mailbox", "path", "-u", "alice", "INBOX").stdout   # bytes
    server.http([["mailboxList", {"user": "alice"}, "tag"]])           # JSON
    server.deliver("alice", b"Subject: x\\n\\nbody\\n")                  # LMTP
    server.path("index/%u", "alice")  # what "index/%u" means for alice
    server.log(), server.errors()    # all that is logged until now
    server.stop()

In tests take the fixture `dovecot` (conftest.py): dovecot(**description)
returns a started server, which is stopped and removed after the test; a panic,
a fatal error or a crash in its log fails the test.

Location: one mail location. Paths: "~..." is the user's home, "/..." absolute,
anything else below the server's directory; %u is the user, %h the home. driver
mbox, maildir, sdbox, mdbox ...; without one, and without mail, Dovecot finds
out; index="MEMORY" is INDEX=MEMORY; layout None is
the driver's default; dirname, fulldirname, mailbox_dir are DIRNAME=,
FULLDIRNAME=, MAILBOXDIR=; options has others: by 2.3's name for a string, e.g.
{"ITERINDEX": True, "VOLATILEDIR": "volatile/%u"}.

Namespace: a further namespace (prefix, separator, type, location, settings).
The first one is made from location, prefix and separator of the Dovecot itself.

plugins: {"": [...]} is mail_plugins for all, {"imap": [...], "lmtp": [...],
"doveadm": [...]} adds to it in one protocol. plugin_settings are those of
plugin {} in 2.3, top-level settings in 2.4. settings are top-level ones in
both.
extra is text for the end of the configuration: a string, or {"2.3": text,
"2.4": text} where the versions differ; @DIR@ in it is the server's directory,
@PORT@ its port for IMAP, @SPARE_PORT@ one for another service
(server.spare_port).

Users: names, or User(name, uid, home, fields). Each has a numeric uid of its
own, without a system account, password "pass", and a home below the server's
directory. fields are userdb fields (a setting for one user, e.g.
{"mailbox_filter": "*.old"}): they can't hold blanks, a tab does. add_user()
also works while the server runs. doveadm -A iterates over them.
"""

import base64
import collections
import contextlib
import dataclasses
import fcntl
import http.client
import json
import os
import re
import shlex
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import termios
import time

from imap import Closed, Imap
from waiting import PATIENCE, wait_for

# where Dovecot is, and what was staged
PREFIX = os.environ.get("MBA_PREFIX", "/usr")
FIRST_UID = 20001
# what Dovecot logs once it listens
STARTED = " starting up for "


def log_prefix(service):
    """Returns a regular expression for what a service's lines begin with. The
    user isn't always in it: Dovecot's log process forgets him when it hears of
    a process's end, which may be before it has read the last line."""
    return rf" {service}(?:\(.*)?: "


def version():
    """Returns Dovecot's version as a tuple, e.g. (2, 3, 19)."""
    text = subprocess.run(["dovecot", "--version"], check=True,
                          stdout=subprocess.PIPE).stdout.decode()
    return tuple(int(n) for n in re.findall(r"\d+", text)[:3])


VERSION = version()
IS_24 = VERSION >= (2, 4)
# LIST removes empty directories: an option of a location, a setting. Otherwise
# the servers don't do that, as 2.3 by default.
NO_NOSELECT = {} if IS_24 else {"NO-NOSELECT": True}
DROP_NOSELECT = {"mailbox_list_drop_noselect": "yes"} if IS_24 else {}


def dovecot_config():
    """Returns what Dovecot tells those who compile plugins."""
    for lib in ("lib", "lib64"):
        path = f"{PREFIX}/{lib}/dovecot/dovecot-config"
        if os.path.exists(path):
            with open(path) as f:
                return dict(word.split("=", 1)
                            for word in shlex.split(f.read()))
    raise AssertionError("no dovecot-config")


@dataclasses.dataclass
class Location:
    driver: str = "mbox"
    mail: str = "~"
    index: str = None
    inbox: str = None
    layout: str = None
    dirname: str = None
    fulldirname: str = None
    mailbox_dir: str = None
    control: str = None
    options: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Namespace:
    name: str
    prefix: str
    separator: str = "/"
    type: str = "private"
    location: Location = None
    settings: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class User:
    name: str
    uid: int = None
    home: str = None
    fields: dict = dataclasses.field(default_factory=dict)

    @property
    def gid(self):
        return self.uid


# Location's fields: the key in 2.3's mail_location, the setting of 2.4. FULL-
# DIRNAME is DIRNAME in 2.4 with another setting beside it.
LOCATION_KEYS = [
    ("layout", "LAYOUT", "mailbox_list_layout"),
    ("inbox", "INBOX", "mail_inbox_path"),
    ("index", "INDEX", "mail_index_path"),
    ("control", "CONTROL", "mail_control_path"),
    ("dirname", "DIRNAME", "mailbox_directory_name"),
    ("fulldirname", "FULLDIRNAME", "mailbox_directory_name"),
    ("mailbox_dir", "MAILBOXDIR", "mailbox_root_directory_name"),
]
OPTION_SETTINGS = {
    "ALT": "mail_alt_path",
    "BROKENCHAR": "mailbox_list_visible_escape_char",
    "INDEXCACHE": "mail_cache_path",
    "INDEXPVT": "mail_index_private_path",
    "ITERINDEX": "mailbox_list_iter_from_index_dir",
    "LISTINDEX": "mailbox_list_index_prefix",
    "SUBSCRIPTIONS": "mailbox_subscriptions_filename",
    "UTF-8": "mailbox_list_utf8",
    "VOLATILEDIR": "mail_volatile_path",
}
PATHS = {"inbox", "index", "control", "ALT", "INDEXCACHE", "INDEXPVT",
         "LISTINDEX", "VOLATILEDIR"}


# whoever asked for these may not listen yet
given_ports = collections.deque(maxlen=100)


def free_ports(count):
    """Returns ports of the loopback interface that nobody listens on, and that
    nobody got of late."""
    socks, ports = [], []
    while len(ports) < count:
        socks.append(socket.socket())
        socks[-1].bind(("127.0.0.1", 0))
        port = socks[-1].getsockname()[1]
        if port not in given_ports:
            ports.append(port)
    for sock in socks:
        sock.close()
    given_ports.extend(ports)
    return ports


def block(name, lines):
    return [name + " {"] + ["  " + line for line in lines] + ["}"]


def setting(key, value):
    if isinstance(value, bool):
        value = "yes" if value else "no"
    value = str(value)
    # 2.4 drops what follows a '#', both drop outer blanks
    if IS_24 and (value == "" or re.search(r'[#"\s\\{}<$]', value)) and \
            not re.search(r"%\{|^\S+( \S+)*$", value):
        value = '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'
    return f"{key} = {value}"


class Dovecot:
    def __init__(self, location=None, users=("alice",), namespaces=(),
                 prefix="", separator="/", plugins=None, plugin_settings=None,
                 settings=None, extra="", dir=None):
        # sockets' paths are limited to 108 bytes: not below pytest's tmp_path
        self.dir = tempfile.mkdtemp(prefix="mba-", dir=dir or "/tmp")
        os.chmod(self.dir, 0o755)
        self.location = location or Location(
            "mbox", "~", inbox="mail/%u", index="index/%u")
        self.namespaces = list(namespaces)
        self.prefix = prefix
        self.separator = separator
        self.plugins = plugins or {}
        self.plugin_settings = plugin_settings or {}
        self.settings = settings or {}
        self.extra = extra
        self.process = None
        # how many have been begun by imap()
        self.sessions = 0
        self.config = os.path.join(self.dir, "dovecot.conf")
        self.api_key = "key"
        self.password = "secret"
        self.base_dir = os.path.join(self.dir, "run")
        self.socket = os.path.join(self.base_dir, "doveadm-server")
        for name in ("run", "state", "home", "private"):
            os.mkdir(os.path.join(self.dir, name))
        # where users create files of their own
        for name in ("mail", "index", "control"):
            path = os.path.join(self.dir, name)
            os.mkdir(path)
            os.chmod(path, 0o1777)
        self.users = {}
        for user in users:
            self.make_user(user)
        self.write_users()

    # users

    def add_user(self, *args, **kwargs):
        """Adds a user, with an empty home of mode 0700. Returns the User."""
        user = self.make_user(*args, **kwargs)
        self.write_users()
        return user

    def make_user(self, user, uid=None, home=None, **fields):
        if not isinstance(user, User):
            user = User(user, uid, home, fields)
        if user.uid is None:
            user.uid = FIRST_UID + len(self.users)
        if user.home is None:
            user.home = os.path.join(self.dir, "home", user.name)
        for key, value in user.fields.items():
            if " " in str(value):
                raise ValueError(f"{key}: a userdb field can't hold a blank; "
                                 "use a tab")
        if not os.path.lexists(user.home):
            os.mkdir(user.home, 0o700)
            os.chown(user.home, user.uid, user.gid)
        self.users[user.name] = user
        return user

    def write_users(self):
        path = os.path.join(self.dir, "users")
        with open(path + ".new", "w") as f:
            for u in self.users.values():
                fields = " ".join(f"userdb_{k}={v}"
                                  for k, v in u.fields.items())
                f.write(f"{u.name}:{{PLAIN}}pass:{u.uid}:{u.gid}::"
                        f"{u.home}::{fields}\n")
        os.rename(path + ".new", path)

    def chown(self, user, path):
        """Gives a tree to a user, links themselves and not their targets."""
        user = self.users[user]
        os.lchown(path, user.uid, user.gid)
        for top, dirs, files in os.walk(path):
            for name in dirs + files:
                os.lchown(os.path.join(top, name), user.uid, user.gid)

    def path(self, path, user=None):
        """Returns a path of a Location as an absolute path, with a user's name
        and home in it if the user is given."""
        if path == "~" or path.startswith("~/"):
            path = "%h" + path[1:]
        elif not path.startswith(("/", "%h")):
            path = os.path.join(self.dir, path)
        if user is not None:
            path = path.replace("%h", self.users[user].home)
            path = path.replace("%u", user)
        return path

    # configuration

    def expand(self, value):
        """%u and %h, as the version spells them."""
        if IS_24 and isinstance(value, str):
            value = value.replace("%u", "%{user}").replace("%h", "%{home}")
        return value

    def location_value(self, key, value):
        if key in PATHS and value != "MEMORY":
            value = self.path(value)
        return value

    def location_23(self, loc):
        text = "" if loc.driver is None else loc.driver + ":"
        if loc.mail is not None:
            text += self.path(loc.mail)
        for field, key, _ in LOCATION_KEYS:
            value = getattr(loc, field)
            if value is not None:
                text += f":{key}={self.location_value(field, value)}"
        for key, value in loc.options.items():
            if value is True:
                text += f":{key}"
            else:
                text += f":{key}={self.location_value(key, value)}"
        return text

    def location_24(self, loc):
        lines = []
        if loc.driver is not None:
            lines.append(setting("mail_driver", loc.driver))
        if loc.mail is not None:
            lines.append(setting("mail_path", self.path(loc.mail)))
        for field, _, key in LOCATION_KEYS:
            value = getattr(loc, field)
            if value is not None:
                lines.append(setting(key, self.location_value(field, value)))
        if loc.fulldirname is not None:
            lines.append("mailbox_directory_name_legacy = no")
        for key, value in loc.options.items():
            lines.append(setting(OPTION_SETTINGS[key],
                                 self.location_value(key, value)))
        return [self.expand(line) for line in lines]

    def location_lines(self, loc, key):
        if IS_24:
            return self.location_24(loc)
        return [f"{key} = {self.location_23(loc)}"]

    def namespace_lines(self):
        lines = block("namespace inbox", [
            "inbox = yes",
            f'prefix = "{self.prefix}"',
            f"separator = {self.separator}",
        ])
        for ns in self.namespaces:
            body = [f'prefix = "{self.expand(ns.prefix)}"',
                    f"separator = {ns.separator}", f"type = {ns.type}"]
            if ns.location is not None:
                body += self.location_lines(ns.location, "location")
            body += [setting(k, self.expand(v))
                     for k, v in ns.settings.items()]
            lines += block("namespace " + ns.name, body)
        return lines

    def plugin_lines(self):
        lines = []
        for protocol, names in sorted(self.plugins.items()):
            if IS_24:
                body = block("mail_plugins", [f"{n} = yes" for n in names])
            else:
                words = names if protocol == "" else ["$mail_plugins"] + names
                body = ["mail_plugins = " + " ".join(words)]
            if protocol != "":
                body = block("protocol " + protocol, body)
            lines += body
        settings = [setting(k, v) for k, v in self.plugin_settings.items()]
        if IS_24:
            return lines + settings
        return lines + block("plugin", settings)

    def auth_lines(self):
        users = os.path.join(self.dir, "users")
        if IS_24:
            body = [f"passwd_file_path = {users}"]
            return ["auth_allow_cleartext = yes"] + \
                block("passdb passwd-file", body) + \
                block("userdb passwd-file", body)
        body = ["driver = passwd-file", f"args = {users}"]
        return ["disable_plaintext_auth = no"] + \
            block("passdb", body) + block("userdb", body)

    def version_lines(self):
        if not IS_24:
            return []
        number = ".".join(str(n) for n in VERSION)
        # 2.4's LIST would rmdir empty directories of the home
        return [f"dovecot_config_version = {number}",
                f"dovecot_storage_version = {number}",
                "mailbox_list_drop_noselect = no"]

    def service_lines(self):
        any_user = ["mode = 0666"]
        # one process for all logins: each is begun anew otherwise
        count = "restart_request_count = unlimited" if IS_24 else \
            "service_count = 0"
        return block("service imap-login", [count] +
                     block("inet_listener imap", [f"port = {self.port}"]) +
                     block("inet_listener imaps", ["port = 0"])) + \
            block("service lmtp", block("unix_listener lmtp", any_user)) + \
            block("service doveadm",
                  block("inet_listener doveadm",
                        [f"port = {self.doveadm_port}"]) +
                  block("inet_listener http", [f"port = {self.http_port}"]))

    def extra_text(self):
        extra = self.extra
        if isinstance(extra, dict):
            extra = extra.get("2.4" if IS_24 else "2.3", "")
        for name, value in (("DIR", self.dir), ("PORT", self.port),
                            ("SPARE_PORT", self.spare_port)):
            extra = extra.replace(f"@{name}@", str(value))
        return extra

    def write_config(self):
        """Writes the configuration; start() does it."""
        lines = self.version_lines() + [
            f"base_dir = {self.base_dir}",
            f"state_dir = {self.dir}/state",
            f"log_path = {self.dir}/log",
            "listen = 127.0.0.1",
            "protocols = imap lmtp",
            "ssl = no",
            "first_valid_uid = 1000",
            "mail_max_userip_connections = 1000",
            "hostname = localhost",
            "postmaster_address = postmaster@localhost",
            f"doveadm_password = {self.password}",
            f"doveadm_api_key = {self.api_key}",
        ]
        lines += self.location_lines(self.location, "mail_location")
        lines += [setting(k, self.expand(v)) for k, v in self.settings.items()]
        lines += self.namespace_lines() + self.auth_lines()
        lines += self.service_lines() + self.plugin_lines()
        with open(self.config, "w") as f:
            f.write("\n".join(lines) + "\n" + self.extra_text() + "\n")

    # the processes

    def start(self):
        """Starts Dovecot and waits until it greets an IMAP client."""
        for attempt in range(3):
            # a port may be taken between choosing it and listening on it
            if attempt > 0:
                self.forget_log()
            self.port, self.doveadm_port, self.http_port, self.spare_port = \
                free_ports(4)
            self.write_config()
            before = self.log().count(STARTED)
            self.process = subprocess.Popen(
                ["dovecot", "-F", "-c", self.config], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, start_new_session=True,
                stderr=open(self.dir + "/stderr", "ab"))
            if self.wait_greeting(before):
                return self
            self.stop()
            if "Address already in use" not in self.log():
                break
        raise RuntimeError("Dovecot doesn't start:\n" + self.log() +
                           open(self.config).read())

    def forget_log(self):
        """Empties the log: what a failed start said is no error of a test."""
        for name in ("stderr", "log"):
            with contextlib.suppress(FileNotFoundError):
                os.truncate(os.path.join(self.dir, name), 0)

    def wait_greeting(self, before):
        """before is how often it has said that it started. Another server may
        have taken the port, and greet."""
        def greets():
            with contextlib.suppress(OSError, Closed):
                Imap(self.port, timeout=10).close()
                return self.log().count(STARTED) > before
            return False

        return wait_for(lambda: self.process.poll() is not None or
                        greets()) and self.process.poll() is None

    def stop(self):
        """Stops Dovecot and waits for the end of all its processes."""
        if self.process is None:
            return
        # Dovecot may panic ("epoll_ctl(del, 10) failed") where a process that
        # ends by itself is told just then to close its listeners
        wait_for(self.is_idle, patience=1)
        # not "doveadm stop": it waits for its timeout, since the ended master
        # process stays there until we have asked for its exit status
        self.process.terminate()
        # sessions would stay for ten seconds
        self.end_processes(signal.SIGTERM, 0.1, keep=("dovecot", "log"))
        # all that the master still does is to look once a second whether its
        # children have ended; the log process ends when nobody writes to it
        self.process.kill()
        self.process.wait()
        self.end_processes(signal.SIGKILL, PATIENCE)
        self.process = None

    def end_processes(self, signum, patience, keep=()):
        """Waits until only the processes to keep are left; those that don't end
        by themselves get a signal after a while."""
        start = time.monotonic()
        signalled = set()
        while time.monotonic() < start + patience + PATIENCE:
            pids = {pid for pid, name in self.running() if name not in keep}
            if not pids:
                return
            if time.monotonic() > start + patience:
                for pid in pids - signalled:
                    if signum == signal.SIGKILL or catches(pid, signum):
                        signalled.add(pid)
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(pid, signum)
            time.sleep(0.01)

    def running(self):
        """Returns (pid, name) of this server's processes: they are the session
        that start() created."""
        processes = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat", "rb") as f:
                    name, rest = f.read().split(b"(", 1)[1].rsplit(b")", 1)
            except OSError:
                continue
            fields = rest.split()
            if int(fields[3]) == self.process.pid and fields[0] != b"Z":
                processes.append((int(pid), name.decode()))
        return processes

    def is_idle(self):
        """Whether no process does anything, not even end."""
        return not any(state(pid) in (b"R", b"D")
                       for pid, _ in self.running())

    @property
    def tcp(self):
        """The address of doveadm-server, for doveadm -S."""
        return f"127.0.0.1:{self.doveadm_port}"

    def restart(self):
        self.stop()
        return self.start()

    def remove(self):
        """Stops Dovecot and removes all of its files."""
        self.stop()
        # shutil.rmtree() can't: there are trees deeper than its recursion
        subprocess.run(["rm", "-rf", self.dir], check=True)

    # talking to it

    def imap(self, user=None, **kwargs):
        """Returns a client that is logged in, or only connected without
        user."""
        client = Imap(self.port, user, **kwargs)
        self.sessions += user is not None
        return client

    def doveadm(self, *args, input=None, check=True, timeout=600, env=None,
                prefix=(), stdout=subprocess.PIPE):
        """Runs doveadm with this server's configuration; returns the
        CompletedProcess with bytes in stdout and stderr. Global options
        ("-f", "json", "-o", "name=value") come first. prefix is a command to
        run it under (strace ...). With check, a failure raises."""
        argv = [*prefix, "doveadm", "-c", self.config, *args]
        result = subprocess.run(argv, input=input, stdout=stdout,
                                stderr=subprocess.PIPE, timeout=timeout,
                                env=env,
                                stdin=subprocess.DEVNULL if input is None
                                else None)
        if check and result.returncode != 0:
            raise RuntimeError(f"{argv} ended with {result.returncode}: "
                               f"{result.stderr.decode(errors='replace')}"
                               f"{result.stdout[-2000:]!r}")
        return result

    def http_raw(self, commands):
        """Posts commands to doveadm's HTTP API: (status, body)."""
        conn = http.client.HTTPConnection("127.0.0.1", self.http_port,
                                          timeout=600)
        key = base64.b64encode(self.api_key.encode()).decode()
        conn.request("POST", "/doveadm/v1", json.dumps(commands),
                     {"Content-Type": "application/json",
                      "Authorization": "X-Dovecot-API " + key})
        response = conn.getresponse()
        body = response.read()
        conn.close()
        return response.status, body

    def http(self, commands):
        """The same, decoded: [["doveadmResponse", rows, tag], ...]."""
        status, body = self.http_raw(commands)
        assert status == 200, (status, body)
        return json.loads(body)

    def deliver(self, user, message):
        """Delivers a message over LMTP."""
        message = message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(60)
            sock.connect(os.path.join(self.base_dir, "lmtp"))
            replies = sock.makefile("rb")
            lmtp_reply(replies)
            for command in (b"LHLO localhost", b"MAIL FROM:<>",
                            b"RCPT TO:<%s>" % user.encode(), b"DATA",
                            message + b"\r\n."):
                sock.sendall(command + b"\r\n")
                lmtp_reply(replies)
            sock.sendall(b"QUIT\r\n")
            lmtp_reply(replies)

    # its log

    def log(self):
        """Returns all that Dovecot logged, and what it said before it could
        log. What its processes have written until now is in it: that of a
        session is, once that has ended."""
        if self.process is not None:
            wait_for(self.log_is_written)
        text = ""
        for name in ("stderr", self.settings.get("log_path", "log")):
            path = os.path.join(self.dir, name)
            if os.path.exists(path):
                with open(path, errors="surrogateescape") as f:
                    text += f.read()
        return text

    def log_is_written(self):
        """Whether all pipes to the log process are empty, and it sleeps: so
        there is nothing left that it has read and not yet written."""
        pids = [pid for pid, name in self.running() if name == "log"]
        return all(map(pipes_are_empty, pids)) and \
            all(state(pid) in (b"S", None) for pid in pids)

    def log_lines(self, *words, count=1, service=None):
        """Returns the lines with all the words in them, those of a service if
        it is given, once there are count: a process may log something after
        its reply."""
        pattern = "" if service is None else log_prefix(service)
        lines = wait_for(
            lambda: [l for l in self.log().splitlines()
                     if all(word in l for word in words) and
                     re.search(pattern, l)],
            lambda lines: len(lines) >= count)
        # what it has in their place tells why
        assert len(lines) >= count, self.log()
        return lines

    def errors(self):
        """Returns the log's lines of level Error and worse."""
        return [l for l in self.log().splitlines()
                if re.search(r"(Error|Fatal|Panic): ", l)]

    def crashes(self):
        """Returns the lines that no test may cause. A process that begins while
        Dovecot ends finds no configuration any more, or is ended by stop()
        before it listens to signals."""
        return [l for l in self.log().splitlines()
                if re.search(r"Panic: |Fatal: |killed with signal|"
                             r"core dumped|Raw backtrace|runtime error|"
                             r"AddressSanitizer", l) and
                not re.search(r"Fatal: (Failed to read|Error reading) "
                              r"configuration: \w+\([^)]*\) failed: (.* )?"
                              r"(No such file|Connection re(fused|set)|EOF)|"
                              r"child \d+ killed with signal 15$", l)]


def remove_all(servers):
    """Stops and removes servers. Returns what their logs have of crashes."""
    crashes = []
    for server in servers:
        server.stop()
        crashes += server.crashes()
        server.remove()
    return crashes


def state(pid):
    """Returns the letter of a process's state, None if there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as f:
            return f.read().rsplit(b")", 1)[1].split()[0]
    except OSError:
        return None


def catches(pid, signum):
    """Whether a process has a handler for a signal. One that has just begun
    hasn't yet: Dovecot would log that it was killed."""
    try:
        with open(f"/proc/{pid}/status") as f:
            caught = re.search(r"^SigCgt:\s*(\w+)$", f.read(), re.M)[1]
    except OSError:
        return False
    return int(caught, 16) >> (signum - 1) & 1 == 1


def unread(path):
    """Returns how many bytes are in the pipe of a descriptor in /proc. None are
    if it is no pipe, isn't there to be read, or is gone."""
    try:
        if not os.readlink(path).startswith("pipe:") or \
                not os.lstat(path).st_mode & stat.S_IRUSR:
            return 0
        pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return 0
    count = fcntl.ioctl(pipe, termios.FIONREAD, bytes(4))
    os.close(pipe)
    return int.from_bytes(count, sys.byteorder)


def pipes_are_empty(pid):
    """Whether a process has read all that was written to its pipes."""
    fds = f"/proc/{pid}/fd"
    try:
        return not any(unread(f"{fds}/{fd}") for fd in os.listdir(fds))
    except FileNotFoundError:
        return True


def lmtp_reply(replies):
    while True:
        line = replies.readline()
        if not line.startswith(b"2") and not line.startswith(b"3"):
            raise RuntimeError(f"LMTP: {line!r}")
        if line[3:4] == b" ":
            return line
