"""A customer's status page that asks whether anything is new: its CPU against Flask's hello, and what 10,000 open pages come to."""

from __future__ import annotations

import re
from pathlib import Path

from bench import world
from bench.lines import Asked, Line, interleaved
from bench.pages import served
from console import clock
from console.models import Job, Order, User
from tests.support import jobs, settings
from tests.support.web import Browser, make_app, make_link, make_person

PAGES = 10_000
POLL = re.compile(r'hx-get="([^"]+)" hx-trigger="every (\d+)s"')
LINE = {
    "sku": "ESIM-5", "name": "eSIM 5 GB", "item_class": "Service", "category": "SIM", "quantity": 1, "unit_price": 1280,
    "billing_cycle": "Monthly", "mobile": True,
}  # fmt: skip


def measure(folder: Path, asked: Asked) -> list[Line]:
    variables = settings.cut_off(folder, f"sqlite:///{folder / 'polling.db'}")
    with world.wired(settings.without_upstreams(folder, variables["DATABASE_URL"])) as console:
        app = make_app(console.settings)
        aiko = make_person("aiko.tanaka@example.com")
        make_link(aiko)
        browser = Browser.of(app)
        browser.log_in(aiko)
        address, every = _poll(browser, _placed(aiko, "running"))
        cookie = browser.client.get_cookie(app.config["SESSION_COOKIE_NAME"])
        assert cookie is not None
        with (
            served("console.app:create_app()", variables, folder / "web.log", f"{cookie.key}={cookie.value}") as page,
            served("bench.hello:app", {}, folder / "hello.log") as hello,
        ):
            sides = page.cost(address, 204), page.cost(address.partition("v=")[0] + "v=old", 200), hello.cost("/", 200)
            same, changed, bare = interleaved(asked.rounds, *sides)
        _, resting = _poll(browser, _placed(aiko, minutes_ago=10))
        settled = POLL.search(_page(browser, _placed(aiko, "succeeded", "completed")))
    told = f"{same:.0f} µs each; one that has been under review for a while asks every {resting} s, one being provisioned every {every} s"
    return [
        Line("polling: unchanged ÷ Flask's hello, CPU", same / bare, "≤ 2.5", f"{same:.0f} ÷ {bare:.0f} µs"),
        Line("polling: changed ÷ Flask's hello, CPU", changed / bare, "≤ 6", f"{changed:.0f} ÷ {bare:.0f} µs"),
        Line(f"polling: {PAGES:,} open pages, CPU s a minute", PAGES * 60 / resting * same / 1e6, "≤ 15", told),
        Line("polling: a settled order's page asks", int(settled is not None), "≤ 0"),
    ]


def _placed(user: User, job_state: str = "", state: str = "placed", minutes_ago: int = 0) -> str:
    """The Salesforce id of an order that came to that state so long ago, with a job in that one."""
    order = jobs.order(user)
    Order.update(lines=[LINE], state=state, updated_at=clock.after(-60 * minutes_ago)).where(Order.id == order.id).execute()
    if job_state:
        Job.make("provision", order.sf_order_id, sf_order_id=order.sf_order_id, user=user.id, state=job_state)
    return str(order.sf_order_id)


def _poll(browser: Browser, sf_order_id: str) -> tuple[str, int]:
    """Where the order's page asks, and every how many seconds."""
    found = POLL.search(_page(browser, sf_order_id))
    assert found is not None, "the page of an order that is not settled asks again"
    return found[1].replace("&amp;", "&"), int(found[2])


def _page(browser: Browser, sf_order_id: str) -> str:
    return browser.get(f"/orders/{sf_order_id}").get_data(as_text=True)
