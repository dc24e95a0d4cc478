"""Switches: what a test chooses about an upstream while it runs, by one door of one shape for every upstream."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, jsonify, request

from sandbox.bodies import json_sent
from sandbox.store import Doc, Store, View

KEY = "now"
MAX_DELAY_MS = 30 * 86_400_000
WHOLE = f"0 to {MAX_DELAY_MS}"
Then = Callable[[], object]


@dataclass(frozen=True)
class Switches:
    """`kind` is where the store keeps them. Of `choices` the first holds until somebody switches; `delays` are ms, `lists` hold texts."""

    kind: str
    choices: Mapping[str, tuple[Any, ...]]
    delays: tuple[str, ...] = ()
    lists: Mapping[str, list[str]] = field(default_factory=dict)

    def now(self, store: Store | View) -> Doc:
        return {**self.usual(), **(store.get(self.kind, KEY) or {})}

    def usual(self) -> Doc:
        return {**{name: values[0] for name, values in self.choices.items()}, **dict.fromkeys(self.delays, 0), **self.lists}

    def answer(self, store: Store, method: str, sent: Any) -> tuple[Doc, int]:
        """GET shows, POST sets some, DELETE takes all back. What is unknown is refused, together with what there is."""
        if method == "DELETE":
            store.drop(self.kind, KEY)
        if method != "POST":
            return self.now(store), 200
        wrong = [name for name, value in sent.items() if not self.sensible(name, value)] if isinstance(sent, dict) else ["no JSON object"]
        if wrong:
            return {"error": f"unknown switch or value: {', '.join(wrong)}", "choices": self.offered()}, 400
        with store.write():
            store.put(self.kind, KEY, {**(store.get(self.kind, KEY) or {}), **sent})
            return self.now(store), 200

    def offered(self) -> Doc:
        """What each switch takes."""
        return {**self.choices, **dict.fromkeys(self.delays, WHOLE), **dict.fromkeys(self.lists, "a list of texts")}

    def sensible(self, name: str, value: Any) -> bool:
        if name in self.lists:
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        if name in self.delays:
            return type(value) is int and 0 <= value <= MAX_DELAY_MS
        # 0 and False are equal in Python, and not the same switch
        return any(type(value) is type(choice) and value == choice for choice in self.choices.get(name, ()))

    def attach(self, app: Flask, path: str, store: Store, then: Then = lambda: None) -> None:
        """The door; `then` runs after every change of a switch."""

        def door() -> tuple[Response, int]:
            body, status = self.answer(store, request.method, json_sent(request))
            if request.method != "GET":
                then()
            return jsonify(body), status

        app.add_url_rule(path, f"switches {self.kind}", door, methods=["GET", "POST", "DELETE"])
