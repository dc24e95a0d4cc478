"""Several records or calls at once: collections, graphs, batches and trees, their limits, and what is undone with what."""

from typing import Any

import pytest

from tests.support.sandbox import Control
from tests.support.sf_rest import SfRest

BASE = "/services/data/v63.0"


def case(subject: str, **more: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Case"}, "Subject": subject, **more}


def count(sf: SfRest, mark: str) -> int:
    return int(sf.get("query", q=f"SELECT COUNT() FROM Case WHERE Subject LIKE '{mark}%'").json()["totalSize"])


# -- composite/sobjects


def test_it_reads_several_records_and_null_for_what_is_not_there(sf: SfRest, key: str) -> None:
    made = [each["id"] for each in sf.post("composite/sobjects", {"records": [case(f"{key}a"), case(f"{key}b")]}).json()]
    wanted = [made[1], "500000000000000AAA", made[0]]
    by_body = sf.post("composite/sobjects/Case", {"ids": wanted, "fields": ["Subject"]}).json()
    assert [row and row["Subject"] for row in by_body] == [f"{key}b", None, f"{key}a"]
    assert sf.get("composite/sobjects/Case", ids=",".join(wanted), fields="Subject").json() == by_body
    assert sf.get("composite/sobjects/Case", ids=made[0]).status_code == 400


def test_it_upserts_several_records_by_external_id(sf: SfRest, key: str) -> None:
    path = "composite/sobjects/Case/Portal_Idem_Key__c"
    records = [case("one", Portal_Idem_Key__c=f"{key}{number}") for number in range(3)]
    first = sf.patch(path, {"records": records[:2]}).json()
    again = sf.patch(path, {"records": [*records, case("none")]}).json()
    assert [each["created"] for each in first] == [True, True]
    assert [each.get("created") for each in again] == [False, False, True, None]
    assert again[3]["errors"][0]["statusCode"] == "MISSING_ARGUMENT"


@pytest.mark.parametrize(("all_or_none", "left"), [("false", 0), ("true", 2)])
def test_it_deletes_several_records(sf: SfRest, free: Control, key: str, all_or_none: str, left: int) -> None:
    made = [each["id"] for each in sf.post("composite/sobjects", {"records": [case(key), case(key)]}).json()]
    answers = sf.call("DELETE", "composite/sobjects", ids=",".join([*made, "500000000000000AAA"]), allOrNone=all_or_none).json()
    undone = "ALL_OR_NONE_OPERATION_ROLLED_BACK" if left else None
    assert [each["errors"][0]["statusCode"] if each["errors"] else None for each in answers] == [undone, undone, "NOT_FOUND"]
    assert count(sf, key) == left


def test_it_takes_at_most_200_records(sf: SfRest, key: str) -> None:
    for path in ("composite/sobjects", "composite/tree/Case"):
        records = [case(key) | {"attributes": {"type": "Case", "referenceId": f"r{number}"}} for number in range(201)]
        assert sf.post(path, {"records": records}).status_code == 400
        assert sf.post(path, {"records": records[:200]}).status_code in (200, 201)
    assert count(sf, key) == 400


# -- composite/tree


def test_it_takes_a_tree_of_its_own_type_only(sf: SfRest, key: str) -> None:
    tree = {"records": [case(key) | {"attributes": {"type": "Order", "referenceId": "a"}}]}
    answer = sf.post("composite/tree/Case", tree)
    assert (answer.status_code, answer.json()["results"][0]["errors"][0]["statusCode"]) == (400, "INVALID_INPUT")
    deep: dict[str, Any] = {"attributes": {"type": "Case", "referenceId": "r"}}
    for number in range(6):
        deep = {"attributes": {"type": "Case", "referenceId": f"r{number}"}, "Cases": {"records": [deep]}}
    assert sf.post("composite/tree/Case", {"records": [deep]}).json()[0]["errorCode"] == "INVALID_INPUT"


# -- composite


def node(name: str, subject: str, **more: Any) -> dict[str, Any]:
    return {"method": "POST", "url": f"{BASE}/sobjects/Case", "referenceId": name, "body": {"Subject": subject, **more}}


def test_it_takes_at_most_25_calls_and_5_queries(sf: SfRest, key: str) -> None:
    assert sf.post("composite", {"compositeRequest": [node(f"n{number}", key) for number in range(26)]}).status_code == 400
    query = {"method": "GET", "url": f"{BASE}/query?q=SELECT+Id+FROM+Case+LIMIT+1"}
    asked = [{**query, "referenceId": f"q{number}"} for number in range(6)]
    assert sf.post("composite", {"compositeRequest": asked}).status_code == 400
    answers = sf.post("composite", {"compositeRequest": asked[:5]}).json()["compositeResponse"]
    assert [each["httpStatusCode"] for each in answers] == [200] * 5
    assert count(sf, key) == 0


def test_it_halts_what_refers_to_a_call_that_failed(sf: SfRest, key: str) -> None:
    asked = [node("a", key, Nope="x"), node("b", key, ParentId="@{a.id}"), node("c", key)]
    answers = sf.post("composite", {"compositeRequest": asked}).json()["compositeResponse"]
    assert [each["httpStatusCode"] for each in answers] == [400, 400, 201]
    assert answers[1]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    nested = {"method": "POST", "url": f"{BASE}/composite", "referenceId": "n", "body": {}}
    assert sf.post("composite", {"compositeRequest": [nested]}).json()["compositeResponse"][0]["httpStatusCode"] == 404


def test_it_runs_a_batch_each_on_its_own(sf: SfRest, key: str) -> None:
    asked = [
        {"method": "POST", "url": "v63.0/sobjects/Case", "richInput": {"Subject": key}},
        {"method": "GET", "url": "v63.0/sobjects/Nothing"},
        {"method": "GET", "url": "v63.0/limits"},
    ]
    done = sf.post("composite/batch", {"batchRequests": asked}).json()
    assert (done["hasErrors"], [each["statusCode"] for each in done["results"]]) == (True, [201, 404, 200])
    halted = sf.post("composite/batch", {"batchRequests": asked[1:], "haltOnError": True}).json()
    assert [each["statusCode"] for each in halted["results"]] == [404, 412]


# -- composite/graph


def graph(name: str, *nodes: dict[str, Any]) -> dict[str, Any]:
    return {"graphId": name, "compositeRequest": list(nodes)}


def test_it_undoes_one_graph_and_keeps_the_other(sf: SfRest, key: str) -> None:
    good = graph("good", node("b", f"{key}b", ParentId="@{a.id}"), node("a", f"{key}a"))
    bad = graph("bad", node("a", f"{key}c"), node("b", f"{key}d", Nope="x"))
    done = sf.post("composite/graph", {"graphs": [good, bad]})
    assert (done.status_code, [each["isSuccessful"] for each in done.json()["graphs"]]) == (200, [True, False])
    items = done.json()["graphs"][1]["graphResponse"]["compositeResponse"]
    assert [item["body"][0]["errorCode"] for item in items] == ["PROCESSING_HALTED", "INVALID_FIELD"]
    rows = sf.query(f"SELECT Subject, Parent.Subject FROM Case WHERE Subject LIKE '{key}%' ORDER BY Subject")
    assert [(row["Subject"], row["Parent"] and row["Parent"]["Subject"]) for row in rows] == [(f"{key}a", None), (f"{key}b", f"{key}a")]


def test_it_upserts_an_order_and_its_line_as_a_graph(sf: SfRest, key: str) -> None:
    price = sf.price("SIM-DATA-5")
    order = {
        "method": "PATCH", "url": f"{BASE}/sobjects/Order/Portal_Idem_Key__c/{key}", "referenceId": "order",
        "body": {
            "AccountId": sf.account_id(), "EffectiveDate": "2026-11-21", "Status": "Pending Review", "Pricebook2Id": price["Pricebook2Id"],
        },
    }  # fmt: skip
    line = {
        "method": "PATCH", "url": f"{BASE}/sobjects/OrderItem/Portal_Line_Key__c/{key}-1", "referenceId": "line",
        "body": {"OrderId": "@{order.id}", "PricebookEntryId": price["Id"], "Quantity": 1, "UnitPrice": 1280},
    }  # fmt: skip
    first, again = (sf.post("composite/graph", {"graphs": [graph("1", order, line)]}).json()["graphs"][0] for _ in range(2))
    assert [each["httpStatusCode"] for each in first["graphResponse"]["compositeResponse"]] == [201, 201]
    # what may be set at creation only is refused when it is sent again
    errors = again["graphResponse"]["compositeResponse"][1]["body"]
    assert (again["isSuccessful"], errors[0]["errorCode"]) == (False, "INVALID_FIELD_FOR_INSERT_UPDATE")


def test_it_keeps_graphs_within_their_limits(sf: SfRest, key: str) -> None:
    circle = graph("1", node("a", key, ParentId="@{b.id}"), node("b", key, ParentId="@{a.id}"))
    query = graph("1", {"method": "GET", "url": f"{BASE}/query?q=x", "referenceId": "a"})
    deep = graph("1", *(node(f"n{at}", key, **({"ParentId": f"@{{n{at - 1}.id}}"} if at else {})) for at in range(16)))
    wide = graph("1", *(node(f"n{at}", key) for at in range(501)))
    twins = [graph("1", node("a", key)), graph("1", node("a", key))]
    many = [graph(f"g{at}", node("a", key)) for at in range(76)]
    for graphs in ([circle], [query], [deep], [wide], twins, many, [{}]):
        assert sf.post("composite/graph", {"graphs": graphs}).status_code == 400
    assert count(sf, key) == 0


def test_it_stops_after_14_graphs_that_failed(sf: SfRest, key: str) -> None:
    bad = [graph(f"bad{at}", node("a", key, Nope="x")) for at in range(14)]
    done = sf.post("composite/graph", {"graphs": [*bad, graph("good", node("a", key))]}).json()["graphs"]
    assert done[14]["graphResponse"]["compositeResponse"][0]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert count(sf, key) == 0


# -- deleting by the rules of orders


def test_it_deletes_a_draft_order_with_its_items_and_no_activated_one(sf: SfRest, free: Control, key: str) -> None:
    order = sf.place(key)
    item = sf.one(f"SELECT Id FROM OrderItem WHERE OrderId = '{order}'")["Id"]
    entry = sf.one(f"SELECT PricebookEntryId FROM OrderItem WHERE Id = '{item}'")["PricebookEntryId"]
    assert sf.call("DELETE", f"sobjects/PricebookEntry/{entry}").json()[0]["errorCode"] == "DELETE_FAILED"
    assert sf.patch(f"sobjects/Order/{order}", {"Status": "Activated"}).status_code == 204
    for path in (f"sobjects/Order/{order}", f"sobjects/OrderItem/{item}"):
        assert sf.call("DELETE", path).json()[0]["errorCode"] == "ENTITY_IS_LOCKED"
    other = sf.place(f"{key}2")
    assert sf.call("DELETE", f"sobjects/Order/Portal_Idem_Key__c/{key}2").status_code == 204
    assert sf.query(f"SELECT Id FROM OrderItem WHERE OrderId = '{other}'") == []
    assert sf.patch(f"sobjects/Order/{other}", {"Status": "Approved"}).json()[0]["errorCode"] == "ENTITY_IS_DELETED"
    assert sf.place(f"{key}2") != other
