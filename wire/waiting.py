"""How long the other side asks us to wait, in every dialect seen in the wild. Reads headers; never waits itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST = timedelta(days=1)
"""A wait beyond this is a mistake of the other side or ours, and is cut to it."""

_RESETS = ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset")
_EPOCH_FROM = 1_000_000_000  # a number this large is a moment (seconds since 1970), a smaller one seconds left
_MILLISECONDS_FROM = 100_000_000_000


def asked_wait(headers: Mapping[str, str], *, now: datetime, limited: bool) -> timedelta | None:
    """The wait an answer asks for, or None when it names none that can be read.

    `headers` has lower-case names. `Retry-After` counts always; the reset headers, which stand on good answers too,
    only when we were `limited`. `now` is timezone-aware. The result lies between zero and one day.
    """
    for name in ("retry-after", *(_RESETS if limited else ())):
        wait = _wait(headers.get(name, ""), now)
        if wait is not None:
            return min(max(wait, timedelta(0)), LONGEST)
    return None


def _wait(value: str, now: datetime) -> timedelta | None:
    value = value.strip()
    try:
        number = float(value)
    except ValueError:
        moment = _moment(value)
        return None if moment is None else moment - now
    if not math.isfinite(number):
        return None
    if number >= _MILLISECONDS_FROM:
        number /= 1000
    seconds = number - now.timestamp() if number >= _EPOCH_FROM else number
    return timedelta(seconds=min(max(seconds, 0.0), LONGEST.total_seconds()))


def _moment(value: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(value)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None
