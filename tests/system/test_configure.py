# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""autogen.sh and configure on machines that lack something: they do without it,
or say which package to install."""

import os
import re
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.any_dovecot
TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
LINUX_ONLY = "this is for Linux with glibc only"


def copy(names, target):
    for name in names:
        path = os.path.join(target, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy(os.path.join(TOP, name), path)


def run(cwd, *argv, **env):
    """Returns the exit status and what was said."""
    result = subprocess.run(argv, cwd=cwd, env=dict(os.environ, **env),
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)
    return result.returncode, result.stdout.decode()


# autogen.sh

def links_without(source, hidden, target):
    """Makes a directory like another one, without one of its files."""
    os.mkdir(target)
    names = os.listdir(source)
    assert hidden in names
    for name in names:
        if name != hidden:
            os.symlink(os.path.join(source, name),
                       os.path.join(target, name))
    return target


def autogen(directory, hidden):
    """Runs autogen.sh on all that it reads, where a file of macros isn't
    installed."""
    makefiles = [os.path.relpath(os.path.join(top, "Makefile.am"), TOP)
                 for top, _, files in os.walk(TOP) if "Makefile.am" in files]
    assert "lib/base/Makefile.am" in makefiles
    copy(makefiles + ["autogen.sh", "configure.ac", "lib/mailbox-audit.h",
                      "lib/mailbox-audit.pc.in"], directory / "source")
    macros = run("/", "aclocal", "--print-ac-dir")[1].strip()
    acdir = links_without(macros, hidden, str(directory / "aclocal"))
    return run(directory / "source", "./autogen.sh",
               ACLOCAL="aclocal --system-acdir=" + acdir)


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A source tree after autogen.sh on a machine without dovecot-dev. What is
    configured for Dovecot needs its headers, not its macros."""
    directory = tmp_path_factory.mktemp("bare")
    status, text = autogen(directory, "dovecot.m4")
    assert status == 0, text
    assert "error" not in text
    return directory / "source"


@pytest.fixture(scope="module")
def site(bare, tmp_path_factory):
    """What a configure finds out about the compiler and the shell, for others:
    not what depends on its arguments or on packages."""
    directory = tmp_path_factory.mktemp("cache")
    status, text = run(directory, bare / "configure", "--without-dovecot",
                       "--no-create", "--cache-file=cache")
    assert status == 0, text
    known = re.sub(r"(?m)^(ac_cv_env_|pkg_cv_|ac_cv_path_.*PKG|am_cv_ar_|"
                   r"ac_cv_prog_\w*CC).*\n", "",
                   (directory / "cache").read_text())
    (directory / "site").write_text(known)
    return str(directory / "site")


def test_without_dovecot_and_without_check(bare, tmp_path):
    pkgconfig = run("/", "pkg-config", "--variable=pcfiledir", "jansson")
    only_jansson = tmp_path / "pkgconfig"
    only_jansson.mkdir()
    os.symlink(pkgconfig[1].strip() + "/jansson.pc",
               only_jansson / "jansson.pc")
    status, text = run(tmp_path, bare / "configure", "--without-dovecot",
                       PKG_CONFIG_LIBDIR=str(only_jansson))
    assert status == 0, text
    assert "unrecognized" not in text and "WARNING" not in text
    with open(tmp_path / "Makefile") as f:
        text = f.read()
    assert "\nSUBDIRS = lib tool contrib $(am__append_1) tests\n" in text
    # a condition that isn't met is a comment
    assert re.search("^#am__append_1 = settings-plugin ", text, flags=re.M)
    status, text = run(tmp_path / "tests" / "unit", "make", "check")
    assert status != 0
    assert "Nothing was tested" in text and "Install the package check" in text


@pytest.mark.parametrize("package, macros", [
    ("pkg-config", "pkg.m4"), ("libtool", "libtool.m4")])
def test_autogen_names_the_package_that_is_missing(tmp_path, package, macros):
    status, text = autogen(tmp_path, macros)
    assert status != 0
    assert f"{package} not found: install the package {package}" in text


def test_autogen_without_autoconf(tmp_path):
    copy(["autogen.sh"], tmp_path)
    (tmp_path / "bin").mkdir()
    status, text = run(tmp_path, "/bin/sh", "./autogen.sh",
                       PATH=str(tmp_path / "bin"))
    assert status != 0
    assert "install the packages autoconf, automake and libtool" in text


# configure

@pytest.fixture
def configure(tmp_path, site):
    """What configure needs until it looks for libtool, where it ends without an
    archiver: it refuses a source tree that was built in."""
    source = tmp_path / "source"
    copy(["configure", "lib/mailbox-audit.h"], source)
    shutil.copytree(os.path.join(TOP, "build-aux"), source / "build-aux")

    def configure(*arguments):
        return run(tmp_path, source / "configure", "AR=false", *arguments,
                   CONFIG_SITE=site)
    return configure


@pytest.mark.parametrize("package, argument", [
    ("pkg-config", "PKG_CONFIG=false"),
    ("libjansson-dev", "PKG_CONFIG_LIBDIR=/nowhere"),
    ("dovecot-dev", "--with-dovecot=/nowhere")])
