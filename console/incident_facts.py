"""All that the incident page shows, gathered in few queries and with texts masked unless they were asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer, selectinload

from records.assessments import Assessment
from records.evidence import EvidenceItem
from records.incidents import Incident, IncidentEvent
from records.people import Councillor, Person
from records.posts import Mention, Post, Snapshot
from records.referrals import Referral
from records.takedowns import RequestIncident, TakedownRequest
from records.vocabulary import EvidenceKind, Label
from takedown.masking import Piece, masked, pieces, visible

LONGEST_SHOWN = 20_000
"""Characters of one text that the page shows; the whole of it is in the evidence."""
SIBLINGS_SHOWN = 25
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Version:
    """One version of the post: what it says, what it answers, and each model's judgement of it."""

    snapshot: Snapshot
    words: Sequence[Piece]
    warning: Sequence[Piece]
    alt_text: Sequence[Piece]
    parent: str
    quoted: str
    cut: bool
    assessments: Sequence[Assessment]


@dataclass(frozen=True)
class Sealed:
    """One item of evidence without its content."""

    id: int
    position: int
    kind: EvidenceKind
    media_type: str
    sha256: str
    sealed_at: datetime


@dataclass(frozen=True)
class IncidentFacts:
    """One incident as its page shows it."""

    incident: Incident
    post: Post | None
    account_of_it: str
    versions: Sequence[Version]
    mentions: Sequence[tuple[Mention, str]]
    events: Sequence[IncidentEvent]
    names: Mapping[int, str]
    evidence: Sequence[Sealed]
    requests: Sequence[TakedownRequest]
    referrals: Sequence[Referral]
    siblings: Sequence[Incident]
    sibling_count: int

    @property
    def latest(self) -> Version | None:
        """The newest version of the post."""
        return self.versions[-1] if self.versions else None


def scores_in_order(assessment: Assessment) -> list[tuple[Label, float]]:
    """The labels' probabilities, likeliest first."""
    return sorted(assessment.scores.items(), key=lambda pair: -pair[1])


def facts_of(session: Session, incident_id: int, *, reveal: bool) -> IncidentFacts | None:
    """Everything about one incident of the session's council, or None when there is none of that number."""
    if not 0 < incident_id <= LARGEST_ID:
        return None
    wanted = (
        select(Incident)
        .where(Incident.id == incident_id)
        .options(
            selectinload(Incident.events),
            selectinload(Incident.councillor),
            selectinload(Incident.group),
            selectinload(Incident.post),
        )
    )
    incident = session.scalar(wanted)
    if incident is None:
        return None
    siblings, sibling_count = _siblings(session, incident)
    return IncidentFacts(
        incident=incident,
        post=incident.post,
        account_of_it=_shown(incident.account_of_it, reveal=reveal),
        versions=_versions(session, incident.post, reveal=reveal),
        mentions=_mentions(session, incident.post),
        events=list(incident.events),
        names=_names(session),
        evidence=_evidence(session, incident.post),
        requests=_requests(session, incident_id),
        referrals=session.scalars(
            select(Referral).where(Referral.incident_id == incident_id).order_by(Referral.id)
        ).all(),
        siblings=siblings,
        sibling_count=sibling_count,
    )


def _shown(text: str | None, *, reveal: bool) -> str:
    cut = (text or "")[:LONGEST_SHOWN]
    return visible(cut) if reveal else masked(cut)


def _own_words(snapshot: Snapshot, assessments: Sequence[Assessment], *, reveal: bool) -> Iterator[Sequence[Piece]]:
    """Warning, text and alt text, with the stretches marked on which the last judgement rests.

    The judgement's spans count through all three as they were judged: joined by line ends, empty ones left out.
    """
    spans = [span for reason in assessments[-1].why for span in reason.spans] if assessments else []
    start = 0
    for part in (snapshot.warning or "", snapshot.text or "", snapshot.alt_text or ""):
        moved = [(begin - start, end - start) for begin, end in spans]
        yield pieces(part[:LONGEST_SHOWN], moved, show=visible if reveal else masked)
        start += len(part) + 1 if part else 0


def _version(snapshot: Snapshot, assessments: Sequence[Assessment], *, reveal: bool) -> Version:
    warning, words, alt_text = _own_words(snapshot, assessments, reveal=reveal)
    return Version(
        snapshot=snapshot,
        words=words,
        warning=warning,
        alt_text=alt_text,
        parent=_shown(snapshot.parent_text, reveal=reveal),
        quoted=_shown(snapshot.quoted_text, reveal=reveal),
        cut=len(snapshot.text or "") > LONGEST_SHOWN,
        assessments=assessments,
    )


def _versions(session: Session, post: Post | None, *, reveal: bool) -> list[Version]:
    if post is None:
        return []
    # One post by equality: asked with IN, SQLite reads every version the council holds.
    held = select(Snapshot).where(Snapshot.post_id == post.id).order_by(Snapshot.id).options(defer(Snapshot.raw))
    snapshots = session.scalars(held).all()
    judged: dict[int, list[Assessment]] = {snapshot.id: [] for snapshot in snapshots}
    for assessment in session.scalars(
        select(Assessment).where(Assessment.snapshot_id.in_(judged)).order_by(Assessment.id)
    ):
        judged[assessment.snapshot_id].append(assessment)
    return [_version(snapshot, judged[snapshot.id], reveal=reveal) for snapshot in snapshots]


def _mentions(session: Session, post: Post | None) -> list[tuple[Mention, str]]:
    if post is None:
        return []
    wanted = (
        select(Mention, Councillor.name)
        .join(Councillor, Councillor.id == Mention.councillor_id)
        .where(Mention.post_id == post.id)
        .order_by(Mention.surety.desc(), Mention.id)
    )
    return [(mention, name) for mention, name in session.execute(wanted)]


def _names(session: Session) -> Mapping[int, str]:
    return dict(session.execute(select(Person.id, Person.name)).all())


def _evidence(session: Session, post: Post | None) -> Sequence[Sealed]:
    if post is None:
        return ()
    item = EvidenceItem
    wanted = (
        select(item.id, item.position, item.kind, item.media_type, item.sha256, item.sealed_at)
        .where(item.post_id == post.id)
        .order_by(item.position)
    )
    return [Sealed(*row) for row in session.execute(wanted)]


def _requests(session: Session, incident_id: int) -> Sequence[TakedownRequest]:
    serving = select(RequestIncident.request_id).where(RequestIncident.incident_id == incident_id)
    return session.scalars(
        select(TakedownRequest).where(TakedownRequest.id.in_(serving)).order_by(TakedownRequest.id)
    ).all()


def _siblings(session: Session, incident: Incident) -> tuple[Sequence[Incident], int]:
    if incident.group_id is None:
        return (), 0
    others = (Incident.group_id == incident.group_id, Incident.id != incident.id)
    wanted = select(Incident).where(*others).order_by(Incident.level.desc(), Incident.id.desc()).limit(SIBLINGS_SHOWN)
    count = session.scalar(select(func.count()).select_from(Incident).where(*others)) or 0
    return session.scalars(wanted).all(), count
