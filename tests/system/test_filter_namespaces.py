# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Rules are about a namespace's own names, and directories are removed by LIST
only where stock Dovecot removes them."""

import pytest

from dovecot import DROP_NOSELECT, IS_24, Location, Namespace, NO_NOSELECT, \
    User
from filter import fill_mbox, files, hidden, mutf7, with_filter
from imap import quote

RULES = ".* junk* /top /öl"
NAMES = ["plan", "sub/top", ".hush/a", "junk-0", "sub/junk-1/b", "sub/c",
         "öl", "sub/öl"]
ON_DISK = {mutf7(name): name for name in NAMES}


def own(name):
    return Location("mbox", "mail/%u-" + name, index="index/%u-" + name)


def is_others(name, prefix, prefixes):
    """Whether a name is in a namespace within this one, or leads there."""
    return any(other != prefix and other.startswith(prefix) and
               (name.startswith(other) or other.startswith(name + "/"))
               for other in prefixes)


@pytest.mark.parametrize("list_index", ["yes", "no"])
def test_rules_are_about_the_names_of_a_namespace(dovecot, list_index):
    """Its prefix is no part of them; public namespaces are filtered, too."""
    description = {
        "location": Location("mbox", "~", index="index/%u"),
        "settings": {"mailbox_list_index": list_index},
        "namespaces": [
            Namespace("mine", "junk/mine/", location=own("mine")),
            Namespace("top", "top/", location=own("top")),
            Namespace("public", "Public/", type="public", location=Location(
                "mbox", "public", index="index/public"))]}
    plain = dovecot(**description)
    server = dovecot(**with_filter(description, RULES))
    roots = {"": "~", "junk/mine/": "mail/%u-mine", "top/": "mail/%u-top",
             "Public/": "public"}
    listed = []
    for each in (plain, server):
        for prefix, root in roots.items():
            fill_mbox(each, "alice", NAMES + ["top"] * (prefix != ""),
                      root=root)
        with each.imap("alice") as imap:
            for _ in range(2):
                names = {}
                for prefix in roots:
                    found = {n.decode() for n in imap.list(prefix, "*")}
                    names[prefix] = {
                        ON_DISK.get(n[len(prefix):], n[len(prefix):])
                        for n in found if not is_others(n, prefix, roots)}
            listed.append((names, set(imap.list())))
    (stock, stock_all), (names, all_names) = listed
    for prefix in roots:
        assert len(stock[prefix]) >= 10 and "öl" in stock[prefix]
        assert {"sub/c", "sub/öl"} <= names[prefix]
        assert names[prefix] == \
            stock[prefix] - hidden(sorted(stock[prefix]), RULES)
    assert all_names < stock_all
    assert {b"top/sub/top", b"Public/plan", b"Public/sub/top"} <= all_names
    assert not {b"top/top", b"Public/top", b"Public/junk-0"} & all_names


SHARED = {
    "2.3": """
namespace shared {
  type = shared
  prefix = shared/%%u/
  location = maildir:%%h/Maildir:LAYOUT=fs:INDEX=@DIR@/index/%u-of-%%u
  subscriptions = no
  list = yes
}
plugin {
  acl = vfile
  acl_shared_dict = file:@DIR@/control/shared
}
""",
    "2.4": """
namespace shared {
  type = shared
  prefix = shared/$user/
  mail_driver = maildir
  mail_path = %{owner_home}/Maildir
  mail_index_path = @DIR@/index/%{user}-of-%{owner_user}
  mailbox_list_layout = fs
  subscriptions = no
  list = yes
}
acl_driver = vfile
acl_sharing_map {
  dict file {
    path = @DIR@/control/shared
  }
}
"""}


@pytest.mark.parametrize("list_index", ["yes", "no"])
def test_what_others_share_is_filtered(dovecot, list_index):
    description = {
        "location": Location("maildir", "~/Maildir", layout="fs",
                             index="index/%u"),
        "settings": {"mailbox_list_index": list_index},
        "plugins": {"": ["acl"], "imap": ["imap_acl"]},
        "extra": SHARED["2.4" if IS_24 else "2.3"]}
    names = [mutf7(name) for name in NAMES]
    listed = []
    for each in (description, with_filter(description, RULES)):
        server = dovecot(users=[User("alice", 20001), User("bob", 20001)],
                         **each)
        with server.imap("bob") as imap:
            for name in names:
                imap.ok("CREATE", quote(name))
                imap.ok("SETACL", quote(name), "alice lr")
        with server.imap("alice") as imap:
            for _ in range(2):
                found = {n.decode() for n in imap.list("", "*")}
                assert found == {n.decode() for n in imap.list()}
            assert imap.cmd('STATUS "shared/bob/.hush/a" (MESSAGES)').ok
            assert imap.list("shared/bob/", "top") == {}
            listed.append({ON_DISK.get(n[len("shared/bob/"):], n)
                           for n in found if n.startswith("shared/bob/")})
        assert server.errors() == []
    stock, rest = listed
    assert set(NAMES) <= stock and {"sub/c", "sub/öl"} <= rest
    assert rest == stock - hidden(sorted(stock), RULES)


# directories, and what is in them
TREE = ["empty/", "a/b/empty/", "hollow/.git/config", "deep/hollow/.cache/x",
        "mixed/.git/config", "mixed/box", "files/junk"]


@pytest.mark.parametrize("list_index", ["yes", "no"])
@pytest.mark.parametrize("commands", [['LIST "" "*"'], ['LIST "" "%"'],
                                      ["SELECT INBOX", 'LIST "" "*"']])
def test_directories_of_hidden_names_are_not_taken_for_empty(dovecot, commands,
                                                             list_index):
    """NO-NOSELECT, 2.4's default: LIST removes empty directories."""
    settings = {"mailbox_list_index": list_index, **DROP_NOSELECT}
    description = {"location": Location("mbox", "~", inbox="mail/%u",
                                        index="index/%u",
                                        options=NO_NOSELECT),
                   "settings": settings}
    plain = dovecot(**description)
    server = dovecot(**with_filter(description, ".* junk"))
    left, listed = [], []
    for each in (plain, server):
        fill_mbox(each, "alice", TREE, b"")
        before = files(each.users["alice"].home)
        for _ in range(2):
            with each.imap("alice") as imap:
                for command in commands:
                    imap.ok(command)
        with each.imap("alice") as imap:
            listed.append({n.decode() for n in imap.list()})
        left.append({path for path in files(each.users["alice"].home)
                     if "uidvalidity" not in path})
        assert "empty" in before
    assert left[0] == left[1]
    assert {"hollow/.git/config", "deep/hollow", "files/junk"} <= left[1]
    assert "empty" not in left[1]
    stock = listed[0]
    assert listed[1] == stock - hidden(sorted(stock), ".* junk")
