# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The plugin mailbox_alias: CREATE of an alias makes a symbolic link, and
every command that names it then means the mailbox where that leads. LIST means
the alias, and rules are about its own name."""

import pytest

from filter import create, FORMATS, with_filter
from imap import parse_list

PLUGINS = {"": ["mailbox_alias"]}
SETTINGS = {"mailbox_alias_old": "junk", "mailbox_alias_new": "Alias",
            "mailbox_alias_old2": "Sent", "mailbox_alias_new2": "junk-sent"}
NAMED = """
namespace inbox {
  mailbox junk-sent {
    special_use = \\Sent
  }
}
"""
MAILBOXES = ["Sent", "Work/plan", "Work/junk", "junk"]


def is_hidden(name, sep):
    return name != "junk-sent" and \
        any(level.startswith("junk") for level in name.split(sep))


def lists(sep):
    for pattern in ("*", "%", "Alias", f"Alias{sep}*", f"Alias{sep}%",
                    "junk-sent", f"junk-sent{sep}*", "junk*", f"junk{sep}*"):
        yield f'LIST "" "{pattern}"'
        yield f'LIST "" "{pattern}" RETURN (CHILDREN SPECIAL-USE)'


def shown(imap, command):
    """Returns {name: whether it has children} of what LIST told."""
    found = {}
    for line in imap.ok(command).starting("LIST ("):
        flags, name = parse_list(line)
        found[name.decode()] = b"\\HasChildren" in flags
    return found


@pytest.mark.parametrize("list_index", ["yes", "no"])
@pytest.mark.parametrize("name", ["mbox", "maildir++", "mdbox"])
def test_rules_are_about_the_names_of_aliases(dovecot, only_23, name,
                                              list_index):
    location = FORMATS[name]
    sep = "." if name == "maildir++" else "/"
    description = dict(location=location, separator=sep, plugins=PLUGINS,
                       plugin_settings=SETTINGS, extra=NAMED,
                       settings={"mailbox_list_index": list_index})
    plain = dovecot(**description)
    server = dovecot(**with_filter(description, "junk*"))
    names = [n.replace("/", sep) for n in MAILBOXES]
    if location.driver != "mbox":
        # an mbox has no children
        names.append(f"junk{sep}kid")
    for each in (plain, server):
        create(each, "alice", location, names)
        with each.imap("alice") as imap:
            # where the list index is cold, the first CREATE says NO
            imap.list()
            imap.ok("CREATE Alias")
            imap.ok("CREATE junk-sent")
    with plain.imap("alice") as stock, server.imap("alice") as imap:
        for command in lists(sep):
            expected = {n: children for n, children
                        in shown(stock, command).items()
                        if not is_hidden(n, sep)}
            assert shown(imap, command) == expected, command
    assert server.errors() == plain.errors()
