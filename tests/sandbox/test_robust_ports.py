"""Ports: many sandboxes that start at once do not meet, a shut door's port stays ours, and a taken one is named."""

import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from sandbox import ports
from tests.support import sandbox as sandboxes

linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a port cannot be held without listening")
TOGETHER = 8
CHOOSER = """
import sys
sys.path.insert(0, sys.argv[1])
from dataclasses import astuple
from sandbox import ports
held = [ports.free() for _ in range(40)]
print(*[port for berth in held for port in astuple(berth.ports)], flush=True)
sys.stdin.read()
"""


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
def test_what_is_chosen_at_the_same_moment_is_never_the_same() -> None:
    command = [sys.executable, "-c", CHOOSER, str(sandboxes.ROOT)]
    choosers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    chosen = [int(port) for each in choosers for port in (each.stdout.readline() if each.stdout else "").split()]
    for each in choosers:
        each.communicate("")
    assert len(set(chosen)) == len(chosen) == 4 * 40 * 9
    # no outgoing connection of anybody gets one by chance while a sandbox is started again
    assert max(chosen) < int(ports.GIVEN.read_text().split()[0])


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


def test_a_taken_port_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        number = other.getsockname()[1]
        with pytest.raises(OSError, match=f"port {number} is taken"):
            ports.at(ports.Ports.from_base(number))


def test_former_ports_that_cannot_be_had_again_are_left(tmp_path: Path) -> None:
    """Taken, or not to be read: then others."""
    (tmp_path / ports.FILE).write_text('{"salesforce": ')
    assert ports.former(tmp_path) is None
    berth = ports.free()
    ports.remember(tmp_path, berth.ports)
    berth.leave()
    with socket.socket() as other:
        other.bind(("127.0.0.1", berth.ports.control))
        other.listen()
        assert ports.former(tmp_path) is None
    again = ports.former(tmp_path)
    assert again is not None
    assert again.ports == berth.ports
    again.leave()
