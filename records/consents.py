"""Whether the council lets its decisions be used to train: off until somebody says so, and withdrawn at any time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from records.base import Base, CouncilRow
from records.people import Person
from records.vocabulary import NotAllowed

_WHAT = "consent to training"


class TrainingConsent(CouncilRow, Base):
    """One consent: who gave it, when, on what ground, and who took it back. At most one is in force."""

    __tablename__ = "training_consent"
    __table_args__ = (
        Index(
            "ix_training_consent_in_force",
            "council_id",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="somebody_withdrew"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    given_at: Mapped[datetime]
    given_by: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    reason: Mapped[str]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))


def in_force(session: Session) -> TrainingConsent | None:
    """The consent of the session's council, None while there is none."""
    return session.scalar(select(TrainingConsent).where(TrainingConsent.withdrawn_at.is_(None)))


def give(session: Session, *, by: Person, at: datetime, reason: str) -> TrainingConsent:
    """Consent from now on; `reason` says who in the council decided so. Raises NotAllowed."""
    if in_force(session) is not None:
        raise NotAllowed(_WHAT, why="it is given already")
    if not reason.strip():
        raise NotAllowed(_WHAT, why="say who in the council decided so, and when")
    consent = TrainingConsent(given_at=at, given_by=by.id, reason=reason.strip())
    session.add(consent)
    session.flush()
    return consent


def withdraw(session: Session, *, by: Person, at: datetime) -> TrainingConsent:
    """Take the consent back; nothing more may be taken for training. Raises NotAllowed."""
    consent = in_force(session)
    if consent is None:
        raise NotAllowed(_WHAT, why="none is in force")
    consent.withdrawn_at, consent.withdrawn_by = at, by.id
    session.flush()
    return consent
