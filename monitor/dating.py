"""Read a moment as listening tools and people write it. An absurd one is somebody else's to refuse."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_CLOCK = (
    r"(?:[ ,T]+(?:at )?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?\s*(?P<half>[ap]\.?m\.?)?)?"
)
_ZONE = r"\s*(?P<zone>Z|UTC|GMT)?"
_WRITTEN = (
    re.compile(r"(?P<first>\d{1,2})[/.-](?P<second_part>\d{1,2})[/.-](?P<year>\d{4}|\d{2})" + _CLOCK + _ZONE, re.I),
    re.compile(r"(?P<year>\d{4})/(?P<month>\d{1,2})/(?P<day>\d{1,2})" + _CLOCK + _ZONE, re.I),
    re.compile(
        r"(?P<day>\d{1,2})(?:st|nd|rd|th)?[ -](?P<name>[a-z]{3,9})\.?,?[ -](?P<year>\d{4})" + _CLOCK + _ZONE, re.I
    ),
    re.compile(r"(?P<name>[a-z]{3,9})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>\d{4})" + _CLOCK + _ZONE, re.I),
)
_EPOCH = re.compile(r"\d{9,10}(?:\.\d+)?|\d{12,13}")
_TWITTER = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{2}) (\d{2}:\d{2}:\d{2}) ([+-]\d{4}) (\d{4})")
_LONGEST = 60


def read_moment(written: str, *, month_first: bool = False, zone: tzinfo = UTC) -> datetime | None:
    """The moment in UTC, or None when it cannot be read.

    Reads ISO 8601, e-mail dates, "22/11/2026 17:04", "22 Nov 2026, 5:04 pm", "Nov 22, 2026" and seconds or milliseconds
    since 1970. Days stand before months unless `month_first`; without a zone of its own it is in `zone`.
    """
    text = " ".join(written.split())
    if not text or len(text) > _LONGEST:
        return None
    try:
        moment = _iso(text) or _epoch(text) or _by_pattern(text, month_first=month_first) or _mail(text)
        if moment is None:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _iso(text: str) -> datetime | None:
    # Digits alone are an ISO date to the standard library and seconds since 1970 to everybody who exports them.
    if not re.match(r"\d{4}-\d", text):
        return None
    try:
        return datetime.fromisoformat(
            text.removesuffix(" UTC").removesuffix(" GMT") + ("+00:00" if text[-4:] in (" UTC", " GMT") else "")
        )
    except ValueError:
        return None


def _epoch(text: str) -> datetime | None:
    if not _EPOCH.fullmatch(text):
        return None
    number = float(text)
    return datetime.fromtimestamp(number / 1000 if number >= 1e11 else number, UTC)


def _by_pattern(text: str, *, month_first: bool) -> datetime | None:
    for pattern in _WRITTEN:
        found = pattern.fullmatch(text)
        if found is None:
            continue
        part = found.groupdict()
        if "first" in part:
            day, month = int(part["first"]), int(part["second_part"])
            day, month = (month, day) if month_first else (day, month)
        else:
            day = int(part["day"])
            month = _MONTHS.get(part["name"][:3].lower(), 0) if "name" in part else int(part["month"])
        year = int(part["year"]) + (2000 if len(part["year"]) == 2 else 0)
        hour = _hour(int(part["hour"] or 0), part["half"])
        minute, second = int(part["minute"] or 0), int(part["second"] or 0)
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC if part["zone"] else None)
    return None


def _hour(hour: int, half: str | None) -> int:
    if not half:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError("no such hour of half a day")
    return hour % 12 + (12 if half[0] in "pP" else 0)


def _mail(text: str) -> datetime | None:
    if found := _TWITTER.fullmatch(text):
        month, day, clock, offset, year = found.groups()
        text = f"{day} {month} {year} {clock} {offset}"
    return parsedate_to_datetime(text) if ":" in text else None
