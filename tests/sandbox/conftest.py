"""What tests of the sandbox share: an integrator's client of the org, and a Pub/Sub server of a test's own."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sandbox.settings import SandboxSettings, load
from tests.sandbox.bus import Bus
from tests.support.sandbox import Control, Running
from tests.support.sf_rest import SfRest


@pytest.fixture
def sf(sandbox: Running, control: Control) -> Iterator[SfRest]:
    """Logged in, and the journal of calls empty again."""
    with requests.Session() as session:
        client = SfRest(sandbox.info["salesforce"], session).login()
        control.clear_calls()
        yield client


@pytest.fixture
def free(control: Control) -> Iterator[Control]:
    """The integration user may everything for once."""
    control.ask("POST", "permissions", {"enforce": False})
    yield control
    control.ask("POST", "permissions", {"enforce": True})


@pytest.fixture
def key() -> str:
    """An idempotency key nobody used before."""
    return uuid.uuid4().hex


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> SandboxSettings:
    return load(tmp_path_factory.mktemp("sandbox"), fast=True, port_base=None)


@pytest.fixture
def bus(settings: SandboxSettings, tmp_path: Path) -> Iterator[Bus]:
    made = Bus(settings, tmp_path)
    yield made
    made.close()
