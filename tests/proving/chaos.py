"""`./run chaos`: everything goes wrong at once, for a while; afterwards nothing may be lost and nothing doubled."""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from console import log
from console.models import Job, OutboxMessage
from console.models.base import DatabaseTrouble
from console.models.job import OPEN
from tests.proving import busy
from tests.proving.storm import mischief, stage
from tests.proving.storm.crowd import Crowd
from tests.proving.storm.doing import Doing, check, repeating
from tests.proving.storm.invariants import judged
from tests.proving.storm.mischief import Mischief
from tests.proving.storm.seen import Seen
from tests.proving.storm.stage import Stage
from tests.support.postgres import Missing

BY_PAGE = 0.1  # of the orders
SHOWN = 5  # of what is broken, per invariant


@dataclass(frozen=True)
class Asked:
    """`minutes` is how long things go wrong; what comes before and after takes its own time."""

    orders: int
    seed: int
    minutes: float
    scale: bool

    @property
    def seconds(self) -> float:
        return self.minutes * 60

    @property
    def by_page(self) -> int:
        return max(2, round(self.orders * BY_PAGE))

    @property
    def customers(self) -> int:
        return min(20, max(2, self.orders // 12))

    @property
    def patience_s(self) -> float:
        """How long the backlog may take once the faults have stopped."""
        return (40 + self.orders / 10) * busy.factor()


def run(asked: Asked, folder: Path) -> bool:
    """Whether all held; says how it goes."""
    where = "PostgreSQL and Redis" if asked.scale else "SQLite"
    say(f"chaos: {asked.orders} orders, seed {asked.seed}, {asked.minutes:g} minutes, {where}, {folder}")
    with stage.opened(folder, asked.scale) as mine:
        mine.start(workers=3 if asked.scale else 2, listeners=2)
        crowd = Crowd(mine, random.Random(asked.seed))
        crowd.sign_up(asked.customers)
        crowd.make_by_hand(asked.orders - asked.by_page)
        crowd.wish(asked.by_page)
        say(f"{len(crowd.customers)} customers signed up, {len(crowd.waiting)} orders made by hand")
        storm(asked, mine, crowd)
        drained = drain(asked, mine, crowd)
        return conclude(Seen(mine, crowd, drained, mine.close()))


def storm(asked: Asked, mine: Stage, crowd: Crowd) -> None:
    """Orders are placed and approved steadily while the mischief goes on."""
    reach = mine.sandbox.control.operations()
    people = [customer.person.email for customer in crowd.customers]
    wrong = Mischief(mine, mischief.plan(asked.seed, asked.seconds, reach, list(mine.slots), people, asked.scale))
    stopping, began = threading.Event(), time.monotonic()
    doing = [
        repeating(crowd.wander, 0.2, stopping),
        repeating(crowd.attend, 2.0, stopping),
        repeating(lambda: crowd.attend("retrying"), 5.0, stopping),
        repeating(lambda: _someone_orders(crowd), 0.1, stopping),
    ]
    doing.append(Doing(lambda: wrong.run(stopping)))
    while (passed := time.monotonic() - began) < asked.seconds:
        check(doing)
        crowd.approve(round(asked.orders * passed / asked.seconds) - len(crowd.approved))
        time.sleep(0.1)
    wrong.count()
    stopping.set()
    for one in doing:
        one.end()
    mine.calm()
    say(f"{wrong.fired} faults fired, {', '.join(f'{n} × {what}' for what, n in sorted(wrong.done.items()))}")
    say(f"meanwhile {len(crowd.approved)} orders approved, {crowd.seen} pages seen, {crowd.retried} retries by staff")


def _someone_orders(crowd: Crowd) -> None:
    if waiting := crowd.unplaced():
        crowd.order(crowd.rng.choice(waiting))


def drain(asked: Asked, mine: Stage, crowd: Crowd) -> float | None:
    """Everything works again: seconds until nothing is left to do, None when that did not come."""
    began = time.monotonic()
    while time.monotonic() - began < asked.patience_s:
        _someone_orders(crowd)
        crowd.approve(asked.orders)
        crowd.attend()
        if not crowd.unplaced() and not crowd.waiting and not _backlog(crowd):
            say(f"drained after {time.monotonic() - began:.1f} s")
            return time.monotonic() - began
        time.sleep(0.3)
    say(f"not drained after {asked.patience_s:.0f} s: {_backlog(crowd)}")
    return None


def _backlog(crowd: Crowd) -> str:
    """What is left to do, "" for nothing."""
    try:
        states = {state: n for state, n in Job.counts().items() if n and state in {*OPEN, "needs_attention"}}
        missing = len(crowd.approved) - Job.select().where(Job.sf_order_id.in_(list(crowd.approved))).count()
        mails = OutboxMessage.select().where(OutboxMessage.state == "due").count()
    except DatabaseTrouble as error:
        return type(error).__name__
    return ", ".join(f"{n} {what}" for what, n in [*states.items(), ("orders without a job", missing), ("messages to send", mails)] if n)


def conclude(seen: Seen) -> bool:
    """The verdicts, and the last line."""
    held = True
    for number, words, broken in judged(seen):
        held = held and not broken
        say(f"{'ok  ' if not broken else 'FAIL'}  {number:<3} {words}")
        for one in broken[:SHOWN]:
            say(f"          {one}")
        if len(broken) > SHOWN:
            say(f"          … {len(broken)} in all")
    orders, provisioned, doubled = len(seen.crowd.approved), len(seen.provisioned), seen.doubled
    say(f"{orders} orders, {provisioned} provisioned, {orders - provisioned} lost, {doubled} doubled")
    return held and orders == provisioned and not doubled


def say(words: str) -> None:
    print(words, flush=True)


def main(given: list[str] | None = None) -> int:
    """0 when all held, 1 when something broke, 2 when a server is missing here."""
    asked = _arguments(given)
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # its processes end with it
    log.configure("CRITICAL")  # our own look at the rows is of no interest
    try:
        held = run(asked, folder)
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 2
    if held:
        shutil.rmtree(folder)
    else:
        print(f"logs: {folder}", file=sys.stderr)
    return 0 if held else 1


def _arguments(given: list[str] | None) -> Asked:
    parser = argparse.ArgumentParser("./run chaos", description="Faults, kills, freezes and restarts; then: nothing lost, nothing doubled.")
    parser.add_argument("--orders", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1, help="chooses what goes wrong and when")
    parser.add_argument("--minutes", type=float, default=0.5, help="how long things go wrong")
    parser.add_argument(
        "--scale", action="store_true", help="PostgreSQL, Redis, 2 web, 3 workers (else SQLite, 1 web, 2 workers); 2 listeners"
    )
    return Asked(**vars(parser.parse_args(given)))


if __name__ == "__main__":
    sys.exit(main())
