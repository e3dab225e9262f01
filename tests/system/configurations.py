# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Configurations of the kinds that people publish, for differential.py. Each
was written for these tests, after what the readers of its source set up; the
paths are those of a private server (dovecot.py)."""

import gzip

from differential import Both, Configuration
from dovecot import DROP_NOSELECT, IS_24, Location, Namespace, NO_NOSELECT
from filter import MBOX
from trees import Tree

LEAVES = ["Sent", "Work/plan", "Work/junk", "käse/gouda", "Zürich & Bern",
          "public_html/index", "drafts"]
DOTS = [".git/refs", "Only/.svn/entries", "v1.2/notes"]

# where people keep all else, too
HOME_FILES = {
    ".profile": b"umask 022\n",
    ".ssh/known_hosts": b"host key\n",
    ".git/config": b"[core]\n",
    "public_html/index.html": b"<html>\n",
    "public_html/pics": None,
    "Documents/letter.txt": b"Dear all,\n",
    "src/.deps/main.Po": b"# dummy\n",
    "empty": None,
    "empty-file": b"",
    "2019.gz": gzip.compress(MBOX, mtime=0),
    "Trash": "/dev/null",
    "elsewhere": "/nonexistent/mail",
}
HOME = Tree(LEAVES + DOTS, HOME_FILES)
ODD = Tree(LEAVES + ["100%", "what*", 'a "b"', "back\\slash", " blank ", "~x",
                     "tab\there", "mbox", "Inbox", "-dash", "a..b", "...",
                     "public_html.old", "Public_HTML", "sub/inbox"],
           {"&bad": MBOX, "&AOQ": b"", "lat\udce4in": MBOX, "x&-y": MBOX,
            ".imap/x": b"", "link": "Work",
            "gone": "/nonexistent", "dir/.subscriptions": b"Sent\n"})
MAIL = Tree(LEAVES + DOTS, {".nfs0001": b"", "notes.txt": b"no mailbox\n"})
FOLDERS = Tree(LEAVES)
ALL = Tree(LEAVES + DOTS)
# what other programs leave in a Maildir
COURIER = Tree(LEAVES, {
    "courierimapsubscribed": b"INBOX.Sent\n",
    "courierimapkeywords/:list": b"\n",
    "courierimaphieracl/.lock": b"",
    "courierimapacl": b"owner aceilrstwx\n",
    "courierimapuiddb": b"1 1 1\n",
    "courierpop3dsizelist": b"/2 1 1\n",
    ".Sent/courierimapuiddb": b"1 1 1\n",
    ".Sent/courierimapkeywords/:list": b"\n",
    ".Sent/maildirfolder": b"",
    "shared-maildirs": b"all\t/nonexistent/Maildir\n",
    "shared-folders/all/.list": "/nonexistent/Maildir/.list",
    "sqwebmail-curcnt": b"0\n",
    "sqwebmail-config": b"TIMESTAMP=0\n",
    ".sqwebmail-gpg/.lock": b"",
    # as a folder below a folder INBOX, made with the wrong prefix
    ".INBOX.Old/cur": None, ".INBOX.Old/new": None, ".INBOX.Old/tmp": None,
    ".Trash.2019": None,
    ".maildirlock": b"",
    "maildirsize": b"0S\n",
})
# Maildir in the home itself
MAILDIR_HOME = Tree(LEAVES, {
    ".dovecot.sieve": "sieve/main.sieve",
    "sieve/main.sieve": b"keep;\n",
    ".spamassassin/user_prefs": b"required_score 5\n",
    ".bash_history": b"exit\n",
})

SPECIAL = {
    "Drafts": ["auto = subscribe", "special_use = \\Drafts"],
    "Junk": ["auto = create", "special_use = \\Junk"],
    "Sent": ["special_use = \\Sent"],
    "Trash": ["auto = no", "special_use = \\Trash"],
}
HIDDEN = {"hidden": True, "list": False}
ACL = {"": ["acl"], "imap": ["imap_acl"]}


def shared(prefix, path, more_23="", more_24="", separator="/"):
    """Returns the text of a namespace for what others share. path is below
    their home, prefix without the user's name."""
    return Both(f"""
namespace shared {{
  type = shared
  separator = {separator}
  prefix = {prefix}%%u{separator}
  location = maildir:%%h{path}{more_23}
  subscriptions = no
  list = children
}}
plugin {{
  acl = vfile
  acl_shared_dict = file:@DIR@/control/shared
}}
""", f"""
namespace shared {{
  type = shared
  separator = {separator}
  prefix = {prefix}$user{separator}
  mail_driver = maildir
  mail_path = %{{owner_home}}{path}
  {more_24}
  subscriptions = no
  list = children
}}
acl_driver = vfile
acl_sharing_map {{
  dict file {{
    path = @DIR@/control/shared
  }}
}}
""")


