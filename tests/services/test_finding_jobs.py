"""The staff list: tabs, every business key, keyset paging, and that neither the number of rows nor of jobs makes it slow."""

import time
from datetime import timedelta

import pytest
from peewee import PostgresqlDatabase

from console import clock, models
from console.models import Job
from console.services import finding_jobs
from console.services.finding_jobs import Wanted, find
from tests.support import jobs
from tests.support.queries import counted

LATE = "1900000000000-5"


@pytest.fixture
def sara(database):
    return jobs.customer("sara@example.com", "SF-207702")


@pytest.fixture
def found(sara):
    """A job with all its keys, among others'."""
    job = jobs.job(sara, "needs_attention", number=146, attempt=12, current_step="add_order", error_code="Client ID Not Found")
    jobs.stepped(job, "add_order", "981")
    jobs.subscribed(job, "8981000000000004821", 4321, "sub_0SNlurA049MEWV3")
    jobs.job(jobs.customer("aiko@example.com", "SF-204411", first_name="Aiko", last_name="Tanaka"), "running", number=148)
    return job


def _ids(text, personal=True, tab="all"):
    return [row.id for row in find(Wanted(tab, text, personal=personal)).rows]


@pytest.mark.parametrize("text", [
    jobs.order_id(146), jobs.order_id(146)[:15], "00000146", "146", "SF-207702", "sf-207702", "981", "4321", "8981000000000004821",
    "sub_0SNlurA049MEWV3", "sara@example.com", " Sara@Example.com ", "ＳＦ－２０７７０２",
])  # fmt: skip
def test_it_finds_by_any_key(found, text):
    assert _ids(text) == [found.id]


@pytest.mark.parametrize("text", ["nobody", "99999999999999999999999", "%", "_", "' OR 1=1 --", "8015g", "\x00", "x" * 500, "²", "SF-2077"])
def test_it_finds_nothing_for_anything_else(found, text):
    assert _ids(text) == []


def test_it_finds_by_address_only_with_leave(found):
    assert _ids("sara@example.com", personal=False) == []


def test_it_shows_names_only_with_leave(found):
    (row,) = find(Wanted("all", "146", personal=True)).rows
    assert (row.order_number, row.sf_number, row.customer, row.product) == ("00000146", "SF-207702", "Sara Lindqvist", "eSIM 5 GB")
    assert (row.step, row.attempt, row.error_code, row.next_try_at) == ("add_order", 12, "Client ID Not Found", None)
    (row,) = find(Wanted("all", "146")).rows
    assert (row.order_number, row.sf_number, row.customer) == ("00000146", "SF-207702", "")


def test_it_shows_an_order_made_by_hand(database):
    job = jobs.job(None, "needs_attention", number=77)
    (row,) = find(Wanted()).rows
    assert (row.id, row.order_number, row.product, row.sf_number, row.customer) == (job.id, "00000077", "eSIM 5 GB", "", "")


@pytest.mark.parametrize(("lines", "said"), [
    ([("Activation", "Activation"), ("eSIM 5 GB", "Service")], "eSIM 5 GB"),
    ([("eSIM 5 GB", "Service"), ("VPN", "Service")], "eSIM 5 GB +1"),
    ([("Activation", "Activation")], "Activation"), ([], ""), (None, ""),
])  # fmt: skip
def test_it_names_the_product(lines, said):
    given = None if lines is None else [{"name": name, "item_class": item_class} for name, item_class in lines]
    assert finding_jobs.product(given) == said


def test_it_shows_sign_ups(sara):
    job, _new = Job.make("signup", str(sara.id), user=sara.id, source="console")
    (row,) = find(Wanted("open", "SF-207702", personal=True)).rows
    assert (row.id, row.kind, row.order_number, row.sf_number, row.product) == (job.id, "signup", "", "SF-207702", "")


