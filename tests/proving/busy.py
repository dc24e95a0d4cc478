"""How much longer than usual things may take here just now: a machine with other things to do is given more time, not failed."""

from __future__ import annotations

import os


def factor() -> float:
    """1 up to two running processes per processor, then as many times more as there are more of them."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1) / 2)
