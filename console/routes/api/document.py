"""The OpenAPI document of everything under /api: for who is logged in, as it is committed in docs/openapi.json."""

from __future__ import annotations

from flask import Response, current_app, jsonify

from console.routes.api.doors import noun, person

blueprint = noun("api_document")


@blueprint.get("/openapi.json", doc_ui=False)
@person
def document() -> Response:
    return jsonify(current_app.api_doc)  # type: ignore[attr-defined]
