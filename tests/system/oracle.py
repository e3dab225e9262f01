# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What the audit has to answer, told by somebody else: the test's own walk of
both trees, the test's own verdict, du, and the JSON schema. Written from the
description of the product and from what Dovecot does, not from its code.

    report = audit(server, "alice")       # doveadm mailbox-audit -e -j
    report.entries[b".imap/box"]["state"] # paths are bytes; with a prefix
                                          # (prefix, path)
    report.namespaces[0]["totals"]
    report.status, report.stderr, report.lines

Whatever a test is about, audit() also checks that each line is as the schema
says, that the sums of the entries, of the parts and du's own numbers agree,
that the entries and every inode's class are those of the test's own walk, and
that the utility prints the same bytes. It raises AssertionError otherwise.
"""

import os
import re
import stat
import subprocess

from audit import imap_name, json_lines, LOG_HEADER_SIZE, name_bytes, utility

STATES = ("mailbox", "not-mailbox", "missing", "unknown")
BOGUS = ("not-mailbox", "missing")
OTHERS = ("structure", "internal", "nested", "mail", "foreign")
READ_SIZE = 8192

# files of Dovecot that aren't one mailbox's index
INTERNAL = re.compile(
    rb"dovecot\.(list\.index|map\.index|mailbox\.log)|"
    rb"dovecot-(uidlist|uidvalidity|keywords|acl|attributes)|"
    rb"\.?subscriptions$|maildirfolder$|dovecot-shared$|mailboxes\.lock$|"
    rb"dovecot\.autoexpunge\.lock$|dovecot-vsize\.lock$")


# --- running the audit

class Report:
    """The lines of one run, for one user."""

    def __init__(self, result):
        self.status = result.returncode
        self.stderr = result.stderr.decode(errors="surrogateescape")
        self.lines = json_lines(result.stdout)
        self.entries = {}
        self.users = []
        for line in self.lines:
            if "entry" in line:
                self.add_entry(line["namespace"], line["entry"])
            else:
                self.users.append(line)

    def add_entry(self, prefix, entry):
        path = name_bytes(entry, "path")
        key = (prefix, path) if prefix else path
        assert key not in self.entries, key
        entry["namespace"] = prefix
        entry["name"] = name_bytes(entry, "mailbox")
        self.entries[key] = entry

    @property
    def user(self):
        assert len(self.users) == 1
        return self.users[0]

    @property
    def namespaces(self):
        return self.user["namespaces"]

    @property
    def errors(self):
        return self.user["errors"]

    def state(self, path):
        entry = self.entries[path]
        return entry["state"], entry["reason"]

    def of(self, prefix):
        """Returns the entries of a namespace: {path: entry}."""
        return {k[1] if prefix else k: v for k, v in self.entries.items()
                if v["namespace"] == prefix}


def has_utility(server):
    """Returns whether the server's namespaces can be told to the utility."""
    return not server.namespaces and server.location.index != "MEMORY" and \
        server.location.driver in ("mbox", "maildir", "sdbox", "mdbox")


def audit(server, user="alice", *args, status=0, same=None, du=True,
          nested=(), options=(), chroot=""):
    """Runs doveadm mailbox-audit for a user and checks all that must hold for
    any report. nested are the paths of other namespaces' roots, options the
    utility's own. du=False is for index trees of which the user can't see
    all. chroot is the directory in which the report's paths are."""
    result = server.doveadm("mailbox-audit", "-u", user, "-e", "-j", *args,
                            check=False)
    assert result.returncode == status, result
    report = Report(result)
    assert report.user["user"] == user
    assert report.user["complete"] == (report.errors == [])
    assert (status == 0) == (report.errors == []), report.errors
    selected = any(a in ("-s", "-H", "-V") for a in args)
    for ns in report.namespaces:
        for root in ("index_root", "mail_root"):
            if ns[root] is not None:
                ns[root] = chroot + ns[root]
        check_sums(ns)
        if du:
            check_du(ns)
        if not selected:
            check_entries(ns, report.of(ns["prefix"]))
        if du and not selected:
            check_walk(server, ns, report.of(ns["prefix"]), nested)
    if has_utility(server) if same is None else same:
        other = utility(server, user, "-e", "-j", *args, *options,
                        check=False)
        assert json_lines(other.stdout) == json_lines(result.stdout)
        assert other.stdout == result.stdout
        assert other.returncode == (0 if status == 0 else os.EX_IOERR)
    return report


