"""Requests to platforms: drafted, approved by a named person, sent once, followed until gone or refused."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from records.base import Base, CouncilRow, move, words_of
from records.incidents import Incident
from records.people import Person
from records.posts import Snapshot
from records.vocabulary import Harm, NotAllowed, Presence, RouteKind, TakedownState

MOVES: dict[TakedownState, frozenset[TakedownState]] = {
    TakedownState.DRAFTED: frozenset({TakedownState.APPROVED, TakedownState.WITHDRAWN}),
    TakedownState.APPROVED: frozenset({TakedownState.SENDING, TakedownState.SENT, TakedownState.WITHDRAWN}),
    TakedownState.SENDING: frozenset(
        {TakedownState.SENT, TakedownState.APPROVED, TakedownState.IN_DOUBT, TakedownState.REFUSED}
    ),
    TakedownState.IN_DOUBT: frozenset({TakedownState.SENT, TakedownState.APPROVED, TakedownState.WITHDRAWN}),
    TakedownState.SENT: frozenset({TakedownState.REMOVED, TakedownState.REFUSED}),
    TakedownState.REMOVED: frozenset({TakedownState.SENT}),
    TakedownState.REFUSED: frozenset({TakedownState.SENT, TakedownState.WITHDRAWN}),
    TakedownState.WITHDRAWN: frozenset({TakedownState.DRAFTED}),
}
"""Every lawful change of state. SENDING goes back to APPROVED only when the platform certainly did not get it."""


class TakedownRequest(CouncilRow, Base):
    """One report to one platform by one route for one reason, about one or more post versions of one author."""

    __tablename__ = "takedown_request"
    __table_args__ = (
        CheckConstraint(
            "state IN ('drafted', 'withdrawn') OR (approved_by IS NOT NULL AND approved_at IS NOT NULL)",
            name="a_named_person_approved",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str]
    route: Mapped[RouteKind] = mapped_column(words_of(RouteKind))
    harm: Mapped[Harm] = mapped_column(words_of(Harm))
    category: Mapped[str]
    category_label: Mapped[str]
    rule_ids: Mapped[str] = mapped_column(default="")
    state: Mapped[TakedownState] = mapped_column(words_of(TakedownState), index=True)
    text: Mapped[str]
    drafted_at: Mapped[datetime]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    approved_at: Mapped[datetime | None]
    sent_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    sending_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    reference: Mapped[str] = mapped_column(default="")
    stored_as: Mapped[str] = mapped_column(default="")
    problem: Mapped[str] = mapped_column(default="")
    try_after: Mapped[datetime | None]
    next_check_at: Mapped[datetime | None] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]

    items: Mapped[list[RequestItem]] = relationship(back_populates="request", order_by="RequestItem.id")
    incidents: Mapped[list[RequestIncident]] = relationship(back_populates="request")
    outcomes: Mapped[list[Outcome]] = relationship(back_populates="request", order_by="Outcome.id")


class RequestItem(CouncilRow, Base):
    """One post version in a request. The same version goes by the same route for the same reason once."""

    __tablename__ = "request_item"
    __table_args__ = (UniqueConstraint("snapshot_id", "route", "harm"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("takedown_request.id", ondelete="CASCADE"), index=True)
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshot.id", ondelete="RESTRICT"))
    route: Mapped[RouteKind] = mapped_column(words_of(RouteKind))
    harm: Mapped[Harm] = mapped_column(words_of(Harm))

    request: Mapped[TakedownRequest] = relationship(back_populates="items")
    snapshot: Mapped[Snapshot] = relationship()


class RequestIncident(CouncilRow, Base):
    """That a request serves an incident; one may serve several councillors' incidents."""

    __tablename__ = "request_incident"
    __table_args__ = (UniqueConstraint("request_id", "incident_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("takedown_request.id", ondelete="CASCADE"), index=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id", ondelete="CASCADE"), index=True)

    request: Mapped[TakedownRequest] = relationship(back_populates="incidents")
    incident: Mapped[Incident] = relationship()


