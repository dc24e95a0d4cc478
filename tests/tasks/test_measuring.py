"""The worker measures by itself how long orders take, also while Salesforce is down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from console.models import Pace, SupportRequest, User
from console.services.asking_support import ask
from console.wiring import Console
from tests.support.processes import WORKER, eventually, running
from tests.support.sandbox import Control


@pytest.mark.sqlite
def test_it_measures_and_sends_what_was_kept_while_salesforce_was_down(
    console: Console, environment: dict[str, Any], control: Control, tmp_path: Path
) -> None:
    newcomer = User.create(email="new@home.example", password_hash="none", sf_number="SF-9999")
    asked = ask(newcomer, None, "other", "Hello?", "7f0c2c1e-51b1-4f6e-9a39-6f3f0d0c8a11").request
    control.fault("salesforce", "*", "refuse")
    quick = {"PROVISION_SWEEP_S": "0.1", "PROVISION_RING_AGAIN_S": "0.3", "QUEUE_FILE": str(tmp_path / "queue.db")}
    with running(WORKER, environment | quick, tmp_path):
        eventually(lambda: Pace.select().exists(), what="the measuring")
        assert not SupportRequest.get_by_id(asked.id).case_number
        control.clear_faults()
        eventually(lambda: SupportRequest.get_by_id(asked.id).case_number, what="the Case")
