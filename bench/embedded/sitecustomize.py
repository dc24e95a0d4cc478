"""Hides the drivers of requirements-scale.txt: a process is as it is where only requirements.txt is installed."""

import sys

for _driver in ("psycopg", "redis"):
    sys.modules[_driver] = None  # type: ignore[assignment]
