"""Which judge judges and which is only tried beside it in shadow, and where the two differ. Decides nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from records.assessments import Assessment
from records.base import Base, CouncilRow, WordSet
from records.vocabulary import Label, Level


class ShadowVerdict(CouncilRow, Base):
    """What a judge in shadow said of a held post, beside the judgement it differs from. Goes with the post's words."""

    __tablename__ = "shadow_verdict"
    __table_args__ = (UniqueConstraint("assessment_id", "model", "model_version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment.id", ondelete="CASCADE"))
    model: Mapped[str]
    model_version: Mapped[str]
    level: Mapped[Level]
    labels: Mapped[frozenset[Label]] = mapped_column(WordSet(Label))
    report: Mapped[float]
    at: Mapped[datetime]

    assessment: Mapped[Assessment] = relationship()


class Sitting(CouncilRow, Base):
    """One row for each council: who judges and who listens in shadow, as the worker last said.

    `point` is an operating point's name, `line` the level from which incidents are raised. Without a judge in shadow
    `shadow` and what goes with it is empty; `shadow_problem` says in plain words why a wanted one is not working, ""
    when it is.
    """

    __tablename__ = "sitting"
    __table_args__ = (UniqueConstraint("council_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str]
    model_version: Mapped[str]
    point: Mapped[str]
    line: Mapped[Level]
    shadow: Mapped[str]
    shadow_version: Mapped[str]
    shadow_point: Mapped[str]
    shadow_problem: Mapped[str]
    since: Mapped[datetime]


@dataclass(frozen=True)
class Bench:
    """Who judges and who listens, as `Sitting` keeps it."""

    model: str
    model_version: str
    point: str
    line: Level
    shadow: str = ""
    shadow_version: str = ""
    shadow_point: str = ""
    shadow_problem: str = ""


def sitting(session: Session) -> Sitting | None:
    """Who judges in the session's council; None before the worker has run."""
    return session.scalar(select(Sitting))


def seat(session: Session, bench: Bench, *, now: datetime) -> bool:
    """Note who judges from now on; False, writing nothing, when that is noted already."""
    held = sitting(session)
    if held is None:
        session.add(Sitting(**asdict(bench), since=now))
    elif is_seated(held, bench):
        return False
    else:
        for name, value in asdict(bench).items():
            setattr(held, name, value)
        held.since = now
    session.flush()
    return True


def is_seated(held: Sitting | None, bench: Bench) -> bool:
    """True when that is noted already."""
    return held is not None and all(getattr(held, name) == value for name, value in asdict(bench).items())
