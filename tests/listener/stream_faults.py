"""The table of the event stream's faults: what the listener does about each, and the test that shows it. The docs show the table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """`faults` are those of the sandbox that make it happen."""

    words: str
    does: str
    test: str
    faults: tuple[str, ...] = ()


ENDS, EVENTS, POSITION, TWO = "test_stream_ends", "test_events", "test_position", "test_two_listeners"
AGAIN = "subscribes again from its position, on a new connection, after a random wait of up to 1, 2, 4 … 60 s"
ROWS = (
    Row("service unavailable, reset", AGAIN, f"{ENDS}::test_it_goes_on_from_its_position", ("unavailable", "reset")),
    Row("not let in", "the same", f"{ENDS}::test_it_tries_again_when_it_is_not_let_in", ("error_before", "timeout_before")),
    Row("connection refused", "the same, until it is let in", f"{ENDS}::test_it_comes_back_to_a_door_that_was_shut", ("refuse",)),
    Row("ended without a word", "the same", f"{ENDS}::test_it_does_not_hurry_when_streams_end_without_a_word"),
    Row("slow", "waits for it", f"{ENDS}::test_it_waits_for_one_that_is_only_slow", ("slow",)),
    Row(
        "silent: not even a sign of life",
        "gives it up after `SF_EVENTS_WATCHDOG_S` and subscribes again",
        f"{ENDS}::test_it_takes_silence_for_an_end",
        ("silent",),
    ),
    Row(
        "session refused",
        "gets a new token and goes on from its position",
        f"{ENDS}::test_it_gets_a_new_token",
        ("unauthenticated", "expired_session"),
    ),
    Row("no log-in to be had", "tries that again, too", f"{ENDS}::test_it_goes_on_when_not_even_a_log_in_is_to_be_had"),
    Row("throttled", "waits a minute; 5 minutes for too many clients", f"{ENDS}::test_it_asks_for_a_long_wait", ("throttle",)),
    Row(
        "the day's deliveries used up",
        "looks again every hour; meanwhile the back-fill finds the orders",
        f"{ENDS}::test_it_asks_for_a_long_wait",
        ("delivery_limit",),
    ),
    Row("address or right refused", "tries once a minute", f"{ENDS}::test_it_asks_for_a_long_wait", ("misconfigured",)),
    Row(
        "position refused: malformed, expired, of another stream",
        "error `stream_position_lost`; begins at the earliest event, has the back-fill look",
        f"{POSITION}::test_it_begins_at_the_earliest_event_when_its_position_is_refused",
        ("replay_expired",),
    ),
    Row("killed right after that", "still begins at the earliest event", f"{POSITION}::test_a_lost_position_stays_lost_over_a_crash"),
    Row("away for more than 72 h", "the same; the back-fill finds the orders", "test_long_gap::test_it_finds_the_orders_all_the_same"),
    Row(
        "only signs of life",
        "stores the position once a minute",
        f"{POSITION}::test_it_stores_the_position_of_empty_answers_once_a_minute",
    ),
    Row(
        "another schema",
        "fetches it once, reads old and new events",
        f"{EVENTS}::test_it_reads_old_and_new_events_when_the_schema_changes",
        ("schema_change",),
    ),
    Row("schema not to be had", "holds the stream until it is", f"{EVENTS}::test_it_holds_the_stream_while_a_schema_cannot_be_had"),
    Row(
        "unreadable event, or one that no row can hold",
        "keeps it raw as `undecodable` and goes on",
        f"{EVENTS}::test_it_keeps_what_it_cannot_read_and_goes_on",
        ("bad_payload",),
    ),
    Row("event that comes twice", "takes it once", f"{EVENTS}::test_it_takes_a_doubled_event_once", ("duplicate_event",)),
    Row(
        "event that never comes",
        "the back-fill finds the order",
        f"{EVENTS}::test_what_the_stream_lost_is_found_without_it",
        ("drop_event",),
    ),
    Row("`kill -9`", "the stand-by, not subscribed before, takes over within 15 s", f"{TWO}::test_it_takes_over_from_one_that_was_killed"),
    Row("lease lost", "ends the stream, records nothing more", f"{TWO}::test_it_stops_when_its_lease_is_lost_and_goes_on_when_it_is_free"),
    Row("SIGTERM, whatever it is at", "ends within 5 s and hands over", "test_stopping::test_while_a_call_hangs"),
    Row(
        "database locked",
        "asks for the event again; SIGTERM ends it all the same",
        "test_listener::test_it_ends_in_time_though_the_database_is_locked",
    ),
    Row("a backlog of 75,000 events", "drained in a minute, with 20 MB more memory at most", "test_backlog::test_it_drains_a_backlog"),
)


def table() -> str:
    """As Markdown."""
    lines = [f"| {row.words} | {row.does} | `{row.test.replace('::', '.py::')}` |" for row in ROWS]
    return "\n".join(["| fault | what the listener does | test |", "| --- | --- | --- |", *lines])