def test_configure_names_the_package_that_is_missing(configure, package,
                                                     argument):
    status, text = configure(argument)
    assert status != 0
    assert f"install the package {package}" in text


def fake_dovecot(prefix, version):
    """Makes as much of an installed Dovecot as configure looks at."""
    include = prefix / "include" / "dovecot"
    include.mkdir(parents=True)
    (include / "config.h").write_text(
        f'#define PACKAGE_VERSION "{version}"\n')
    config = prefix / "lib64" / "dovecot" / "dovecot-config"
    config.parent.mkdir(parents=True)
    config.write_text(f"""DOVECOT_INSTALLED=yes
LIBDOVECOT_INCLUDE=-I{include}
dovecot_pkgincludedir={include}
dovecot_pkglibdir={prefix}/lib64/dovecot
dovecot_moduledir={prefix}/lib64/dovecot/modules
""")
    return config


TESTED = "all tests ran with 2.3.16, 2.3.19, 2.3.21, 2.4.1 and 2.4.5"


@pytest.mark.parametrize("version, warning", [
    ("2.3.13 (89f716dc2)",
     "Dovecot 2.3.13: it builds, and nothing is promised"),
    ("2.3.17 (1b2c3d4e5f)", "Dovecot 2.3.17: not all tests ran with it"),
    ("2.3.16 (7e2e900c1a)", None), ("2.3.19.1", None), ("2.4.5-1", None),
    ("2.4.99", "Dovecot 2.4.99: not all tests ran with it")])
def test_versions_of_dovecot(configure, tmp_path, version, warning):
    config = fake_dovecot(tmp_path / "dovecot", version)
    text = configure(f"--with-dovecot={tmp_path}/dovecot")[1]
    assert f"checking for dovecot-config... {config}\n" in text
    warnings = [line for line in text.splitlines() if "WARNING: " in line]
    assert warnings == ([] if warning is None else
                        [f"configure: WARNING: {warning}: {TESTED}"])


@pytest.mark.parametrize("version", ["2.3.12", "2.5.0"])
def test_a_dovecot_that_it_was_not_made_for(configure, tmp_path, version):
    fake_dovecot(tmp_path / "dovecot", version)
    argument = f"--with-dovecot={tmp_path}/dovecot"
    status, text = configure(argument)
    assert status != 0
    error = f"this was not made for Dovecot {version}: {TESTED}"
    assert f"error: {error}. --enable-untested-dovecot tries it" in text
    text = configure(argument, "--enable-untested-dovecot")[1]
    assert f"WARNING: {error}\n" in text and error + "." not in text


def test_a_dovecot_without_a_version(configure, tmp_path):
    config = fake_dovecot(tmp_path / "dovecot", "unknown")
    status, text = configure(f"--with-dovecot={config.parent}")
    assert status != 0
    assert f"no version in PACKAGE_VERSION of {tmp_path}/dovecot/" in text


@pytest.mark.parametrize("arguments, multi, libdir, rpath", [
    (["--prefix=/usr"], "../lib", "/usr/lib", False),
    (["--prefix=/usr"], "../lib64", "/usr/lib64", False),
    (["--prefix=/usr", "--libdir=/usr/lib"], "../lib64", "/usr/lib", True),
    (["--prefix=/usr", "--libdir=/usr/lib/x86_64-linux-gnu"], "../lib",
     "/usr/lib/x86_64-linux-gnu", False),
    (["--prefix=/opt/audit"], "../lib64", "/opt/audit/lib", True),
    ([], "../lib", "/usr/local/lib", True)])
def test_where_the_library_is_found(bare, site, tmp_path, arguments, multi,
                                    libdir, rpath):
    """Debian's loader looks in /usr/lib, Red Hat's in /usr/lib64."""
    compiler = tmp_path / "cc"
    compiler.write_text("#!/bin/sh\n"
                        "[ \"$1\" != -print-multi-os-directory ] || "
                        f"{{ echo {multi}; exit; }}\nexec gcc \"$@\"\n")
    compiler.chmod(0o755)
    status, text = run(tmp_path, bare / "configure", "--without-dovecot",
                       "--no-create", f"CC={compiler}", *arguments,
                       CONFIG_SITE=site)
    assert status == 0, text
    # what the makefiles would get
    variables = dict(re.findall(r'^S\["(\w+)"\]="(.*)"$',
                                (tmp_path / "config.status").read_text(),
                                flags=re.M))
    variables["libdir"] = variables["libdir"].replace(
        "${exec_prefix}", variables["exec_prefix"]).replace(
        "${prefix}", variables["prefix"])
    assert variables["libdir"] == libdir
    assert variables["MBA_RPATH"].strip() == ("-R $(libdir)" if rpath else "")


def test_another_system(configure):
    status, text = configure("CPPFLAGS=-U__linux__")
    assert status != 0 and LINUX_ONLY in text


def test_another_libc(configure, tmp_path):
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "features.h").write_text(
        "#include_next <features.h>\n#undef __GLIBC__\n")
    status, text = configure(f"CPPFLAGS=-I{tmp_path}/include")
    assert status != 0 and LINUX_ONLY in text
