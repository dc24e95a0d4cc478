"""The worker reads anew what pages show old: the catalogue, and what an Account may order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config import Settings
from console import clock, wiring
from console.models import CatalogueSnapshot, CustomerLink
from console.services import catalog
from console.wiring import Console
from tasks import Bell
from tests.support import customers, goods
from tests.support.processes import WORKER, eventually, running
from tests.support.sandbox import Running


@pytest.mark.sqlite
def test_it_reads_what_a_page_has_rung_for(
    console: Console, sandbox: Running, settings: Settings, environment: dict[str, Any], tmp_path: Path
) -> None:
    _user, link = customers.finished(console.upstreams, sandbox)
    CustomerLink.update(internet_eligibility="", eligibility_due_at=clock.after(-1)).execute()
    goods.keep(age_s=catalog.FRESH_S + 1)
    queue_file = tmp_path / "queue.db"
    bell = Bell(wiring.queue(settings.model_copy(update={"queue_file": queue_file})))
    bell.catalogue()
    bell.eligibility(link.id)
    with running(WORKER, environment | {"QUEUE_FILE": str(queue_file)}, tmp_path):
        eventually(lambda: CatalogueSnapshot.get().read_at > clock.after(-60), what="a fresh catalogue")
        eventually(lambda: CustomerLink.get_by_id(link.id).internet_eligibility == "Home 1G", what="the Account's eligibility")
    assert any(item["sku"] == "SIM-DATA-5" for item in CatalogueSnapshot.get().items)
