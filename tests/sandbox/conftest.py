"""What tests of the sandbox share: an integrator's client of each upstream and of the event bus, days that go by."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.sandbox.eventbus import EventBus
from tests.sandbox.provider import Gigs
from tests.sandbox.receiver import Receiver
from tests.sandbox.whmcs_calls import Whmcs
from tests.support.sandbox import Control, Running
from tests.support.sf_rest import SfRest

DAY_S = 86_400


@pytest.fixture
def sf(sandbox: Running, control: Control) -> Iterator[SfRest]:
    """Logged in, and the journal of calls empty again."""
    with requests.Session() as session:
        client = SfRest(sandbox.info["salesforce"], session).login()
        control.clear_calls()
        yield client


@pytest.fixture
def whmcs(sandbox: Running) -> Iterator[Whmcs]:
    """Its switches are as at the start when the test ends."""
    client = Whmcs(sandbox.info)
    yield client
    client.switch_back()


@pytest.fixture(scope="module")
def gigs(sandbox: Running) -> Gigs:
    return Gigs(sandbox.info)


@pytest.fixture(scope="module")
def mail(sandbox: Running) -> dict[str, Any]:
    """What sandbox.json tells of the mail server."""
    return sandbox.info["mail"]


@pytest.fixture
def receiver(sandbox: Running) -> Iterator[Receiver]:
    """Gets what the mobile provider tells."""
    made = Receiver()
    sandbox.control.ask("POST", "callbacks", {"mobile": made.url})
    yield made
    sandbox.control.ask("POST", "callbacks", {"mobile": ""})
    made.close()


@pytest.fixture
def days(sandbox: Running) -> Iterator[Callable[[float], None]]:
    """Lets days go by, and takes them back at the end."""
    gone: list[float] = []

    def go(count: float) -> None:
        gone.append(count)
        sandbox.control.ask("POST", "clock", {"advance_s": count * DAY_S})

    yield go
    sandbox.control.ask("POST", "clock", {"advance_s": -sum(gone) * DAY_S})


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


@pytest.fixture
def eventbus(sandbox: Running) -> Iterator[EventBus]:
    made = EventBus(sandbox.info["salesforce"])
    yield made
    made.close()


@pytest.fixture
def bus(sandbox: Running) -> Iterator[EventBus]:
    """Of a world on its first day: nothing was published yet, every switch and the clock are as at the start."""
    sandbox.recall()
    made = EventBus(sandbox.info["salesforce"])
    yield made
    made.close()
