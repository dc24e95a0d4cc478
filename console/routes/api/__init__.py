"""The JSON twin of the customer's pages: the same services, guards, limits and forgery protection, in the shapes of the contract."""

from __future__ import annotations

from typing import Any

from flask_openapi3.models.info import Info

from console.routes.api import auth, billing, catalog, document, orders, subscriptions
from console.routes.api.doors import Problem, refuse_body

NOUNS = (auth, billing, catalog, orders, subscriptions, document)
# what the application tells flask_openapi3: no page of its own, problems as ours
DESCRIBED: dict[str, Any] = {
    "info": Info(title="Console", version="1", description="Session cookie; every unsafe call sends X-CSRFToken from GET /api/auth/csrf."),
    "security_schemes": {"session": {"type": "apiKey", "in": "cookie", "name": "session"}},
    "doc_ui": False,
    "validation_error_model": Problem,
    "validation_error_callback": refuse_body,
}