MBOX_HOME = [
    Configuration(
        "department-home",
        "a university department: mbox in $HOME, indexes on a local disk",
        Location("mbox", "~", inbox="mail/%u", index="index/%u"), HOME),
    Configuration(
        "department-home-no-list-index", "the same, before Dovecot 2.3",
        Location("mbox", "~", inbox="mail/%u", index="index/%u"), HOME,
        settings={"mailbox_list_index": False}),
    Configuration(
        "department-home-in-place", "the same without INDEX=",
        Location("mbox", "~", inbox="mail/%u"), HOME),
    Configuration(
        "department-home-nfs", "Dovecot documentation, NFS; a mailing list",
        Location("mbox", "~", inbox="mail/%u", index="index/%u",
                 control="control/%u"), HOME,
        settings={"mmap_disable": True, "mail_fsync": "always",
                  "mail_nfs_storage": True, "mail_nfs_index": True,
                  "mbox_very_dirty_syncs": True}),
    Configuration(
        "home-separator-dot", "a mailing list: after Courier, mbox with dots",
        Location("mbox", "~", inbox="mail/%u", index="index/%u"), HOME,
        separator=".", by_layout=True),
    Configuration(
        "home-separator-dot-escape", "the same with BROKENCHAR",
        Location("mbox", "~", inbox="mail/%u", index="index/%u"), HOME,
        separator=".", broken_char="^"),
    Configuration(
        "home-separator-bar", "a mailing list",
        Location("mbox", "~", inbox="mail/%u", index="index/%u"), HOME,
        separator="|", by_layout=True),
    Configuration(
        "home-full-filesystem-access", "Dovecot documentation, UW-IMAP",
        Location("mbox", "~", inbox="mail/%u", index="index/%u"), HOME,
        settings={"mail_full_filesystem_access": True}),
    Configuration(
        "home-zlib", "Dovecot documentation, compressed mbox archives",
        Location("mbox", "~", inbox="mail/%u", index="index/%u"), HOME,
        plugins=Both({"": ["zlib"]}, {"": ["mail_compress"]})),
    Configuration(
        "home-odd-names", "what people have at home",
        Location("mbox", "~", inbox="mail/%u", index="index/%u"), ODD),
    Configuration(
        "home-odd-names-in-place", "what people have at home",
        Location("mbox", "~", inbox="mail/%u"), ODD,
        settings={"mailbox_list_index": False}),
    Configuration(
        "home-drop-noselect", "Dovecot 2.4's defaults",
        Location("mbox", "~", inbox="mail/%u", index="index/%u",
                 options=NO_NOSELECT), HOME,
        settings=DROP_NOSELECT),
    Configuration(
        "home-inbox-prefix", "Dovecot documentation, namespaces",
        Location("mbox", "~", inbox="mail/%u", index="index/%u"), HOME,
        prefix="INBOX/"),
    Configuration(
        "home-special-use", "a FAQ: a folder that begins with a dot",
        Location("mbox", "~", inbox="mail/%u", index="index/%u"), HOME,
        mailboxes={**SPECIAL, ".git/refs": ["special_use = \\Archive"]}),
    Configuration(
        "home-index-with-inbox", "Dovecot documentation, mailbox list index",
        Location("mbox", "~", inbox="mail/%u", index="index/%u"), HOME,
        settings={"mailbox_list_index_include_inbox": True}),
]

