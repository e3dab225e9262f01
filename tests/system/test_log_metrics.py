# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The metrics that imap_mailbox_log(7) shows: in Dovecot's own dump, at its
OpenMetrics endpoint, and scraped from there by Prometheus."""

import contextlib
import http.client
import json
import os
import shutil
import subprocess
import urllib.parse

import pytest

from dovecot import free_ports
from manual import blocks, configuration
from test_log_events import start
from waiting import PATIENCE, wait_for

PAGE, TITLE = "imap_mailbox_log.7", "METRICS"
# what the manual's configuration has
PORT = "9900"
BUSY = "Address already in use"


def shown(beginning):
    """Returns a block of the manual's section by how it begins."""
    block, = [b for b in blocks(PAGE, TITLE) if b.startswith(beginning)]
    return block


def started(dovecot):
    """Starts a server with the manual's metrics; returns it and the endpoint's
    port."""
    text = configuration(PAGE, TITLE)
    assert text.count(PORT) == 1
    for attempt in range(3):
        port, = free_ports(1)
        try:
            return start(dovecot, text.replace(PORT, str(port))), port
        except RuntimeError as error:
            if BUSY not in str(error) or attempt == 2:
                raise


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request("GET", path)
        reply = connection.getresponse()
        return reply.status, reply.read().decode()


def work(server):
    """LISTs of 1, 11, 1,000 and 1,001 names, and other commands."""
    home = server.users["alice"].home
    for i in range(1000):
        os.mkdir(f"{home}/directory{i}")
    server.chown("alice", home)
    with server.imap("alice") as imap:
        for pattern, count in LISTED.items():
            assert len(imap.list("", pattern)) == count
        imap.ok("STATUS INBOX (MESSAGES)")
        imap.ok("STATUS INBOX (MESSAGES)")
        assert not imap.cmd("SELECT missing").ok


def samples(text):
    """Returns {name with labels: value} of an endpoint's text."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in
            (line.rsplit(" ", 1) for line in lines)}


ACCESSES = 'dovecot_imap_accesses_total{cmd_name="%s",reply="%s"}'
LISTS = "dovecot_imap_lists_"
LISTED = {"INBOX": 1, "directory99*": 11, "directory*": 1000, "*": 1001}
EXPECTED = {
    ACCESSES % ("LIST", "OK"): 4, ACCESSES % ("STATUS", "OK"): 2,
    ACCESSES % ("SELECT", "NO"): 1,
    LISTS + 'bucket{le="1"}': 1, LISTS + 'bucket{le="10"}': 1,
    LISTS + 'bucket{le="100"}': 2, LISTS + 'bucket{le="1000"}': 3,
    LISTS + 'bucket{le="10000"}': 4, LISTS + 'bucket{le="+Inf"}': 4,
    LISTS + "count": 4,
    "dovecot_imap_large_lists_total": 1,
}


def scraped(port):
    status, text = get(port, "/metrics")
    assert status == 200
    return samples(text)


def test_at_the_endpoint(dovecot):
    server, port = started(dovecot)
    work(server)
    wait_for(lambda: scraped(port).get(ACCESSES % ("SELECT", "NO")))
    found = scraped(port)
    assert {name: found.get(name) for name in EXPECTED} == EXPECTED


def test_in_the_dump(dovecot):
    server, _ = started(dovecot)
    work(server)

    def counts():
        out = server.doveadm("-f", "tab", "stats", "dump").stdout.decode()
        rows = [line.split("\t") for line in out.splitlines()]
        column = rows[0].index("count")
        return {row[0]: int(row[column]) for row in rows[1:]}
    assert wait_for(lambda: counts()["imap_large_lists"] == 1)
    assert counts()["imap_lists"] == len(LISTED)


@contextlib.contextmanager
def prometheus(directory, target):
    """Runs one over an endpoint; yields its own port."""
    text = shown("scrape_configs:")
    assert text.count(PORT) == 1
    path = directory / "prometheus.yml"
    path.write_text("global:\n  scrape_interval: 1s\n" +
                    text.replace(PORT, str(target)))
    port, = free_ports(1)
    log = open(directory / "log", "w")
    process = subprocess.Popen(
        ["prometheus", f"--config.file={path}",
         f"--storage.tsdb.path={directory}/data",
         f"--web.listen-address=127.0.0.1:{port}"],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield port, process
    finally:
        process.kill()
        process.wait()
        log.close()


def query(port, expression):
    """Returns {metric with labels: value}; nothing while nobody answers."""
    path = "/api/v1/query?query=" + urllib.parse.quote(expression)
    try:
        status, text = get(port, path)
    except OSError:
        return {}
    if status != 200:
        return {}
    return {name_of(row["metric"]): float(row["value"][1])
            for row in json.loads(text)["data"]["result"]}


def name_of(labels):
    # Prometheus 3 shows le="1" as le="1.0"
    own = [f'{key}="{value.removesuffix(".0") if key == "le" else value}"'
           for key, value in sorted(labels.items())
           if key not in ("__name__", "instance", "job")]
    return labels.get("__name__", "") + ("{" + ",".join(own) + "}" if own
                                         else "")


@pytest.mark.skipif(shutil.which("prometheus") is None,
                    reason="not installed: prometheus")
def test_scraped_by_prometheus(dovecot, tmp_path):
    server, target = started(dovecot)
    work(server)
    with prometheus(tmp_path, target) as (port, process):
        def found():
            assert process.poll() is None, (tmp_path / "log").read_text()
            return query(port, '{job="dovecot"}')
        assert wait_for(lambda: EXPECTED.items() <= found().items()), found()
        # what the manual asks of it is understood
        for expression in shown("increase(").splitlines():
            assert wait_for(lambda: query(port, expression)), expression
