"""What reading on X uses up: posts of our daily share, and requests as X counts them. It asks nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from platforms.shape import Allowance
from wire.http import Answer

POSTS = "posts"
USUAL = 2_000
"""Posts one account may read in a day where nobody said otherwise: at X's price list of 2026 (0.005 US dollars a post,
0.010 an author) no more than 30 US dollars. X counts a post once in a UTC day however often it is read; we count every
reading, so this is never too little."""
FEWEST, MOST = 10, 100
"""Posts a page can have, in searches; mentions would give as few as five."""


@dataclass
class Purse:
    """The posts read on one day (UTC), of at most `limit`."""

    limit: int
    day: str
    read: int

    @classmethod
    def opened(cls, kept: Mapping[str, object], budget: Mapping[str, int], *, now: datetime) -> Purse:
        """What the last scan left, or a new day's; `kept` is what `closed` gave."""
        today, read = now.astimezone(UTC).date().isoformat(), kept.get("read")
        so_far = max(0, read) if kept.get("day") == today and isinstance(read, int) else 0
        return cls(limit=max(0, budget.get(POSTS, USUAL)), day=today, read=so_far)

    def closed(self) -> dict[str, object]:
        """What to keep for the next scan."""
        return {"day": self.day, "read": self.read}

    @property
    def page(self) -> int:
        """How many posts may be asked for at once, 0 when not even the smallest page fits any more."""
        left = self.limit - self.read
        return 0 if left < FEWEST else min(left, MOST)

    def allowance(self, now: datetime) -> Allowance:
        """Today's share as it stands."""
        tomorrow = now.astimezone(UTC).date() + timedelta(days=1)
        return Allowance(POSTS, self.read, self.limit, datetime.combine(tomorrow, time(), tzinfo=UTC))


def requests_left(answer: Answer, what: str) -> Allowance | None:
    """X's own count of requests of one kind, from the headers that come with every answer; None without them."""
    try:
        limit, left, reset = (int(answer.headers.get(f"x-rate-limit-{name}", "")) for name in _HEADERS)
        return Allowance(what, max(0, limit - left), max(0, limit), datetime.fromtimestamp(reset, UTC))
    except (ValueError, OverflowError, OSError):
        return None


_HEADERS = ("limit", "remaining", "reset")
