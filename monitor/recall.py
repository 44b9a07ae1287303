"""How much the judge misses, estimated from people's answers about sampled posts that were not flagged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.agreement import Outcome, outcomes
from monitor.estimating import Part, Total, total, weighted
from records.counts import day_of
from records.posts import Snapshot
from records.samples import Sample
from records.vocabulary import Level, Stratum


@dataclass(frozen=True)
class Recall:
    """Of all posts of level 2 or more on the sampled days, how many people were shown.

    `caught` were flagged (those not decided yet are counted in the proportion of those that are); `missed` is estimated
    from the answers and from what people reported by themselves. `recall` is caught / (caught + missed) with an
    interval that takes both doubts at their worst; None while nothing is answered or nothing flagged is decided.
    """

    model: str
    model_version: str
    first_day: datetime
    last_day: datetime
    days: int
    drawn: int
    answered: int
    unflagged: int
    caught: Total
    missed: Total
    recall: float | None
    low: float | None
    high: float | None


def recalls(session: Session) -> list[Recall]:
    """One for each model version of which posts were sampled, the latest first."""
    versions: dict[tuple[str, str], list[Sample]] = {}
    for sample in session.scalars(select(Sample).order_by(Sample.id)):
        versions.setdefault((sample.model, sample.model_version), []).append(sample)
    if not versions:
        return []
    first = min(sample.day for samples in versions.values() for sample in samples)
    every = outcomes(session, since=first)
    links = select(Snapshot.post_id).join(Sample, Sample.snapshot_id == Snapshot.id)
    sampled = set(session.scalars(links))
    found = [_recall(version, samples, every, sampled) for version, samples in versions.items()]
    return sorted(found, key=lambda one: one.last_day, reverse=True)


def _recall(version: tuple[str, str], samples: Sequence[Sample], every: Sequence[Outcome], sampled: set[int]) -> Recall:
    days = {sample.day for sample in samples}
    ours = [
        one
        for one in every
        if (one.model, one.model_version) == version and day_of(one.raised_at) in days and one.post_id not in sampled
    ]
    caught = _caught([one for one in ours if not one.by_person])
    missed = _missed(samples, _reported([one for one in ours if one.by_person]))
    answered = sum(sample.level is not None for sample in samples)
    flagged = [one for one in ours if not one.by_person]
    enough = answered and (not flagged or any(one.final is not None for one in flagged))
    found = (caught.number + missed.number) if enough else 0.0
    worst, best = (caught.low + missed.high, caught.high + missed.low) if enough else (0.0, 0.0)
    return Recall(
        model=version[0],
        model_version=version[1],
        first_day=min(days),
        last_day=max(days) + timedelta(days=1),
        days=len(days),
        drawn=len(samples),
        answered=answered,
        unflagged=round(sum(sample.weight for sample in samples)),
        caught=caught,
        missed=missed,
        recall=caught.number / found if found else None,
        low=caught.low / worst if worst else None,
        high=caught.high / best if best else None,
    )


def _caught(flagged: Sequence[Outcome]) -> Total:
    """Flagged posts of level 2 or more by people's decisions; of each of the judge's levels in its own proportion."""
    parts = []
    for level in Level:
        finals = _by_post([one for one in flagged if one.level is level])
        decided = [final for final in finals.values() if final is not None]
        parts.append(Part(len(finals), sum(final >= Level.ABUSIVE for final in decided), len(decided)))
    return total(parts)


def _reported(by_people: Sequence[Outcome]) -> int:
    """Posts that people reported by themselves and confirmed at level 2 or more, while the judge had said 0 or 1."""
    finals = _by_post([one for one in by_people if one.level < Level.ABUSIVE])
    return sum(final is not None and final >= Level.ABUSIVE for final in finals.values())


def _by_post(those: Sequence[Outcome]) -> dict[int, Level | None]:
    """The gravest decision about each post: one about two councillors is two incidents and still one post."""
    finals: dict[int, Level | None] = {}
    for one in those:
        held = finals.get(one.post_id)
        finals[one.post_id] = one.final if held is None else max(held, one.final or held)
    return finals


def _missed(samples: Sequence[Sample], reported: int) -> Total:
    parts = [Part(reported, reported, reported)] if reported else []
    for stratum in Stratum:
        drawn = [sample for sample in samples if sample.stratum is stratum]
        answers = [(sample.weight, sample.level >= Level.ABUSIVE) for sample in drawn if sample.level is not None]
        hits, seen = weighted(answers)
        parts.append(Part(sum(sample.weight for sample in drawn), hits, seen))
    return total(parts)
