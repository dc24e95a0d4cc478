"""Runs clients written for Node, whose packages `./run test` installs beside them (`npm ci`)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.support.absent import absent

CLIENTS = Path(__file__).parents[1] / "sandbox" / "clients"
LONGEST_S = 120


def run(script: str, told: dict[str, Any], ca_file: str = "") -> Any:
    """What the script prints as JSON, given `told` as its argument; it trusts the CA beside the public ones."""
    node = shutil.which("node") or absent("Node is not installed")
    path = CLIENTS / script
    if not (path.parent / "node_modules").is_dir():
        absent(f"run `npm ci` in {path.parent.relative_to(CLIENTS.parents[2])}, as ./run test does")
    surroundings = {**os.environ, "NODE_EXTRA_CA_CERTS": ca_file} if ca_file else {**os.environ}
    done = subprocess.run(
        [node, str(path), json.dumps(told)], env=surroundings, capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)
