# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""tests/check-circles, over little trees that are compiled here."""

import os
import re
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.any_dovecot
TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# a tree in which each arrow that is allowed is used once
GOOD = {
    "lib/base/alloc.c": "void mem_new(void) {}",
    "lib/rules/rules.c": "void mem_new(void);"
                         "void mba_rules_new(void) { mem_new(); }",
    "lib/mail/name.c": "void mem_new(void); void name(void) { mem_new(); }",
    "lib/index/walk.c": "void mem_new(void); void walk(void) { mem_new(); }",
    "lib/audit/audit.c": "void walk(void); void name(void);"
                         "void mba_rules_new(void); void mba_audit_run(void)"
                         "{ walk(); name(); mba_rules_new(); }",
    "lib/inspect/inspect.c": "void mem_new(void); void mba_rules_new(void);"
                             "void walk(void); void mba_inspect(void)"
                             "{ mem_new(); mba_rules_new(); walk(); }",
    "lib/report/json.c": "void mem_new(void); void mba_rules_new(void);"
                         "void mba_json(void)"
                         "{ mem_new(); mba_rules_new(); }",
    "tool/tool.c": "void tool_fail(void) {}",
    "tool/main.c": "void tool_fail(void); void mba_audit_run(void);"
                   "int main(void) { tool_fail(); mba_audit_run(); }",
    "settings-plugin/settings.c": "void settings(void) {}",
    "filter-plugin/filter.c": "void settings(void); void mba_rules_new(void);"
                              "void same_name(void);"
                              "void init(void) { settings(); same_name();"
                              " mba_rules_new(); }",
    "filter-plugin/filter-name.c": "void same_name(void) {}",
    "imap-plugin/access.c": "void same_name(void);"
                            "void access_log(void) { same_name(); }",
    "imap-plugin/access-args.c": "void same_name(void) {}",
    "doveadm-plugin/doveadm.c": "void mba_audit_run(void);"
                                "void init(void) { mba_audit_run(); }",
}
EXPORTED = ["mba_rules_new", "mba_audit_run", "mba_inspect", "mba_json"]


def write(top, sources):
    """Writes the sources and compiles them."""
    for path, text in sources.items():
        path = top / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
        subprocess.run(["gcc", "-c", path.name], cwd=path.parent, check=True)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    top = tmp_path_factory.mktemp("good")
    write(top, GOOD)
    (top / "lib/mailbox-audit.map").write_text(
        "V {\nglobal:\n" + "".join(f"\t{name};\n" for name in EXPORTED) +
        "local:\n\t*;\n};\n")
    (top / "tests").mkdir()
    shutil.copy(os.path.join(TESTS, "check-circles"), top / "tests")
    return top


@pytest.fixture
def check(good, tmp_path):
    """check(changes) gives check-circles' status and lines for GOOD with some
    files changed."""
    def run(changes, remove=()):
        top = tmp_path / "tree"
        shutil.copytree(good, top)
        write(top, changes)
        for path in remove:
            (top / path).unlink()
        result = subprocess.run([top / "tests/check-circles", top],
                                stdout=subprocess.PIPE)
        return result.returncode, result.stdout.decode().splitlines()
    return run


def test_no_circle(check):
    assert check({}) == (0, [])


def test_two_files(check):
    assert check({
        "tool/tool.c": "void usage(void); void tool_fail(void) { usage(); }",
        "tool/main.c": "void tool_fail(void); void usage(void) {}"
                       "int main(void) { tool_fail(); }"
    }) == (1, ["files use each other in a circle:",
               "  tool/tool.c uses usage of tool/main.c",
               "  tool/main.c uses tool_fail of tool/tool.c"])


def test_a_variable_is_a_use(check):
    status, lines = check({
        "tool/tool.c": "extern int verbose; int tool_fail(void)"
                       "{ return verbose; }",
        "tool/main.c": "int tool_fail(void); int verbose;"
                       "int main(void) { return tool_fail(); }"})
    assert (status, lines[1]) == \
        (1, "  tool/tool.c uses verbose of tool/main.c")


def test_comments_and_static_functions_are_no_use(check):
    assert check({"tool/tool.c": "/* usage(); */ static void usage(void) {}"
                                 "void tool_fail(void) { usage(); }",
                  "tool/main.c": "void tool_fail(void); void usage(void) {}"
                                 "int main(void) { tool_fail(); }"}) == (0, [])


