"""The door to whether the integration user is held to its permission set."""

from flask import Flask, Response, jsonify

from sandbox.asking import asked
from sandbox.control.backstage import Backstage


def attach(app: Flask, backstage: Backstage) -> None:
    def shown() -> Response:
        return jsonify(enforce=backstage.org.enforced)

    app.add_url_rule("/control/permissions", "permissions", shown)

    @app.post("/control/permissions")
    def enforce() -> Response:
        backstage.org.enforce(asked({"enforce": bool})["enforce"])
        return shown()
