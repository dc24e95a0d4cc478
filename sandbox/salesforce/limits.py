"""What the org may use up in a day, and how much of it is left."""

import itertools
from collections.abc import Mapping

MAX_CALLS = 115_000
# as an Enterprise Edition org with a few licences has them
OTHERS: Mapping[str, int] = {
    "ConcurrentAsyncGetReportInstances": 200, "DailyAsyncApexExecutions": 250_000, "DailyBulkApiBatches": 15_000,
    "DailyDeliveredPlatformEvents": 25_000, "DailyStreamingApiEvents": 200_000, "DataStorageMB": 10_240, "FileStorageMB": 10_240,
    "HourlyPublishedPlatformEvents": 250_000, "MonthlyPlatformEvents": 750_000,
    "MonthlyPlatformEventsUsageEntitlement": 750_000, "SingleEmail": 5_000,
}  # fmt: skip


class Usage:
    """Counts since the start of the process: a rolling day is not worth keeping."""

    def __init__(self) -> None:
        self._calls = itertools.count(1)
        self.used = 0

    def count(self) -> str:
        """One call more; answers the value of Sforce-Limit-Info."""
        self.used = next(self._calls)
        return f"api-usage={self.used}/{MAX_CALLS}"

    def limits(self) -> dict[str, dict[str, int]]:
        own = {"DailyApiRequests": {"Max": MAX_CALLS, "Remaining": max(0, MAX_CALLS - self.used)}}
        return own | {name: {"Max": most, "Remaining": most} for name, most in OTHERS.items()}
