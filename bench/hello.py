"""Flask as it comes, for a server to serve: what a page is held against."""

from __future__ import annotations

from flask import Flask

app = Flask("hello")


@app.get("/")
def hello() -> str:
    return "Hello, World!"