def test_it_keeps_tabs_apart(sara):
    for state in models.job.STATES:
        jobs.job(sara, state)
    counts = find(Wanted()).counts
    assert counts == {
        "open": 7, "attention": 1, "retrying": 1, "held": 1, "customer": 1, "running": 3, "done": 1, "ended": 2, "all": 10
    }  # fmt: skip
    for tab, states in finding_jobs.TABS.items():
        assert {row.state for row in find(Wanted(tab)).rows} == set(states)


def test_it_counts_what_was_searched_for(found):
    assert find(Wanted("open", "146")).counts["open"] == 1


def test_it_pages_by_keyset(sara):
    """Rows of the same moment, and one that arrives while one reads."""
    moment = clock.now()
    made = [jobs.job(sara, "succeeded", created_at=moment - timedelta(seconds=n // 3)).id for n in range(10)]
    first = find(Wanted("done"), limit=4)
    jobs.job(sara, "succeeded", created_at=moment + timedelta(seconds=1))
    second = find(Wanted("done", before=first.older), limit=4)
    third = find(Wanted("done", before=second.older), limit=4)
    read = [row.id for page in (first, second, third) for row in page.rows]
    assert sorted(read) == sorted(made)
    assert read == [row.id for row in Job.select().where(Job.id.in_(made)).order_by(Job.created_at.desc(), Job.id.desc())]
    assert third.older == ""


@pytest.mark.parametrize("before", ["x", "1-", "-1", "1-2-3", "9" * 40 + "-1", "1 OR 1=1"])
def test_it_takes_no_wrong_cursor(found, before):
    assert len(find(Wanted("all", before=before)).rows) == 2


def test_it_asks_two_queries_however_many_rows(database):
    for n in range(30):
        jobs.job(jobs.customer(), "retry_wait", number=1000 + n)
    with counted(database) as queries:
        assert len(find(Wanted("retrying", personal=True)).rows) == 30
    assert len(queries) == 2


@pytest.fixture
def crowd(database, sara):
    """20,000 jobs, mostly done; PostgreSQL has the statistics that it gathers by itself."""
    start = clock.now() - timedelta(days=30)
    states = ["succeeded"] * 97 + ["needs_attention", "retry_wait", "running"]
    rows = [
        {"kind": "provision", "dedupe_key": f"provision:{n}", "sf_order_id": jobs.order_id(n), "user": sara.id, "state": states[n % 100],
         "created_at": start + timedelta(seconds=n), "updated_at": start, "next_run_at": start}
        for n in range(1000, 21_000)
    ]  # fmt: skip
    with models.transaction():
        for at in range(0, len(rows), 1000):
            Job.insert_many(rows[at : at + 1000]).execute()
    if isinstance(database, PostgresqlDatabase):
        database.execute_sql("ANALYZE")


WANTED = [
    *(Wanted(tab, before=before) for tab in finding_jobs.TABS for before in ("", LATE)),
    *(Wanted("all", text, personal=True) for text in ("00000146", "SF-207702", "981", "sara@example.com", jobs.order_id(146))),
    Wanted("open", "SF-207702"),
]  # fmt: skip


@pytest.mark.sqlite
def test_it_reads_by_indexes(database, crowd):
    for wanted in WANTED:
        with counted(database) as queries:
            find(wanted)
        assert not [step for sql, values in queries for step in _plan(database, sql, values) if _reads_all(step)], wanted


def _plan(database, sql, values):
    return [row[-1] for row in database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", values)]


def _reads_all(step):
    # what a sub-query has already narrowed down is small
    narrowed = ("SCAN (subquery", "SCAN of_", "SCAN CONSTANT")
    return step.startswith("SCAN ") and "INDEX" not in step and not step.startswith(narrowed)


@pytest.mark.long
def test_it_is_quick_with_many(crowd):
    for wanted in WANTED:
        started = time.monotonic()
        find(wanted)
        assert time.monotonic() - started < 3, wanted
