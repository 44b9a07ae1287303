"""Names, numbers and addresses on X: which post an address is, and when a number was given out. Opens nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from platforms.addresses import on_platform

_ID = re.compile(r"[0-9]{1,19}")
_POST_ID = re.compile(r"[0-9]{1,20}")
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,20}")
# A number is the time it was given out, in milliseconds since this moment, with 22 more bits behind it.
_BEGAN = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)
_BEHIND_THE_TIME = 22


def parse_url(url: str) -> str | None:
    """The post's number from x.com and twitter.com links: /name/status/N, /i/status/N, /i/web/status/N."""
    parts = _parts(url)
    return parts[1] if parts else None


def handle_in(url: str) -> str:
    """The author's name in a post's link, "" where the link has none."""
    parts = _parts(url)
    return parts[0] if parts else ""


def permalink(handle: str, post_id: str) -> str:
    """The address people copy; X leads to the right post whatever the name says."""
    return f"https://x.com/{handle or 'i'}/status/{post_id}"


def is_id(text: str) -> bool:
    """Whether this can be the number of a post or an account."""
    return _ID.fullmatch(text) is not None and int(text) < 2**63


def is_handle(text: str) -> bool:
    """Whether this can be an account's name, without the @."""
    return _HANDLE.fullmatch(text) is not None


def given_out(post_id: str) -> datetime:
    """When a number was given out, in UTC; early numbers, which hold no time, come out as November 2010."""
    return _BEGAN + timedelta(milliseconds=int(post_id) >> _BEHIND_THE_TIME)


def number_at(when: datetime) -> str:
    """The smallest number that can be given out at this moment."""
    return str(max(0, (when - _BEGAN) // timedelta(milliseconds=1)) << _BEHIND_THE_TIME)


def earlier(post_id: str, by: timedelta) -> str:
    """The number that would have been given out so much earlier; "0" before there were any."""
    steps = int(by.total_seconds() * 1000) << _BEHIND_THE_TIME
    return str(max(0, int(post_id) - steps))


def _parts(url: str) -> tuple[str, str] | None:
    address = on_platform(url, "x")
    if address is None:
        return None
    match address.parts:
        case ("i", "web", "status", number, *_) | ("i", "status", number, *_):
            name, found = "", number
        case (name, "status" | "statuses", number, *_) if is_handle(name):
            found = number
        case _:
            return None
    return (name, found) if _POST_ID.fullmatch(found) else None
