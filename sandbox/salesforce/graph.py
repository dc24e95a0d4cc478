"""composite/graph: graphs of calls that refer to each other, each graph as a whole or not at all."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.salesforce.envelopes import Items, Undone, envelope, item, well_formed
from sandbox.salesforce.errors import ROLLED_BACK, SfError
from sandbox.salesforce.references import named
from sandbox.store import Store

One = Callable[[dict[str, Any], Mapping[str, Any]], dict[str, Any]]
MOST_NODES, MOST_GRAPHS, DEEPEST, MOST_KINDS, MOST_FAILURES = 500, 75, 15, 15, 14
HALTED = [{"errorCode": "PROCESSING_HALTED", "message": ROLLED_BACK}]
TOO_MANY = [{"errorCode": "PROCESSING_HALTED", "message": "The graph was not processed because too many graphs before it failed."}]
RECORD = re.compile(r"/services/data/v\d+\.0/sobjects/([^/?]+)(/[^/?]+){0,2}/?(\?.*)?")
METHODS = ("POST", "GET", "PATCH", "DELETE")


class Graphs:
    """`one` answers one call of a graph, given what the earlier ones answered."""

    def __init__(self, store: Store, one: One) -> None:
        self._store, self._one = store, one

    def answer(self, body: Any) -> dict[str, Any]:
        graphs = envelope(body, "graphs", MOST_GRAPHS)
        asked = [_nodes(graph) for graph in graphs]
        if len({graph["graphId"] for graph in graphs}) < len(graphs):
            raise SfError("INVALID_INPUT", "Duplicate graphId provided in the request")
        if sum(map(len, asked)) > MOST_NODES:
            raise SfError("INVALID_INPUT", f"The limit of {MOST_NODES} nodes has been exceeded: {sum(map(len, asked))}")
        done: Items = []
        for graph, nodes in zip(graphs, asked, strict=True):
            stopped = sum(not each["isSuccessful"] for each in done) >= MOST_FAILURES
            items, good = (_all(nodes, TOO_MANY), False) if stopped else self._run(nodes)
            done.append({"graphId": graph["graphId"], "graphResponse": {"compositeResponse": items}, "isSuccessful": good})
        return {"graphs": done}

    def _run(self, nodes: Items) -> tuple[Items, bool]:
        known: dict[str, Any] = {}
        culprit: dict[str, Any] = {}
        items: Items = []
        try:
            with self._store.write():
                for node in _ordered(nodes):
                    items.append(self._one(node, known))
                    if items[-1]["httpStatusCode"] >= 300:
                        culprit = items[-1]
                        raise Undone
                    known[node["referenceId"]] = items[-1]["body"]
        except Undone:
            return [culprit if each["referenceId"] == culprit["referenceId"] else each for each in _all(nodes, HALTED)], False
        found = {each["referenceId"]: each for each in items}
        return [found[node["referenceId"]] for node in nodes], True


def _all(nodes: Items, body: Any) -> Items:
    return [item(node["referenceId"], 400, body, {}) for node in nodes]


def _nodes(graph: dict[str, Any]) -> Items:
    if not isinstance(graph.get("graphId"), str) or not graph["graphId"]:
        raise SfError("JSON_PARSER_ERROR", "Every graph needs a graphId")
    nodes = envelope(graph, "compositeRequest", MOST_NODES)
    well_formed(nodes)
    kinds = set()
    for node in nodes:
        found = RECORD.fullmatch(node["url"])
        if found is None or node["method"].upper() not in METHODS:
            raise SfError("INVALID_INPUT", f"A graph takes calls of sobjects records only, not {node['method']} {node['url'][:200]}")
        kinds.add((node["method"].upper(), found[1].lower()))
    if len(kinds) > MOST_KINDS:
        raise SfError("INVALID_INPUT", f"A graph takes at most {MOST_KINDS} kinds of nodes, not {len(kinds)}")
    _ordered(nodes)
    return nodes


def _ordered(nodes: Items) -> Items:
    """A node after those that it refers to. Raises INVALID_INPUT for circles and for graphs that are too deep."""
    waiting = {node["referenceId"]: node for node in nodes}
    needs = {name: named([node["url"], node.get("body")]) & waiting.keys() for name, node in waiting.items()}
    ordered: Items = []
    for _ in range(DEEPEST):
        ready = [name for name in waiting if not needs[name] & waiting.keys()]
        ordered += [waiting[name] for name in ready]
        for name in ready:
            del waiting[name]
    if waiting:
        raise SfError("INVALID_INPUT", f"A graph has no circles and at most {DEEPEST} levels")
    return ordered
