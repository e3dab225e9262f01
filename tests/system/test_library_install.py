# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What make install leaves for programs that use the library."""

import ctypes
import glob
import os
import re
import shutil
import subprocess

import pytest

from audit import json_lines, make_log, report
from dovecot import PREFIX

STAGE = os.environ["MBA_STAGE"]
STAGED = STAGE + PREFIX
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
LIB = os.path.join(TOP, "lib")
ENV = dict(os.environ, PKG_CONFIG_SYSROOT_DIR=STAGE,
           PKG_CONFIG_PATH=STAGED + "/lib/pkgconfig",
           LD_LIBRARY_PATH=STAGED + "/lib")


def output(*argv):
    return subprocess.run(argv, check=True, env=ENV,
                          stdout=subprocess.PIPE).stdout.decode()


def read(path):
    with open(path) as f:
        return f.read()


def map_symbols():
    return re.findall(r"^\t(mba_\w+);$", read(LIB + "/mailbox-audit.map"),
                      re.M)


def library():
    return os.path.realpath(STAGED + "/lib/libmailboxaudit.so")


def example():
    """Returns the program that the header shows."""
    header = read(STAGED + "/include/mailbox-audit.h")
    comment = header[header.index(" * A complete program."):]
    comment = re.search(r"^ \*\n(.*?)^ \*/$", comment, re.M | re.S).group(1)
    return re.sub(r"^ \*( |(?=\t)|$)", "", comment, flags=re.M)


@pytest.mark.parametrize("compiler, standard, suffix", [
    ("gcc", "-std=c99", ".c"), ("clang", "-std=c99", ".c"),
    ("g++", "-std=c++11", ".cc"), ("clang++", "-std=c++11", ".cc")])
def test_the_example_is_built_and_runs(compiler, standard, suffix,
                                       tmp_path):
    if shutil.which(compiler) is None:
        pytest.skip(compiler + " isn't installed")
    source, program = tmp_path / ("program" + suffix), tmp_path / "program"
    source.write_text(example())
    flags = output("pkg-config", "--cflags", "--libs", "mailbox-audit").split()
    assert f"-I{STAGED}/include" in flags and "-lmailboxaudit" in flags
    result = subprocess.run(
        [compiler, standard, "-Wall", "-Wextra", "-pedantic", "-Werror", "-o",
         program, source, *flags], env=ENV, stderr=subprocess.PIPE)
    assert result.returncode == 0, result.stderr.decode()
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "file").touch()
    make_log(str(tmp_path / "index" / ".imap" / "gone"))
    entry, line = output(program, tmp_path / "index", tmp_path / "mail",
                         "gone").splitlines()
    assert entry == "missing: .imap/gone"
    (namespace,) = report(json_lines(line.encode() + b"\n"))["namespaces"]
    assert namespace["bogus"]["entries"] == 1
    assert namespace["hidden"]["entries"] == 1
    refused = subprocess.run([program, "/", "/", "[a"], env=ENV,
                             stderr=subprocess.PIPE)
    assert refused.returncode == 2
    assert refused.stderr.startswith(b"RULES:1:1: ")


def test_one_version_everywhere():
    """configure's, which the soname and the map follow."""
    version = output("mailbox-audit", "--version").split()[1]
    assert output("pkg-config", "--modversion", "mailbox-audit").strip() == \
        version
    header = read(STAGED + "/include/mailbox-audit.h")
    assert f'#define MBA_VERSION "{version}"\n' in header
    lib = ctypes.CDLL(library())
    lib.mba_version.restype = ctypes.c_char_p
    assert lib.mba_version().decode() == version
    minor = re.fullmatch(r"0\.(\d+)\.\d+", version).group(1)
    assert f"Library soname: [libmailboxaudit.so.{minor}]" in \
        output("readelf", "-d", library())
    assert read(LIB + "/mailbox-audit.map").startswith(
        f"MAILBOX_AUDIT_0.{minor} {{\n")


def test_exported_symbols_are_those_of_the_map():
    lines = output("nm", "-D", "--defined-only", library()).splitlines()
    exported = [line.split()[2] for line in lines if " A " not in line]
    node = read(LIB + "/mailbox-audit.map").split()[0]
    assert sorted(exported) == sorted(f"{symbol}@@{node}"
                                      for symbol in map_symbols())
    assert map_symbols() == sorted(map_symbols())


def test_every_symbol_is_declared_and_commented():
    header = read(STAGED + "/include/mailbox-audit.h")
    # blank lines may stand in comments and typedefs
    header = re.sub(r"/\*.*?\*/", "/**/", header, flags=re.S)
    header = re.sub(r"typedef [^;]*;", "", header)
    declared = {symbol: paragraph.startswith("/**/")
                for paragraph in re.split(r"\n\n+", header)
                for symbol in re.findall(r"\b(mba_\w+)\(", paragraph)}
    assert sorted(declared) == sorted(map_symbols())
    assert [symbol for symbol, commented in declared.items()
            if not commented] == []


def test_the_header_lists_the_files_of_the_library():
    """By folder, a line "   base/" before its files."""
    head = read(LIB + "/mailbox-audit.h").split("Conventions:")[0]
    listed = []
    for folder, name in re.findall(
            r"^   (?:([a-z]+/)|  ([a-z0-9-]+\.c)) ", head, re.M):
        if folder:
            current = folder
        else:
            listed.append(current + name)
    files = [os.path.relpath(path, LIB) for path in glob.glob(LIB + "/*/*.c")]
    assert sorted(listed) == sorted(files)
    built = [os.path.relpath(os.path.dirname(path), LIB) + "/" + name
             for path in glob.glob(LIB + "/*/Makefile.am")
             for name in re.findall(r"^\t([a-z0-9-]+\.c)", read(path), re.M)]
    assert sorted(built) == sorted(files)


def test_readme_lists_the_folders():
    """Those that hold sources, documentation or cases of the tests."""
    text = read(TOP + "/README").split("The map of the source")[1]
    listed = []
    for line in re.findall(r"^  (?=[ a-z])(.*?)(?:   .*)?$", text, re.M):
        if not line.startswith(" "):
            parent = ""
        for name in re.findall(r"([a-z_.-]+)/(?:,|$)", line):
            listed.append(parent + name)
        if not line.startswith(" "):
            parent = listed[-1] + "/"
    found = {os.path.relpath(folder, TOP)
             for folder, _, names in os.walk(TOP)
             for name in names if re.search(r"[.]([ch]|py|md)$", name)}
    found |= {"contrib/conf.d", "contrib/systemd", "debian", "doc", "tests",
              "tests/answer", "tests/index", "tests/rules", "tests/mbox",
              "tests/usage"}
    assert sorted(listed) == sorted(f for f in found if f[0] != ".")


def test_one_header_is_installed():
    assert os.listdir(STAGED + "/include") == ["mailbox-audit.h"]


def test_library_and_utility_need_no_dovecot():
    for path, own in ((library(), set()),
                      (STAGED + "/bin/mailbox-audit",
                       {"libmailboxaudit.so.1"})):
        needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]",
                                output("readelf", "-d", path)))
        assert needed <= {"libjansson.so.4", "libc.so.6"} | own
        assert own <= needed
        loaded = [line.split()[0]
                  for line in output("ldd", path).splitlines()]
        assert [name for name in loaded if "dovecot" in name] == []
