"""Who may use Pub/Sub: the three headers of every call, the rights of the user, and sessions that end while a stream is open."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox.eventbus import EventBus, refused
from tests.support.sandbox import Control, Running
from tests.support.sf_rest import SfRest

INVALID = ("UNAUTHENTICATED", "service.auth.headers.invalid")
WRONG = ("UNAUTHENTICATED", "service.auth.error")


def topic(eventbus: EventBus, **headers: str | None) -> Any:
    return eventbus.ask("GetTopic", eventbus.metadata(**headers), topic_name=eventbus.topic)


@pytest.mark.parametrize("header", ["accesstoken", "instanceurl", "tenantid"])
def test_it_wants_all_three_headers(eventbus: EventBus, header: str) -> None:
    for value in (None, "", "  "):
        assert refused(lambda value=value: topic(eventbus, **{header: value})) == INVALID


@pytest.mark.parametrize(("header", "values", "refusal"), [
    ("instanceurl", ["acme", "ftp://localhost", "https://", "https://[::1", "https://localhost/services"], INVALID),
    ("tenantid", ["acme", "00DSB000000Sbx", "001SB000000Sbx12AC", "00DSB000000Sbx12ACX"], INVALID),
    ("instanceurl", ["https://acme.my.salesforce.com", "https://localhost:1"], WRONG),
    ("tenantid", ["00D000000000000AAA", "00D000000000001"], WRONG),
    ("accesstoken", ["nobody", "00DSB000000Sbx1!nobody", "x" * 4000], WRONG),
])  # fmt: skip
def test_it_tells_what_is_no_header_from_what_is_anothers(eventbus: EventBus, header: str, values: list[str], refusal: Any) -> None:
    for value in values:
        assert refused(lambda value=value: topic(eventbus, **{header: value})) == refusal


def test_it_takes_the_forms_in_which_clients_write_them(eventbus: EventBus) -> None:
    org, instance = eventbus.info["org_id"], eventbus.rest.instance
    plain = eventbus.info["rest_plain_url"]
    for headers in (
        {"tenantid": org[:15]}, {"instanceurl": f"{instance}/"}, {"instanceurl": instance.upper().replace("HTTPS", "https")},
        {"instanceurl": plain}, {"instanceurl": plain.replace("127.0.0.1", "localhost")}, {"accesstoken": f" {eventbus.token} "},
        {"x-client-trace-id": "t", "x-unheard-of": "1"},
    ):  # fmt: skip
        assert topic(eventbus, **headers).rpc_id


@pytest.mark.parametrize(("rpc", "fields"), [
    ("GetTopic", {"topic_name": "/event/Nothing__e"}), ("GetSchema", {}), ("Publish", {}),
])  # fmt: skip
def test_it_asks_for_the_headers_first(eventbus: EventBus, rpc: str, fields: dict[str, str]) -> None:
    assert refused(lambda: eventbus.ask(rpc, [], **fields)) == INVALID
    assert refused(lambda: eventbus.ask(rpc, eventbus.metadata(accesstoken="nobody"), **fields)) == WRONG


@pytest.mark.parametrize("rpc", ["Subscribe", "PublishStream"])
def test_it_asks_for_the_headers_before_a_stream_says_anything(eventbus: EventBus, rpc: str) -> None:
    assert refused(eventbus.open(rpc, [])) == INVALID
    assert refused(eventbus.open(rpc, eventbus.metadata(accesstoken="nobody"))) == WRONG


def test_it_lets_the_integration_user_only_subscribe(eventbus: EventBus, control: Control) -> None:
    assert (topic(eventbus).can_publish, topic(eventbus).can_subscribe) == (False, True)
    sent = {"topic_name": eventbus.topic, "events": [eventbus.event()]}
    assert refused(lambda: eventbus.ask("Publish", **sent)) == ("PERMISSION_DENIED", "topic.meta.permission")
    assert refused(eventbus.open("PublishStream", **sent)) == ("PERMISSION_DENIED", "topic.meta.permission")
    control.ask("POST", "permissions", {"enforce": False})
    try:
        assert topic(eventbus).can_publish
        assert eventbus.ask("Publish", **sent).results[0].replay_id
    finally:
        control.ask("POST", "permissions", {"enforce": True})
    assert not topic(eventbus).can_publish


def by_revoking(eventbus: EventBus, control: Control) -> None:
    assert eventbus.rest.session.post(f"{eventbus.rest.instance}/services/oauth2/revoke", {"token": eventbus.token}).status_code == 200


def by_ending_every_session(eventbus: EventBus, control: Control) -> None:
    control.fault("salesforce", "query", "expired_session", count=1)
    assert eventbus.rest.get("query", q="SELECT Id FROM Account LIMIT 1").status_code == 401


@pytest.mark.parametrize("end", [by_revoking, by_ending_every_session])
def test_it_ends_a_stream_whose_session_was_ended(
    eventbus: EventBus, control: Control, free: Control, end: Callable[[EventBus, Control], None]
) -> None:
    stream = eventbus.listening(control)
    press = eventbus.open("PublishStream", topic_name=eventbus.topic, events=[eventbus.event()])
    assert next(press).results[0].replay_id
    end(eventbus, control)
    assert refused(stream) == WRONG
    assert refused(press) == WRONG
    assert refused(lambda: topic(eventbus)) == WRONG


def test_it_keeps_a_stream_whose_session_only_grew_old(eventbus: EventBus, control: Control, days: Callable[[float], None]) -> None:
    stream = eventbus.listening(control)
    days(0.5)
    SfRest(eventbus.info).login()  # old sessions are forgotten now
    control.publish(IdemKey__c="later")
    assert stream.events(1)
    assert refused(lambda: topic(eventbus)) == WRONG
    stream.call.cancel()


def test_it_takes_a_new_token_on_an_open_stream(eventbus: EventBus, sandbox: Running, control: Control) -> None:
    other = EventBus(sandbox.info["salesforce"])
    stream = eventbus.listening(control)
    stream.send(auth_refresh=other.token)
    stream.send(num_requested=1, auth_refresh=other.token)
    assert next(stream).pending_num_requested == 100
    by_revoking(eventbus, control)
    control.publish(IdemKey__c="renewed")
    assert stream.events(1)
    stream.send(auth_refresh="nobody's")
    assert refused(stream) == ("UNAUTHENTICATED", "service.auth.refresh.invalid")
    other.close()


def test_it_takes_no_new_token_in_the_first_publish_request(eventbus: EventBus, free: Control) -> None:
    first = {"topic_name": eventbus.topic, "events": [eventbus.event()], "auth_refresh": eventbus.token}
    for answers in (lambda: eventbus.ask("Publish", **first), eventbus.open("PublishStream", **first)):
        assert refused(answers) == ("INVALID_ARGUMENT", "publish.auth.refresh.invalid")
    press = eventbus.open("PublishStream", topic_name=eventbus.topic, events=[eventbus.event()])
    press.send(events=[eventbus.event()], auth_refresh=eventbus.token)
    press.send(events=[eventbus.event()], auth_refresh="nobody's")
    assert [len(next(press).results) for _ in range(2)] == [1, 1]
    assert refused(press) == ("UNAUTHENTICATED", "service.auth.refresh.invalid")
