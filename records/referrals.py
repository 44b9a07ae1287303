"""Referrals of level 3 and 4 incidents to the police: which route, when, and the reference they gave."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from records.base import Base, CouncilRow, move, words_of
from records.incidents import Incident
from records.people import Person
from records.vocabulary import NotAllowed, PoliceRoute, ReferralState

MOVES: dict[ReferralState, frozenset[ReferralState]] = {
    ReferralState.DRAFTED: frozenset({ReferralState.REPORTED}),
    ReferralState.REPORTED: frozenset({ReferralState.ACKNOWLEDGED, ReferralState.CLOSED}),
    ReferralState.ACKNOWLEDGED: frozenset({ReferralState.CLOSED}),
}
"""Every lawful change of state."""


class Referral(CouncilRow, Base):
    """A formal passing of one incident to the police by a person; the product itself never contacts them."""

    __tablename__ = "referral"
    __table_args__ = (
        CheckConstraint(
            "state = 'drafted' OR (reported_by IS NOT NULL AND reported_at IS NOT NULL AND route IS NOT NULL)",
            name="a_named_person_reported",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id", ondelete="CASCADE"), index=True)
    state: Mapped[ReferralState] = mapped_column(words_of(ReferralState))
    drafted_by: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    drafted_at: Mapped[datetime]
    route: Mapped[PoliceRoute | None] = mapped_column(words_of(PoliceRoute))
    reported_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    reported_at: Mapped[datetime | None]
    reference: Mapped[str] = mapped_column(default="")
    outcome: Mapped[str] = mapped_column(default="")

    incident: Mapped[Incident] = relationship()


def report(
    session: Session, referral: Referral, *, by: Person, at: datetime, route: PoliceRoute, reference: str
) -> None:
    """A person says that they reported it, by which route and with which reference. Raises NotAllowed."""
    if not reference.strip():
        raise NotAllowed(f"referral {referral.id}", why="the reference the police gave is required")
    move(
        session,
        referral,
        to=ReferralState.REPORTED,
        lawful=MOVES,
        route=route,
        reported_by=by.id,
        reported_at=at,
        reference=reference,
    )


def acknowledge(session: Session, referral: Referral) -> None:
    """The police have answered. Raises NotAllowed."""
    move(session, referral, to=ReferralState.ACKNOWLEDGED, lawful=MOVES)


def close(session: Session, referral: Referral, *, outcome: str) -> None:
    """The outcome is known, "declined" included; it must be written down. Raises NotAllowed."""
    if not outcome.strip():
        raise NotAllowed(f"referral {referral.id}", why="closing needs the outcome in words")
    move(session, referral, to=ReferralState.CLOSED, lawful=MOVES, outcome=outcome)
