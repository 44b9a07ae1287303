"""What people decided, as annotations to train with: only with the council's consent, and without names or addresses.

It takes nothing by itself: a person asks for it, and the audit log says what left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session, joinedload

from monitor.pseudonyms import Known, Masker
from records.assessments import Assessment
from records.decisions import Decision
from records.incidents import Incident
from records.people import Account, Councillor
from records.posts import Mention, Post, Snapshot
from records.referrals import Referral
from records.samples import Sample
from records.vault import Vault
from records.vocabulary import IncidentState, Label, Level, ReferralState, TermKind, Verdict

_NAMES = (TermKind.NAME, TermKind.SURNAME, TermKind.NICKNAME, TermKind.HASHTAG)
_WITH_POLICE = (ReferralState.REPORTED, ReferralState.ACKNOWLEDGED)
NOT_DECIDED = "nobody has decided yet"
DECIDED = "somebody has decided already"
NO_POST = "not a post: a call, letter, message or visit"
NO_WORDS = "its words are no longer held"
WITHDRAWN = "a councillor it is about has withdrawn"
WITH_POLICE = "it is with the police"
STILL_NAMED = "a councillor's name may still be in it in disguise"
NOTHING_LEFT = "nothing is left of it without names and addresses"


@dataclass(frozen=True)
class Annotation:
    """One text as it may leave. `level`, `verdict` and `labels` are the people's, None where nobody has decided;
    `model_level` and `report` what the named model had said. `id` finds the post again only here."""

    id: str
    text: str
    labels: tuple[Label, ...] | None
    level: Level | None
    verdict: Verdict | None
    model: str
    model_version: str
    model_level: Level
    report: float


@dataclass(frozen=True)
class Batch:
    """What may leave, and how many were left out for which reason."""

    annotations: Sequence[Annotation]
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Candidate:
    """One post, its judgement and what people say of it."""

    assessment: Assessment
    level: Level | None
    labels: frozenset[Label]


def decided(session: Session, vault: Vault) -> Batch:
    """Every held post that people have decided about, and sampled posts they have answered while their words are there.

    A post about several councillors is one annotation, with the gravest decision.
    """
    left_out: Counter[str] = Counter()
    posts: dict[int, _Candidate] = {}
    for incident in session.scalars(select(Incident).order_by(Incident.id)):
        if incident.post_id is None:
            left_out[NO_POST] += 1
        elif incident.state is IncidentState.OPEN:
            left_out[NOT_DECIDED] += 1
        elif (assessment := _decided_about(session, incident)) is not None:
            level = Level.LAWFUL if incident.state is IncidentState.DISMISSED else incident.level
            labels = incident.labels if level else frozenset[Label]()
            held = posts.get(incident.post_id)
            if held is None or level > (held.level or Level.LAWFUL):
                posts[incident.post_id] = _Candidate(assessment, level, labels)
    for sample in session.scalars(_answered()):
        assert sample.snapshot is not None
        assessment = _newest(session, sample.snapshot.post_id)
        if assessment is not None:
            posts.setdefault(sample.snapshot.post_id, _Candidate(assessment, sample.level, frozenset()))
    return _batch(session, vault, list(posts.values()), left_out)


def unsure(session: Session, vault: Vault, *, limit: int) -> Batch:
    """The posts nobody has decided about of which the model is least sure, for people to annotate next."""
    open_posts = [_Candidate(assessment, None, frozenset()) for assessment in least_sure(session, limit=limit).values()]
    return _batch(session, vault, open_posts, Counter())


def least_sure(session: Session, *, limit: int) -> dict[int, Assessment]:
    """Open incidents about posts, those first whose report score is nearest a half: incident number to judgement."""
    newest: dict[int, tuple[int, Assessment]] = {}
    rows = session.execute(
        select(Incident.id, Snapshot.post_id, Assessment)
        .join(Snapshot, Snapshot.id == Assessment.snapshot_id)
        .join(Incident, Incident.post_id == Snapshot.post_id)
        .where(Incident.state == IncidentState.OPEN, Snapshot.forgotten_at.is_(None))
        .order_by(Assessment.id, Incident.id.desc())
    )
    for incident_id, post_id, assessment in rows:
        newest[post_id] = (incident_id, assessment)
    ranked = sorted(newest.values(), key=lambda one: (abs(one[1].report - 0.5), one[0]))
    return dict(ranked[:limit])


def masker_of(session: Session) -> Masker:
    """A masker for every councillor the council ever wrote down, those who have withdrawn too."""
    handles: dict[int, list[str]] = {}
    for account in session.scalars(select(Account).where(Account.councillor_id.is_not(None))):
        handles.setdefault(account.councillor_id or 0, []).append(account.handle)
    return Masker(
        Known(
            name=one.name,
            words=tuple(term.text for term in one.terms if term.kind in _NAMES),
            handles=tuple(handles.get(one.id, ())),
        )
        for one in session.scalars(select(Councillor).order_by(Councillor.id))
    )


def _decided_about(session: Session, incident: Incident) -> Assessment | None:
    """The judgement beside the last decision; of an incident decided otherwise, its post's newest."""
    last = select(Decision).where(Decision.incident_id == incident.id).order_by(Decision.id.desc()).limit(1)
    decision = session.scalar(last)
    return decision.assessment if decision else _newest(session, incident.post_id)


