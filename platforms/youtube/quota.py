"""What YouTube lets one application spend in a day, and our share of it, which is never exceeded.

It counts here because YouTube's answers do not say what is left. It asks nobody and knows no post.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from threading import Lock
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from platforms.shape import Allowance
from wire.errors import TryLater

Clock = Callable[[], datetime]
"""Gives the time, timezone-aware."""

UNITS = "units"
SEARCHES = "searches"
ALLOWED: Mapping[str, int] = MappingProxyType({UNITS: 10_000, SEARCHES: 100})
"""What an application may spend in a day by default; searches have been counted apart since 2026 (Google's page on
quota costs). Everything else costs units."""
USUAL: Mapping[str, int] = MappingProxyType({UNITS: 500, SEARCHES: 5})
"""What one account may spend in a day where nobody said otherwise: fifteen accounts fit."""
FOR_ACTING: Mapping[str, int] = MappingProxyType({UNITS: 1_000, SEARCHES: 0})
"""What looking and reporting may spend together in a day, in each of the processes that do so."""
PROCESSES = 2
"""The console and the worker."""
KEPT_BACK = 500
"""Units a day for what cannot be counted: a request made again after YouTube's own fault counts each time there."""

LIST = 1
REPORT = 50
"""What a call costs: reading one page (units, or a search); reporting one video (units)."""
AHEAD: Mapping[str, int] = MappingProxyType({UNITS: 4, SEARCHES: 1})
"""The most that is spent before it is written down: one call, and what a faulty server counts of its repetition."""


def shares(accounts: int) -> Mapping[str, int]:
    """The budget of each of so many accounts (at least one), so that all of them together stay within a day's quota."""
    for_collecting = ALLOWED[UNITS] - PROCESSES * FOR_ACTING[UNITS] - KEPT_BACK
    return {UNITS: for_collecting // max(1, accounts), SEARCHES: ALLOWED[SEARCHES] // max(1, accounts)}


def day_of(now: datetime) -> str:
    """The day in California, where YouTube's day begins, as YYYY-MM-DD."""
    return now.astimezone(_pacific()).date().isoformat()


def renews_at(now: datetime) -> datetime:
    """The next midnight in California, in UTC."""
    zone = _pacific()
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), tzinfo=zone).astimezone(UTC)


def _pacific() -> tzinfo:
    try:
        return ZoneInfo("America/Los_Angeles")
    except ZoneInfoNotFoundError:
        # A computer without time zones: winter time, so that in summer the day renews an hour late, never early.
        return timezone(timedelta(hours=-8))


class Purse:
    """What may be spent today and what is spent already; safe to share between threads."""

    def __init__(
        self, limits: Mapping[str, int], clock: Clock, *, day: str = "", spent: Mapping[str, int] | None = None
    ) -> None:
        self._limits = {kind: max(0, limits.get(kind, usual)) for kind, usual in USUAL.items()}
        self._clock = clock
        self._lock = Lock()
        self._day = day
        self._spent = {kind: max(0, (spent or {}).get(kind, 0)) for kind in USUAL}
        self._turn_the_page()

    @property
    def day(self) -> str:
        """The day in California that is being counted."""
        return self._day

    def left(self, kind: str) -> int:
        """How much of `kind` may still be spent today."""
        with self._lock:
            self._turn_the_page()
            return max(0, self._limits[kind] - self._spent[kind])

    def spend(self, kind: str, cost: int) -> None:
        """Take `cost` before the call is made. Raises TryLater until the day renews when there is not so much left."""
        with self._lock:
            self._turn_the_page()
            if self._spent[kind] + cost > self._limits[kind]:
                raise self._over(f"Our own budget of {self._limits[kind]:,} YouTube {kind} for today is used up")
            self._spent[kind] += cost

    def counted_more(self, kind: str, cost: int) -> None:
        """Note what YouTube will have counted beyond a call's price; it may reach past the limit."""
        with self._lock:
            self._turn_the_page()
            self._spent[kind] += cost

    def emptied(self, kind: str) -> TryLater:
        """YouTube says that today's quota is spent, by us or by another user of the same application."""
        with self._lock:
            self._turn_the_page()
            self._spent[kind] = max(self._spent[kind], self._limits[kind])
            return self._over(f"YouTube says that the application's {kind} for today are used up")

    def spent(self, *, ahead: bool = False) -> dict[str, int]:
        """What is spent today by kind; `ahead` adds what may be under way when a process dies."""
        with self._lock:
            self._turn_the_page()
            return {kind: spent + (AHEAD[kind] if ahead else 0) for kind, spent in self._spent.items()}

    def allowances(self) -> tuple[Allowance, ...]:
        """The budget as it stands, to be shown."""
        renews, spent = renews_at(self._clock()), self.spent()
        return tuple(Allowance(kind, spent[kind], self._limits[kind], renews) for kind in USUAL)

    def _over(self, why: str) -> TryLater:
        renews = renews_at(self._clock())
        why = f"{why}; reading goes on when it renews, at {renews:%H:%M} UTC."
        return TryLater(why, after=renews - self._clock(), rate_limited=True)

    def _turn_the_page(self) -> None:
        now = self._clock()
        today = day_of(now)
        # A clock that was set back a little opens no second purse for the same day; a day far ahead is a mistake.
        if not today <= self._day <= day_of(now + timedelta(days=1)):
            self._day, self._spent = today, dict.fromkeys(USUAL, 0)
