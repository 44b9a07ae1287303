"""What a row of checks of one post amounts to. Pure: no table, no platform, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from records.vocabulary import Presence


@dataclass(frozen=True)
class Check:
    """What one check saw, and when (UTC)."""

    at: datetime
    presence: Presence


@dataclass(frozen=True)
class Standing:
    """Where a post stands. `gone` is believed; `settles_at` is when another look would settle it, None when no
    single look can."""

    latest: Presence
    gone: bool
    settles_at: datetime | None
    unclear_twice: bool = False
    """The last two checks both gave no clear answer."""


def standing(checks: Sequence[Check], *, agree_after: timedelta) -> Standing:
    """Gone only when the checks since the last different answer all say the same and reach over `agree_after`.

    Anything in between, an unknown too, restarts the count. After one unknown in the midst of agreeing checks another
    look is worth having soon; after two it waits for the plan.
    """
    ordered = sorted(checks, key=lambda check: check.at)
    if not ordered:
        return Standing(latest=Presence.UNKNOWN, gone=False, settles_at=None)
    latest = ordered[-1]
    if latest.presence.gone:
        since = _unbroken_since(ordered)
        gone = len(ordered) > 1 and latest.at > since and latest.at - since >= agree_after
        return Standing(latest=latest.presence, gone=gone, settles_at=None if gone else since + agree_after)
    interrupted = not latest.presence.known and len(ordered) > 1 and ordered[-2].presence.gone
    return Standing(
        latest=latest.presence,
        gone=False,
        settles_at=latest.at + agree_after if interrupted else None,
        unclear_twice=len(ordered) > 1 and not any(check.presence.known for check in ordered[-2:]),
    )


def _unbroken_since(ordered: Sequence[Check]) -> datetime:
    presence, since = ordered[-1].presence, ordered[-1].at
    for check in reversed(ordered):
        if check.presence is not presence:
            break
        since = check.at
    return since
