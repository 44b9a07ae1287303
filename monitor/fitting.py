"""Make a found post fit to be stored: harmless characters, bounded lengths, believable times. It stores nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from platforms.shape import Found

LONGEST_TEXT = 100_000
"""Characters kept of any one text of a post; no platform allows as many. The raw answer keeps the rest, sealed."""
LONGEST_NAME = 500
"""Characters kept of a handle, a display name or a language tag."""
EARLIEST = datetime(2004, 1, 1, tzinfo=UTC)
"""No platform known here had public posts before; an earlier date is a mistake of whoever wrote it."""
_CLOCKS_DIFFER = timedelta(days=1)


def believable(moment: datetime, *, now: datetime) -> bool:
    """False for a time without a zone, before public posts existed, or more than a day ahead (clocks differ)."""
    return moment.tzinfo is not None and EARLIEST <= moment <= now + _CLOCKS_DIFFER


def plain(text: str, longest: int | None = None) -> str:
    """Without NUL and lone surrogates, which PostgreSQL refuses, and no longer than `longest` characters."""
    short = text[:longest].replace("\x00", "")
    if short.isascii():
        return short
    return short.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def is_cut(found: Found) -> bool:
    return any(len(text) > LONGEST_TEXT for text in (found.text, found.warning, "\n".join(found.alt_texts)))


def fitting(found: Found, *, now: datetime) -> Found:
    """The same post as it can be stored: harmless characters, bounded lengths, a believable time or none."""
    posted_at = found.posted_at if found.posted_at and believable(found.posted_at, now=now) else None
    alt = plain("\n".join(found.alt_texts), LONGEST_TEXT)
    return replace(
        found,
        external_id=plain(found.external_id),
        version=plain(found.version),
        url=plain(found.url),
        author_id=plain(found.author_id),
        author_handle=plain(found.author_handle, LONGEST_NAME),
        author_name=plain(found.author_name, LONGEST_NAME),
        text=plain(found.text, LONGEST_TEXT),
        warning=plain(found.warning, LONGEST_TEXT),
        alt_texts=(alt,) if alt else (),
        quoted_text=plain(found.quoted_text, LONGEST_TEXT),
        parent_text=plain(found.parent_text, LONGEST_TEXT),
        language=plain(found.language, LONGEST_NAME),
        posted_at=posted_at,
    )


def words_of(found: Found) -> str:
    return "\x1f".join((found.warning, found.text, *found.alt_texts))
