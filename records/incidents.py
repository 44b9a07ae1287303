"""Incidents: what happened to a councillor, where it stands, and every step in its life, append-only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from records import decisions
from records.base import Base, CouncilRow, SealedText, WordSet, move, words_of
from records.people import Councillor, Person
from records.posts import Post
from records.vocabulary import Decided, IncidentKind, IncidentState, Label, Level, NotAllowed, Origin

MOVES: dict[IncidentState, frozenset[IncidentState]] = {
    IncidentState.OPEN: frozenset({IncidentState.CONFIRMED, IncidentState.DISMISSED}),
    IncidentState.CONFIRMED: frozenset({IncidentState.CLOSED, IncidentState.OPEN}),
    IncidentState.DISMISSED: frozenset({IncidentState.OPEN}),
    IncidentState.CLOSED: frozenset({IncidentState.OPEN}),
}
"""Every lawful change of state; anything else is NotAllowed."""


class IncidentGroup(CouncilRow, Base):
    """Incidents that are one event to a reviewer, such as a pile-on; each post in it is still judged alone."""

    __tablename__ = "incident_group"

    id: Mapped[int] = mapped_column(primary_key=True)
    councillor_id: Mapped[int] = mapped_column(ForeignKey("councillor.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]


class Incident(CouncilRow, Base):
    """One post about one councillor, or a call, letter, message or visit without any post.

    `level` is the present one; `text_level` what the text alone gave. `level_by` is whoever answers for the level.
    """

    __tablename__ = "incident"
    __table_args__ = (
        UniqueConstraint("councillor_id", "post_id"),
        Index("ix_incident_queue", "council_id", "state", "level", "raised_at"),
        Index("ix_incident_of_councillor", "council_id", "state", "councillor_id"),
        CheckConstraint("kind <> 'post' OR post_id IS NOT NULL", name="a_post_incident_has_its_post"),
        CheckConstraint("state NOT IN ('confirmed', 'dismissed') OR decided_by IS NOT NULL", name="a_person_decided"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    councillor_id: Mapped[int] = mapped_column(ForeignKey("councillor.id", ondelete="CASCADE"), index=True)
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("incident_group.id", ondelete="SET NULL"), index=True)
    kind: Mapped[IncidentKind] = mapped_column(words_of(IncidentKind))
    origin: Mapped[Origin] = mapped_column(words_of(Origin))
    state: Mapped[IncidentState] = mapped_column(words_of(IncidentState))
    level: Mapped[Level]
    text_level: Mapped[Level]
    labels: Mapped[frozenset[Label]] = mapped_column(WordSet(Label))
    account_of_it: Mapped[str | None] = mapped_column(SealedText)
    occurred_at: Mapped[datetime]
    raised_at: Mapped[datetime]
    level_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")

    post: Mapped[Post | None] = relationship()
    councillor: Mapped[Councillor] = relationship()
    group: Mapped[IncidentGroup | None] = relationship()
    events: Mapped[list[IncidentEvent]] = relationship(back_populates="incident", order_by="IncidentEvent.id")


class IncidentEvent(CouncilRow, Base):
    """One step in an incident's life. `person_id` is null when the machine did it. Never changed."""

    __tablename__ = "incident_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    what: Mapped[str]
    note: Mapped[str] = mapped_column(default="")

    incident: Mapped[Incident] = relationship(back_populates="events")


def note(session: Session, incident: Incident, what: str, *, at: datetime, by: Person | None, note: str = "") -> None:
    """Append one event; `what` is a short verb phrase, `note` the person's own words."""
    session.add(
        IncidentEvent(
            council_id=incident.council_id,
            incident_id=incident.id,
            at=at,
            person_id=by.id if by else None,
            what=what,
            note=note,
        )
    )


def confirm(session: Session, incident: Incident, *, by: Person, at: datetime, reason: str = "") -> None:
    """A person agrees that it is abuse and answers for its level. Raises NotAllowed."""
    move(
        session,
        incident,
        to=IncidentState.CONFIRMED,
        lawful=MOVES,
        decided_by=by.id,
        decided_at=at,
        level_by=by.id,
        reason=reason,
    )
    note(session, incident, f"confirmed at level {int(incident.level)}", at=at, by=by, note=reason)
    _decided(session, incident, Decided.CONFIRMED, at=at)


