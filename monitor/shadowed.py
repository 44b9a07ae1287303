"""What a judge in shadow would have changed, from counts and kept verdicts; and who judges now, for all to see.

Reads figures only; the verdicts it links to are of held incidents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, func, select
from sqlalchemy.orm import Session

from records.assessments import Assessment
from records.councils import Council
from records.counts import ShadowCount
from records.incidents import Incident
from records.posts import Snapshot
from records.shadows import Bench, ShadowVerdict, Sitting, is_seated, seat
from records.store import Store
from records.vocabulary import IncidentState, Level

SHOWN = 100
"""Held incidents listed at most."""


@dataclass(frozen=True)
class Pair:
    """A judge and the one in shadow beside it, each by model and version."""

    model: str
    model_version: str
    shadow: str
    shadow_version: str


@dataclass(frozen=True)
class Changed:
    """What one judge in shadow would have changed between two days (UTC). `levels` counts (judge's, shadow's) level."""

    pair: Pair
    first_day: datetime
    last_day: datetime
    levels: Mapping[tuple[Level, Level], int]

    @property
    def posts(self) -> int:
        """All posts that both have judged."""
        return sum(self.levels.values())

    @property
    def same(self) -> int:
        """Posts that both gave the same level."""
        return sum(count for (level, shadow), count in self.levels.items() if level is shadow)

    def newly(self, line: Level) -> dict[Level, int]:
        """Posts that only the shadow puts at `line` or over, by the level it gives."""
        return _counted((shadow, count) for (level, shadow), count in self.levels.items() if level < line <= shadow)

    def no_longer(self, line: Level) -> dict[Level, int]:
        """Posts that only the judge put at `line` or over, by the level it gave."""
        return _counted((level, count) for (level, shadow), count in self.levels.items() if shadow < line <= level)


@dataclass(frozen=True)
class Differing:
    """A held incident whose post the judge in shadow grades otherwise."""

    incident_id: int
    state: IncidentState
    level: Level
    shadow_level: Level
    at: datetime


def _counted(pairs: Iterable[tuple[Level, int]]) -> dict[Level, int]:
    counts: dict[Level, int] = {}
    for level, count in pairs:
        counts[level] = counts.get(level, 0) + count
    return dict(sorted(counts.items(), reverse=True))


def changes(session: Session) -> list[Changed]:
    """One for each judge in shadow there has been, the latest first."""
    rows = session.execute(
        select(
            ShadowCount.model,
            ShadowCount.model_version,
            ShadowCount.shadow,
            ShadowCount.shadow_version,
            ShadowCount.level,
            ShadowCount.shadow_level,
            func.min(ShadowCount.day),
            func.max(ShadowCount.day),
            func.sum(ShadowCount.count),
        ).group_by(
            *(ShadowCount.model, ShadowCount.model_version, ShadowCount.shadow, ShadowCount.shadow_version),
            *(ShadowCount.level, ShadowCount.shadow_level),
        )
    )
    levels: dict[Pair, dict[tuple[Level, Level], int]] = {}
    days: dict[Pair, set[datetime]] = {}
    for model, version, shadow, shadow_version, level, shadow_level, first, last, count in rows:
        pair = Pair(model, version, shadow, shadow_version)
        levels.setdefault(pair, {})[level, shadow_level] = int(count)
        days.setdefault(pair, set()).update({first, last})
    found = [Changed(pair, min(days[pair]), max(days[pair]), counts) for pair, counts in levels.items()]
    return sorted(found, key=lambda one: (one.last_day, one.first_day), reverse=True)


def differing(session: Session, pair: Pair, *, limit: int = SHOWN) -> Sequence[Differing]:
    """Held incidents about which the two differ, the widest apart first."""
    apart = func.abs(ShadowVerdict.level - Assessment.level, type_=Integer)
    rows = session.execute(
        select(Incident.id, Incident.state, Assessment.level, ShadowVerdict.level, ShadowVerdict.at)
        .join(Assessment, Assessment.id == ShadowVerdict.assessment_id)
        .join(Snapshot, Snapshot.id == Assessment.snapshot_id)
        .join(Incident, Incident.post_id == Snapshot.post_id)
        .where(
            Assessment.model == pair.model,
            Assessment.model_version == pair.model_version,
            ShadowVerdict.model == pair.shadow,
            ShadowVerdict.model_version == pair.shadow_version,
        )
        .order_by(apart.desc(), Incident.id.desc())
        .limit(limit)
    )
    return [Differing(*row) for row in rows]


def seat_everywhere(store: Store, bench: Bench, *, now: datetime) -> None:
    """Note for every council who judges and who listens; writes only what has changed."""
    with store.across_councils() as session:
        seated = {held.council_id: held for held in session.scalars(select(Sitting))}
        councils = session.scalars(select(Council.id)).all()
    for council_id in councils:
        if not is_seated(seated.get(council_id), bench):
            with store.writing(council_id) as session:
                # Held, so that two workers never both write the first row.
                session.execute(select(Council.id).where(Council.id == council_id).with_for_update())
                seat(session, bench, now=now)