# --- what always holds

def add(counts):
    counts = list(counts)
    return {key: sum(c.get(key, 0) for c in counts)
            for key in ("entries", "inodes", "bytes")}


def check_sums(ns):
    assert add([*ns["states"].values(), *ns["other"].values()]) == ns["totals"]
    assert add(ns["states"][state] for state in BOGUS) == ns["bogus"]


def check_entries(ns, entries):
    for state in STATES:
        of_state = [e for e in entries.values() if e["state"] == state]
        counts = add({"entries": 1, **e} for e in [
            {"inodes": e["inodes"], "bytes": e["bytes"]} for e in of_state])
        assert counts == ns["states"][state], state
    hidden = [{"entries": 1, "inodes": e["inodes"], "bytes": e["bytes"]}
              for e in entries.values() if e["hidden_by"] is not None]
    assert add(hidden) == ns["hidden"]


def run_du(path, *options):
    out = subprocess.run(["du", "-s", *options, path], check=True,
                         stdout=subprocess.PIPE).stdout
    return int(out.split()[0])


def check_du(ns):
    """The totals are du's, of the resolved root."""
    root = ns["index_root"]
    if root is None or not os.path.isdir(root):
        assert ns["totals"] == {"entries": 0, "inodes": 0, "bytes": 0}
        return
    root = os.path.realpath(root)
    assert ns["totals"]["inodes"] == run_du(root, "--inodes")
    assert ns["totals"]["bytes"] == run_du(root, "-B1")


# --- the test's own walk of the index side

class Walk:
    """Every inode below a root, in one class; entries with their counts."""

    def __init__(self, root, imap_dirs, in_place=False, nested=()):
        self.imap_dirs = imap_dirs
        self.in_place = in_place
        self.nested = {(s.st_dev, s.st_ino)
                       for s in map(os.stat, filter(os.path.isdir, nested))}
        self.seen = set()
        self.entries = {}
        self.other = {o: {"inodes": 0, "bytes": 0} for o in OTHERS}
        self.directory(os.fsencode(os.path.realpath(root)), b"", False)

    @staticmethod
    def count(counts, st):
        counts["inodes"] += 1
        counts["bytes"] += st.st_blocks * 512

    @staticmethod
    def is_above(path, st):
        """Returns whether a directory is mounted below itself."""
        while stat.S_ISDIR(st.st_mode) and path != b"/":
            path = os.path.dirname(path)
            if os.path.samestat(os.lstat(path), st):
                return True
        return False

    def directory(self, path, relative, is_nested):
        """Returns what the directory holds or leads to: a set of "entry",
        "foreign", "internal"."""
        st = os.lstat(path)
        is_nested = is_nested or \
            (relative != b"" and (st.st_dev, st.st_ino) in self.nested)
        above = relative.split(b"/") if self.imap_dirs else []
        in_imap = above[-2:-1] == [b".imap"]
        is_mail = self.in_place and b".imap" not in above
        index = {"inodes": 0, "bytes": 0}
        index_files, holds = {}, set()
        for name in ordered_names(path):
            child = os.path.join(path, name)
            cst = os.lstat(child)
            if self.is_above(child, cst):
                continue
            if stat.S_ISDIR(cst.st_mode):
                holds |= self.directory(child, os.path.join(relative, name),
                                        is_nested)
                continue
            if is_nested:
                counts = self.other["nested"]
            elif name.startswith(b"dovecot.index"):
                index_files[name] = cst
                counts = index
            elif INTERNAL.match(name):
                holds.add("internal")
                counts = self.other["internal"]
            else:
                holds.add("foreign")
                counts = self.other["mail" if is_mail else "foreign"]
            link = (cst.st_dev, cst.st_ino)
            if cst.st_nlink == 1 or link not in self.seen:
                self.count(counts, cst)
            self.seen.add(link)
        if not is_nested and \
                (index_files or (in_imap and "foreign" not in holds)):
            self.count(self.other["mail"] if is_mail else index, st)
            self.entry(relative, st, index, index_files,
                       holds - {"entry", "foreign" if is_mail else None})
            return {"entry"}
        kind = "nested" if is_nested else "mail" if is_mail else \
            "structure" if "entry" in holds else \
            "foreign" if "foreign" in holds else \
            "internal" if "internal" in holds else "structure"
        self.count(self.other[kind], st)
        return holds

    def entry(self, relative, st, counts, index_files, others):
        only_header = list(index_files) == [b"dovecot.index.log"] and \
            index_files[b"dovecot.index.log"].st_size == LOG_HEADER_SIZE
        newest = max((s.st_mtime_ns for s in index_files.values()),
                     default=st.st_mtime_ns)
        self.entries[relative or b"."] = dict(
            counts, mtime=newest // 10**9,
            untouched=not others and (not index_files or only_header))


