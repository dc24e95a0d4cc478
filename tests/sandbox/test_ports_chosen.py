"""How ports are chosen when many choose at the same moment."""

import subprocess
import sys

import pytest

from tests.support import sandbox as sandboxes

# The one test that reaches into the sandbox: some 160 worlds must choose at the same moment before two of them would meet by chance,
# and so many do not run on one machine. Eight of them, as programs, are in test_robust_ports.py.
CHOOSER = """
import sys
sys.path.insert(0, sys.argv[1])
from dataclasses import astuple
from sandbox import ports
held = [ports.free() for _ in range(40)]
print(*[port for berth in held for port in astuple(berth.ports)], flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a port cannot be held without listening")
def test_what_is_chosen_at_the_same_moment_is_never_the_same() -> None:
    command = [sys.executable, "-c", CHOOSER, str(sandboxes.ROOT)]
    choosers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    chosen = [int(port) for each in choosers for port in (each.stdout.readline() if each.stdout else "").split()]
    for each in choosers:
        each.communicate("")
    assert len(set(chosen)) == len(chosen) == 4 * 40 * 9
