"""The worker's queue, telling when each task starts: `huey_consumer bench.started.huey`, times to the file that BENCH_STARTS names."""

from __future__ import annotations

import os
import time
from typing import Any

from huey.signals import SIGNAL_EXECUTING

from tasks import huey

__all__ = ["huey"]


@huey.signal(SIGNAL_EXECUTING)  # type: ignore[untyped-decorator]
def _tell(_signal: str, task: Any, *_more: Any) -> None:
    with open(os.environ["BENCH_STARTS"], "a") as file:
        file.write(f"{task.name} {task.args[0] if task.args else ''} {time.monotonic_ns()}\n")
