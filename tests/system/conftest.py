# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What every system test has: the fixture that starts a private Dovecot, and
the proof that Dovecot sees the staged plugins and not the host's."""

import collections
import filecmp
import os
import subprocess
import zlib

import pytest

from dovecot import Dovecot, IS_24, PREFIX, remove_all

pytest.register_assert_rewrite("audit", "oracle")

STARTED_SO = """the system tests run in a mount namespace of their own, where
Dovecot sees the plugins that were just built:
    contrib/run-tests [PYTEST ARGUMENT...]"""


def staged_files(stage):
    for top, _, names in os.walk(stage + PREFIX):
        for name in names:
            path = os.path.join(top, name)
            yield path, path[len(stage):]


def pytest_addoption(parser):
    parser.addoption("--every", type=int, default=1, metavar="N",
                     help="run each test with every Nth of its cases only, and "
                     "with one at least")


def pytest_collection_modifyitems(config, items):
    """What is made for all tests of a module with the same parameter is made
    for those alone that are left: each test is cut along its longest list of
    parameters, and begins at the same place of a list as others do. That isn't
    the first one, so that what stands last in a table is seen, too."""
    every = config.getoption("every")
    sizes = collections.Counter()
    for item, test, indices in cases(items):
        for arg, index in indices.items():
            sizes[test, arg] = max(sizes[test, arg], index + 1)
    left_out = []
    for item, test, indices in cases(items):
        size, arg = max((sizes[test, arg], arg) for arg in indices)
        step = min(every, size)
        if indices[arg] % step != zlib.crc32(arg.encode()) % step:
            left_out.append(item)
    config.hook.pytest_deselected(items=left_out)
    left_out = set(left_out)
    items[:] = [item for item in items if item not in left_out]


def cases(items):
    """Returns those with parameters: (item, its test, its place in each list
    of parameters)."""
    return [(item, item.nodeid.split("[")[0], item.callspec.indices)
            for item in items if hasattr(item, "callspec")]


def pytest_configure(config):
    config.addinivalue_line("markers", "any_dovecot: the same whatever the "
                            "Dovecot; one of them is enough")
    stage = os.environ.get("MBA_STAGE", "")
    if not stage:
        pytest.exit(STARTED_SO, 2)
    plugins = 0
    for path, seen in staged_files(stage):
        if not os.path.isfile(seen) or not filecmp.cmp(path, seen):
            pytest.exit(f"{seen} is not the staged one: {STARTED_SO}", 2)
        plugins += path.endswith("_plugin.so")
    if plugins == 0:
        pytest.exit(f"{stage} holds no plugin", 2)


def pytest_report_header(config):
    version = subprocess.run(["dovecot", "--version"], check=True,
                             stdout=subprocess.PIPE).stdout.decode().strip()
    return f"dovecot: {version}, staged in {os.environ['MBA_STAGE']}"


@pytest.fixture
def dovecot():
    """dovecot(**description) returns a started server (dovecot.py)."""
    servers = []

    def start(**description):
        server = Dovecot(**description)
        try:
            server.start()
        except BaseException:
            server.remove()
            raise
        servers.append(server)
        return server

    yield start
    assert remove_all(servers) == []


@pytest.fixture
def only_24():
    if not IS_24:
        pytest.skip("Dovecot 2.4 only")


@pytest.fixture
def only_23():
    if IS_24:
        pytest.skip("Dovecot 2.3 only")
