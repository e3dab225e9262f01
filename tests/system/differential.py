# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""One configuration on two servers side by side: stock Dovecot, which doesn't
load the plugins, and one with mailbox_filter and imap_mailbox_log. Both have
the same homes; the same commands are sent to both.

    pair = Pair(Configuration("name", "who publishes it", Location(...)))
    pair.stock, pair.ours             # the servers (dovecot.py)
    for step in pair.steps("alice"):  # every command that was sent, once
        step.parts, step.stock, step.ours     # the command, both replies
    pair.is_hidden(b"Work/.git/x")    # what the default rules do with a name
    pair.difference("alice", step)    # ([], []) if our lines are right
    pair.accesses("alice")            # the lines of our log (accesslog.py)
    pair.swap()                       # stock gets the plugins, ours loses them
    pair.close()                      # returns the lines of crashes

alice has the default rules, bob has one that no name matches: in his sessions
nothing may differ at all, in hers only what is_hidden() says. That is an
opinion of its own, from the levels of a name on disk; it doesn't ask our
library.

A Configuration describes the server as Dovecot (dovecot.py) does; a value that
differs between Dovecot's versions is Both(for_23, for_24). Besides:
tree         what there is below the location: a Tree (trees.py)
mailboxes    {name: settings} of mailbox {} blocks in the first namespace
further      {name of a namespace: Tree}, where it isn't FURTHER
files        {path below the server's directory: content}
escape       listescape's character (a storage name's)
broken_char  BROKENCHAR= (a visible name's)
by_layout    LIST is answered by the layout, since the list index can't tell
             "a.b" from "a/b": stock Dovecot does it without a list index
shared       the prefix of a shared namespace (in extra) without the user: the
             mailboxes of carol are shared with the others
remote       the prefix of an imapc namespace (in extra): the mailboxes of
             carol, for whom no rule hides any
told         the Location that Dovecot is told, where it has to find out the
             rest of location itself
home         the homes, below the server's directory
chroot       the directory that a user's processes are confined to
"""

import collections
import copy
import dataclasses
import functools
import itertools
import os
import re

from accesslog import accesses
from audit import mutf7
from dovecot import Dovecot, IS_24, Location, Namespace, PATHS, remove_all
from filter import ASKS_DISK, parents, with_filter
from hibernation import imap_processes
from imap import parse_list, quote, Reply
from trees import Filler, layout_of, Tree
from waiting import wait_for

# nobody has a mailbox of this name
NO_RULE = "no-such-name-anywhere"
UID = 20001
# what is in every namespace but the first
FURTHER = Tree(["Sent", "old/2019", "public_html/index"])


class Both:
    """A value for Dovecot 2.3 and one for 2.4."""

    def __init__(self, for_23, for_24):
        self.value = for_24 if IS_24 else for_23


def pick(value):
    return value.value if isinstance(value, Both) else value


@dataclasses.dataclass
class Configuration:
    name: str
    source: str
    location: Location
    tree: Tree
    prefix: str = ""
    separator: str = "/"
    namespaces: list = dataclasses.field(default_factory=list)
    mailboxes: dict = dataclasses.field(default_factory=dict)
    plugins: dict = dataclasses.field(default_factory=dict)
    plugin_settings: dict = dataclasses.field(default_factory=dict)
    settings: dict = dataclasses.field(default_factory=dict)
    extra: str = ""
    further: dict = dataclasses.field(default_factory=dict)
    files: dict = dataclasses.field(default_factory=dict)
    escape: str = None
    broken_char: str = None
    by_layout: bool = False
    shared: str = None
    remote: str = None
    told: Location = None
    home: str = "home/%u"
    chroot: str = None

    def description(self):
        """Returns what Dovecot() takes."""
        plugins = {k: list(v) for k, v in pick(self.plugins).items()}
        plugin_settings = dict(pick(self.plugin_settings))
        settings = dict(pick(self.settings))
        location = self.told or self.location
        if self.escape is not None:
            if IS_24:
                settings["mailbox_list_storage_escape_char"] = \
                    f'"{self.escape}"'.replace("\\", "\\\\")
            else:
                plugins.setdefault("", []).append("listescape")
                plugin_settings["listescape_char"] = \
                    f'"{self.escape}"'.replace("\\", "\\\\")
        if self.broken_char is not None:
            location = dataclasses.replace(location, options={
                **location.options, "BROKENCHAR": self.broken_char})
        lines = [f'  mailbox "{name}" {{\n    ' + "\n    ".join(body) +
                 "\n  }" for name, body in self.mailboxes.items()]
        extra = pick(self.extra)
        if lines:
            extra += "\nnamespace inbox {\n" + "\n".join(lines) + "\n}\n"
        return dict(location=location, prefix=self.prefix,
                    separator=self.separator, namespaces=self.namespaces,
                    plugins=plugins, plugin_settings=plugin_settings,
                    settings=settings, extra=extra)


# --- the same commands to both

def clean(line):
    """A line without times, UIDVALIDITY and the server's directory."""
    # imapc's replies have those of the server behind it, too
    for pattern, by in ((rb" \([0-9.]+ \+ [^)]*\)\.?", b""),
                        (rb"(UIDVALIDITY|APPENDUID|COPYUID) \d+", rb"\1"),
                        (rb"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\]", b"[time]"),
                        (rb"uidvalidity\.[0-9a-f]+", b"uidvalidity.N"),
                        (rb"/tmp/mba-[^/]*", b"DIR")):
        line = re.sub(pattern, by, line)
    if ASKS_DISK and line.startswith((b"* LIST (", b"* LSUB (")):
        line = re.sub(rb" \\(Un)?Marked", b"", line)
    return line


@dataclasses.dataclass
class Step:
    """A command, both replies, and whether mailboxes may have been opened
    before: that changes their times, and with them \\Marked."""
    parts: tuple
    stock: Reply
    ours: Reply
    opened: bool

    def clean(self, line):
        if self.opened:
            line = re.sub(rb"\\(Un)?Marked ?", b"", line)
            line = re.sub(rb"(\w) \)", rb"\1)", line)
        return clean(line)


def difference(ours, expected):
    """Returns the lines that are too many and those that are missing. LIST may
    tell names in any order."""
    ours, expected = map(collections.Counter, (ours, expected))
    return sorted((ours - expected).elements()), \
        sorted((expected - ours).elements())


def listed_name(line):
    """Returns the name that a LIST, LSUB, XLIST or STATUS line is about, or
    None."""
    if line.startswith((b"* LIST (", b"* LSUB (", b"* XLIST (")):
        return parse_list(line.replace(b"* XLIST", b"* LIST", 1))[1]
    if line.startswith(b"* STATUS "):
        return parse_list(b"* LIST () NIL " + line[len(b"* STATUS "):])[1]
    return None


FORMS = ["LIST {} RETURN (CHILDREN SPECIAL-USE)",
         "LIST {} RETURN (SUBSCRIBED STATUS (MESSAGES UIDNEXT))", "XLIST {}",
         "LSUB {}", "LIST (SUBSCRIBED) {} RETURN (CHILDREN)",
         "LIST (SUBSCRIBED RECURSIVEMATCH) {}", "LIST (SPECIAL-USE) {}"]
SUBSCRIBED = ["Sent", "Work/plan", "public_html/index", "gone"]


class Pair:
    def __init__(self, configuration):
        self.configuration = configuration
        self.recorded = {}
        self.spaces = self.all_namespaces()
        description = configuration.description()
        self.servers = []
        try:
            ours = copy.deepcopy(with_filter(description))
            if configuration.by_layout:
                description["settings"]["mailbox_list_index"] = False
            self.stock = self.start(description, {})
            ours["plugins"]["imap"].append("imap_mailbox_log")
            self.ours = self.start(ours, {"mailbox_filter": NO_RULE})
        except BaseException:
            self.close()
            raise

    def all_namespaces(self):
        """Returns the namespaces; all have a location."""
        conf = self.configuration
        spaces = [Namespace("inbox", conf.prefix, conf.separator,
                            location=conf.location)]
        for space in conf.namespaces:
            spaces.append(dataclasses.replace(
                space, location=space.location or conf.location))
        if conf.shared is not None:
            spaces.append(Namespace(
                "shared", conf.shared + "carol" + conf.separator,
                conf.separator, "shared", conf.location))
        if conf.remote is not None:
            spaces.append(Namespace("remote", conf.remote, conf.separator,
                                    location=Location("imapc", "~/.imapc")))
        return spaces

    def start(self, description, bobs_fields):
        conf = self.configuration
        server = Dovecot(users=[], **description)
        self.servers.append(server)
        users = {"alice": {}, "bob": bobs_fields}
        if conf.shared is not None:
            users["carol"] = {}
        if conf.remote is not None:
            # else it would show itself in itself
            users["carol"] = {"mailbox_filter": NO_RULE,
                              "namespace/old/disabled": "yes"}
        for name, fields in users.items():
            home = server.path(conf.home.replace("%u", name))
            server.add_user(name, UID, home, **fields)
        for name, content in conf.files.items():
            with open(os.path.join(server.dir, name), "wb") as f:
                f.write(content)
        server.start()
        done = set()
        for user, space in itertools.product(server.users, self.spaces):
            if space.name == "remote":
                continue
            if server.path(space.location.mail, user) not in done:
                filler = Filler(server, user, space, conf.escape)
                if space is self.spaces[0]:
                    filler.fill(conf.tree, inbox=True)
                else:
                    filler.fill(conf.further.get(space.name, FURTHER))
                done.add(filler.root)
        if conf.shared is not None:
            self.share(server)
        return server

    def share(self, server):
        with server.imap("carol") as imap:
            for name in self.configuration.tree.names:
                for user in ("alice", "bob"):
                    imap.ok("SETACL", quote(self.visible(name)), user, "lrs")

    def visible(self, name, space=None):
        """Returns a name as clients write it: "a/b", in a namespace."""
        space = space or self.spaces[0]
        return mutf7(space.prefix + name.replace("/", space.separator))

    def close(self):
        return remove_all(self.servers)

    # what is sent

    def lists(self):
        """Yields every form of LIST that is sent."""
        main = self.spaces[0]
        sep = main.separator
        patterns = [("", "*"), ("", "%"), ("", "INBOX")]
        for name in ("Work/%", "Work/*", "public_html", "public_html/*",
                     "%/%", "*n", ".git/%", "k*"):
            patterns.append(("", main.prefix + name.replace("/", sep)))
        patterns.append((main.prefix + "Work" + sep, "%"))
        for space in self.spaces[1:]:
            patterns += [(space.prefix, "*"), ("", space.prefix + "%"),
                         ("", space.prefix.rstrip(space.separator))]
        arguments = [f'{quote(reference).decode()} {quote(pattern).decode()}'
                     for reference, pattern in patterns]
        arguments += ['"" ""', f'"" ("%" "{main.prefix}Work{sep}%" INBOX)']
        yield from (("LIST " + a,) for a in dict.fromkeys(arguments))
        for form, pattern in itertools.product(FORMS, arguments[:3]):
            yield (form.format(pattern),)

    def steps(self, user):
        """Returns the Steps of a user; they are sent when asked for first: a
        session that LISTs, then another one with each name that stock Dovecot
        listed."""
        if user not in self.recorded:
            self.recorded[user] = []
            lists = list(self.lists())
            self.session(user, [("SUBSCRIBE", quote(self.visible(name)))
                                for name in SUBSCRIBED] + lists)
            self.session(user, [
                (command, quote(name), *rest)
                for name in sorted(self.names(user))
                for command, *rest in (("STATUS", "(MESSAGES UIDNEXT)"),
                                       ("EXAMINE",))] + lists)
        return self.recorded[user]

    def session(self, user, commands):
        """Sends commands to both; returns the Steps."""
        replies = []
        for server in self.servers:
            with server.imap(user) as imap:
                replies.append([imap.cmd(*parts) for parts in commands])
        steps = self.recorded[user]
        for parts, stock, ours in zip(commands, *replies):
            # a list index opens mailboxes, too
            opened = self.configuration.by_layout or \
                steps != [] and (steps[-1].opened or any(
                    word in steps[-1].parts[0]
                    for word in ("STATUS", "EXAMINE")))
            steps.append(Step(parts, stock, ours, opened))
        return steps[-len(commands):]

    def accesses(self, user):
        """Returns the access log of a user's sessions."""
        self.wait()
        return accesses(self.ours, 0, user)

    def swap(self):
        """Both servers begin anew, each with the other's plugins."""
        for attribute in ("plugins", "plugin_settings", "settings"):
            values = [getattr(server, attribute) for server in self.servers]
            for server, value in zip(self.servers, reversed(values)):
                setattr(server, attribute, value)
        for server in self.servers:
            server.restart()
        self.servers.reverse()
        self.stock, self.ours = self.servers

    def names(self, user):
        """Returns the names that stock Dovecot has listed."""
        return {listed_name(line) for step in self.recorded[user]
                for line in step.stock.starting("LIST (")
                if "SUBSCRIBED)" not in step.parts[0]} - {b""}

    def wait(self):
        """Waits until all sessions' processes have ended: after a client's
        logout Dovecot may still expunge mails."""
        assert wait_for(lambda: not any(map(imap_processes, self.servers)))

    @staticmethod
    def tops(server):
        """Returns the directories that hold mails, indexes and all else of the
        users."""
        return [entry.path for entry in os.scandir(server.dir)
                if entry.is_dir() and
                entry.name not in ("run", "state", "private")]

    def chroot(self, server):
        """Returns the directory in which a user's paths are."""
        conf = self.configuration
        return "" if conf.chroot is None else server.path(conf.chroot)

    def roots(self, server, user):
        """Returns the roots of the namespaces."""
        found = []
        for loc in (space.location for space in self.spaces):
            paths = [loc.mail, loc.index, loc.control,
                     *(loc.options.get(key) for key in PATHS)]
            found += [server.path(path, user) for path in paths
                      if path not in (None, "MEMORY")]
        return found + self.shared_roots(server, user)

    def shared_roots(self, server, user):
        """Returns where the indexes are of what others share, whoever they
        are."""
        return [server.path(path, user) for path in re.findall(
            r"(?::INDEX=|mail_index_path = )(\S*)/%(?:%u|\{owner_user)",
            pick(self.configuration.extra) or "")]

    # what must come of it

    def possible_spaces(self, name):
        """Returns the namespaces that a name may be from, each with what
        follows its prefix. The first is the one that commands mean."""
        found = [(space, name[len(mutf7(space.prefix)):])
                 for space in self.spaces
                 if name.startswith(mutf7(space.prefix))]
        return sorted(found, key=lambda pair: len(pair[1]))

    def space_of(self, name):
        """Returns the namespace of a name, and what follows its prefix."""
        return (self.possible_spaces(name) or [(None, None)])[0]

    def listed_in(self, name):
        """Returns the same for each namespace that lists the name: one may
        have, below its mail root, what begins like the prefix of another."""
        found = self.possible_spaces(name)
        return [pair for pair in found if self.has(*pair)] or \
            ([] if self.is_prefix(name) else found[:1])

    def has(self, space, rest):
        """Whether there is something of that name in a namespace."""
        levels = self.levels(space, rest)
        root = os.fsencode(self.stock.path(space.location.mail, "alice"))
        if layout_of(space.location) == "fs" or rest == b"":
            return os.path.lexists(os.path.join(root, *levels))
        path = b"." + b".".join(levels)
        return any((name + b".").startswith(path + b".")
                   for name in os.listdir(root))

    def is_prefix(self, name):
        """Whether a name is a namespace's, or leads to one."""
        return any(mutf7(space.prefix).startswith(
            name + space.separator.encode()) for space in self.spaces)

    def is_named(self, name):
        """Whether the configuration names a mailbox, or one below it."""
        sep = self.spaces[0].separator.encode()
        names = [mutf7(self.spaces[0].prefix + n)
                 for n, body in self.configuration.mailboxes.items()
                 if any(re.match("auto|special", line) for line in body)]
        return any((n + sep).startswith(name + sep) for n in names)

    def levels(self, space, rest):
        """Returns a name's levels as they are on disk."""
        sep = space.separator.encode()
        char = self.configuration.broken_char
        parts = rest.split(sep)
        if char is not None:
            parts = [re.sub(re.escape(char.encode()) + rb"([0-9a-f]{2})",
                            lambda m: bytes([int(m.group(1), 16)]), part)
                     for part in parts]
        elif sep != b"/" and layout_of(space.location) == "fs":
            # "a.b" may be a directory and a file in it or one name
            parts = self.on_disk(space, parts)
        return parts

    def on_disk(self, space, parts):
        """Returns the levels that exist: as few parts in each as needed."""
        sep = space.separator.encode()
        root = os.fsencode(self.stock.path(space.location.mail, "alice"))
        for count in range(len(parts)):
            for cuts in itertools.combinations(range(1, len(parts)), count):
                bounds = [0, *cuts, len(parts)]
                levels = [sep.join(parts[a:b])
                          for a, b in zip(bounds, bounds[1:])]
                if b"" not in levels and \
                        os.path.lexists(os.path.join(root, *levels)):
                    return levels
        return parts

    @functools.lru_cache(None)
    def topmost_in(self, name):
        """Returns, for each namespace that lists a name that clients see, the
        topmost hidden name at or above it as (prefix, levels), or None if the
        default rules don't hide it."""
        if name == b"INBOX" or self.is_named(name):
            return [None]
        found = [None] if self.is_prefix(name) else []
        for space, rest in self.listed_in(name):
            # mail_full_filesystem_access
            outside = rest.startswith((b"~", b"/")) or \
                space.name == "remote"
            levels = self.levels(space, rest)
            count = None if outside else self.hidden_level(levels)
            if count is not None:
                found.append((space.prefix, tuple(levels[:count])))
            elif None not in found:
                found.append(None)
        return found or [None]

    def is_hidden(self, name):
        """Whether the default rules hide a name that clients see."""
        return None not in self.topmost_in(name)

    def is_hidden_in(self, name, prefix):
        """The same for the name in one namespace."""
        found = self.topmost_in(name)
        return None not in found or \
            prefix in [topmost[0] for topmost in found if topmost]

    def is_meant(self, name, prefix):
        """Whether a client that opens a name reaches this namespace: another
        one's longer prefix may begin the same."""
        return self.space_of(name)[0].prefix == prefix

    @staticmethod
    def hidden_level(levels):
        """Returns how many levels the topmost hidden name has, or None."""
        for i, level in enumerate(levels):
            if level.startswith(b".") or level == b"public_html":
                return i + 1
        return None

    def topmost_hidden(self, reply):
        """Returns the topmost hidden ones of the names that a LIST told, as
        (prefix, levels)."""
        return {topmost for line in reply.starting("LIST (")
                for topmost in self.topmost_in(listed_name(line))} - {None}

    @functools.lru_cache(None)
    def has_visible_children(self, name):
        space, _ = self.space_of(name)
        sep = (space or self.spaces[0]).separator.encode()
        return any(n.startswith(name + sep) and not self.is_hidden(n)
                   for n in self.names("alice"))

    def exists(self, name):
        """Whether there is something of that name. Names that only their
        children make are in layouts without directories."""
        space, rest = self.space_of(name)
        if space is None or self.is_prefix(name) or \
                layout_of(space.location) == "fs":
            return True
        tree = self.configuration.tree if space is self.spaces[0] else \
            self.configuration.further.get(space.name, FURTHER)
        return rest.decode() not in {
            mutf7(above).decode() for n in tree.names
            for above in parents(n)} - {mutf7(n).decode() for n in tree.names}

    def not_hidden(self, step, name, lines):
        """Returns those of stock's lines about a name that must come with the
        default rules. Where one namespace hides the name and another doesn't,
        the flags don't tell whose line it is."""
        hidden = len(self.topmost_in(name)) - 1
        if self.is_hidden(name):
            return []
        if hidden == 0 or len(lines) == 1:
            return lines
        ours = [step.clean(line) for line in step.ours.untagged]
        lines.sort(key=lambda line: step.clean(line) not in ours)
        return lines[:-hidden]

    def without_hidden(self, step):
        """Returns stock's lines for a command as they must come with the
        default rules."""
        is_filtered = step.parts[0].startswith(("LIST", "XLIST")) and \
            not step.parts[0].startswith("LIST (SUBSCRIBED")
        found, by_name = [], collections.defaultdict(list)
        for line in step.stock.untagged:
            name = listed_name(line)
            if not name or not is_filtered:
                found.append(line)
                continue
            if not self.has_visible_children(name) and \
                    not self.is_hidden(name):
                if not self.exists(name):
                    continue
                line = line.replace(b"\\HasChildren", b"\\HasNoChildren")
            by_name[name, line.split()[1]].append(line)
        for (name, _), lines in by_name.items():
            found += self.not_hidden(step, name, lines)
        return [*found, step.stock.tagged]

    def difference(self, user, step):
        """Returns the lines of ours that are too many, and those that are
        missing."""
        ours, stock = ([*reply.untagged, reply.tagged]
                       for reply in (step.ours, step.stock))
        if user == "alice":
            # what isn't shown isn't opened: no NO comes for its STATUS
            ours, stock = ([line for line in each
                            if not line.startswith(b"* NO ")]
                           for each in (ours, self.without_hidden(step)))
        return difference(map(step.clean, ours), map(step.clean, stock))
