"""From judgement to incident: one for each councillor a post is about, when it reaches the council's line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from records import incidents
from records.assessments import Assessment
from records.councils import Council
from records.incidents import Incident
from records.posts import Mention, Post, Snapshot
from records.store import Store
from records.vocabulary import IncidentKind, IncidentState, Level

BATCH = 500
"""Assessments handled in one transaction."""


@dataclass(frozen=True)
class Raised:
    """How many incidents were opened, and how many existing ones an edit made more serious."""

    opened: int = 0
    raised: int = 0


def raise_due(store: Store, *, line: Level, now: datetime) -> Raised:
    """Open an incident for each judgement at or over `line` that has none; a person's report always has one."""
    total = Raised()
    with store.across_councils() as session:
        councils = session.scalars(select(Council.id)).all()
    for council_id in councils:
        while (batch := _raise_batch(store, council_id, line=line, now=now)) is not None:
            total = Raised(total.opened + batch.opened, total.raised + batch.raised)
    return total


def _raise_batch(store: Store, council_id: int, *, line: Level, now: datetime) -> Raised | None:
    query = (
        select(Assessment)
        .where(Assessment.handled_at.is_(None))
        .options(joinedload(Assessment.snapshot).joinedload(Snapshot.post))
        .order_by(Assessment.id)
        .limit(BATCH)
    )
    with store.writing(council_id) as session:
        assessments = session.scalars(query).all()
        if not assessments:
            return None
        about = _mentions(session, [row.snapshot.post_id for row in assessments])
        opened = raised = 0
        for assessment in assessments:
            assessment.handled_at = now
            for mention in about.get(assessment.snapshot.post_id, ()):
                new, higher = _raise_one(session, assessment, mention, line=line, now=now)
                opened, raised = opened + new, raised + higher
        return Raised(opened, raised)


def _mentions(session: Session, post_ids: Sequence[int]) -> dict[int, list[Mention]]:
    about: dict[int, list[Mention]] = {}
    for mention in session.scalars(select(Mention).where(Mention.post_id.in_(post_ids)).order_by(Mention.id)):
        about.setdefault(mention.post_id, []).append(mention)
    return about


def _raise_one(
    session: Session, assessment: Assessment, mention: Mention, *, line: Level, now: datetime
) -> tuple[bool, bool]:
    """Whether an incident was opened, and whether an existing one was raised."""
    post = assessment.snapshot.post
    level = max(assessment.level, Level.UNCIVIL) if post.origin.by_person else assessment.level
    held = select(Incident).where(Incident.councillor_id == mention.councillor_id, Incident.post_id == post.id)
    incident = session.scalar(held)
    if incident is not None:
        return False, _reconsider(session, incident, assessment, level=level, now=now)
    if level < line and not post.origin.by_person:
        return False, False
    _open(session, assessment, mention, post=post, level=level, now=now)
    return True, False


def raise_found(session: Session, assessment: Assessment, about: Sequence[Mention], *, now: datetime) -> list[Incident]:
    """Open at once what a person found abusive though it was not flagged: one incident for each of `about` that has
    none, at level 1 or what the text alone gave; whoever found it raises it. The open incidents, held ones too."""
    opened: list[Incident] = []
    for mention in about:
        held = select(Incident).where(Incident.councillor_id == mention.councillor_id)
        incident = session.scalar(held.where(Incident.post_id == mention.post_id))
        if incident is None:
            level = max(assessment.level, Level.UNCIVIL)
            incident = _open(session, assessment, mention, post=assessment.snapshot.post, level=level, now=now)
        if incident.state is IncidentState.OPEN:
            opened.append(incident)
    return opened


def _open(
    session: Session, assessment: Assessment, mention: Mention, *, post: Post, level: Level, now: datetime
) -> Incident:
    incident = Incident(
        council_id=post.council_id,
        councillor_id=mention.councillor_id,
        post_id=post.id,
        kind=IncidentKind.POST,
        origin=post.origin,
        state=IncidentState.OPEN,
        level=level,
        text_level=assessment.level,
        labels=assessment.labels,
        occurred_at=post.posted_at or post.first_seen_at,
        raised_at=now,
    )
    session.add(incident)
    session.flush()
    incidents.note(session, incident, f"raised at level {int(level)}", at=now, by=None)
    return incident


def _reconsider(session: Session, incident: Incident, assessment: Assessment, *, level: Level, now: datetime) -> bool:
    """The post was edited or judged by a new model: only ever raises, and asks a person again when it does."""
    incident.labels = incident.labels | assessment.labels
    if level <= incident.level:
        incidents.note(session, incident, f"another version judged level {int(level)}", at=now, by=None)
        return False
    incident.text_level = max(incident.text_level, assessment.level)
    if incident.state is not IncidentState.OPEN:
        incidents.reopen(session, incident, by=None, at=now, reason="its text changed and is more serious now")
    reason = "the text of another version is more serious"
    incidents.raise_level(session, incident, to=level, by=None, at=now, reason=reason)
    return True