def test_over_three_files_of_a_plugin(check):
    status, lines = check({
        "filter-plugin/filter.c": "void a(void); void init(void) { a(); }",
        "filter-plugin/a.c": "void b(void); void a(void) { b(); }",
        "filter-plugin/b.c": "void init(void); void b(void) { init(); }"})
    assert status == 1
    assert sorted(lines[1:]) == [
        "  filter-plugin/a.c uses b of filter-plugin/b.c",
        "  filter-plugin/b.c uses init of filter-plugin/filter.c",
        "  filter-plugin/filter.c uses a of filter-plugin/a.c"]


def test_over_folders_of_the_library(check):
    """It is a circle and a wrong arrow."""
    status, lines = check({"lib/base/alloc.c": "void walk(void);"
                           "void mem_new(void) { walk(); }"})
    assert status == 1
    assert "  lib/base/alloc.c uses walk of lib/index/walk.c" in lines
    assert lines[-1] == "lib/base/alloc.c uses walk of lib/index/walk.c: " \
        "lib/base may not use lib/index"


@pytest.mark.parametrize("path, symbol, owner", [
    ("lib/index/walk.c", "name", "lib/mail"),
    ("lib/mail/name.c", "walk", "lib/index"),
    # what is public is so for others, not for the library's lower folders
    ("lib/mail/name.c", "mba_rules_new", "lib/rules"),
    ("lib/report/json.c", "name", "lib/mail"),
    ("lib/report/json.c", "walk", "lib/index"),
    ("tool/main.c", "mem_new", "lib/base"),
    ("filter-plugin/filter.c", "access_log", "imap-plugin"),
    ("imap-plugin/access.c", "mba_rules_new", "lib/rules"),
    ("lib/audit/audit.c", "settings", "settings-plugin"),
])
def test_arrows(check, path, symbol, owner):
    status, lines = check({path: f"void {symbol}(void);"
                                 f"void other(void) {{ {symbol}(); }}"})
    folder = os.path.dirname(path)
    wrong = [line for line in lines if " may not use " in line]
    assert status == 1
    assert len(wrong) == 1
    assert re.fullmatch(rf"{path} uses {symbol} of {owner}/\S+: "
                        rf"{folder} may not use {owner}", wrong[0])


REMOVE = "#include <fcntl.h>\n#include <unistd.h>\n" \
    "void %s(void) { unlinkat(1, \"x\",\n%s); }"


def test_who_removes(check):
    assert check({"lib/audit/clean.c": REMOVE % ("clean", 0),
                  "lib/index/walk.c": REMOVE % ("walk", "AT_REMOVEDIR")
                  }) == (0, [])


@pytest.mark.parametrize("path, source, symbol", [
    ("lib/audit/audit.c", REMOVE % ("mba_audit_run", 0), "unlinkat"),
    ("lib/base/alloc.c", REMOVE % ("mem_new", "AT_REMOVEDIR"), "unlinkat"),
    ("lib/audit/clean.c", REMOVE % ("clean", "AT_REMOVEDIR"), "unlinkat"),
    ("lib/audit/clean.c", REMOVE % ("clean", "0); unlinkat(1, \"x\", "
                                    "AT_REMOVEDIR"), "unlinkat"),
    ("lib/index/walk.c", REMOVE % ("walk", 0), "unlinkat"),
    ("lib/index/walk.c", "int rmdir(const char *);"
     "void walk(void) { rmdir(\"x\"); }", "rmdir"),
    ("tool/tool.c", "int truncate64(const char *, long);"
     "void tool_fail(void) { truncate64(\"x\", 0); }", "truncate"),
    ("doveadm-plugin/doveadm.c", "int mkdir(const char *, int);"
     "void init(void) { mkdir(\"x\", 0); }", "mkdir"),
])
def test_who_may_not(check, path, source, symbol):
    assert check({path: source}) == (1, [f"{path} may not use {symbol}"])


def test_what_was_built_of_a_file_that_is_gone(check):
    assert check({"tool/old.c": "void tool_fail(void);"
                  "void old(void) { tool_fail(); }",
                  "tool/tool.c": "void old(void);"
                  "void tool_fail(void) { old(); }"},
                 remove=["tool/old.c"]) == (0, [])


def test_nothing_built(good, tmp_path):
    result = subprocess.run([good / "tests/check-circles", tmp_path],
                            stderr=subprocess.PIPE)
    assert result.returncode == 1
    assert b"lib/base holds no object files" in result.stderr
