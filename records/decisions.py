"""What people decided about incidents, beside what the model had said of the post, so that disagreement can be counted.

The person and their reason stand in the incident's events; the model's scores in its assessment. Neither is copied.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from records.assessments import Assessment
from records.base import Base, CouncilRow, WordSet, words_of
from records.posts import Snapshot
from records.vocabulary import Decided, Label, Level


class Decision(CouncilRow, Base):
    """One decision of a person, and the judgement they decided about. Never changed; it goes with its incident.

    `level` and `labels` are the incident's after the decision.
    """

    __tablename__ = "decision"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id", ondelete="CASCADE"), index=True)
    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment.id", ondelete="CASCADE"), index=True)
    act: Mapped[Decided] = mapped_column(words_of(Decided))
    level: Mapped[Level]
    labels: Mapped[frozenset[Label]] = mapped_column(WordSet(Label))
    at: Mapped[datetime]

    assessment: Mapped[Assessment] = relationship()


def keep(
    session: Session,
    *,
    incident_id: int,
    post_id: int | None,
    act: Decided,
    level: Level,
    labels: frozenset[Label],
    at: datetime,
) -> None:
    """Put a person's decision beside what the model had proposed; nothing where no model had judged."""
    proposed = proposal(session, post_id) if post_id is not None else None
    if proposed is not None:
        decision = Decision(incident_id=incident_id, assessment_id=proposed, act=act, level=level, labels=labels, at=at)
        session.add(decision)


def proposal(session: Session, post_id: int) -> int | None:
    """The judgement that put a post before a person: the most serious of all its versions, the first of those."""
    session.flush()
    said = (
        select(Assessment.id)
        .join(Snapshot, Snapshot.id == Assessment.snapshot_id)
        .where(Snapshot.post_id == post_id)
        .order_by(Assessment.level.desc(), Assessment.id)
        .limit(1)
    )
    return session.scalar(said)
