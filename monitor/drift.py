"""Whether the scores the judge gives have changed since its first four weeks: from daily counts alone, no post."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.agreement import WEEKS, week_of
from monitor.estimating import stability
from records.counts import BINS, ScoreCount

BASELINE = timedelta(weeks=4)
"""The first weeks of a model version, with which the later ones are compared."""
ENOUGH = 200
"""Posts there must be on both sides: with fewer, chance alone makes the shares differ."""
_SLIGHT, _MARKED = 0.1, 0.25
EVERYWHERE = ""
"""Stands for all platforms together."""


@dataclass(frozen=True)
class Drift:
    """The scores of one week beside those of the first four, of one platform where there are
    several (`EVERYWHERE` for all together).

    `shares` and `first_shares` are the parts of the ten bins; `index` is the population stability index, None while
    there are too few posts to say.
    """

    begins: datetime
    platform: str
    model: str
    model_version: str
    posts: int
    first_posts: int
    shares: tuple[float, ...]
    first_shares: tuple[float, ...]
    index: float | None

    @property
    def words(self) -> str:
        """The index in plain words."""
        if self.index is None:
            return f"Too few posts to say (at least {ENOUGH} are needed on both sides)"
        if self.index < _SLIGHT:
            return "Much as in the first four weeks"
        if self.index < _MARKED:
            return "Somewhat different from the first four weeks: look at a few posts"
        return "Markedly different from the first four weeks: find out why before you trust the judge"


def drifts(session: Session, *, now: datetime, count: int = WEEKS) -> list[Drift]:
    """Each of the last `count` weeks after a model version's first four, the latest first, all platforms first."""
    rows = session.execute(
        select(
            ScoreCount.model,
            ScoreCount.model_version,
            ScoreCount.platform,
            ScoreCount.day,
            ScoreCount.bin,
            ScoreCount.count,
        )
    )
    versions: dict[tuple[str, str], list[_Counted]] = {}
    for model, version, platform, day, at, number in rows:
        versions.setdefault((model, version), []).append(_Counted(platform, day, at, number))
    since = week_of(now) - timedelta(weeks=count - 1)
    found = [one for version, counted in versions.items() for one in _of_version(version, counted, since=since)]
    return sorted(found, key=lambda one: (-one.begins.timestamp(), one.model, one.model_version, one.platform))


@dataclass(frozen=True)
class _Counted:
    platform: str
    day: datetime
    bin: int
    number: int


def _of_version(version: tuple[str, str], counted: Sequence[_Counted], *, since: datetime) -> list[Drift]:
    over = min(one.day for one in counted) + BASELINE
    several = len({one.platform for one in counted}) > 1
    first: dict[str, list[int]] = {}
    later: dict[tuple[datetime, str], list[int]] = {}
    for one in counted:
        for platform in (EVERYWHERE, one.platform) if several else (EVERYWHERE,):
            if one.day < over:
                bins = first.setdefault(platform, [0] * BINS)
            else:
                bins = later.setdefault((week_of(one.day), platform), [0] * BINS)
            bins[one.bin] += one.number
    return [
        _drift(begins, platform, version, first=first.get(platform, [0] * BINS), week=week)
        for (begins, platform), week in later.items()
        if begins >= since
    ]


def _drift(begins: datetime, platform: str, version: tuple[str, str], *, first: list[int], week: list[int]) -> Drift:
    enough = min(sum(first), sum(week)) >= ENOUGH
    return Drift(
        begins=begins,
        platform=platform,
        model=version[0],
        model_version=version[1],
        posts=sum(week),
        first_posts=sum(first),
        shares=_shares(week),
        first_shares=_shares(first),
        index=stability(first, week) if enough else None,
    )


def _shares(bins: list[int]) -> tuple[float, ...]:
    whole = sum(bins)
    return tuple(one / whole if whole else 0.0 for one in bins)
