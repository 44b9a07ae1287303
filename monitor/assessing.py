"""Judge what was collected: snapshots in, assessments out. A lawful post is let go in the same transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, defer, joinedload

from classifiers.judging import judge_with_words
from classifiers.shape import Classifier, Judgement, Passage
from monitor.shadowing import Beside, Listening, keep_shadow
from records.assessments import Assessment, Because
from records.councils import Council
from records.counts import Scored, add_scores, bin_of, day_of
from records.posts import Mention, Post, Snapshot
from records.retention import release_all_lawful
from records.store import Store
from records.vocabulary import Level

BATCH = 256
"""Snapshots judged between two writes: a crash repeats at most this many judgements."""


@dataclass(frozen=True)
class Assessed:
    """How many versions were judged, and how many of them were lawful and let go."""

    judged: int = 0
    lawful: int = 0


@dataclass(frozen=True)
class _Waiting:
    snapshot_id: int
    passage: Passage


def assess_due(store: Store, *, classifier: Classifier, now: datetime, shadow: Listening | None = None) -> Assessed:
    """Judge every version that the current model has not judged yet, council by council, in batches.

    `shadow` reads the same posts and decides nothing.
    """
    total = Assessed()
    with store.across_councils() as session:
        councils = session.scalars(select(Council.id)).all()
    for council_id in councils:
        while waiting := _waiting(store, council_id, tag=tag_of(classifier)):
            passages = [item.passage for item in waiting]
            judgements = judge_with_words(classifier, passages)
            beside = shadow.judge(passages) if shadow is not None else None
            done = _keep(store, council_id, waiting=waiting, judgements=judgements, beside=beside, now=now)
            total = Assessed(total.judged + done.judged, total.lawful + done.lawful)
    return total


def tag_of(classifier: Classifier) -> str:
    """What marks a snapshot as judged: the model and its version."""
    return f"{classifier.name}@{classifier.version}"


def _waiting(store: Store, council_id: int, *, tag: str) -> list[_Waiting]:
    mentioned = exists(select(Mention.id).where(Mention.post_id == Snapshot.post_id))
    query = (
        select(Snapshot)
        .join(Snapshot.post)
        .where(Snapshot.judged_by != tag, Snapshot.forgotten_at.is_(None), Post.lawful_at.is_(None), mentioned)
        .options(defer(Snapshot.raw))
        .order_by(Snapshot.id)
        .limit(BATCH)
    )
    with store.reading(council_id) as session:
        return [_Waiting(row.id, Passage(row.words, row.context)) for row in session.scalars(query)]


def _keep(
    store: Store,
    council_id: int,
    *,
    waiting: Sequence[_Waiting],
    judgements: Sequence[Judgement],
    beside: Sequence[Judgement] | None,
    now: datetime,
) -> Assessed:
    """Store a batch and let its lawful posts go, in one transaction and a handful of statements."""
    given = {item.snapshot_id: judgement for item, judgement in zip(waiting, judgements, strict=True)}
    shadows = {item.snapshot_id: one for item, one in zip(waiting, beside, strict=True)} if beside is not None else {}
    with store.writing(council_id) as session:
        query = select(Snapshot).where(Snapshot.id.in_(given)).options(joinedload(Snapshot.post), defer(Snapshot.raw))
        judged_before = _judged_before(session, given)
        lawful: list[int] = []
        assessed: list[tuple[Snapshot, Assessment]] = []
        new: list[tuple[Snapshot, Assessment]] = []
        for snapshot in session.scalars(query):
            judgement = given[snapshot.id]
            first_time = not snapshot.judged_by
            snapshot.judged_by = f"{judgement.model}@{judgement.version}"
            if snapshot.id in judged_before:
                continue
            assessed.append((snapshot, _assessment(snapshot, judgement, now=now)))
            new += assessed[-1:] if first_time else []
            if judgement.level < Level.ABUSIVE and not snapshot.post.origin.by_person:
                snapshot.raw = None
            if judgement.level is Level.LAWFUL:
                lawful.append(snapshot.post_id)
        session.add_all(assessment for _, assessment in assessed)
        released = release_all_lawful(session, lawful, now=now) if lawful else frozenset()
        add_scores(session, _scores(new, now=now))
        beside_it = [
            Beside(assessment, shadows[snapshot.id], held=snapshot.post_id not in released)
            for snapshot, assessment in assessed
            if snapshot.id in shadows
        ]
        keep_shadow(session, beside_it, now=now)
    return Assessed(len(waiting), len(released))


def _scores(new: Sequence[tuple[Snapshot, Assessment]], *, now: datetime) -> Mapping[Scored, int]:
    """What posts judged for the first time add to the day's counts.

    What people report would say nothing about what is collected, and what a new model judges anew is only what is held.
    """
    return Counter(
        Scored(day_of(now), snapshot.post.platform, one.model, one.model_version, bin_of(one.report))
        for snapshot, one in new
        if not snapshot.post.origin.by_person
    )


def _judged_before(session: Session, given: Mapping[int, Judgement]) -> frozenset[int]:
    """Which of these versions another worker has judged meanwhile, with the same model."""
    judgement = next(iter(given.values()))
    same = select(Assessment.snapshot_id).where(
        Assessment.snapshot_id.in_(given),
        Assessment.model == judgement.model,
        Assessment.model_version == judgement.version,
    )
    return frozenset(session.scalars(same))


def _assessment(snapshot: Snapshot, judgement: Judgement, *, now: datetime) -> Assessment:
    settled = judgement.level is Level.LAWFUL and not snapshot.post.origin.by_person
    return Assessment(
        council_id=snapshot.council_id,
        snapshot_id=snapshot.id,
        model=judgement.model,
        model_version=judgement.version,
        level=judgement.level,
        verdict=judgement.verdict,
        labels=judgement.labels,
        scores=dict(judgement.scores),
        report=judgement.report,
        why=tuple(Because(reason.code, reason.words, reason.spans) for reason in judgement.why),
        at=now,
        handled_at=now if settled else None,
    )
