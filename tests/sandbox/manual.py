"""The manual of the sandbox as a test reads it: its examples in their order, its tables, and a shell that runs them."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.absent import absent
from tests.support.sandbox import ROOT

PAGE = ROOT / "docs" / "sandbox.md"
UPSTREAMS = ROOT / "docs" / "upstreams"
ADDING = "## Add what is missing"
FENCE = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
NAMED = re.compile(r"As `([^`]+)`:\n\n```\w+\n(.*?)```", re.DOTALL)
EXAMPLE = re.compile(r"`((?:curl|fault) .*)` \|$")
PROMISED = re.compile(r"(?:#|//) → (.*)$", re.MULTILINE)
LONGEST_S = 120
# an answer that is a refusal is a failure of the example
PRELUDE = 'set -euo pipefail\ncurl() { command curl -sS --fail-with-body "$@"; }\n'
END = "@@ end of example @@"


@dataclass(frozen=True)
class Example:
    """`language` is that of a fenced block; the examples of tables are bash."""

    language: str
    text: str

    @property
    def promises(self) -> list[str]:
        return PROMISED.findall(self.text)

    @property
    def script(self) -> str:
        """As bash runs it; a fault that it sets is taken back."""
        if self.language == "python":
            return f"python - <<'THE END'\n{self.text}THE END\n"
        return f"{self.text}\n" + ("curl -X DELETE $C/faults\n" if self.text.startswith("fault ") else "")


def examples(text: str) -> list[Example]:
    """Blocks and rows, as they come."""
    found = [(match.start(), Example(match[1], match[2])) for match in FENCE.finditer(text)]
    inside = [(match.start(), match.end()) for match in FENCE.finditer(text)]
    for match in re.finditer(r"^\|.*\|$", text, re.MULTILINE):
        row = EXAMPLE.search(match[0])
        if row and not any(start <= match.start() < end for start, end in inside):
            found.append((match.start(), Example("bash", row[1].replace("\\|", "|"))))
    return [example for _, example in sorted(found, key=lambda pair: pair[0])]


def run(shown: list[Example], folder: Path) -> list[str]:
    """One shell for all of them, in a folder that has var/sandbox; answers what each printed. Fails at the first that fails."""
    for program in ("bash", "curl", "openssl"):
        shutil.which(program) or absent(f"{program} is not installed")
    script = PRELUDE + "".join(f"{each.script}\nprintf '%s\\n' '{END}'\n" for each in shown)
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=surroundings(folder), capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    *printed, last = done.stdout.split(f"{END}\n")
    failed = f"{shown[min(len(printed), len(shown) - 1)].text}\n{last[-2000:]}\n{done.stderr[-3000:]}"
    assert (done.returncode, len(printed)) == (0, len(shown)), failed
    return printed


def surroundings(folder: Path) -> dict[str, str]:
    """The interpreter of the tests is `python`; the sandbox of the folder, if it has one, is `sandbox`."""
    home = folder if (folder / "sandbox").is_dir() else ROOT
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(home)}


def table(text: str, head: str) -> list[list[str]]:
    """The cells of the rows below the head that begins so."""
    lines = text.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith(head))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return rows


def switches(upstream: str) -> dict[str, list[Any]]:
    """Name → its values as the upstream's page lists them."""
    rows = table((UPSTREAMS / f"{upstream}.md").read_text(), "| switch |")
    return {row[0].strip("`"): [json.loads(value.strip().strip("`")) for value in row[1].split(" · ")] for row in rows}
