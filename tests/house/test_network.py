"""Tests reach this machine and nothing else."""

import socket
import urllib.request

import pytest

from tests.support.network import Outside


def test_it_refuses_an_address_outside() -> None:
    with socket.socket() as door, pytest.raises(Outside):
        door.connect(("192.0.2.1", 80))


def test_it_refuses_a_name_outside() -> None:
    with pytest.raises(Outside):
        urllib.request.urlopen("http://upstream.example/", timeout=1)


def test_it_allows_loopback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
