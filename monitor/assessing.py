"""Judge what was collected: snapshots in, assessments out. A lawful post is let go in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from classifiers.shape import Classifier, Judgement, Passage
from records.assessments import Assessment, Because
from records.councils import Council
from records.incidents import Incident
from records.posts import Mention, Post, Snapshot
from records.retention import release_lawful
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


def assess_due(store: Store, *, classifier: Classifier, now: datetime) -> Assessed:
    """Judge every version that the current model has not judged yet, council by council, in batches."""
    total = Assessed()
    with store.across_councils() as session:
        councils = session.scalars(select(Council.id)).all()
    for council_id in councils:
        while waiting := _waiting(store, council_id, tag=tag_of(classifier)):
            judgements = classifier.judge([item.passage for item in waiting])
            done = _keep(store, council_id, waiting=waiting, judgements=judgements, now=now)
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
    now: datetime,
) -> Assessed:
    lawful = 0
    with store.writing(council_id) as session:
        ids = [item.snapshot_id for item in waiting]
        query = select(Snapshot).where(Snapshot.id.in_(ids)).options(joinedload(Snapshot.post))
        snapshots = {row.id: row for row in session.scalars(query)}
        for item, judgement in zip(waiting, judgements, strict=True):
            snapshot = snapshots.get(item.snapshot_id)
            if snapshot is not None:
                lawful += _keep_one(session, snapshot, judgement, now=now)
    return Assessed(len(waiting), lawful)


def _keep_one(session: Session, snapshot: Snapshot, judgement: Judgement, *, now: datetime) -> bool:
    """Store one judgement; true when the post was lawful and has been let go."""
    snapshot.judged_by = f"{judgement.model}@{judgement.version}"
    same = select(Assessment.id).where(
        Assessment.snapshot_id == snapshot.id,
        Assessment.model == judgement.model,
        Assessment.model_version == judgement.version,
    )
    if session.scalar(same) is not None:
        return False
    post = snapshot.post
    lawful = judgement.level is Level.LAWFUL and not post.origin.by_person
    session.add(
        Assessment(
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
            handled_at=now if lawful else None,
        )
    )
    if judgement.level < Level.ABUSIVE and not post.origin.by_person:
        snapshot.raw = None
    held = session.scalar(select(Incident.id).where(Incident.post_id == post.id).limit(1)) is not None
    if lawful and not held:
        release_lawful(session, post, now=now)
    return lawful and not held