def _newest(session: Session, post_id: int | None) -> Assessment | None:
    judged = select(Assessment).join(Assessment.snapshot).where(Snapshot.post_id == post_id)
    return session.scalar(judged.order_by(Assessment.id.desc()).limit(1))


def _answered() -> Select[Sample]:
    return (
        select(Sample)
        .join(Sample.snapshot)
        .where(Sample.level.is_not(None), ~exists().where(Incident.post_id == Snapshot.post_id))
        .options(joinedload(Sample.snapshot))
        .order_by(Sample.id)
    )


def _batch(session: Session, vault: Vault, candidates: Sequence[_Candidate], left_out: Counter[str]) -> Batch:
    masker = masker_of(session)
    annotations = []
    for candidate in candidates:
        snapshot = candidate.assessment.snapshot
        why_not = _why_not(session, snapshot)
        text = "" if why_not else masker.mask(snapshot.words, author=_author(snapshot.post)).strip()
        if not why_not and masker.doubtful(text):
            why_not = STILL_NAMED
        if not why_not and not any(letter.isalpha() for letter in _without_marks(text)):
            why_not = NOTHING_LEFT
        if why_not:
            left_out[why_not] += 1
        else:
            annotations.append(_annotation(vault, candidate, text))
    return Batch(annotations, dict(left_out))


def _why_not(session: Session, snapshot: Snapshot) -> str:
    if snapshot.forgotten_at is not None or not snapshot.words.strip():
        return NO_WORDS
    withdrawn = (
        exists()
        .where(Mention.post_id == snapshot.post_id)
        .where(Mention.councillor_id == Councillor.id, Councillor.withdrawn_at.is_not(None))
    )
    if session.scalar(select(withdrawn)):
        return WITHDRAWN
    police = (
        exists()
        .where(Incident.post_id == snapshot.post_id)
        .where(Referral.incident_id == Incident.id, Referral.state.in_(_WITH_POLICE))
    )
    return WITH_POLICE if session.scalar(select(police)) else ""


def _author(post: Post) -> tuple[str, ...]:
    return tuple(name for name in (post.author_name, post.author_handle) if name)


def _without_marks(text: str) -> str:
    return "".join(part.partition("]")[2] if number else part for number, part in enumerate(text.split("[")))


def _annotation(vault: Vault, candidate: _Candidate, text: str) -> Annotation:
    assessment, level = candidate.assessment, candidate.level
    return Annotation(
        id=vault.fingerprint("annotation", str(assessment.snapshot_id))[:16],
        text=text,
        labels=None if level is None else tuple(sorted(candidate.labels)),
        level=level,
        verdict=None if level is None else Verdict.of(level),
        model=assessment.model,
        model_version=assessment.model_version,
        model_level=assessment.level,
        report=assessment.report,
    )
