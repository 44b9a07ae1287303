"""Reads how much of Meta's allowance is used, from the headers of an answer. It waits for nothing itself."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from platforms.reading import table, tables

NEARLY_SPENT = 90
"""Percent of the allowance from which on nothing more is asked: those who persist beyond it may be cut off."""
WINDOW = timedelta(hours=1)
"""The allowance is counted over the hour that has just gone by (Meta's documentation of rate limits, 2026)."""

# The third is by business, and each of those may hold several counts.
_HEADERS = ("x-app-usage", "x-page-usage", "x-business-use-case-usage")
_COUNTS = ("call_count", "total_time", "total_cputime")
_LONGEST_MINUTES = 24 * 60


@dataclass(frozen=True)
class Usage:
    """How much is used, in whole percent of the tightest count, and how long until we may ask again (None: unsaid)."""

    percent: int = 0
    regain: timedelta | None = None

    @property
    def nearly_spent(self) -> bool:
        """Whether to stop asking of our own accord."""
        return self.percent >= NEARLY_SPENT


def usage_of(headers: Mapping[str, str]) -> Usage:
    """The usage an answer's headers tell (lower-case names); nothing used where they tell none or cannot be read."""
    counts = [each for name in _HEADERS for each in _counts(headers.get(name, ""))]
    percents = [_number(each.get(name)) for each in counts for name in _COUNTS]
    minutes = max((_number(each.get("estimated_time_to_regain_access")) for each in counts), default=0)
    regain = timedelta(minutes=min(minutes, _LONGEST_MINUTES)) if minutes else None
    return Usage(percent=max(percents, default=0), regain=regain)


def _counts(header: str) -> Iterator[Mapping[str, object]]:
    try:
        told = table(json.loads(header or "{}"))
    except (ValueError, RecursionError):
        return
    yield told
    for value in told.values():
        yield from tables(value)


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return 0
    return max(0, math.ceil(value))
