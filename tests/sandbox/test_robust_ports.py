"""Ports: many sandboxes that start at once do not meet, a shut door's port stays ours, and a taken one is named."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.support import sandbox as sandboxes

linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a port cannot be held without listening")
TOGETHER = 8
# the ports that the system gives to outgoing connections, and to whoever asks for any
GIVEN = Path("/proc/sys/net/ipv4/ip_local_port_range")


def all_ports(running: sandboxes.Running) -> list[int]:
    own, mail = running.info["salesforce"], running.info["mail"]
    endpoints = [own["pubsub_endpoint"], own["pubsub_plain_endpoint"], f":{mail['smtp_port']}"]
    urls = [own["login_url"], own["rest_plain_url"], running.info["whmcs"]["url"], running.info["mobile"]["url"], mail["inbox_url"]]
    found = [int(each.rpartition(":")[2]) for each in endpoints]
    return [*found, *(int(urlsplit(url).port or 0) for url in (*urls, running.info["control"]["url"]))]


@pytest.mark.long
def test_eight_start_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(TOGETHER) as several:
        begun = [several.submit(sandboxes.start, tmp_path / str(number)) for number in range(TOGETHER)]
        running = [each.result() for each in begun if each.exception() is None]
        try:
            taken = [port for each in running for port in all_ports(each)]
            assert len(set(taken)) == len(taken) == 9 * TOGETHER
            assert [each.control.truth()["orders"] for each in running] == [[]] * TOGETHER
        finally:
            ended = list(several.map(lambda each: each.stop(), running))
    assert ended == [0] * TOGETHER


@linux
def test_no_outgoing_connection_gets_one_by_chance_while_a_sandbox_is_started_again(sandbox: sandboxes.Running) -> None:
    assert max(all_ports(sandbox)) < int(GIVEN.read_text().split()[0])


@linux
def test_nobody_gets_the_port_of_a_shut_door(tmp_path: Path) -> None:
    running = sandboxes.start(tmp_path)
    try:
        url = running.info["whmcs"]["url"]
        running.control.fault("whmcs", "*", "refuse")
        with pytest.raises(requests.ConnectionError, match="refused"):
            requests.get(url, timeout=5)
        with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
            stranger.bind(("127.0.0.1", urlsplit(url).port))
        running.control.clear_faults()
        assert requests.get(url, timeout=5).ok
    finally:
        assert running.stop() == 0


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with listening() as number:
        command = [sys.executable, "-m", "sandbox", "--dir", str(tmp_path), "--port-base", str(number)]
        done = subprocess.run(command, cwd=sandboxes.ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"port {number} is taken" in done.stderr


def test_former_ports_that_cannot_be_had_again_are_left(tmp_path: Path) -> None:
    """Not to be read, or one of them taken: then others. Those that are free again are had again."""
    (tmp_path / "ports.json").write_text('{"salesforce": ')
    first = started_and_stopped(tmp_path)
    with listening(first[-1]):
        others = started_and_stopped(tmp_path)
    assert first[-1] not in others
    assert started_and_stopped(tmp_path) == others


@contextmanager
def listening(number: int = 0) -> Iterator[int]:
    """A port of somebody else's: that one, or any."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", number))
        other.listen()
        yield other.getsockname()[1]


def started_and_stopped(folder: Path) -> list[int]:
    """The ports that it had."""
    running = sandboxes.start(folder)
    assert running.stop() == 0
    return all_ports(running)