def dismiss(session: Session, incident: Incident, *, by: Person, at: datetime, reason: str) -> None:
    """A person decides that it is not abuse; a reason is required. Raises NotAllowed."""
    if not reason.strip():
        raise NotAllowed(f"incident {incident.id}", why="dismissing needs a written reason")
    move(
        session,
        incident,
        to=IncidentState.DISMISSED,
        lawful=MOVES,
        decided_by=by.id,
        decided_at=at,
        reason=reason,
    )
    note(session, incident, "dismissed", at=at, by=by, note=reason)
    _decided(session, incident, Decided.DISMISSED, at=at)


def reopen(session: Session, incident: Incident, *, by: Person | None, at: datetime, reason: str) -> None:
    """Back to review, by a person or because a post returned or its text changed. Raises NotAllowed."""
    move(session, incident, to=IncidentState.OPEN, lawful=MOVES)
    note(session, incident, "reopened", at=at, by=by, note=reason)


def close(session: Session, incident: Incident, *, by: Person | None, at: datetime, reason: str) -> None:
    """Dealt with: every post of it is gone, or a person says so. Raises NotAllowed."""
    move(session, incident, to=IncidentState.CLOSED, lawful=MOVES)
    note(session, incident, "closed", at=at, by=by, note=reason)


def raise_level(
    session: Session, incident: Incident, *, to: Level, by: Person | None, at: datetime, reason: str
) -> None:
    """A model, pattern or person raises the level. Lowering is `lower`. Raises NotAllowed."""
    if to <= incident.level:
        raise NotAllowed(f"incident {incident.id}", why=f"level {int(to)} is not above level {int(incident.level)}")
    incident.level = to
    if by is not None:
        incident.level_by = by.id
        _decided(session, incident, Decided.RAISED, at=at)
    note(session, incident, f"raised to level {int(to)}", at=at, by=by, note=reason)
    session.flush()


def lower(session: Session, incident: Incident, *, to: Level, by: Person, at: datetime, reason: str) -> None:
    """A person lowers the level and says why; who may is decided by the step that calls this. Raises NotAllowed."""
    if to >= incident.level:
        raise NotAllowed(f"incident {incident.id}", why=f"level {int(to)} is not below level {int(incident.level)}")
    if to < Level.UNCIVIL and incident.origin.by_person:
        raise NotAllowed(
            f"incident {incident.id}", why="a person's report is dismissed with a reason, not lowered to 0"
        )
    if not reason.strip():
        raise NotAllowed(f"incident {incident.id}", why="lowering a level needs a written reason")
    incident.level = to
    incident.level_by = by.id
    note(session, incident, f"lowered to level {int(to)}", at=at, by=by, note=reason)
    _decided(session, incident, Decided.LOWERED, at=at)
    session.flush()


def relabel(
    session: Session, incident: Incident, *, to: frozenset[Label], by: Person, at: datetime, reason: str
) -> None:
    """A person corrects the labels and says why; the level stays. Raises NotAllowed."""
    if to == incident.labels:
        raise NotAllowed(f"incident {incident.id}", why="these are its labels already")
    if not reason.strip():
        raise NotAllowed(f"incident {incident.id}", why="changing labels needs a written reason")
    incident.labels = to
    said = ", ".join(sorted(label.value for label in to))
    note(session, incident, f"labelled {said}" if said else "all labels removed", at=at, by=by, note=reason)
    _decided(session, incident, Decided.RELABELLED, at=at)
    session.flush()


def _decided(session: Session, incident: Incident, act: Decided, *, at: datetime) -> None:
    """Keep what a person decided beside what the model had said."""
    decisions.keep(
        session,
        incident_id=incident.id,
        post_id=incident.post_id,
        act=act,
        level=incident.level,
        labels=incident.labels,
        at=at,
    )
