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

from audit import LOG_HEADER_SIZE, json_lines, name_bytes, utility

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


def audit(server, user="alice", *args, status=0, same=None, walk=True,
          nested=()):
    """Runs doveadm mailbox-audit for a user and checks all that must hold for
    any report. nested are the paths of other namespaces' roots. walk=False
    leaves out the test's own walk, for trees that it can't walk."""
    result = server.doveadm("mailbox-audit", "-u", user, "-e", "-j", *args,
                            check=False)
    assert result.returncode == status, result
    report = Report(result)
    assert report.user["user"] == user
    assert report.user["complete"] == (report.errors == [])
    assert (status == 0) == (report.errors == []), report.errors
    selected = any(a in ("-s", "-H", "-V") for a in args)
    for ns in report.namespaces:
        check_sums(ns)
        check_du(ns)
        if not selected:
            check_entries(ns, report.of(ns["prefix"]))
        if walk and not selected and status == 0:
            check_walk(server, ns, report.of(ns["prefix"]), nested)
    if has_utility(server) if same is None else same:
        other = utility(server, user, "-e", "-j", *args, check=False)
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


def du(path, *options):
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
    assert ns["totals"]["inodes"] == du(root, "--inodes")
    assert ns["totals"]["bytes"] == du(root, "-B1")


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
        self.directory(os.fsencode(os.path.realpath(root)), b"", [], False)

    @staticmethod
    def count(counts, st):
        counts["inodes"] += 1
        counts["bytes"] += st.st_blocks * 512

    def directory(self, path, relative, above, is_nested):
        """Returns what the directory holds or leads to: a set of "entry",
        "foreign", "internal"."""
        st = os.lstat(path)
        if relative and (st.st_dev, st.st_ino) in self.nested:
            is_nested = True
        in_imap = self.imap_dirs and above[-1:] == [b".imap"]
        is_imap = self.imap_dirs and relative and \
            os.path.basename(relative) == b".imap"
        index = {"inodes": 0, "bytes": 0}
        index_files, holds, leads = {}, set(), set()
        for name in ordered_names(path):
            child = os.path.join(path, name)
            cst = os.lstat(child)
            if stat.S_ISDIR(cst.st_mode):
                own = [os.path.basename(relative)] if relative else []
                below = self.directory(child, os.path.join(relative, name),
                                       above[:0] + own, is_nested)
                leads |= below
                continue
            again = cst.st_nlink > 1 and (cst.st_dev, cst.st_ino) in self.seen
            self.seen.add((cst.st_dev, cst.st_ino))
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
                in_mails = self.in_place and not in_imap and not is_imap
                counts = self.other["mail" if in_mails else "foreign"]
            if not again:
                self.count(counts, cst)
        if not is_nested and (index_files or in_imap):
            is_mail = self.in_place and not in_imap
            self.count(self.other["mail"] if is_mail else index, st)
            log = index_files.get(b"dovecot.index.log")
            mine = holds | (leads - {"entry"})
            if is_mail:
                mine.discard("foreign")
            self.entries[relative or b"."] = dict(
                index, untouched=not mine and (
                    not index_files or
                    (list(index_files) == [b"dovecot.index.log"] and
                     log.st_size == LOG_HEADER_SIZE)),
                mtime=int(max((s.st_mtime_ns for s in index_files.values()),
                              default=st.st_mtime_ns) // 10**9))
            return {"entry"}
        holds |= leads
        kind = "nested" if is_nested else \
            "mail" if self.in_place and not is_imap and not in_imap else \
            "structure" if "entry" in holds else \
            "foreign" if "foreign" in holds else \
            "internal" if "internal" in holds else "structure"
        self.count(self.other[kind], st)
        return holds


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
    assert ns["in_place"] == os.path.samefile(root, ns["mail_root"])
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


def verdict_maildir(path, layout="maildir++"):
    if os.path.exists(os.path.join(path, "tmp")):
        return "mailbox", None
    state = verdict_links(path)
    if state is not None:
        return state
    # Dovecot creates what is missing
    if layout == "maildir++" and os.path.isdir(path):
        return "mailbox", None
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
    if loc.driver == "mbox":
        return verdict_mbox(path)
    if loc.driver == "maildir":
        return verdict_maildir(path, loc.layout or "maildir++")
    return verdict_dbox(path)


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