MBOX_BELOW_HOME = [
    Configuration(
        "debian-default", "Debian's package; Debian wiki",
        Location("mbox", "~/mail", inbox="mail/%u"), MAIL),
    Configuration(
        "index-memory", "Dovecot documentation, mbox without index files",
        Location("mbox", "~/mail", inbox="mail/%u", index="MEMORY"), MAIL),
    Configuration(
        "uw-imap", "Dovecot documentation, namespaces, UW-IMAP",
        Location("mbox", "~/mail", inbox="mail/%u", index="index/%u"), MAIL,
        namespaces=[
            Namespace("compat1", "mail/", settings={**HIDDEN,
                                                    "alias_for": ""}),
            Namespace("compat2", "~/mail/", settings={**HIDDEN,
                                                      "alias_for": ""})]),
    Configuration(
        "mbox-and-maildir", "Dovecot documentation, namespaces",
        Location("mbox", "~/mail", inbox="mail/%u"), MAIL,
        prefix="#mbox/", namespaces=[
            Namespace("maildir", "", location=Location(
                "maildir", "~/Maildir", layout="fs"))]),
    Configuration(
        "mbox-dirname", "Dovecot documentation, mbox with folders that hold "
        "both mails and folders",
        Location("mbox", "~/mail", inbox="mail/%u", dirname="mBoX-MeSsAgEs",
                 index="index/%u"), Tree(LEAVES + DOTS)),
    Configuration(
        "mbox-maildir++", "Dovecot documentation, mail location",
        Location("mbox", "~/mail", inbox="mail/%u", layout="maildir++"),
        FOLDERS),
]

MAILDIR = [
    Configuration(
        "ispmail", "ISPmail guide",
        Location("maildir", "~/Maildir"), FOLDERS, separator=".",
        mailboxes=SPECIAL),
    Configuration(
        "cpanel", "cPanel",
        Location("maildir", "~/mail"), COURIER, prefix="INBOX.",
        separator=".", mailboxes=SPECIAL),
    Configuration(
        "plesk-qmail", "Plesk, qmail with vpopmail",
        Location("maildir", "~/Maildir", index="index/%u"), COURIER,
        prefix="INBOX.", separator=".", settings={"maildir_stat_dirs": True}),
    Configuration(
        "courier", "Dovecot documentation, namespaces, Courier IMAP",
        Location("maildir", "~/Maildir"), COURIER, namespaces=[
            Namespace("compat", "INBOX.", ".", settings={
                **HIDDEN, "alias_for": ""})]),
    Configuration(
        "imscp", "i-MSCP", Location("maildir", "~"), MAILDIR_HOME,
        prefix="INBOX.", separator="."),
    Configuration(
        "mailu", "Mailu", Location("maildir", "~"), MAILDIR_HOME,
        mailboxes=SPECIAL),
    Configuration(
        "modoboa", "Modoboa; Gentoo wiki", Location("maildir", "~/.maildir"),
        FOLDERS, separator=".", mailboxes=SPECIAL),
    Configuration(
        "mailinabox", "Mail-in-a-Box",
        Location("maildir", "mail/%u"), FOLDERS, separator=".",
        mailboxes={name: ["auto = subscribe", f"special_use = \\{use}"]
                   for name, use in [("Trash", "Trash"), ("Spam", "Junk"),
                                     ("Sent", "Sent"), ("drafts", "Drafts"),
                                     ("Archive", "Archive")]}),
    Configuration(
        "autoexpunge", "Dovecot documentation, mailbox settings",
        Location("maildir", "~/Maildir"), FOLDERS,
        mailboxes={**SPECIAL, "Trash": [
            "auto = subscribe", "special_use = \\Trash",
            "autoexpunge = 30d"]}),
    Configuration(
        "arch-fs", "Arch wiki", Location("maildir", "~/mail", layout="fs"),
        ALL, mailboxes=SPECIAL),
    Configuration(
        "maildir-fs-control", "a mailing list: Maildir with LAYOUT=fs, all "
        "else on a local disk",
        Location("maildir", "~/Maildir", layout="fs", index="index/%u",
                 control="control/%u"), ALL),
    Configuration(
        "maildir-fs-dot", "Dovecot documentation, hierarchy separators",
        Location("maildir", "~/Maildir", layout="fs", index="index/%u"), ALL,
        separator=".", by_layout=True),
    Configuration(
        "maildir-fs-utf8", "Dovecot documentation, UTF-8",
        Location("maildir", "~/Maildir", layout="fs",
                 options={"UTF-8": True}), Tree(["Sent", "Work/plan",
                                                 ".git/refs", "v1.2",
                                                 "public_html/index"])),
    Configuration(
        "listescape", "Dovecot documentation, listescape",
        Location("maildir", "~/Maildir"), ALL, escape="^"),
    Configuration(
        "maildir-fs-dirname", "Dovecot documentation, DIRNAME",
        Location("maildir", "~/Maildir", layout="fs", dirname="mAiL",
                 index="index/%u"), ALL),
    Configuration(
        "list-index-elsewhere", "Dovecot documentation, mail location",
        Location("maildir", "~/Maildir", index="index/%u",
                 options={"LISTINDEX": "control/%u/dovecot.list.index"}),
        FOLDERS),
]

