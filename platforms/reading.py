"""Careful readers of what a platform answers: any shape may come, and none of these raises."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from platforms.addresses import take_apart

_NOTHING: Mapping[str, object] = {}


def table(value: object) -> Mapping[str, object]:
    """The JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else _NOTHING


def tables(value: object) -> tuple[Mapping[str, object], ...]:
    """The JSON objects in a list; everything else in it is left out."""
    return tuple(each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()


def words(value: object) -> str:
    """The text, or "" for anything else."""
    return value if isinstance(value, str) else ""


def identifier(value: object) -> str:
    """An id as text: servers write the same id as text or as a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return words(value)


def moment(value: object) -> datetime | None:
    """An ISO 8601 time in UTC; None when it is missing, malformed or absurd. Without a zone it is taken as UTC."""
    try:
        found = datetime.fromisoformat(words(value))
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return sensible(found)


def sensible(found: datetime) -> datetime | None:
    """The time, unless no post on any platform can have it: before 2000 or after 2099."""
    return found if 2000 <= found.year < 2100 else None


def web_address(value: object) -> str:
    """The http or https address, or "" for anything else (such as a script to run)."""
    found = words(value)
    return found if take_apart(found) is not None else ""