def ordered_names(path):
    """Names in directory order, by a descriptor that leaves no trace."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOATIME)
    try:
        with os.scandir(fd) as names:
            return [os.fsencode(entry.name) for entry in names]
    finally:
        os.close(fd)


def uses_imap_dirs(ns, loc):
    """mbox keeps indexes in .imap/, but not with DIRNAME=."""
    has_dirname = loc.dirname is not None or loc.fulldirname is not None
    return ns["driver"] == "mbox" and \
        (not has_dirname or ns["layout"] == "maildir++")


def namespace_location(server, ns):
    for other in server.namespaces:
        if server.expand(other.prefix) == ns["prefix"] and \
                other.location is not None:
            return other.location
    return server.location


def check_walk(server, ns, entries, nested=()):
    root = ns["index_root"]
    if root is None or not os.path.isdir(root):
        assert entries == {}
        return
    assert ns["in_place"] == (os.path.realpath(root) ==
                              os.path.realpath(ns["mail_root"]))
    walk = Walk(root, uses_imap_dirs(ns, namespace_location(server, ns)),
                ns["in_place"], nested)
    assert set(walk.entries) == set(entries)
    for path, own in walk.entries.items():
        assert {k: entries[path][k] for k in own} == own, path
    assert walk.other == ns["other"]


# --- the test's own verdict on the mail side

MONTH = rb"(?i:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) "
FROM_LINE = re.compile(
    rb"From (?:\"(?:\\[^\r\n]|[^\"\\\r\n])*\")?[^ \r\n]* *.{4}(?s:"
    # Thu Nov  9 22:33:52 [timezone] 2001
    + MONTH + rb" ?\d?\d \d\d:\d\d(?::\d\d)? (?:\d{4}|[^ \r\n]* \d{4})"
    # Thu, 9 Nov 2001 22:33:52
    rb"|.\d?\d " + MONTH + rb"\d{4}.\d\d:\d\d)")
MAGIC = {b".gz": b"\x1f\x8b", b".bz2": b"BZh", b".xz": b"\xfd7zXZ\0",
         b".lz4": b"Dovecot-LZ4\r*\x9b\xc5", b".zstd": b"\x28\xb5\x2f\xfd"}


def verdict_mbox(path, compression=True):
    """Returns (state, reason) of a path for the mbox driver, as root."""
    state = verdict_links(path)
    if state is not None:
        return state
    st = os.stat(path)
    if stat.S_ISFIFO(st.st_mode) or stat.S_ISCHR(st.st_mode):
        return "mailbox", None
    if not stat.S_ISREG(st.st_mode):
        return "not-mailbox", None
    with open(path, "rb", opener=lambda p, f: os.open(p, f | os.O_NOATIME)) \
            as f:
        data = f.read(READ_SIZE)
    if data == b"" or (b"\n" in data and FROM_LINE.match(data)):
        return "mailbox", None
    if st.st_size > READ_SIZE and FROM_LINE.match(data):
        return "unknown", "long-line"
    for ext, magic in MAGIC.items():
        if compression and os.fsencode(path).endswith(ext) and \
                data.startswith(magic) and not data.startswith(b"From "):
            return "unknown", "compressed"
    return "not-mailbox", None


def verdict_links(path):
    """Returns what stat() alone tells, None if something is there."""
    path = os.fsencode(path)
    part = b"/"
    for name in path.split(b"/")[1:]:
        part = os.path.join(part, name)
        try:
            st = os.lstat(part)
        except (FileNotFoundError, NotADirectoryError):
            return "missing", None
        if stat.S_ISLNK(st.st_mode) and not os.path.exists(part):
            return "unknown", "symlink"
    return None


def is_below_empty_directory(path):
    """Whether the deepest directory on the way to a path is empty."""
    while not os.path.lexists(path):
        path = os.path.dirname(path)
    return os.path.isdir(path) and \
        set(os.listdir(path)) <= {"lost+found"}


def verdict_maildir(path, layout="maildir++"):
    if os.path.exists(os.path.join(path, "tmp")):
        return "mailbox", None
    state = verdict_links(path)
    if state is not None:
        return state
    # Dovecot creates what is missing
    if layout == "maildir++" and os.path.isdir(path):
        return "mailbox", None
    if os.path.islink(os.path.join(path, "tmp")):
        return "unknown", "symlink"
    if any(os.path.exists(os.path.join(path, n)) for n in ("cur", "new")):
        return "unknown", "incomplete"
    return "not-mailbox", None


def verdict_dbox(path):
    """path ends in dbox-Mails."""
    state = verdict_links(path)
    if state is None:
        return "mailbox", None
    if state == ("missing", None) and os.path.lexists(os.path.dirname(path)):
        return "not-mailbox", None
    return state


def verdict(loc, path):
    """path is that of doveadm mailbox path -t mailbox."""
    if loc.driver in ("mbox", "maildir"):
        state = verdict_mbox(path) if loc.driver == "mbox" else \
            verdict_maildir(path, loc.layout or "maildir++")
        if state == ("missing", None) and is_below_empty_directory(path):
            return "unknown", "empty-directory"
        return state
    state = verdict_dbox(path)
    if state[0] in BOGUS and loc.index is not None:
        # 2.4 opens a mailbox that has an index and nothing else
        return "unknown", "not-judged"
    return state


def dovecot_paths(server, kind, names, user="alice"):
    """Returns {name: path} as Dovecot answers; kind is "mailbox", "index"."""
    replies = server.http([
        ["mailboxPath", {"user": user, "type": kind, "mailbox": name}, name]
        for name in names])
    assert [r[0] for r in replies] == ["doveadmResponse"] * len(names), replies
    return {name: rows[0]["path"] for _, rows, name in replies}


def check_states(server, report, user="alice", examine=True):
    """The states are those of the test's own look at Dovecot's paths, and a
    mailbox is what Dovecot opens. Leaves traces: EXAMINE does."""
    names = [e["name"].decode() for e in report.of("").values()
             if e["name"] is not None]
    states = {e["name"].decode(): (e["state"], e["reason"])
              for e in report.of("").values() if e["name"] is not None}
    own = {name: verdict(server.location, path) for name, path
           in dovecot_paths(server, "mailbox", names, user).items()}
    assert states == own
    if not examine:
        return
    with server.imap(user) as imap:
        opened = {name: imap.cmd("EXAMINE", imap_name(name)).ok
                  for name in names if states[name][0] != "unknown"}
    assert opened == {name: states[name][0] == "mailbox" for name in opened}


# --- traces

def snapshot(*roots, atime=True):
    """Returns {path: all of an inode that an audit might change}. Leaves no
    trace itself, as long as it is root."""
    found = {}
    stack = [os.fsencode(root) for root in roots]
    while stack:
        path = stack.pop()
        try:
            st = os.lstat(path)
        except FileNotFoundError:
            continue
        is_link = stat.S_ISLNK(st.st_mode)
        found[path] = (st.st_dev, st.st_ino, st.st_mode, st.st_nlink,
                       st.st_uid, st.st_gid, st.st_size, st.st_blocks,
                       st.st_mtime_ns, st.st_ctime_ns,
                       st.st_atime_ns if atime and not is_link else None)
        if stat.S_ISDIR(st.st_mode):
            stack += [os.path.join(path, n) for n in ordered_names(path)]
    return found


def make_atimes_old(*roots):
    """With atime < mtime any read would show, also on a relatime mount."""
    for path in snapshot(*roots):
        if not os.path.islink(path):
            st = os.lstat(path)
            os.utime(path, ns=(st.st_mtime_ns - 10**12, st.st_mtime_ns))