NAMESPACES = [
    Configuration(
        "iredmail", "iRedMail",
        Location("maildir", "~/Maildir"), FOLDERS, mailboxes=SPECIAL,
        plugins={"": ["acl", "quota", "notify", "mail_log"],
                 "imap": ["imap_acl", "imap_quota"]},
        settings={"mailbox_list_index_very_dirty_syncs": True},
        extra=shared("Shared/", "/Maildir", ":INDEX=~/Maildir/Shared/%%u",
                     "mail_index_path = ~/Maildir/Shared/%{owner_user}"),
        shared="Shared/"),
    Configuration(
        "mailcow", "mailcow",
        Location("maildir", "~", index="index/%u"),
        Tree(LEAVES + ["v1.2/notes"], MAILDIR_HOME.files),
        mailboxes=SPECIAL, escape="\\", settings={
            "maildir_very_dirty_syncs": True},
        plugins=Both({"": ["acl", "zlib"], "imap": ["imap_acl"]},
                     {"": ["acl", "mail_compress"], "imap": ["imap_acl"]}),
        extra=shared("Shared/", "", ":INDEX=~/Shared/%%u",
                     "mail_index_path = ~/Shared/%{owner_user}"),
        shared="Shared/"),
    Configuration(
        "docker-mailserver", "docker-mailserver",
        Location("maildir", "mail/%u"), FOLDERS, prefix="INBOX.",
        separator=".", mailboxes=SPECIAL),
    Configuration(
        "public", "Dovecot documentation, public mailboxes",
        Location("maildir", "~/Maildir"), FOLDERS, namespaces=[
            Namespace("public", "Public/", type="public", location=Location(
                "maildir", "public", options={
                    "INDEXPVT": "~/Maildir/public"}),
                settings={"subscriptions": False, "list": "children"})]),
    Configuration(
        "hidden-subscriptions", "Dovecot documentation, namespaces",
        Location("mdbox", "~/mdbox"), ALL, prefix="INBOX/", namespaces=[
            Namespace("subscriptions", "", location=Location(
                "mdbox", "~/subscriptions"), settings=HIDDEN),
            Namespace("public", "public/", type="public", location=Location(
                "mdbox", "public", options={"INDEXPVT": "~/public"}),
                settings={"subscriptions": False, "list": "children"})]),
    Configuration(
        "archive", "a mailing list: an archive on a slower disk",
        Location("maildir", "~/Maildir", index="index/%u"), FOLDERS,
        namespaces=[
            Namespace("archive", "Archive/", location=Location(
                "mdbox", "mail/%u-archive", index="index/%u/archive"))]),
    Configuration(
        "mbox-archive-home", "a university: the old mbox files stay readable",
        Location("maildir", "mail/%u", index="index/%u"), FOLDERS,
        namespaces=[
            Namespace("old", "Old/", location=Location(
                "mbox", "~", index="index/%u-old"))],
        further={"old": Tree(LEAVES + DOTS, HOME_FILES)}),
    Configuration(
        "virtual", "Dovecot documentation, virtual mailboxes; Kolab",
        Location("mdbox", "~/mdbox", index="index/%u"), ALL,
        plugins={"": ["virtual"]}, namespaces=[
            Namespace("virtual", "virtual/", location=Location(
                "virtual", "~/virtual", index="index/%u-virtual"))]),
    Configuration(
        "lazy-expunge-namespace", "Dovecot documentation, lazy_expunge",
        Location("maildir", "~/Maildir"), FOLDERS,
        plugins={"": ["lazy_expunge"]}, plugin_settings=Both(
            {"lazy_expunge": ".EXPUNGED/"},
            {"lazy_expunge_mailbox": ".EXPUNGED/expunged"}),
        namespaces=[Namespace(".EXPUNGED", ".EXPUNGED/", location=Location(
            "maildir", "~/Maildir/expunged", index="index/%u-expunged"),
            settings={**HIDDEN, "subscriptions": False})]),
    Configuration(
        "maildir-fs-odd-names", "what people have in mail directories",
        Location("maildir", "~/Maildir", layout="fs", index="index/%u"),
        Tree(ODD.names)),
    Configuration(
        "lazy-expunge", "Dovecot documentation, lazy_expunge",
        Location("sdbox", "~/sdbox"), ALL, plugins={"": ["lazy_expunge"]},
        mailboxes={".EXPUNGED": ["autoexpunge = 7d"]},
        plugin_settings=Both({"lazy_expunge": ".EXPUNGED"},
                             {"lazy_expunge_mailbox": ".EXPUNGED"})),
]

