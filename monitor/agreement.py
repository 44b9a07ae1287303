"""How people's decisions compare with what the judge had proposed: by week and model version, for pages and commands.

Reads figures only; shows no text and no author.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from monitor.estimating import Share, share
from records.assessments import Assessment
from records.counts import ScoreCount, day_of
from records.decisions import Decision
from records.incidents import Incident
from records.posts import Snapshot
from records.vocabulary import Decided, IncidentState, Label, Level, Origin

WEEKS = 13
"""A quarter: how many weeks are shown unless more are asked for."""


@dataclass(frozen=True)
class Tally:
    """Counts of flagged posts. `confirmed` and `dismissed` are by people; `raised`, `lowered` and `relabelled` count
    those confirmed with another level or other labels than the judge's; `agreed` those confirmed at its very level.

    `missed` were reported by people and confirmed at level 2 or more, while the judge had said 0 or 1.
    """

    flagged: int = 0
    confirmed: int = 0
    dismissed: int = 0
    raised: int = 0
    lowered: int = 0
    relabelled: int = 0
    agreed: int = 0
    missed: int = 0

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def decided(self) -> int:
        """Those a person has decided."""
        return self.confirmed + self.dismissed

    @property
    def waiting(self) -> int:
        """Those nobody has decided yet."""
        return self.flagged - self.decided

    @property
    def agreement(self) -> Share:
        """How often a person decided exactly as the judge had proposed."""
        return share(self.agreed, self.decided)


@dataclass(frozen=True)
class Week:
    """One week (from Monday, UTC) of one model version; `judged` are all collected posts that it judged."""

    begins: datetime
    model: str
    model_version: str
    judged: int
    tally: Tally


@dataclass(frozen=True)
class Outcome:
    """One incident about a post: what the judge had proposed, and what a person decided (`final` None: nothing yet).

    A dismissal is `final` level 0.
    """

    post_id: int
    raised_at: datetime
    model: str
    model_version: str
    by_person: bool
    level: Level
    labels: frozenset[Label]
    final: Level | None
    final_labels: frozenset[Label]


def week_of(moment: datetime) -> datetime:
    """The Monday, at midnight UTC, of a moment's week."""
    day = day_of(moment)
    return day - timedelta(days=day.weekday())


def weeks(session: Session, *, now: datetime, count: int = WEEKS) -> list[Week]:
    """The last `count` weeks, the latest first; of each every model version that judged or flagged in it."""
    since = week_of(now) - timedelta(weeks=count - 1)
    judged = _judged(session, since)
    tallies: dict[tuple[datetime, str, str], Tally] = {}
    for one in outcomes(session, since=since):
        key = (week_of(one.raised_at), one.model, one.model_version)
        tallies[key] = tallies.get(key, Tally()).plus(_tally(one))
    keys = sorted({*judged, *tallies}, reverse=True)
    return [Week(*key, judged=judged.get(key, 0), tally=tallies.get(key, Tally())) for key in keys]


def altogether(of: Iterable[Week]) -> Tally:
    """All weeks together."""
    total = Tally()
    for week in of:
        total = total.plus(week.tally)
    return total


def _judged(session: Session, since: datetime) -> dict[tuple[datetime, str, str], int]:
    by_day = (
        select(ScoreCount.day, ScoreCount.model, ScoreCount.model_version, func.sum(ScoreCount.count))
        .where(ScoreCount.day >= since)
        .group_by(ScoreCount.day, ScoreCount.model, ScoreCount.model_version)
    )
    counts: dict[tuple[datetime, str, str], int] = {}
    for day, model, version, count in session.execute(by_day):
        key = (week_of(day), model, version)
        counts[key] = counts.get(key, 0) + int(count)
    return counts


def _tally(one: Outcome) -> Tally:
    if one.by_person:
        missed = one.level < Level.ABUSIVE and (one.final or Level.LAWFUL) >= Level.ABUSIVE
        return Tally(missed=int(missed))
    if one.final is None:
        return Tally(flagged=1)
    if one.final is Level.LAWFUL:
        return Tally(flagged=1, dismissed=1)
    return Tally(
        flagged=1,
        confirmed=1,
        raised=int(one.final > one.level),
        lowered=int(one.final < one.level),
        relabelled=int(one.final_labels != one.labels),
        agreed=int(one.final is one.level),
    )


def outcomes(session: Session, *, since: datetime) -> list[Outcome]:
    """Every incident about a judged post raised since then, with the proposal its decision was about."""
    decided = _decisions(session, since)
    proposed = _proposals(session, since)
    found = []
    held = select(Incident).where(Incident.raised_at >= since, Incident.post_id.is_not(None)).order_by(Incident.id)
    for incident in session.scalars(held):
        decisions = decided.get(incident.id, ())
        said = decisions[-1] if decisions else proposed.get(incident.post_id or 0)
        if said is None:
            continue
        final = _final(incident, decisions)
        found.append(
            Outcome(
                post_id=incident.post_id or 0,
                raised_at=incident.raised_at,
                model=said.model,
                model_version=said.model_version,
                by_person=incident.origin is Origin.HAND,
                level=said.level,
                labels=said.labels,
                final=final,
                final_labels=incident.labels if final else frozenset(),
            )
        )
    return found


def _final(incident: Incident, decisions: Sequence[Row[*tuple[object, ...]]]) -> Level | None:
    if incident.state is IncidentState.OPEN or not decisions:
        return None
    if incident.state is IncidentState.DISMISSED:
        return Level.LAWFUL
    by_people = [row.decided for row in decisions if row.act is not Decided.RELABELLED]
    return by_people[-1] if by_people else None


def _decisions(session: Session, since: datetime) -> Mapping[int, list[Row[*tuple[object, ...]]]]:
    rows = session.execute(
        select(
            Decision.incident_id,
            Decision.act,
            Decision.level.label("decided"),
            Assessment.model,
            Assessment.model_version,
            Assessment.level,
            Assessment.labels,
        )
        .join(Assessment, Assessment.id == Decision.assessment_id)
        .join(Incident, Incident.id == Decision.incident_id)
        .where(Incident.raised_at >= since)
        .order_by(Decision.id)
    )
    found: dict[int, list[Row[*tuple[object, ...]]]] = {}
    for row in rows:
        found.setdefault(row.incident_id, []).append(row)
    return found


def _proposals(session: Session, since: datetime) -> Mapping[int, Row[*tuple[object, ...]]]:
    """The most serious judgement of each post, the first of those, as `records.decisions.proposal` has it."""
    rows = session.execute(
        select(Snapshot.post_id, Assessment.model, Assessment.model_version, Assessment.level, Assessment.labels)
        .join(Snapshot, Snapshot.id == Assessment.snapshot_id)
        .join(Incident, Incident.post_id == Snapshot.post_id)
        .where(Incident.raised_at >= since)
        .order_by(Assessment.level, Assessment.id.desc())
    )
    return {row.post_id: row for row in rows}
