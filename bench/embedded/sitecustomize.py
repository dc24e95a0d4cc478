"""Hides what requirements.txt does not install: the drivers of requirements-scale.txt, and what tools for development bring along."""

import sys

for _module in ("psycopg", "redis", "rich", "pygments", "greenlet"):
    sys.modules[_module] = None  # type: ignore[assignment]