DBOX = [
    Configuration(
        "freedombox", "FreedomBox", Location("sdbox", "~/mail"), ALL,
        mailboxes=SPECIAL),
    Configuration(
        "mdbox-alt", "Dovecot documentation, alternate storage",
        Location("mdbox", "~/mdbox", index="index/%u",
                 options={"ALT": "mail/%u-alt"}), ALL),
    Configuration(
        "mdbox-separator-dot", "a mailing list",
        Location("mdbox", "~/mdbox"), FOLDERS, separator=".",
        prefix="INBOX.", by_layout=True),
    Configuration(
        "sdbox-layout-index", "Dovecot documentation, LAYOUT=index",
        Location("sdbox", "~/sdbox", index="index/%u", layout="index"), ALL),
    Configuration(
        "maildir-layout-index", "a mailing list: any name in a Maildir",
        Location("maildir", "~/Maildir", layout="index"), ALL,
        broken_char="^"),
    Configuration(
        "mbox-layout-index", "a mailing list: mailboxes in mailboxes of mbox",
        Location("mbox", "~/mail", index="index/%u", layout="index"), ALL,
        settings={"mailbox_list_index_include_inbox": True}),
    Configuration(
        "mdbox-layout-index-alt", "Dovecot documentation, LISTINDEX and ALT",
        Location("mdbox", "~/mdbox", index="index/%u", layout="index",
                 options={"ALT": "mail/%u-alt", "UTF-8": True,
                          "LISTINDEX": "control/%u/names"}), FOLDERS,
        separator="."),
    Configuration(
        "sdbox-iterindex", "Dovecot documentation, ITERINDEX",
        Location("sdbox", "~/sdbox", index="index/%u",
                 options={"ITERINDEX": True}), ALL),
    Configuration(
        "mdbox-fulldirname", "Dovecot documentation, FULLDIRNAME",
        Location("mdbox", "~/mdbox", fulldirname="mBoX-MeSsAgEs"), ALL),
]

ACLS = [
    Configuration(
        "acl-global", "Dovecot documentation, global ACL file",
        Location("maildir", "~/Maildir"), FOLDERS, plugins=ACL,
        files={"acls": b"Work/junk owner r\n* owner lrwstipekxa\n"},
        extra=Both("plugin {\n  acl = vfile:@DIR@/acls\n}\n",
                   "acl_driver = vfile\nacl_global_path = @DIR@/acls\n")),
    Configuration(
        "dict-quota", "Dovecot documentation, quota",
        Location("maildir", "~/Maildir", index="index/%u"), FOLDERS,
        plugins={"": ["quota"], "imap": ["imap_quota"]},
        extra=Both("plugin {\n  quota = dict:User quota::file:"
                   "%h/dovecot-quota\n  quota_rule = *:storage=1G\n}\n",
                   'quota "User quota" {\n  quota_driver = count\n'
                   "  quota_storage_size = 1G\n}\n")),
]

# where Dovecot isn't simply told where the mails are
FOUND_OUT = [
    Configuration(
        "location-unset", "Dovecot documentation, mail location detection",
        Location("maildir", "~/Maildir"), COURIER, told=Location(None, None)),
    Configuration(
        "location-unset-mbox", "the same with mbox",
        Location("mbox", "~/mail", inbox="~/mail/inbox"), MAIL,
        told=Location(None, None, inbox=Both(None, "~/mail/inbox").value)),
    Configuration(
        "home-with-a-dot-level", "wu-ftpd's homes: /home/./user",
        Location("mbox", "~", inbox="mail/%u", index="index/%u"), HOME,
        home="home/./%u"),
    Configuration(
        "maildir-home-with-a-dot-level", "the same",
        Location("maildir", "~", layout="fs", index="~/.index"), MAILDIR_HOME,
        home="home/./%u"),
    Configuration(
        "chroot", "Dovecot documentation, chrooting",
        Location("mbox", "~/mail", inbox="~/.mbox", index="~/.index"), MAIL,
        home="home/./%u", chroot="home",
        extra="valid_chroot_dirs = @DIR@/home\n"),
]
# namespaces that others than the layouts list
BESIDE = [
    Configuration(
        "broken-namespace", "Dovecot documentation, ignore_on_failure: the "
        "plugin isn't there",
        Location("mbox", "~", inbox="mail/%u", index="index/%u"), HOME,
        extra=Both("""
namespace broken {
  prefix = Broken/
  separator = /
  location = virtual:~/virtual
  ignore_on_failure = yes
}
""", """
namespace broken {
  prefix = Broken/
  separator = /
  mail_driver = virtual
  mail_path = ~/virtual
  ignore_on_failure = yes
}
""")),
]

