"""The doors that are there for testers: an app lists its own, so that a new one is in the list by itself."""

from flask import Flask, Response, jsonify

SILENT = {"HEAD", "OPTIONS"}


def tell(app: Flask, root: str, at: str = "") -> None:
    """`GET {root}{at}` answers with `[{"path", "methods"}]` of everything below `root`."""

    def doors() -> Response:
        found: dict[str, set[str]] = {}
        for rule in app.url_map.iter_rules():
            if rule.rule.startswith(root) and rule.rule != root:
                found.setdefault(rule.rule, set()).update((rule.methods or set()) - SILENT)
        return jsonify([{"path": path, "methods": sorted(methods)} for path, methods in sorted(found.items())])

    app.add_url_rule(f"{root}{at}", f"doors {root}", doors)