class Outcome(CouncilRow, Base):
    """What one check of one reported post saw, and how that is known. Append-only."""

    __tablename__ = "outcome"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("takedown_request.id", ondelete="CASCADE"), index=True)
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshot.id", ondelete="RESTRICT"), index=True)
    at: Mapped[datetime]
    presence: Mapped[Presence] = mapped_column(words_of(Presence))
    how_known: Mapped[str]

    request: Mapped[TakedownRequest] = relationship(back_populates="outcomes")


def approve(session: Session, request: TakedownRequest, *, by: Person, at: datetime, text: str | None = None) -> None:
    """Freeze the text (as edited by the approver, if given) under a named person's approval. Raises NotAllowed."""
    final = request.text if text is None else text
    if not final.strip():
        raise NotAllowed(f"takedown request {request.id}", why="its text is empty")
    move(
        session,
        request,
        to=TakedownState.APPROVED,
        lawful=MOVES,
        approved_by=by.id,
        approved_at=at,
        text=final,
    )


def withdraw(session: Session, request: TakedownRequest, *, at: datetime) -> None:
    """Take it back before it is sent. Raises NotAllowed."""
    move(session, request, to=TakedownState.WITHDRAWN, lawful=MOVES, ended_at=at)


def redraft(session: Session, request: TakedownRequest, *, text: str, at: datetime) -> None:
    """Draft a withdrawn request anew; the old approval is gone. Raises NotAllowed."""
    move(
        session,
        request,
        to=TakedownState.DRAFTED,
        lawful=MOVES,
        text=text,
        drafted_at=at,
        approved_by=None,
        approved_at=None,
        ended_at=None,
    )


def start_sending(session: Session, request: TakedownRequest, *, by: Person, at: datetime) -> None:
    """Store the intent before the call; exactly one caller gets through. Raises NotAllowed."""
    move(
        session,
        request,
        to=TakedownState.SENDING,
        lawful=MOVES,
        sent_by=by.id,
        sending_at=at,
        problem="",
        try_after=None,
    )


def arrived(
    session: Session, request: TakedownRequest, *, at: datetime, reference: str, stored_as: str, next_check_at: datetime
) -> None:
    """The platform has it: by its own answer, or because a person filed it or found it there. Raises NotAllowed."""
    move(
        session,
        request,
        to=TakedownState.SENT,
        lawful=MOVES,
        sent_at=at,
        reference=reference,
        stored_as=stored_as,
        problem="",
        next_check_at=next_check_at,
        ended_at=None,
    )


def filed_by_hand(
    session: Session, request: TakedownRequest, *, by: Person, at: datetime, reference: str, next_check_at: datetime
) -> None:
    """A person filed the approved text on the platform's own form. Raises NotAllowed."""
    request.sent_by = by.id
    arrived(session, request, at=at, reference=reference, stored_as=request.category, next_check_at=next_check_at)


def not_received(
    session: Session, request: TakedownRequest, *, problem: str, try_after: datetime | None = None
) -> None:
    """The platform certainly did not get it: back to approved, to be sent again. Raises NotAllowed."""
    move(session, request, to=TakedownState.APPROVED, lawful=MOVES, problem=problem, try_after=try_after)


def in_doubt(session: Session, request: TakedownRequest, *, problem: str) -> None:
    """It may have arrived: a person must find out; it is never resent by the machine. Raises NotAllowed."""
    move(session, request, to=TakedownState.IN_DOUBT, lawful=MOVES, problem=problem)


def refused(session: Session, request: TakedownRequest, *, at: datetime, problem: str) -> None:
    """The platform said no, or the post was still up at the last check. Raises NotAllowed."""
    move(session, request, to=TakedownState.REFUSED, lawful=MOVES, problem=problem, ended_at=at, next_check_at=None)


def removed(session: Session, request: TakedownRequest, *, at: datetime, next_check_at: datetime | None) -> None:
    """Two checks agreed that every post of it is gone. `next_check_at`: gone is checked again. Raises NotAllowed."""
    move(
        session,
        request,
        to=TakedownState.REMOVED,
        lawful=MOVES,
        ended_at=at,
        next_check_at=next_check_at,
    )


def returned(session: Session, request: TakedownRequest, *, next_check_at: datetime) -> None:
    """A post that was gone is back: followed again. Raises NotAllowed."""
    move(session, request, to=TakedownState.SENT, lawful=MOVES, ended_at=None, next_check_at=next_check_at)