# what nobody expects of a rule that hides names with dots
UNEXPECTED = [
    Configuration(
        "inbox-with-a-dot", "pine's and mutt's ~/.mbox; a prefix that a rule "
        "would hide",
        Location("mbox", "~", inbox="~/.mbox", index="index/%u"), HOME,
        namespaces=[Namespace("old", ".old/", location=Location(
            "maildir", "mail/%u-old", index="index/%u-old"))]),
    Configuration(
        "one-place-three-prefixes", "a mailing list: two of the prefixes are "
        "names of directories there, which a rule hides",
        Location("mbox", "~", inbox="mail/%u", index="index/%u"), HOME,
        namespaces=[Namespace("git", ".git/"),
                    Namespace("web", "public_html/")],
        further={"git": HOME, "web": HOME}),
    Configuration(
        "mbox-archive-shadows", "the same of another place",
        Location("maildir", "mail/%u", index="index/%u"), FOLDERS,
        namespaces=[Namespace("web", "public_html/", location=Location(
            "mbox", "~", index="index/%u-old"))],
        further={"web": HOME}),
    Configuration(
        "mailboxdir-with-a-dot", "Dovecot documentation, mail location",
        Location("mbox", "~/mail", inbox="mail/%u", mailbox_dir=".folders",
                 index="index/%u"), MAIL),
    Configuration(
        "mdbox-layout-index-dot", "a mailing list: LAYOUT=index with dots",
        Location("mdbox", "~/mdbox", layout="index"), FOLDERS, separator="."),
    Configuration(
        "layout-index-listescape", "a mailing list: any name",
        Location("sdbox", "~/sdbox", layout="index", index="index/%u"), ALL,
        escape="^"),
    Configuration(
        "attachments", "Dovecot documentation, single instance storage",
        Location("mdbox", "~/mdbox", index="index/%u"), ALL,
        settings=Both({"mail_attachment_dir": "~/mdbox/.attachments",
                       "mail_attachment_min_size": 1},
                      {"mail_ext_attachment_path": "~/mdbox/.attachments",
                       "mail_ext_attachment_min_size": 1}),
        extra=Both("", "mail_ext_attachment {\n  fs posix {\n  }\n}\n")),
    Configuration(
        "layout-index-separator", "a mailing list: the escape character is "
        "the separator",
        Location("sdbox", "~/sdbox", layout="index", index="index/%u"),
        ALL, separator="^", escape="^",
        mailboxes={".hid^sent": ["special_use = \\Sent", "auto = create"]}),
]
# 2.4.1 has the plugin, but no settings for it
if not IS_24:
    UNEXPECTED.append(Configuration(
        "mailbox-alias", "Dovecot documentation, mailbox_alias",
        Location("maildir", "~/Maildir", index="index/%u"), FOLDERS,
        plugins={"": ["mailbox_alias"]}, plugin_settings={
            "mailbox_alias_old": "Sent",
            "mailbox_alias_new": "Sent Messages"}))
# 2.4.1 crashes in a namespace of imapc at EXAMINE of its prefix, and finds no
# mailbox in ~/Maildir but INBOX if only the path is set
if not IS_24:
    BESIDE.append(Configuration(
        "imapc", "Dovecot documentation, imapc; migration guides",
        Location("maildir", "~/Maildir", layout="fs"), ALL,
        remote="Old/", extra="""
imapc_host = 127.0.0.1
imapc_port = @PORT@
imapc_user = carol
imapc_password = pass
namespace old {
  prefix = Old/
  separator = /
  location = imapc:~/.imapc
}
"""))
    FOUND_OUT.append(Configuration(
        "driver-unset", "a FAQ: mail_location = ~/Maildir",
        Location("maildir", "~/Maildir"), FOLDERS,
        told=Location(None, "~/Maildir")))

CONFIGURATIONS = MBOX_HOME + MBOX_BELOW_HOME + MAILDIR + NAMESPACES + \
    DBOX + ACLS + FOUND_OUT + BESIDE + UNEXPECTED
